"""Predicted mean opinion score (MOS) of speech: Microsoft's DNSMOS P.835. The package ``speechmos`` has the weights.

The model predicts how people would rate a recording. It was trained on noisy phone calls, so it rates noise and
distortion, not whether the words are right. Use the score to rank voices; the score does not replace listening tests.
"""

import numpy as np
import numpy.typing as npt

MODEL_RATE = 16000
"""The model's sample rate in Hz."""


class MosError(ValueError):
    """Samples that cannot be scored. The message gives the reason."""


def predict(samples: npt.NDArray[np.int16], rate: int) -> float:
    """The overall score (``ovrl_mos``), 1 bad to 5 excellent, of int16 ``[samples]`` at ``rate`` Hz.

    Shorter audio is repeated to fill the model's window of 9.01 s; longer audio is averaged over windows that start 1 s apart.

    Raises:
        MosError: there are no samples (``speechmos`` would never return), or they are not int16 [samples].
    """
    import soxr
    from speechmos import dnsmos

    if samples.dtype != np.int16 or samples.ndim != 1:
        raise MosError(f"samples must be int16 [samples], not {samples.dtype} {list(samples.shape)}")
    sound = samples.astype(np.float32) / 32768
    if rate != MODEL_RATE:
        sound = np.clip(soxr.resample(sound, rate, MODEL_RATE, quality="VHQ"), -1, 1)
    if not len(sound):
        raise MosError(f"{len(samples)} samples at {rate} Hz: too few to score")
    return float(dnsmos.run(sound, MODEL_RATE)["ovrl_mos"])
