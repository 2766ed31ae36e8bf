"""Transcripts for a table of clips. Hypotheses come from the transcript cache; only missing hypotheses are decoded.

Here: finding the missing passes of each audio, and making the TRANSCRIPTS rows. Not here: decoding (``asr.transcriber``),
storing (``asr.transcript_cache``), scores (``asr.scoring``).

A clip is finished when every pass that its text needs was decoded, with one recogniser, one set of options and one set of
thresholds. Editing a text chooses again among the stored hypotheses; nothing is decoded. "Finished" is stored by audio and
clip id. So a second clip id with the same recording and another text gets the passes that its own text needs. The order of
the two clips does not matter.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from voice_assets.asr.cache_keys import CacheKey, CacheKeys
from voice_assets.asr.policy import HALVES, DecodingPolicy
from voice_assets.asr.recogniser import Recogniser, Utterance
from voice_assets.asr.scoring import Evidence, score
from voice_assets.asr.transcriber import AudioHypotheses, Batch, Transcriber, read_samples
from voice_assets.asr.transcript_cache import TranscriptCache

Record = dict[str, Any]
"""A row of the table of clips, or of TRANSCRIPTS, by column."""


@dataclass
class CachedTranscriber:
    """Makes the transcript of every row. The recogniser's model is loaded only when a clip must be decoded.

    Attributes:
        dataset: the data set's folder; the rows' paths are relative to it.
        policy: decides which passes a row needs.
        audio: returns the bytes of a row's file; raises when they are not the validated ones.
        on_note: called with each note of the recogniser.
    """

    dataset: Path
    recogniser: Recogniser
    policy: DecodingPolicy
    cache: TranscriptCache
    audio: Callable[[Record], bytes]
    on_note: Callable[[str], None]
    _known: dict[str, AudioHypotheses] = field(default_factory=dict)
    _finished: dict[str, frozenset[str]] = field(default_factory=dict)
    _notes_told: int = 0

    def __post_init__(self) -> None:
        self._keys = CacheKeys.of(self.recogniser, self.policy)

    def transcribe(self, rows: Sequence[Record]) -> Iterator[tuple[list[Record], bool]]:
        """Yield the TRANSCRIPTS rows for ``rows`` in portions, each with whether its audio was decoded in this call.

        The first portion holds the rows that need no decoding. A portion is stored before it is yielded.

        Raises:
            TranscriptCacheError, RecogniserError, ClipAudioError, and what ``audio`` raises.
        """
        self._read_cache(rows)
        ready: list[Record] = []
        by_audio: dict[str, list[Record]] = {}
        for row in rows:
            if self._missing(row) is None:
                ready.append(row)
            else:
                by_audio.setdefault(row["audio_sha256"], []).append(row)
        self._finish(ready)
        yield [self._transcript(row) for row in ready], False
        if by_audio:
            yield from self._decode({alike[0]["clip_id"]: alike for alike in by_audio.values()})

    def _decode(self, alike: Mapping[str, list[Record]]) -> Iterator[tuple[list[Record], bool]]:
        """Decode one audio for each entry of ``alike``: the rows with that audio, by the clip id of the first row."""

        def read(utterance: Utterance, sample_rate: int) -> np.ndarray:
            own, *_ = [self.audio(row) for row in alike[utterance.clip_id]]
            return read_samples(utterance, sample_rate, own)

        def next_pass(utterance: Utterance, known: AudioHypotheses) -> str | None:
            asked = {self._pass_for(row, known) for row in alike[utterance.clip_id]}
            return next((name for name in self._keys.names if name in asked), None)

        known = {name: self._known[rows[0]["audio_sha256"]].texts for name, rows in alike.items()}
        try:
            for batch, found in Transcriber(self.recogniser, read).decode(self._batches(alike), next_pass, known):
                self._store(batch, found, alike)
                self._tell_notes()
                yield [self._transcript(row) for one in batch for row in alike[one.clip_id]], True
        finally:
            self._tell_notes()

    def _read_cache(self, rows: Sequence[Record]) -> None:
        hashes = {row["audio_sha256"] for row in rows}
        levels, speech = (
            {sha: float(value) for sha, value in self.cache.find(key, hashes).items()}
            for key in (self._keys.level, self._keys.speech)
        )
        self._known = {sha: AudioHypotheses({}, levels.get(sha), speech.get(sha)) for sha in hashes}
        for decoding_pass, key in [*self._keys.passes.items(), *((HALVES, key) for key in self._keys.halves.values())]:
            for sha, text in self.cache.find(key, hashes).items():
                self._known[sha].texts[decoding_pass] = text
        # When "finished" names a pass whose row is not found, that row was damaged. The clip is decoded again.
        finished = self.cache.find(self._keys.finished, map(_name, rows))
        for row in rows:
            passes = frozenset(finished.get(_name(row), "").split())
            if passes and self._known[row["audio_sha256"]].texts.keys() >= passes:
                self._finished[_name(row)] = passes

    def _finish(self, rows: Sequence[Record]) -> None:
        """Store that ``rows`` are finished: they need no further pass."""
        new = {_name(row): self._known[row["audio_sha256"]] for row in rows if _name(row) not in self._finished}
        self._finished |= {name: frozenset(known.texts) for name, known in new.items()}
        if new:
            self.cache.add({self._keys.finished: {name: self._pass_names(known) for name, known in new.items()}})

    def _missing(self, row: Record) -> str | None:
        """The pass that ``row`` lacks, or None. Audio without a stored level or speech must be read, whatever was decoded."""
        known = self._known[row["audio_sha256"]]
        if known.level_db is None or known.speech_s is None:
            return self.recogniser.passes(float(row["duration_s"]))[0]
        return None if _name(row) in self._finished else self._pass_for(row, known)

    def _pass_for(self, row: Record, known: AudioHypotheses) -> str | None:
        offered = self.recogniser.passes(float(row["duration_s"]))
        return self.policy.missing_pass(offered, row["text"], known.texts, known.silent, known.speech_s)

    def _batches(self, alike: Mapping[str, list[Record]]) -> list[tuple[Utterance, ...]]:
        """One utterance for each audio. Utterances that have a hypothesis and need a further pass come last."""
        further: list[Utterance] = []
        new: list[Utterance] = []
        for name, (row, *_) in alike.items():
            utterance = Utterance(name, self.dataset / row["path"], float(row["duration_s"]), row["text"])
            (further if self._known[row["audio_sha256"]].texts else new).append(utterance)
        return [*self.recogniser.batches(new), *self.recogniser.batches(further)]

    def _store(self, batch: Batch, found: Sequence[AudioHypotheses], alike: Mapping[str, list[Record]]) -> None:
        """Store the hypotheses of a batch, in one transaction."""
        new: dict[CacheKey, dict[str, str]] = {self._keys.level: {}, self._keys.speech: {}, self._keys.finished: {}}
        for utterance, one in zip(batch, found, strict=True):
            rows = alike[utterance.clip_id]
            sha = rows[0]["audio_sha256"]
            new[self._keys.level][sha], new[self._keys.speech][sha] = f"{one.level_db:.2f}", f"{one.speech_s:.2f}"
            new[self._keys.finished] |= {_name(row): self._pass_names(one) for row in rows}
            for decoding_pass in one.texts.keys() - self._known[sha].texts.keys():
                key = self._keys.halves[one.halves_by] if decoding_pass == HALVES else self._keys.passes[decoding_pass]
                new.setdefault(key, {})[sha] = one.texts[decoding_pass]
            self._known[sha] = one
            self._finished |= {_name(row): frozenset(one.texts) for row in rows}
        self.cache.add(new)

    def _pass_names(self, known: AudioHypotheses) -> str:
        return " ".join(name for name in self._keys.names if name in known.texts)

    def _tell_notes(self) -> None:
        """Pass on the new notes of the recogniser. Another stream may add a note at the same time."""
        new = self.recogniser.notes[self._notes_told :]
        self._notes_told += len(new)
        for note in new:
            self.on_note(note)

    def _transcript(self, row: Record) -> Record:
        known, duration_s = self._known[row["audio_sha256"]], float(row["duration_s"])
        # Passes that only another clip id of this audio needed do not count: a row does not depend on other rows.
        texts = {name: text for name, text in known.texts.items() if name in self._finished[_name(row)]}
        offered = self.recogniser.passes(duration_s)
        hypothesis, decoding_pass = self.policy.best_hypothesis(offered, row["text"], texts, known.silent)
        counted = self.policy.counted(offered, row["text"], texts, known.silent, known.speech_s)
        halves = counted.pop(HALVES, "")
        evidence = Evidence(tuple(counted.values()), halves, known.silent, known.speechless)
        return {
            "clip_id": row["clip_id"],
            "path": row["path"],
            "audio_sha256": row["audio_sha256"],
            "duration_s": duration_s,
            "reference": row["text"],
            "hypothesis": hypothesis,
            **score(row["text"], hypothesis, duration_s, self.policy.language, evidence),
            "decoding_pass": decoding_pass,
        }


def _name(row: Record) -> str:
    return f"{row['audio_sha256']}:{row['clip_id']}"
