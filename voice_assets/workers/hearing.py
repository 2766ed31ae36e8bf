"""Every look at a table of clips, out of the ledger where it has them and from Whisper where it has not.

What belongs here: which look at which audio is missing, having it decoded in the engine's batches, and the row of
TRANSCRIPTS that follows. That row depends on the hypotheses and the reference only, never on when they were decoded. How
clips are decoded is in ``engines.whisper``, storing in ``engines.ledger``, scoring in ``speech.scoring``.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from voice_assets.engines import whisper
from voice_assets.engines.ledger import Ledger, Setting
from voice_assets.speech.looks import FAST, FULL, LOOKS, WIDE, Rule
from voice_assets.speech.quality import SILENT_DB
from voice_assets.speech.scoring import score
from voice_assets.speech.signals import level_db

Record = dict[str, Any]


@dataclass(frozen=True)
class Settings:
    """What decides each look beside the audio: a ledger setting each, so that a beam leaves the fast looks in force."""

    looks: Mapping[str, Setting]
    level: Setting

    @classmethod
    def of(
        cls, model: str, device: str, compute_type: str, language: str, beam_size: int = 5, vad_filter: bool = False
    ) -> "Settings":
        """The settings for one model (its fingerprint); the rest as in ``engines.whisper.Transcriber``."""

        def setting(look: str, **more: object) -> Setting:
            return Setting.of(
                look=look,
                version=whisper.VERSION,
                model=model,
                device=device,
                compute_type=compute_type,
                language=language,
                **more,
            )

        looks = {
            FAST: setting(FAST),
            WIDE: setting(WIDE, beam_size=beam_size),
            FULL: setting(FULL, beam_size=beam_size, vad_filter=vad_filter),
        }
        return cls(looks, Setting.of(look="level", sample_rate=whisper.SAMPLE_RATE))


def engine_name() -> str:
    """Who writes hypotheses: the version of our decoding and of the libraries under it. Part of every row, not of any key."""
    return " ".join([f"whisper.py {whisper.VERSION}", *map(_installed, ("faster-whisper", "ctranslate2"))])


def _installed(package: str) -> str:
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return f"{package} (not installed)"


@dataclass
class Heard:
    """What is known of one audio: hypotheses by look, and its RMS level in dBFS, None before it was ever read."""

    texts: dict[str, str]
    level_db: float | None

    @property
    def silent(self) -> bool:
        """Whether the audio counts as silent, by the rule of the quality stage."""
        return self.level_db is not None and self.level_db < SILENT_DB


def missing(rule: Rule, reference: str, heard: Mapping[str, str], silent: bool, long: bool) -> str | None:
    """The first look that this reference asks for and that is not in ``heard``; None when the clip is done.

    Looks count in their order, as in ``Rule.chosen``: what an earlier reference had decoded does not stand in for them.
    A ``long`` clip has a full look only.
    """
    if long:
        return None if FULL in heard else FULL
    counted: dict[str, str] = {}
    while (look := rule.due(reference, counted, silent)) is not None:
        if look not in heard:
            return look
        counted[look] = heard[look]
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
    _notes_told: int = 0

    def listen(self, rows: Sequence[Record]) -> Iterator[tuple[list[Record], bool]]:
        """Records of ``rows``, in portions, each with whether it was decoded now. The ledger has a portion before it is given.

        The first portion is what the ledger had; a row counts as decoded when at least one look was made for it.

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
        yield [self._record(row) for row in ready], False
        if not by_audio:
            return
        transcriber = self.load()
        for batch in self._batches(by_audio, transcriber.portion):
            self._decode(transcriber, batch, by_audio)
            yield [self._record(row) for clip in batch for row in by_audio[clip.clip_id]], True

    def _look_up(self, rows: Sequence[Record]) -> None:
        hashes = {row["audio_sha256"] for row in rows}
        level = self.ledger.heard(self.settings.level, hashes)
        self._heard = {sha: Heard({}, float(level[sha]) if sha in level else None) for sha in hashes}
        for look, setting in self.settings.looks.items():
            for sha, text in self.ledger.heard(setting, hashes).items():
                self._heard[sha].texts[look] = text

    def _missing(self, row: Record) -> str | None:
        heard = self._heard[row["audio_sha256"]]
        if heard.level_db is None:  # the audio was never read here: whether it is silent decides what is due
            return FULL if _long(row) else FAST
        return missing(self.rule, row["text"], heard.texts, heard.silent, _long(row))

    def _batches(self, by_audio: Mapping[str, list[Record]], size: int) -> list[tuple[whisper.Clip, ...]]:
        """One clip for each audio, named by its hash, in the engine's batches; first those that only owe a further look."""
        owed: list[whisper.Clip] = []
        new: list[whisper.Clip] = []
        for sha, (row, *_) in by_audio.items():
            clip = whisper.Clip(sha, self.dataset / row["path"], float(row["duration_s"]), row["text"])
            (owed if self._heard[sha].texts else new).append(clip)
        return [*whisper.plan(owed, size), *whisper.plan(new, size)]

    def _decode(
        self, transcriber: whisper.Transcriber, batch: Sequence[whisper.Clip], by_audio: dict[str, list[Record]]
    ) -> None:
        """Make what is missing of the audios in ``batch`` and store it, in one transaction."""
        for clip in batch:
            for row in by_audio[clip.clip_id]:
                self.check(row)
        sounds = {clip.clip_id: whisper.read_clip(clip) for clip in batch}
        new: dict[Setting, dict[str, str]] = {self.settings.level: {}}
        for sha, sound in sounds.items():
            text = f"{level_db(sound):.2f}"
            new[self.settings.level][sha] = text
            self._heard[sha].level_db = float(text)
        for look in LOOKS:
            due = [clip for clip in batch if any(self._missing(row) == look for row in by_audio[clip.clip_id])]
            texts = transcriber.look(look, due, [sounds[clip.clip_id] for clip in due])
            heard = dict(zip((clip.clip_id for clip in due), texts, strict=True))
            new[self.settings.looks[look]] = heard
            for sha, text in heard.items():
                self._heard[sha].texts[look] = text
        self.ledger.add({setting: texts for setting, texts in new.items() if texts})
        for note in transcriber.notes[self._notes_told :]:
            self.on_note(note)
        self._notes_told = len(transcriber.notes)

    def _record(self, row: Record) -> Record:
        heard, duration_s = self._heard[row["audio_sha256"]], float(row["duration_s"])
        texts = {FULL: heard.texts[FULL]} if _long(row) else heard.texts
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


def _long(row: Record) -> bool:
    return float(row["duration_s"]) > whisper.FULL_WINDOW_S
