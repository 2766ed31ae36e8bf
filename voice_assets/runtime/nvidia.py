"""What NVIDIA's driver says: which GPUs there are, which processes compute on a GPU, and how busy the GPUs are.

NVML answers, the library that ``nvidia-smi`` uses too, through the package ``nvidia-ml-py`` (module ``pynvml``). This module
is the only one that asks. UNMEASURED on a real GPU: no machine of ours has one. The module follows NVML's documentation, and
is tested with a fake ``pynvml`` that was written by hand.

Belongs here: questions to the driver. Does not belong here: which GPUs a worker may see (``runtime.devices``), and who may
have a GPU (``runtime.leases``).
"""

from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from threading import Thread
from types import ModuleType
from typing import Any, TypeVar

Answer = TypeVar("Answer")

_PATIENCE_S = 20.0
"""How long the driver may take for an answer. A broken GPU can make the driver wait for ever."""
_MIB = 2**20


class DeviceError(ValueError):
    """Devices that are missing, hidden, broken or in use by other programs. The message names the devices and what to do."""


@dataclass(frozen=True)
class Gpu:
    """A GPU of this machine.

    Attributes:
        index: the number that ``nvidia-smi`` shows, in the order of the PCI bus, from 0.
        uuid: NVIDIA's name of this very GPU, such as ``GPU-1a2b…``; empty where the driver does not say.
        name: the product, such as ``NVIDIA GeForce RTX 3090``; empty where the driver does not say.
    """

    index: int
    uuid: str = ""
    name: str = ""


@dataclass(frozen=True)
class GpuUser:
    """A process that computes on a GPU.

    Attributes:
        pid: the process id, as the driver sees it. In a container this may be an id of the host.
        memory_mib: memory on the GPU; None where the driver does not say (MIG, containers, Windows).
        name: the program; ``unknown program`` where the driver does not say.
    """

    pid: int
    memory_mib: int | None
    name: str


@dataclass(frozen=True)
class GpuUse:
    """How busy a GPU is. None stands for what the driver does not say.

    Attributes:
        index: as in `Gpu`.
        name: as in `Gpu`.
        used_mib: memory in use.
        total_mib: all memory.
        busy_percent: share of the last moments in which the GPU computed.
    """

    index: int
    name: str
    used_mib: int | None
    total_mib: int | None
    busy_percent: int | None


def gpus(patience_s: float = _PATIENCE_S) -> list[Gpu]:
    """The GPUs of this machine; none where no driver is installed. A GPU that this user may not use is left out.

    Raises:
        DeviceError: the driver is installed and fails, such as after an update, or gives no answer.
    """
    return _ask(
        lambda nvml: [
            Gpu(index, _value(nvml, nvml.nvmlDeviceGetUUID, handle) or "", _name(nvml, handle))
            for index, handle in _handles(nvml)
        ],
        [],
        patience_s,
    )


def gpu_users(gpu: Gpu, patience_s: float = _PATIENCE_S) -> list[GpuUser] | None:
    """The processes that compute on ``gpu``; None where nobody can tell: no driver, an old driver, or no permission.

    Raises:
        DeviceError: the driver is installed and fails, or gives no answer.
    """

    def question(nvml: ModuleType) -> list[GpuUser] | None:
        handle = nvml.nvmlDeviceGetHandleByUUID(gpu.uuid)
        found = _value(nvml, nvml.nvmlDeviceGetComputeRunningProcesses, handle)
        return None if found is None else [_user(nvml, process) for process in found]

    return _ask(question, None, patience_s)


def gpu_use(patience_s: float = _PATIENCE_S) -> list[GpuUse]:
    """How busy the GPUs of this machine are; empty where no driver is installed.

    Raises:
        DeviceError: the driver is installed and fails, or gives no answer.
    """
    return _ask(lambda nvml: [_use(nvml, index, handle) for index, handle in _handles(nvml)], [], patience_s)


def _handles(nvml: ModuleType) -> list[tuple[int, Any]]:
    """Index and handle of each GPU that this user may use."""
    found = [(index, _value(nvml, nvml.nvmlDeviceGetHandleByIndex, index)) for index in range(nvml.nvmlDeviceGetCount())]
    return [(index, handle) for index, handle in found if handle is not None]


def _name(nvml: ModuleType, handle: Any) -> str:
    return _value(nvml, nvml.nvmlDeviceGetName, handle) or ""


def _user(nvml: ModuleType, process: Any) -> GpuUser:
    memory = None if process.usedGpuMemory is None else process.usedGpuMemory // _MIB
    return GpuUser(process.pid, memory, _value(nvml, nvml.nvmlSystemGetProcessName, process.pid) or "unknown program")


def _use(nvml: ModuleType, index: int, handle: Any) -> GpuUse:
    memory, rates = _memory(nvml, handle), _value(nvml, nvml.nvmlDeviceGetUtilizationRates, handle)
    used, total = (None, None) if memory is None else (memory.used // _MIB, memory.total // _MIB)
    return GpuUse(index, _name(nvml, handle), used, total, None if rates is None else rates.gpu)


def _memory(nvml: ModuleType, handle: Any) -> Any:
    """Total and used memory. The second version of the question leaves out what the driver keeps for itself, as nvidia-smi."""
    try:
        return _value(nvml, lambda: nvml.nvmlDeviceGetMemoryInfo(handle, version=nvml.nvmlMemory_v2))
    except nvml.NVMLError_FunctionNotFound:  # a driver before 510
        return _value(nvml, nvml.nvmlDeviceGetMemoryInfo, handle)


def _value(nvml: ModuleType, function: Callable[..., Any], *arguments: Any) -> Any:
    """The driver's answer to one question; None where this driver, GPU or user gets no answer."""
    silent = (
        nvml.NVMLError_NotSupported,
        nvml.NVMLError_NoPermission,
        nvml.NVMLError_NotFound,
        nvml.NVMLLibraryMismatchError,
    )
    try:
        return function(*arguments)
    except silent:
        return None


def _ask(question: Callable[[ModuleType], Answer], without_driver: Answer, patience_s: float) -> Answer:
    """The answer to ``question``, asked in a thread of its own: a call into a broken driver may never come back."""
    future: Future[Answer] = Future()

    def ask() -> None:
        try:
            future.set_result(_session(question, without_driver))
        except Exception as error:  # noqa: BLE001 - the caller gets every error, from `result`
            future.set_exception(error)

    Thread(target=ask, name="nvml", daemon=True).start()
    try:
        return future.result(patience_s)
    except TimeoutError as error:
        raise DeviceError(f"the NVIDIA driver did not answer within {patience_s:g} s; `nvidia-smi` must work first") from error


def _session(question: Callable[[ModuleType], Answer], without_driver: Answer) -> Answer:
    import pynvml

    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError_LibraryNotFound:
        return without_driver
    except pynvml.NVMLError as error:
        raise _failure(error) from error
    try:
        return question(pynvml)
    except pynvml.NVMLError as error:
        raise _failure(error) from error
    finally:
        with suppress(pynvml.NVMLError):
            pynvml.nvmlShutdown()


def _failure(error: Exception) -> DeviceError:
    return DeviceError(
        f"the NVIDIA driver is installed and does not work ({error}); `nvidia-smi` must work first; "
        "after an update of the driver, restart the machine"
    )
