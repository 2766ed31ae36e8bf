"""Which device and compute type CTranslate2 uses, and how a CPU's cores are shared among streams.

Not here: which GPU a process may use (``runtime``), and the decoding itself (``asr.whisper``).
"""

import os
from dataclasses import dataclass

from voice_assets.asr.recogniser import RecogniserError
from voice_assets.runtime.devices import VISIBLE

MOST_STREAMS = 4
_HALF = ("float16", "int8_float16")


@dataclass(frozen=True)
class DeviceChoice:
    """The device (``cpu`` or ``cuda``) and the compute type in use; ``note`` describes a changed type, or is empty."""

    device: str
    compute_type: str
    note: str = ""


def choose(device: str, compute_type: str) -> DeviceChoice:
    """Choose for a voice's ``whisper.device`` and ``whisper.compute_type``.

    Every CPU runs ``int8`` and ``float32``, and none runs ``float16``. So where no GPU is visible, most types are chosen
    without asking CTranslate2, and a run that decodes nothing does not load it (with PyTorch, seconds and 400 MB).

    Raises:
        RecogniserError: the device or the compute type cannot be used; the message lists the possible values.
    """
    hidden = os.environ.get(VISIBLE) == ""
    if (device == "cpu" or (device == "auto" and hidden)) and compute_type in ("int8", "float32"):
        return DeviceChoice("cpu", compute_type)
    if device == "auto" and hidden and compute_type in _HALF:
        return _int8_for(compute_type)
    chosen = _choose_device(device)
    return _choose_compute_type(compute_type, chosen, asked_device=device)


def _choose_device(device: str) -> str:
    import ctranslate2

    if device not in ("auto", "cpu", "cuda"):
        raise RecogniserError(f"device {device!r} is not one of auto, cpu, cuda")
    gpus = ctranslate2.get_cuda_device_count()
    if device == "auto":
        return "cuda" if gpus else "cpu"
    if device == "cuda" and not gpus:
        raise RecogniserError("device 'cuda': CTranslate2 finds no CUDA device here; use device auto or cpu")
    return device


def _choose_compute_type(compute_type: str, device: str, asked_device: str) -> DeviceChoice:
    """For ``auto`` on a CPU, ``float16`` and ``int8_float16`` become ``int8``: a voice's default must run on a laptop."""
    import ctranslate2

    supported = ctranslate2.get_supported_compute_types(device)
    if compute_type in ("default", "auto") or compute_type in supported:
        return DeviceChoice(device, compute_type)
    if asked_device == "auto" and device == "cpu" and compute_type in _HALF:
        return _int8_for(compute_type)
    raise RecogniserError(
        f"compute type {compute_type!r} is not supported on {device}; supported: {', '.join(sorted(supported))}"
    )


def _int8_for(compute_type: str) -> DeviceChoice:
    return DeviceChoice("cpu", "int8", f"no GPU here: compute type {compute_type} became int8")


def streams(cores: int) -> tuple[int, int]:
    """The number of streams for ``cores`` of a CPU, at most 4, and the threads of each stream. As few cores idle as possible.

    A stream decodes one batch. Many streams of few threads use cores better than many threads inside one matrix product.
    """
    numbers = range(1, min(MOST_STREAMS, cores) + 1)
    side_by_side = max(numbers, key=lambda number: (number * (cores // number), number), default=1)
    return side_by_side, max(1, cores // side_by_side)
