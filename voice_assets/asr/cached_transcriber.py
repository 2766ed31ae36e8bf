"""Every look at a table of clips, out of the ledger where it has them and from Whisper where it has not.

What belongs here: which look at which audio is missing, having it decoded in the engine's batches, and the row of
TRANSCRIPTS that follows. How clips are decoded is in ``asr.whisper``, storing in ``asr.transcript_cache``, scoring in
``asr.scoring``.

A clip is heard once, to the end: all looks that its text asks for, under one model, options and thresholds. Who edits the
text afterwards has the choice made again among what was heard, and nothing decoded. That is kept by audio and clip id, so
that a second name for a recording, with another text, gets the looks that this one asks for, whichever comes first.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from voice_assets.asr import whisper
from voice_assets.asr.policy import FAST, FULL, LOOKS, WIDE, Rule
from voice_assets.asr.scoring import score
from voice_assets.asr.transcript_cache import Ledger, Setting
from voice_assets.asr.whisper import Clip, Heard
from voice_assets.asr.windows import FULL_WINDOW_S, SAMPLE_RATE

Record = dict[str, Any]


@dataclass(frozen=True)
class Settings:
    """What decides each look beside the audio: a ledger setting each, so that a beam leaves the fast looks in force.

    Under ``ended``, which knows the thresholds as well, a clip that was heard to the end has the names of its looks; under
    ``level`` an audio has its RMS level in dBFS.
    """

    looks: Mapping[str, Setting]
    ended: Setting
    level: Setting

    @classmethod
    def of(
        cls, model: str, device: str, compute_type: str, rule: Rule, beam_size: int = 5, vad_filter: bool = False
    ) -> "Settings":
        """The settings for one model (its fingerprint); the rest as in ``asr.whisper.Transcriber``."""
        common = {
            "version": whisper.VERSION,
            "model": model,
            "device": device,
            "compute_type": compute_type,
            "language": rule.language,
        }
        further = {**common, "beam_size": beam_size}
        thresholds = {"second_look_below": rule.second_look_below, "low_similarity": rule.low_similarity}
        looks = {
            FAST: Setting.of(look=FAST, **common),
            WIDE: Setting.of(look=WIDE, **further),
            FULL: Setting.of(look=FULL, **further, vad_filter=vad_filter),
        }
        ended = Setting.of(look="ended", **further, vad_filter=vad_filter, **thresholds)
        return cls(looks, ended, Setting.of(look="level", sample_rate=SAMPLE_RATE))


def engine_name() -> str:
    """Who writes hypotheses: the version of our decoding and of the libraries under it. Part of every row, not of any key."""
    return " ".join([f"whisper.py {whisper.VERSION}", *map(_installed, ("faster-whisper", "ctranslate2"))])


def _installed(package: str) -> str:
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return f"{package} (not installed)"


def missing(rule: Rule, reference: str, heard: Heard, long: bool) -> str | None:
    """The first look that this reference asks for and that was not had; None when the clip is done.

    Looks count in their order, as in ``Rule.chosen``: what an earlier reference had decoded does not stand in for them.
    """
    counted: dict[str, str] = {}
    while (look := rule.due(reference, counted, heard.silent, long)) is not None:
        if look not in heard.texts:
            return look
        counted[look] = heard.texts[look]
    return None


@dataclass
class Listener:
    """Gives every row its record. ``load`` makes the transcriber, called only when something is to be decoded.

    Attributes:
        dataset: the data set; the rows' paths are relative to it.
        rule: which looks a row asks for.
        check: called with a row right before its audio is read; raises when it is not the validated one.
        on_note: called with what the transcriber changed on the way.
    """

    dataset: Path
    rule: Rule
    settings: Settings
    ledger: Ledger
    load: Callable[[], whisper.Transcriber]
    check: Callable[[Record], object]
    on_note: Callable[[str], None]
    _heard: dict[str, Heard] = field(default_factory=dict)
    _ended: dict[str, frozenset[str]] = field(default_factory=dict)
    _notes_told: int = 0

    def listen(self, rows: Sequence[Record]) -> Iterator[tuple[list[Record], bool]]:
        """Records of ``rows``, in portions, each with whether it was decoded now. The ledger has a portion before it is given.

        The first portion is what the ledger had; a row counts as decoded when its audio was read again.

        Raises:
            LedgerError, and what ``check`` and the engine raise.
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
        level = self.ledger.heard(self.settings.level, hashes)
        self._heard = {sha: Heard({}, float(level[sha]) if sha in level else None) for sha in hashes}
        for look, setting in self.settings.looks.items():
            for sha, text in self.ledger.heard(setting, hashes).items():
                self._heard[sha].texts[look] = text
        # A look that the ledger names and does not give was damaged: that clip is heard again.
        ended = self.ledger.heard(self.settings.ended, map(_key, rows))
        for row in rows:
            looks = frozenset(ended.get(_key(row), "").split())
            if looks and self._heard[row["audio_sha256"]].texts.keys() >= looks:
                self._ended[_key(row)] = looks

    def _end(self, rows: Sequence[Record]) -> None:
        """Clips that want no look under these thresholds are heard to the end."""
        new = {_key(row): self._heard[row["audio_sha256"]] for row in rows if _key(row) not in self._ended}
        self._ended |= {key: frozenset(heard.texts) for key, heard in new.items()}
        if new:
            self.ledger.add({self.settings.ended: {key: _names(heard) for key, heard in new.items()}})

    def _missing(self, row: Record) -> str | None:
        heard, long = self._heard[row["audio_sha256"]], _long(row)
        if heard.level_db is None:  # the audio was never read here: whether it is silent decides what is due
            return FULL if long else FAST
        return None if _key(row) in self._ended else missing(self.rule, row["text"], heard, long)

    def _batches(self, named: Mapping[str, list[Record]], size: int) -> list[tuple[Clip, ...]]:
        """One clip for each audio, under the name of the first row that has it; last those that only owe a further look."""
        owed: list[Clip] = []
        new: list[Clip] = []
        for name, (row, *_) in named.items():
            clip = Clip(name, self.dataset / row["path"], float(row["duration_s"]), row["text"])
            (owed if self._heard[row["audio_sha256"]].texts else new).append(clip)
        return [*whisper.plan(new, size), *whisper.plan(owed, size)]

    def _hear(
        self, transcriber: whisper.Transcriber, batch: Sequence[Clip], named: Mapping[str, list[Record]]
    ) -> tuple[Sequence[Clip], list[Heard]]:
        """Make what is missing of the audios in ``batch``. Runs beside others of its kind: it changes nothing here."""
        for clip in batch:
            for row in named[clip.clip_id]:
                self.check(row)

        def due(clip: Clip, heard: Heard) -> str | None:
            asked = {missing(self.rule, row["text"], heard, _long(row)) for row in named[clip.clip_id]}
            return next((look for look in LOOKS if look in asked), None)

        known = {clip.clip_id: self._heard[named[clip.clip_id][0]["audio_sha256"]].texts for clip in batch}
        return batch, transcriber.hear(batch, due, known)

    def _keep(self, batch: Sequence[Clip], heard: Sequence[Heard], named: Mapping[str, list[Record]]) -> None:
        """Store what a batch gave, in one transaction."""
        new: dict[Setting, dict[str, str]] = {self.settings.level: {}, self.settings.ended: {}}
        for clip, one in zip(batch, heard, strict=True):
            alike = named[clip.clip_id]
            sha = alike[0]["audio_sha256"]
            new[self.settings.level][sha] = f"{one.level_db:.2f}"
            new[self.settings.ended] |= {_key(row): _names(one) for row in alike}
            for look in one.texts.keys() - self._heard[sha].texts.keys():
                new.setdefault(self.settings.looks[look], {})[sha] = one.texts[look]
            self._heard[sha] = one
            self._ended |= {_key(row): frozenset(one.texts) for row in alike}
        self.ledger.add(new)

    def _tell(self, notes: Sequence[str]) -> None:
        """Tell what the transcriber changed on the way; a lane may be adding to ``notes`` meanwhile."""
        untold = notes[self._notes_told :]
        self._notes_told += len(untold)
        for note in untold:
            self.on_note(note)

    def _record(self, row: Record) -> Record:
        heard, duration_s = self._heard[row["audio_sha256"]], float(row["duration_s"])
        # What another name of this audio had decoded later does not count: a row is the same whatever stands beside it.
        counted = {FULL} if _long(row) else self._ended[_key(row)]
        texts = {look: text for look, text in heard.texts.items() if look in counted}
        hypothesis, decoding = self.rule.chosen(row["text"], texts, heard.silent)
        return {
            "clip_id": row["clip_id"],
            "path": row["path"],
            "audio_sha256": row["audio_sha256"],
            "duration_s": duration_s,
            "reference": row["text"],
            "hypothesis": hypothesis,
            **score(row["text"], hypothesis, duration_s, self.rule.language, heard.silent),
            "decoding": decoding,
        }


def _key(row: Record) -> str:
    return f"{row['audio_sha256']}:{row['clip_id']}"


def _names(heard: Heard) -> str:
    return " ".join(look for look in LOOKS if look in heard.texts)


def _long(row: Record) -> bool:
    return float(row["duration_s"]) > FULL_WINDOW_S
