"""Every decoding pass at a table of clips, out of the cache where it has them and from Whisper where it has not.

What belongs here: which decoding pass at which audio is missing, having it decoded in the engine's batches, and the row of
TRANSCRIPTS that follows. How clips are decoded is in ``asr.whisper``, storing in ``asr.transcript_cache``, scoring in
``asr.scoring``.

A clip is heard once, to the end: all passes that its text asks for, under one model, options and thresholds. Who edits the
text afterwards has the choice made again among what was heard, and nothing decoded. That is kept by audio and clip id, so
that a second name for a recording, with another text, gets the passes that this one asks for, whichever comes first.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from voice_assets.asr import whisper
from voice_assets.asr.policy import FAST, FULL, PASSES, WIDE, DecodingPolicy
from voice_assets.asr.scoring import score
from voice_assets.asr.transcript_cache import CacheKey, TranscriptCache
from voice_assets.asr.whisper import AudioHypotheses, Clip
from voice_assets.asr.windows import FULL_WINDOW_S, SAMPLE_RATE

Record = dict[str, Any]


@dataclass(frozen=True)
class CacheKeys:
    """What decides each decoding pass beside the audio: one cache key each, so that a beam leaves fast passes in force.

    Under ``ended``, which knows the thresholds as well, a clip that was heard to the end has the names of its passes; under
    ``level`` an audio has its RMS level in dBFS.
    """

    passes: Mapping[str, CacheKey]
    ended: CacheKey
    level: CacheKey

    @classmethod
    def of(
        cls, model: str, device: str, compute_type: str, policy: DecodingPolicy, beam_size: int = 5, vad_filter: bool = False
    ) -> "CacheKeys":
        """The settings for one model (its fingerprint); the rest as in ``asr.whisper.Transcriber``."""
        common = {
            "version": whisper.VERSION,
            "model": model,
            "device": device,
            "compute_type": compute_type,
            "language": policy.language,
        }
        further = {**common, "beam_size": beam_size}
        thresholds = {"retry_below": policy.retry_below, "low_similarity": policy.low_similarity}
        passes = {
            FAST: CacheKey.of(decoding_pass=FAST, **common),
            WIDE: CacheKey.of(decoding_pass=WIDE, **further),
            FULL: CacheKey.of(decoding_pass=FULL, **further, vad_filter=vad_filter),
        }
        ended = CacheKey.of(decoding_pass="ended", **further, vad_filter=vad_filter, **thresholds)
        return cls(passes, ended, CacheKey.of(decoding_pass="level", sample_rate=SAMPLE_RATE))


def engine_name() -> str:
    """Who writes hypotheses: the version of our decoding and of the libraries under it. Part of every row, not of any key."""
    return " ".join([f"whisper.py {whisper.VERSION}", *map(_installed, ("faster-whisper", "ctranslate2"))])


def _installed(package: str) -> str:
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return f"{package} (not installed)"


def missing(policy: DecodingPolicy, reference: str, heard: AudioHypotheses, long: bool) -> str | None:
    """The first decoding pass that this reference asks for and that was not had; None when the clip is done.

    Passes count in their order, as in ``DecodingPolicy.best_hypothesis``: what an earlier reference had decoded does not
    stand in for them.
    """
    counted: dict[str, str] = {}
    while (decoding_pass := policy.next_pass(reference, counted, heard.silent, long)) is not None:
        if decoding_pass not in heard.texts:
            return decoding_pass
        counted[decoding_pass] = heard.texts[decoding_pass]
    return None


@dataclass
class CachedTranscriber:
    """Gives every row its record. ``load`` makes the transcriber, called only when something is to be decoded.

    Attributes:
        dataset: the data set; the rows' paths are relative to it.
        policy: which passes a row asks for.
        check: called with a row right before its audio is read; raises when it is not the validated one.
        on_note: called with what the transcriber changed on the way.
    """

    dataset: Path
    policy: DecodingPolicy
    settings: CacheKeys
    cache: TranscriptCache
    load: Callable[[], whisper.Transcriber]
    check: Callable[[Record], object]
    on_note: Callable[[str], None]
    _heard: dict[str, AudioHypotheses] = field(default_factory=dict)
    _ended: dict[str, frozenset[str]] = field(default_factory=dict)
    _notes_told: int = 0

    def listen(self, rows: Sequence[Record]) -> Iterator[tuple[list[Record], bool]]:
        """Records of ``rows``, in portions, each with whether it was decoded now. A portion is cached before it is given.

        The first portion is what the cache had; a row counts as decoded when its audio was read again.

        Raises:
            TranscriptCacheError, and what ``check`` and the engine raise.
        """
        self._look_up(rows)
        ready: list[Record] = []
        by_audio: dict[str, list[Record]] = {}
        for row in rows:
            if self._missing(row) is None:
                ready.append(row)
            else:
                by_audio.setdefault(row["audio_sha256"], []).append(row)
        self._end(ready)
        yield [self._record(row) for row in ready], False
        if not by_audio:
            return
        named = {alike[0]["clip_id"]: alike for alike in by_audio.values()}
        transcriber = self.load()
        batches = self._batches(named, transcriber.batch_size)
        try:
            for batch, heard in transcriber.side_by_side(lambda batch: self._hear(transcriber, batch, named), batches):
                self._keep(batch, heard, named)
                self._tell(transcriber.notes)
                yield [self._record(row) for clip in batch for row in named[clip.clip_id]], True
        finally:
            self._tell(transcriber.notes)

    def _look_up(self, rows: Sequence[Record]) -> None:
        hashes = {row["audio_sha256"] for row in rows}
        level = self.cache.heard(self.settings.level, hashes)
        self._heard = {sha: AudioHypotheses({}, float(level[sha]) if sha in level else None) for sha in hashes}
        for decoding_pass, setting in self.settings.passes.items():
            for sha, text in self.cache.heard(setting, hashes).items():
                self._heard[sha].texts[decoding_pass] = text
        # A decoding pass that the cache names and does not give was damaged: that clip is heard again.
        ended = self.cache.heard(self.settings.ended, map(_key, rows))
        for row in rows:
            passes = frozenset(ended.get(_key(row), "").split())
            if passes and self._heard[row["audio_sha256"]].texts.keys() >= passes:
                self._ended[_key(row)] = passes

    def _end(self, rows: Sequence[Record]) -> None:
        """Clips that want no decoding pass under these thresholds are heard to the end."""
        new = {_key(row): self._heard[row["audio_sha256"]] for row in rows if _key(row) not in self._ended}
        self._ended |= {key: frozenset(heard.texts) for key, heard in new.items()}
        if new:
            self.cache.add({self.settings.ended: {key: _names(heard) for key, heard in new.items()}})

    def _missing(self, row: Record) -> str | None:
        heard, long = self._heard[row["audio_sha256"]], _long(row)
        if heard.level_db is None:  # the audio was never read here: whether it is silent decides what is due
            return FULL if long else FAST
        return None if _key(row) in self._ended else missing(self.policy, row["text"], heard, long)

    def _batches(self, named: Mapping[str, list[Record]], size: int) -> list[tuple[Clip, ...]]:
        """One clip for each audio, under the name of the first row that has it; last those that only want a further pass."""
        owed: list[Clip] = []
        new: list[Clip] = []
        for name, (row, *_) in named.items():
            clip = Clip(name, self.dataset / row["path"], float(row["duration_s"]), row["text"])
            (owed if self._heard[row["audio_sha256"]].texts else new).append(clip)
        return [*whisper.plan(new, size), *whisper.plan(owed, size)]

    def _hear(
        self, transcriber: whisper.Transcriber, batch: Sequence[Clip], named: Mapping[str, list[Record]]
    ) -> tuple[Sequence[Clip], list[AudioHypotheses]]:
        """Make what is missing of the audios in ``batch``. Runs beside others of its kind: it changes nothing here."""
        for clip in batch:
            for row in named[clip.clip_id]:
                self.check(row)

        def next_pass(clip: Clip, heard: AudioHypotheses) -> str | None:
            asked = {missing(self.policy, row["text"], heard, _long(row)) for row in named[clip.clip_id]}
            return next((decoding_pass for decoding_pass in PASSES if decoding_pass in asked), None)

        known = {clip.clip_id: self._heard[named[clip.clip_id][0]["audio_sha256"]].texts for clip in batch}
        return batch, transcriber.hear(batch, next_pass, known)

    def _keep(self, batch: Sequence[Clip], heard: Sequence[AudioHypotheses], named: Mapping[str, list[Record]]) -> None:
        """Store what a batch gave, in one transaction."""
        new: dict[CacheKey, dict[str, str]] = {self.settings.level: {}, self.settings.ended: {}}
        for clip, one in zip(batch, heard, strict=True):
            alike = named[clip.clip_id]
            sha = alike[0]["audio_sha256"]
            new[self.settings.level][sha] = f"{one.level_db:.2f}"
            new[self.settings.ended] |= {_key(row): _names(one) for row in alike}
            for decoding_pass in one.texts.keys() - self._heard[sha].texts.keys():
                new.setdefault(self.settings.passes[decoding_pass], {})[sha] = one.texts[decoding_pass]
            self._heard[sha] = one
            self._ended |= {_key(row): frozenset(one.texts) for row in alike}
        self.cache.add(new)

    def _tell(self, notes: Sequence[str]) -> None:
        """Tell what the transcriber changed on the way; a stream may be adding to ``notes`` meanwhile."""
        untold = notes[self._notes_told :]
        self._notes_told += len(untold)
        for note in untold:
            self.on_note(note)

    def _record(self, row: Record) -> Record:
        heard, duration_s = self._heard[row["audio_sha256"]], float(row["duration_s"])
        # What another name of this audio had decoded later does not count: a row is the same whatever stands beside it.
        counted = {FULL} if _long(row) else self._ended[_key(row)]
        texts = {decoding_pass: text for decoding_pass, text in heard.texts.items() if decoding_pass in counted}
        hypothesis, decoding_pass = self.policy.best_hypothesis(row["text"], texts, heard.silent)
        return {
            "clip_id": row["clip_id"],
            "path": row["path"],
            "audio_sha256": row["audio_sha256"],
            "duration_s": duration_s,
            "reference": row["text"],
            "hypothesis": hypothesis,
            **score(row["text"], hypothesis, duration_s, self.policy.language, heard.silent),
            "decoding_pass": decoding_pass,
        }


def _key(row: Record) -> str:
    return f"{row['audio_sha256']}:{row['clip_id']}"


def _names(heard: AudioHypotheses) -> str:
    return " ".join(decoding_pass for decoding_pass in PASSES if decoding_pass in heard.texts)


def _long(row: Record) -> bool:
    return float(row["duration_s"]) > FULL_WINDOW_S
