"""Predicted mean opinion score of speech: Microsoft's DNSMOS P.835, whose weights come inside ``speechmos``.

A model's guess at how people would rate a recording, trained on noisy phone calls: it hears noise and distortion, and
knows nothing of whether the words are right. It ranks voices; it does not replace ears.
"""

import numpy as np
import numpy.typing as npt

RATE = 16000


class MosError(ValueError):
    """Samples that cannot be scored. The message says why."""


def predict(samples: npt.NDArray[np.int16], rate: int) -> float:
    """The overall score (``ovrl_mos``), 1 bad to 5 excellent, of int16 ``[samples]`` at ``rate`` Hz.

    Shorter sounds are repeated up to the model's window of 9.01 s, longer ones averaged over windows a second apart.

    Raises:
        MosError: there are no samples (``speechmos`` would wait for ever), or they are not int16.
    """
    import soxr
    from speechmos import dnsmos

    if samples.dtype != np.int16 or samples.ndim != 1:
        raise MosError(f"samples must be int16 [samples], not {samples.dtype} {list(samples.shape)}")
    sound = samples.astype(np.float32) / 32768
    if rate != RATE:
        sound = np.clip(soxr.resample(sound, rate, RATE, quality="VHQ"), -1, 1)
    if not len(sound):
        raise MosError(f"{len(samples)} samples at {rate} Hz: too few to score")
    return float(dnsmos.run(sound, RATE)["ovrl_mos"])
