"""Who speaks: an embedding of the voice in a recording, and how alike two voices are. With the model of ``resemblyzer``.

The embedding (generalised end-to-end loss, Wan et al. 2018) is made of 1.6 s windows of what has voice. Embeddings of one
speaker are close to each other, whatever the words and the language. Not here: which recordings are the data set's (``asr``).
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

MODEL_RATE = 16000
"""The sample rate of the model in Hz."""
SIZE = 256
"""The numbers in an embedding."""

Embedding = npt.NDArray[np.float32]


class SpeakerError(ValueError):
    """Recordings that tell nothing about their speaker. The message gives the reason."""


@cache
def _encoder() -> Any:
    """Resemblyzer's encoder on the CPU. ``torch.load`` has read weights without running code since torch 2.6."""
    from resemblyzer import VoiceEncoder

    return VoiceEncoder("cpu", verbose=False)


def embedding(samples: npt.NDArray[np.int16], rate: int) -> Embedding | None:
    """The embedding of one recording, float32 ``[SIZE]`` of length 1; None when the recording has no voice.

    Args:
        samples: int16 ``[samples]``. A recording of less than 1.6 s is filled with silence.
        rate: samples per second.
    """
    import soxr
    from resemblyzer import preprocess_wav

    if not samples.any():  # Resemblyzer would divide by the level of silence
        return None
    sound = (samples / 32768).astype(np.float32)
    if rate != MODEL_RATE:
        sound = np.clip(soxr.resample(sound, rate, MODEL_RATE, quality="VHQ"), -1, 1)
    voiced = preprocess_wav(sound)
    if not len(voiced):
        return None
    found = np.asarray(_encoder().embed_utterance(voiced), np.float32)
    return found if np.isfinite(found).all() else None


def centroid(embeddings: Sequence[Embedding | None]) -> Embedding:
    """The speaker of several recordings: the mean of their embeddings, scaled to length 1. Those without voice do not count.

    Raises:
        SpeakerError: no recording has voice.
    """
    known = [one for one in embeddings if one is not None]
    if not known:
        raise SpeakerError(
            f"no voice is heard in any of {len(embeddings)} recordings, so they tell nothing about their speaker"
        )
    mean = np.mean(known, axis=0)
    return np.asarray(mean / np.linalg.norm(mean), np.float32)


def likeness(one: Embedding | None, speaker: Embedding) -> float:
    """The cosine of an embedding and a speaker's: 1 for the same, about 0.5 for two people; 0 without voice."""
    return 0.0 if one is None else float(np.clip(np.dot(one, speaker), 0.0, 1.0))
