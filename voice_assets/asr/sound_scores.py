"""How one recording or spoken sentence sounds, whatever its text: level, silences, clipping, predicted MOS, voice, speech.

Recordings of a data set and sentences of a voice are measured in the same way, so their figures can be compared. Not here:
hypotheses and the scores that need the text (``asr.speech_scores``), the formulas (``audio``).
"""

from typing import Annotated, Self

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from voice_assets.asr.speech import speech_s
from voice_assets.audio import mos, signals, speaker

VERSION = 1
"""Part of the keys of stored scores. Raise it with every change of a formula here or of a model's input."""


class SoundScores(BaseModel):
    """The columns of SAMPLES (``dataset.tables``) that come from the sound alone, and the embedding of the voice."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    duration_s: float
    level_db: float
    flat_ratio: float
    leading_silence_s: float
    trailing_silence_s: float
    longest_pause_s: float
    speech_s: float
    mos: float
    mos_2: float
    embedding: Annotated[list[float], Field(min_length=speaker.SIZE, max_length=speaker.SIZE)] | None

    @classmethod
    def of(cls, samples: npt.NDArray[np.int16], rate: int) -> Self:
        """Measure int16 ``[samples]`` at ``rate`` Hz.

        Raises:
            MosError: there are no samples.
        """
        sound = (samples / 32768).astype(np.float32)
        measured = signals.measure(sound, rate)
        voice = speaker.embedding(samples, rate)
        return cls(
            duration_s=len(samples) / rate,
            level_db=signals.level_db(sound),
            flat_ratio=signals.flat_ratio(sound),
            leading_silence_s=float(measured["leading_silence_s"]),
            trailing_silence_s=float(measured["trailing_silence_s"]),
            longest_pause_s=signals.longest_pause_s(sound, rate),
            speech_s=speech_s(sound, rate),
            mos=mos.predict(samples, rate),
            mos_2=mos.predict_second(samples, rate),
            embedding=None if voice is None else [float(value) for value in voice],
        )

    @property
    def voice(self) -> speaker.Embedding | None:
        """The embedding as ``audio.speaker`` takes it; None without voice."""
        return None if self.embedding is None else np.array(self.embedding, np.float32)

    @property
    def longest_silence_s(self) -> float:
        """The longest silence: before, in or after the speech."""
        return max(self.leading_silence_s, self.trailing_silence_s, self.longest_pause_s)

    def columns(self) -> dict[str, object]:
        """Every figure but the embedding, by the name of its column."""
        return {**self.model_dump(exclude={"embedding"}), "longest_silence_s": self.longest_silence_s}


def full_range(samples: npt.NDArray[np.int16]) -> npt.NDArray[np.int16]:
    """The samples scaled so that the highest is at full scale, as Piper's player scales a sentence; silence stays silence."""
    peak = int(np.abs(samples.astype(np.int32)).max(initial=0))
    return samples if peak == 0 else np.rint(samples * (32767 / peak)).astype(np.int16)
