"""GPUs that get lost while a worker computes: "fallen off the bus", in the driver's words.

A program that waits for a lost GPU can wait for ever, so a thread of the worker asks the driver now and then. One bad answer
may be a busy driver; two in a row are a loss. UNMEASURED on a real GPU: tested with a fake ``pynvml``.
"""

import time
from collections.abc import Callable, Sequence

from voice_assets.runtime.nvidia import DeviceError, Gpu, gpus

SECONDS_BETWEEN_QUESTIONS = 30.0


class LostGpus:
    """Asks from time to time whether the driver still has the GPUs ``expected``."""

    def __init__(
        self,
        expected: Sequence[Gpu],
        ask: Callable[[], list[Gpu]] = gpus,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._expected = [gpu for gpu in expected if gpu.uuid]
        self._ask, self._clock = ask, clock
        self._asked, self._before = clock(), ""

    def text(self) -> str:
        """Which GPUs are lost and what to do; empty when none is. Asks the driver at most once in 30 seconds."""
        if not self._expected or self._clock() - self._asked < SECONDS_BETWEEN_QUESTIONS:
            return ""
        self._asked = self._clock()
        before, self._before = self._before, lost_text(self._expected, self._ask)
        return self._before if before else ""


def lost_text(expected: Sequence[Gpu], ask: Callable[[], list[Gpu]] = gpus) -> str:
    """Which GPUs of ``expected`` the driver no longer has, and what to do; empty when all are there.

    A GPU without a UUID is not looked for: its number may belong to another GPU now.
    """
    named = [gpu for gpu in expected if gpu.uuid]
    if not named:
        return ""
    try:
        there = {gpu.uuid for gpu in ask()}
    except DeviceError as error:
        return f"{_names(named)}: {error}"
    gone = [gpu for gpu in named if gpu.uuid not in there]
    if not gone:
        return ""
    return (
        f"{_names(gone)}: lost while in use, the driver no longer lists it. See `dmesg` (Xid) and `nvidia-smi`; often only a "
        "restart of the machine brings a GPU back. Then run again"
    )


def _names(lost: Sequence[Gpu]) -> str:
    return ", ".join(f"GPU {gpu.index} {gpu.name} ({gpu.uuid})" for gpu in lost)
