"""A ``pynvml`` written by hand: the documented functions that the product calls, and the real module's errors.

A machine is a list of ``FakeGpu``. Any answer may be an error of the real module, which is then raised.
"""

from dataclasses import dataclass, field
from types import SimpleNamespace

import pynvml as real

MIB = 2**20
NOT_SUPPORTED = real.NVMLError(real.NVML_ERROR_NOT_SUPPORTED)
NO_PERMISSION = real.NVMLError(real.NVML_ERROR_NO_PERMISSION)
NO_LIBRARY = real.NVMLError(real.NVML_ERROR_LIBRARY_NOT_FOUND)
NOT_LOADED = real.NVMLError(real.NVML_ERROR_DRIVER_NOT_LOADED)
MISMATCH = real.NVMLError(real.NVML_ERROR_LIB_RM_VERSION_MISMATCH)
LOST = real.NVMLError(real.NVML_ERROR_GPU_IS_LOST)
NO_FUNCTION = real.NVMLError(real.NVML_ERROR_FUNCTION_NOT_FOUND)
OLD_LIBRARY = real.NVMLLibraryMismatchError("Unversioned function called")


@dataclass
class FakeGpu:
    """One GPU: processes are (pid, bytes or None); memory is (used, total) in bytes; use in per cent."""

    uuid: object = "GPU-aa11"
    name: object = "NVIDIA GeForce RTX 3090"
    handle: object = None
    processes: object = field(default_factory=list)
    memory_v2: object = (8123 * MIB, 24576 * MIB)
    memory_v1: object = (8500 * MIB, 24576 * MIB)
    percent: object = 97


def _given(answer):
    if isinstance(answer, Exception):
        raise answer
    return answer


class FakeNvml:
    """Stands in ``sys.modules["pynvml"]``. Counts the questions for processes (``asked``) and the ``open`` sessions."""

    NVMLError, NVMLLibraryMismatchError = real.NVMLError, real.NVMLLibraryMismatchError
    NVMLError_NotSupported, NVMLError_NoPermission = real.NVMLError_NotSupported, real.NVMLError_NoPermission
    NVMLError_NotFound, NVMLError_FunctionNotFound = real.NVMLError_NotFound, real.NVMLError_FunctionNotFound
    NVMLError_LibraryNotFound, nvmlMemory_v2 = real.NVMLError_LibraryNotFound, real.nvmlMemory_v2  # noqa: N815

    def __init__(self, gpus=(), init=None, names=None):
        self.gpus, self.init, self.names = list(gpus), init, names or {}
        self.asked = self.open = 0

    def nvmlInit(self):  # noqa: N802 - NVML's own names, as below
        _given(self.init)
        self.open += 1

    def nvmlShutdown(self):  # noqa: N802
        self.open -= 1

    def nvmlDeviceGetCount(self):  # noqa: N802
        return len(self.gpus)

    def nvmlDeviceGetHandleByIndex(self, index):  # noqa: N802
        return _given(self.gpus[index].handle) or self.gpus[index]

    def nvmlDeviceGetHandleByUUID(self, uuid):  # noqa: N802
        for gpu in self.gpus:
            if gpu.uuid == uuid:
                return _given(gpu.handle) or gpu
        raise real.NVMLError(real.NVML_ERROR_NOT_FOUND)

    def nvmlDeviceGetUUID(self, handle):  # noqa: N802
        return _given(handle.uuid)

    def nvmlDeviceGetName(self, handle):  # noqa: N802
        return _given(handle.name)

    def nvmlDeviceGetComputeRunningProcesses(self, handle):  # noqa: N802
        self.asked += 1
        return [SimpleNamespace(pid=pid, usedGpuMemory=memory) for pid, memory in _given(handle.processes)]

    def nvmlSystemGetProcessName(self, pid):  # noqa: N802
        if pid not in self.names:
            raise real.NVMLError(real.NVML_ERROR_NOT_FOUND)
        return self.names[pid]

    def nvmlDeviceGetMemoryInfo(self, handle, version=None):  # noqa: N802
        used, total = _given(handle.memory_v2 if version == real.nvmlMemory_v2 else handle.memory_v1)
        return SimpleNamespace(used=used, total=total)

    def nvmlDeviceGetUtilizationRates(self, handle):  # noqa: N802
        return SimpleNamespace(gpu=_given(handle.percent), memory=0)
