"""The GPUs and processor cores that workers may use, and the slots that they make.

Belongs here: finding GPUs, which of them this process may see, and how many workers fit. Does not belong here: questions to
the driver (``runtime.nvidia``), which worker has which slot (``runtime.leases``), and the compute type (``asr.whisper``).
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from voice_assets.runtime import nvidia
from voice_assets.runtime.nvidia import DeviceError, Gpu

VISIBLE = "CUDA_VISIBLE_DEVICES"
"""CUDA's variable: the GPUs that a process may see."""


@dataclass(frozen=True)
class Slot:
    """The place of one worker on one device.

    Attributes:
        gpu: the GPU; None for a slot on the CPU.
        number: among the slots of this device, from 0.
        cpu_threads: threads that the worker may use.
    """

    gpu: Gpu | None
    number: int
    cpu_threads: int

    @property
    def name(self) -> str:
        """Such as ``cuda-1.0`` or ``cpu.0``: the device and the slot, both from 0."""
        return f"cpu.{self.number}" if self.gpu is None else f"cuda-{self.gpu.index}.{self.number}"


def find_gpus() -> list[Gpu]:
    """The GPUs of this machine, visible or not. UNMEASURED on a real GPU.

    Some containers have GPUs and lack the library that answers questions. There the driver's device files are counted, and
    nobody can tell who uses a GPU.

    Raises:
        DeviceError: the driver is installed and fails.
    """
    listed = nvidia.gpus()
    if listed:
        return listed
    numbers = [path.name.removeprefix("nvidia") for path in Path("/dev").glob("nvidia*")]
    return [Gpu(index) for index in sorted(int(number) for number in numbers if number.isdigit())]


def visible(found: Sequence[Gpu], environment: Mapping[str, str]) -> list[Gpu]:
    """The GPUs of ``found`` that ``CUDA_VISIBLE_DEVICES`` names, in the order of the variable.

    The variable holds numbers, UUIDs or beginnings of UUIDs. As in CUDA, an entry that names no GPU hides every GPU after the
    entry, and an empty value hides all GPUs.
    """
    if VISIBLE not in environment:
        return list(found)
    chosen: list[Gpu] = []
    for entry in environment[VISIBLE].split(","):
        gpu = _named(found, entry.strip())
        if gpu is None:
            break
        chosen.append(gpu)
    return chosen


def _named(found: Sequence[Gpu], entry: str) -> Gpu | None:
    if entry.isdigit():
        return next((gpu for gpu in found if gpu.index == int(entry)), None)
    return next((gpu for gpu in found if entry and gpu.uuid.startswith(entry)), None)


def cores() -> int:
    """The number of processor cores that this process may use."""
    return len(os.sched_getaffinity(0))


def slots(
    device: str, wanted: Sequence[int] | None, workers_per_device: int, seen: Sequence[Gpu], core_count: int
) -> list[Slot]:
    """Every slot for a worker. The first slot of each device comes before the second slot of any, so work spreads out.

    Args:
        device: ``auto`` (GPUs where there are any), ``cpu`` or ``cuda``.
        wanted: numbers of GPUs, as ``nvidia-smi`` counts; None takes all visible GPUs.
        workers_per_device: slots on each GPU, or on the CPU. All slots share the cores equally.
        seen: the visible GPUs.
        core_count: cores to share.

    Raises:
        DeviceError: a wanted GPU is missing or not visible, or ``cuda`` is asked for and there is no GPU.
    """
    if device not in ("auto", "cpu", "cuda"):
        raise DeviceError(f"device {device!r} is not one of auto, cpu, cuda")
    if device == "cpu" or (device == "auto" and not seen and not wanted):
        threads = max(1, core_count // workers_per_device)
        return [Slot(None, number, threads) for number in range(workers_per_device)]
    by_number = {gpu.index: gpu for gpu in seen}
    missing = [number for number in wanted or () if number not in by_number]
    if missing or not seen:
        asked = f"GPU {', '.join(map(str, missing))}" if missing else "device 'cuda'"
        there = ", ".join(map(str, by_number)) or "none"
        raise DeviceError(f"{asked}: not found; visible GPUs: {there} (see `nvidia-smi`, and {VISIBLE} where it is set)")
    chosen = list(seen) if wanted is None else [by_number[number] for number in dict.fromkeys(wanted)]
    threads = max(1, core_count // (workers_per_device * len(chosen)))
    return [Slot(gpu, number, threads) for number in range(workers_per_device) for gpu in chosen]


def gpus_here(without: str) -> list[Gpu]:
    """The GPUs of this machine that this process may see.

    Args:
        without: the setting with which no GPU is needed, for the message.

    Raises:
        DeviceError: the driver is installed and fails.
    """
    try:
        return [] if os.environ.get(VISIBLE) == "" else visible(find_gpus(), os.environ)
    except DeviceError as error:
        raise DeviceError(f"{error}. To work without a GPU, set {without} in the voice file") from error


def slots_here(device: str, wanted: Sequence[int] | None, workers_per_device: int) -> list[Slot]:
    """The slots of this machine; the arguments are those of :func:`slots`. ``cpu`` asks no driver.

    Raises:
        DeviceError: as in :func:`slots`, or the driver is installed and fails.
    """
    seen = [] if device == "cpu" else gpus_here("whisper.device: cpu")
    return slots(device, wanted, workers_per_device, seen, cores())
