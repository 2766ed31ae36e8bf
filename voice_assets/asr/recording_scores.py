"""The data set's own scores: held-out recordings scored as a voice's samples are. They say what a perfect voice would get.

The figures of a recording are stored by the hash of its audio and the models, one file each: they are the same for every epoch,
and a killed process loses one recording. Not here: the scores of the samples (``asr.speech_scores``).
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, ValidationError

from voice_assets.asr import sound_scores
from voice_assets.asr.cached_transcriber import Record
from voice_assets.asr.sound_scores import SoundScores, full_range
from voice_assets.asr.speech_scores import speaking_rate, text_scores
from voice_assets.audio import recordings, speaker
from voice_assets.dataset.tables import RECORDINGS, frame
from voice_assets.piper.splits import hash_fraction
from voice_assets.runtime import files

LONG_ENOUGH_S = 2.0
"""Shorter clips are chosen last: a single word has a CER of 0 or 1, and an embedding needs 1.6 s of voice."""
_MODELS = ("speechmos", "distillmos", "resemblyzer")


class Heard(BaseModel):
    """What is stored of one recording: how it sounds, and what the recogniser heard without knowing the text."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    sound: SoundScores
    hypothesis: str


@dataclass(frozen=True)
class RecordingScores:
    """The held-out clips of a data set: ``table`` RECORDINGS, and their ``speaker``."""

    table: pd.DataFrame
    speaker: speaker.Embedding


def held_out_clips(training_set: pd.DataFrame, count: int) -> pd.DataFrame:
    """The validation clips that samples are compared with: at most ``count`` rows of TRAINING_SET, by clip id.

    A hash of the clip's name chooses, so more clips keep the earlier choice. Clips under 2 s are chosen last.
    """
    clips = training_set[training_set["split"] == "validation"]
    order = clips.assign(
        short=clips["duration_s"] < LONG_ENOUGH_S,
        chance=clips["clip_id"].map(lambda clip_id: hash_fraction(f"held-out:{clip_id}")),
    ).sort_values(["short", "chance"], kind="stable")
    return clips.loc[sorted(order.index[:count])].sort_values("clip_id", kind="stable", ignore_index=True)


@dataclass(frozen=True)
class RecordingStore:
    """The stored figures of recordings, a JSON file each in ``folder``.

    Attributes:
        folder: made when it is missing.
        rate: the sample rate that the recordings are measured at, Hz.
        recogniser: everything that decides a hypothesis besides the audio; a part of every key.
    """

    folder: Path
    rate: int
    recogniser: str

    def file(self, audio_sha256: str) -> Path:
        """The file for one audio."""
        models = {name: version(name) for name in _MODELS}
        parts = [audio_sha256, sound_scores.VERSION, self.rate, self.recogniser, models]
        return self.folder / f"{hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()}.json"

    def read(self, audio_sha256: str) -> Heard | None:
        """The stored figures; None when there are none. A damaged file counts as none, so the recording is measured again."""
        try:
            return Heard.model_validate_json(self.file(audio_sha256).read_bytes())
        except (FileNotFoundError, ValidationError):
            return None

    def write(self, audio_sha256: str, heard: Heard) -> None:
        """Store the figures, atomically."""
        files.write_text(self.file(audio_sha256), heard.model_dump_json())

    def measure(self, audio_sha256: str, path: Path, hypothesis: str) -> Heard:
        """Measure one recording, scaled to full range as Piper scales what it speaks, and store the figures.

        Raises:
            AudioError: the file cannot be decoded.
        """
        sound = SoundScores.of(full_range(recordings.decode(path, self.rate)), self.rate)
        heard = Heard(sound=sound, hypothesis=hypothesis)
        self.write(audio_sha256, heard)
        return heard


def recording_scores(
    clips: Sequence[Record], heard: Mapping[str, Heard], language: str, phonemes: Callable[[str], int]
) -> RecordingScores:
    """RECORDINGS and their speaker.

    Args:
        clips: rows with ``clip_id``, ``text`` and ``audio_sha256``.
        heard: the figures of every clip, by its audio's hash.
        language: Whisper's code.
        phonemes: the count of letter phonemes of a text.

    Raises:
        SpeakerError: no recording has voice.
    """
    voices = [heard[clip["audio_sha256"]].sound.voice for clip in clips]
    rows = []
    for index, clip in enumerate(clips):
        one, spoken = heard[clip["audio_sha256"]], phonemes(clip["text"])
        texts = text_scores(clip["text"], one.hypothesis, language)
        row = {**clip, **one.sound.columns(), **texts, "hypothesis": one.hypothesis, "phonemes": spoken}
        others = voices[:index] + voices[index + 1 :]
        row |= {"rate": speaking_rate(spoken, one.sound.speech_s), "likeness": _likeness(voices[index], others)}
        rows.append(row)
    return RecordingScores(frame(rows, RECORDINGS), speaker.centroid(voices))


def _likeness(voice: speaker.Embedding | None, others: Sequence[speaker.Embedding | None]) -> float:
    """The likeness to the speaker of the other recordings; NaN when no other has voice."""
    if all(other is None for other in others):
        return float(np.nan)
    return speaker.likeness(voice, speaker.centroid(others))
