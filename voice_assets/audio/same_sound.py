"""Whether two files of samples are one sound: equal but for loudness and rounding. Pure numpy.

Not here: how alike two speakers are (``audio.speaker``), clips that are there twice (``quality.suspects``).
"""

import numpy as np
import numpy.typing as npt

MOST_DIFFERENT_DB = -60.0
"""The most energy of the difference, relative to the sound. Measured on one voice: another onnxruntime and another loudness
give -74 dB, one other phoneme in a sentence of 40 gives -7 dB."""


def same_sound(one: npt.NDArray[np.int16], other: npt.NDArray[np.int16]) -> bool:
    """Whether ``other`` is ``one`` at some loudness, but for rounding. int16 ``[samples]`` each; two silences are the same."""
    if one.shape != other.shape:
        return False
    first, second = one.astype(np.float64), other.astype(np.float64)
    energy, loudness = float(first @ first), float(second @ second)
    if energy == 0 or loudness == 0:
        return energy == loudness
    scale = float(first @ second) / loudness
    difference = first - scale * second
    return scale > 0 and float(difference @ difference) <= energy * 10 ** (MOST_DIFFERENT_DB / 10)
