"""Predicted mean opinion scores (MOS) of speech by two models: DNSMOS P.835 and DistillMOS, both by Microsoft.

The models predict how people would rate a recording. They were trained on other data and err differently, so a voice that both
rate low is bad. Both rate noise and distortion, not whether the words are right. Use the scores to rank voices; they do not
replace listening tests. The packages ``speechmos`` and ``distillmos`` have the weights. Not here: limits (the voice's YAML).
"""

import importlib.machinery
import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

MODEL_RATE = 16000
"""The sample rate of both models in Hz."""

_WINDOW = int(9.01 * MODEL_RATE)
"""Samples of DNSMOS' window."""


class MosError(ValueError):
    """Samples that cannot be scored. The message gives the reason."""


def predict(samples: npt.NDArray[np.int16], rate: int) -> float:
    """The overall score of DNSMOS (``ovrl_mos``), 1 bad to 5 excellent, of int16 ``[samples]`` at ``rate`` Hz.

    Shorter audio is repeated to fill the model's window of 9.01 s; longer audio is averaged over windows that start 1 s apart.
    ``speechmos`` alone would double short audio until it fills the window and average over the windows of the rest. Measured
    on 8 sentences, the scores differ by 0.03 at most, for 0.5 instead of 2.0 s of a core per sentence.

    Raises:
        MosError: there are no samples (``speechmos`` would never return), or they are not int16 [samples].
    """
    from speechmos import dnsmos

    heard = _heard(samples, rate)
    if len(heard) < _WINDOW:
        heard = np.resize(heard, _WINDOW)
    return float(dnsmos.run(heard, MODEL_RATE)["ovrl_mos"])


def predict_second(samples: npt.NDArray[np.int16], rate: int) -> float:
    """The score of DistillMOS, 1 bad to 5 excellent, of int16 ``[samples]`` at ``rate`` Hz.

    The model scales the samples to full range. Shorter audio is filled with silence to the model's window of 7.68 s; longer
    audio is averaged over windows that start at most 1 s apart.

    Raises:
        MosError: there are no samples, or they are not int16 [samples].
    """
    import torch

    heard = torch.from_numpy(_heard(samples, rate))
    with torch.inference_mode():
        return float(_distillmos()(heard[None])[0, 0])


def _heard(samples: npt.NDArray[np.int16], rate: int) -> npt.NDArray[np.float32]:
    """The samples at the models' rate: float32 ``[samples]`` within -1 to 1."""
    import soxr

    if samples.dtype != np.int16 or samples.ndim != 1:
        raise MosError(f"samples must be int16 [samples], not {samples.dtype} {list(samples.shape)}")
    sound = (samples / 32768).astype(np.float32)
    if rate != MODEL_RATE:
        sound = np.clip(soxr.resample(sound, rate, MODEL_RATE, quality="VHQ"), -1, 1)
    if not len(sound):
        raise MosError(f"{len(samples)} samples at {rate} Hz: too few to score")
    return sound


@cache
def _distillmos() -> Any:
    """The model with its weights. ``weights_only``: a file of weights must not run code."""
    import torch

    with _without_torchaudio():
        from distillmos import sqa
    model = sqa.ConvTransformerSQAModel(load_weights=False)
    stored = torch.load(sqa.DEFAULT_WEIGHTS_CHKPT, map_location="cpu", weights_only=True)
    model.load_state_dict(stored["model"])
    return model.eval()


@contextmanager
def _without_torchaudio() -> Iterator[None]:
    """An empty module stands for ``torchaudio`` while ``distillmos`` is imported.

    ``distillmos`` imports ``torchaudio`` for its own command, which reads files; its model does not use it. The only builds of
    ``torchaudio`` for this ``torch`` load CUDA's libraries, so they cannot be imported beside a ``torch`` for the CPU.
    """
    name = "torchaudio"
    if name in sys.modules:
        yield
        return
    empty = types.ModuleType(name)
    empty.__spec__ = importlib.machinery.ModuleSpec(name, None)
    sys.modules[name] = empty
    try:
        yield
    finally:
        del sys.modules[name]
