"""Speech in the audio of one clip: how many seconds of speech, and the two halves of a clip that may have its text twice.

Both are found with Silero's voice activity detector, which comes with faster-whisper. Not here: words (``asr.recogniser``).
"""

import math
from functools import cache
from typing import Any

import numpy as np

from voice_assets.asr.windows import SAMPLE_RATE

VERSION = 1
"""Part of the keys of stored seconds of speech and stored halves. Raise it with every change of the detector or of the cut."""
# The detector judges windows of this many samples at 16 kHz: 32 ms.
_WINDOW = 512
_SPEECH = 0.5
LEAST_SPEECH_S = 0.1
"""A clip with fewer seconds of speech has no speech. Measured on 271 real clips of 1 s or more: each has 0.6 s at least. White
and pink noise, hum, clicks, tones, chords and melodies of 4 s: none has a window of speech."""
# The cut between the halves is the pause nearest to the middle of the speech, at most this share of the speech away from it.
_AROUND_MIDDLE = 0.1


@cache
def _detector() -> Any:
    from faster_whisper.vad import get_vad_model

    return get_vad_model()


def probabilities(samples: np.ndarray, rate: int) -> np.ndarray:
    """The probability of speech in each 32 ms: float32 ``[windows]``. ``samples``: float32 ``[samples]`` at ``rate`` Hz."""
    seconds = np.arange(round(len(samples) * SAMPLE_RATE / rate)) / SAMPLE_RATE
    at_16_khz = samples if rate == SAMPLE_RATE else np.interp(seconds, np.arange(len(samples)) / rate, samples)
    padded = np.pad(at_16_khz.astype(np.float32), (0, -len(at_16_khz) % _WINDOW))
    if not len(padded):
        return np.zeros(0, np.float32)
    return np.asarray(_detector()(padded), np.float32).reshape(-1)


def speech_s(samples: np.ndarray, rate: int) -> float:
    """Seconds of speech in ``samples``: float32 ``[samples]`` at ``rate`` Hz."""
    return float((probabilities(samples, rate) >= _SPEECH).sum()) * _WINDOW / SAMPLE_RATE


def halves(samples: np.ndarray, rate: int) -> tuple[np.ndarray, np.ndarray]:
    """``samples`` cut in two at the pause nearest to the middle of the speech, or in the middle when no pause is near."""
    chances = probabilities(samples, rate)
    spoken = np.flatnonzero(chances >= _SPEECH)
    first, last = (int(spoken[0]), int(spoken[-1]) + 1) if len(spoken) else (0, len(chances))
    middle = (first + last) / 2
    reach = _AROUND_MIDDLE * (last - first)
    near = np.arange(max(0, math.floor(middle - reach)), min(len(chances), math.ceil(middle + reach) + 1))
    pauses = near[chances[near] < _SPEECH]
    # Two sayings are about equally long, so a pause inside a sentence is further from the middle than the pause between them.
    cut = float(pauses[np.argmin(np.abs(pauses + 0.5 - middle))]) + 0.5 if len(pauses) else middle
    samples_before = round(cut * _WINDOW * rate / SAMPLE_RATE)
    return samples[:samples_before], samples[samples_before:]
