"""The waveform of a clip: peaks of its audio, for the page to draw."""

from functools import lru_cache
from pathlib import Path

import numpy as np

from voice_assets.audio import recordings

PEAKS = 480
QUIETEST_SCALE = 0.05
"""A clip under this peak (full scale = 1) is not drawn as loud as the others."""
KEPT = 512


def peaks(wav: Path) -> list[float]:
    """The highest absolute sample of each of ``PEAKS`` equal parts of the audio, 0 to 1 of the loudest part.

    Raises:
        AudioError: the file is missing or cannot be decoded.
    """
    try:
        changed = wav.stat().st_mtime_ns
    except OSError as error:
        raise recordings.AudioError(f"{wav}: {error.strerror}") from error
    return list(_peaks(wav, changed))


@lru_cache(KEPT)
def _peaks(wav: Path, _changed: int) -> tuple[float, ...]:
    samples, _ = recordings.read(wav)
    loud = np.abs(samples)
    starts = np.unique(np.linspace(0, len(loud), min(PEAKS, len(loud)), endpoint=False).astype(int))
    highest = np.maximum.reduceat(loud, starts)
    scale = max(float(highest.max()), QUIETEST_SCALE)
    return tuple(round(float(value) / scale, 3) for value in highest)
