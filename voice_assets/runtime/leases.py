"""Which worker has which slot of a device. The kernel takes a lease back when the last process that has it ends.

A lease is a locked file, one for each slot, in a folder that all users of the machine's devices name. A worker inherits the
lock (``Lease.file_number``) and keeps the device while the worker lives, also when its parent is killed.

A training leases whole GPUs (``runtime.whole_gpus``): it claims a GPU with a lock of its own, and then no slot of the GPU is
handed out. A worker takes its slot first and looks for a claim second, a training claims first and looks for workers second. So
one of them sees the other, whoever comes first.

The cost of waiting: five times a second, one attempt to lock each slot's file. The driver is asked only about a GPU with a
slot that was just locked. A GPU that other programs use is asked about again after ``SECONDS_BETWEEN_QUESTIONS``. Measured:
an hour of waiting for four slots takes one second of processor time.

Measured and tested: slots on the CPU, with real processes. UNMEASURED on a real GPU: GPUs in the tests are made up.

Belongs here: handing out slots, and noticing other programs on a GPU. Does not belong here: finding devices
(``runtime.devices``), and starting a worker with the lease's ``environment`` (the code that asks for the lease does).
"""

import os
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from voice_assets.runtime import locks
from voice_assets.runtime.devices import VISIBLE, Slot
from voice_assets.runtime.locks import InheritableLock
from voice_assets.runtime.nvidia import DeviceError, Gpu, GpuUser, gpu_users
from voice_assets.runtime.processes import ProcessState, ancestors

SECONDS_BETWEEN_TRIES = 0.2
SECONDS_BETWEEN_QUESTIONS = 5.0


@dataclass(frozen=True)
class Lease:
    """A slot that this process holds.

    Attributes:
        slot: the device and the place on the device.
        lock: the lock that holds the slot.
        waited_s: seconds from the question to the lease.
        notes: what a person should know, such as other programs on the GPU.
    """

    slot: Slot
    lock: InheritableLock
    waited_s: float = 0.0
    notes: tuple[str, ...] = ()

    @property
    def file_number(self) -> int:
        """The descriptor of the lock file. A worker that inherits the descriptor keeps the slot."""
        return self.lock.number

    def device(self, asked: str) -> str:
        """The device to tell the worker: ``cuda`` on a GPU, where a worker without CUDA must fail; else as ``asked``."""
        return asked if self.slot.gpu is None else "cuda"

    @property
    def environment(self) -> dict[str, str]:
        """Variables for the worker: it sees the GPU of the lease and no other, or no GPU."""
        if self.slot.gpu is None:
            return {VISIBLE: ""}
        return {VISIBLE: self.slot.gpu.uuid or str(self.slot.gpu.index), "CUDA_DEVICE_ORDER": "PCI_BUS_ID"}


@dataclass(frozen=True)
class _Answer:
    """The driver's answer about a GPU: at which time, whether other programs use the GPU, and what a person should know."""

    at: float
    busy: bool
    notes: tuple[str, ...] = ()


class Pool:
    """The leases on some slots, in one folder. Several processes use one folder at the same time."""

    def __init__(
        self,
        folder: Path,
        slots: Sequence[Slot],
        allow_busy_gpu: bool = False,
        users: Callable[[Gpu], list[GpuUser] | None] = gpu_users,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        """Make a pool. Nothing is locked, and the driver is not asked.

        Args:
            folder: where the lock files are.
            slots: what can be leased, the first choice first.
            allow_busy_gpu: whether a GPU that other programs use may be leased, after all free GPUs.
            users: tells which processes compute on a GPU; None where nobody can tell.
            clock: the time in seconds.
            wait: waits for some seconds.
        """
        self.folder, self.slots = folder, list(slots)
        self._allow_busy, self._users, self._clock, self._wait = allow_busy_gpu, users, clock, wait

    @contextmanager
    def lease(self, on_wait: Callable[[str], None] = lambda _: None, patience_s: float | None = None) -> Iterator[Lease]:
        """Hold one free slot while the block runs.

        Args:
            on_wait: is told once that no slot is free, and who holds the slots.
            patience_s: how long to wait for a slot; None waits without end.

        Raises:
            DeviceError: other programs use the GPU of every slot, and that is not allowed; or no slot became free in time.
        """
        started, told = self._clock(), False
        answers: dict[str, _Answer] = {}
        while (lease := self._take(answers)) is None:
            if not told:
                told = True
                on_wait(f"every device is in use: {self._holders_text()}; waiting for a free device")
            if patience_s is not None and self._clock() - started >= patience_s:
                raise DeviceError(f"no device became free within {patience_s:.0f} s: {self._holders_text()}")
            self._wait(SECONDS_BETWEEN_TRIES)
        try:
            yield replace(lease, waited_s=self._clock() - started)
        finally:
            lease.lock.release()

    def holders(self) -> dict[str, str]:
        """The holder of each slot that is held, in words, by the slot's name."""
        found = {}
        for slot in self.slots:
            lock = InheritableLock.take(self._file(slot))
            if lock is None:
                found[slot.name] = locks.holder_text(self._file(slot))
                continue
            lock.release()
            if slot.gpu is not None and self._claimed(slot):
                found[slot.name] = f"the training of {locks.holder_text(claim_file(self.folder, slot.gpu))}"
        return found

    def _holders_text(self) -> str:
        return ", ".join(f"{name} by {holder}" for name, holder in self.holders().items()) or "a moment ago"

    def _take(self, answers: dict[str, _Answer]) -> Lease | None:
        """A lease on a free slot; None when every slot that may be leased is held."""
        lease, refused, some_held = self._try_all(answers)
        if lease is not None:
            lease.lock.sign()
        elif refused and not some_held:
            raise DeviceError(
                f"{'; '.join(dict.fromkeys(refused))}. Wait until the GPU is free, or set whisper.allow_busy_gpu: true in the "
                "voice file"
            )
        return lease

    def _try_all(self, answers: dict[str, _Answer]) -> tuple[Lease | None, list[str], bool]:
        """One attempt: a lease, or why GPUs were refused; and whether another lease holds some slot."""
        busy: list[Lease] = []
        lease, some_held = None, False
        try:
            for slot in self.slots:
                lock = InheritableLock.take(self._file(slot))
                if lock is None or self._claimed(slot):
                    some_held = True
                    if lock is not None:
                        lock.release()
                    continue
                busy.append(Lease(slot, lock))  # before the question to the driver, which may fail
                answer = self._answer(slot.gpu, answers)
                busy[-1] = replace(busy[-1], notes=answer.notes)
                if not answer.busy:
                    lease = busy.pop()
                    break
            if lease is None and busy and self._allow_busy:
                lease = busy.pop(0)
        finally:
            for other in busy:
                other.lock.release()
        return lease, [note for other in busy for note in other.notes], some_held

    def _answer(self, gpu: Gpu | None, answers: dict[str, _Answer]) -> _Answer:
        """Whether other programs use ``gpu``. An answer in ``answers`` that says so stays good for some seconds."""
        now = self._clock()
        if gpu is None:
            return _Answer(now, busy=False)
        known = answers.get(gpu.uuid)
        if known is None or now - known.at >= SECONDS_BETWEEN_QUESTIONS:
            known = answers[gpu.uuid] = self._ask(gpu, now)
        return known

    def _ask(self, gpu: Gpu, now: float) -> _Answer:
        found = self._users(gpu) if gpu.uuid else None
        if found is None:
            note = f"GPU {gpu.index}: the driver does not say which processes use the GPU, so other programs may use the GPU"
            return _Answer(now, busy=False, notes=(note,))
        words = busy_words(self.folder, gpu, found)
        return _Answer(now, busy=True, notes=(words,)) if words else _Answer(now, busy=False)

    def _claimed(self, slot: Slot) -> bool:
        """Whether a training holds the whole GPU of the slot."""
        return slot.gpu is not None and locks.is_held(claim_file(self.folder, slot.gpu))

    def _file(self, slot: Slot) -> Path:
        return self.folder / f"{slot.name}.lock"


def strangers(users: Sequence[GpuUser], ours: Collection[int]) -> list[GpuUser]:
    """The users that are neither one of the processes ``ours`` nor started by one of them.

    In a container the driver may report process ids of the host. Then our own processes look like strangers.
    """
    return [user for user in users if not {user.pid, *ancestors(user.pid)} & set(ours)]


def slot_files(folder: Path, gpu: Gpu) -> list[Path]:
    """The lock files of all slots of ``gpu``. Another voice may have more slots on the GPU than a pool."""
    return [file for file in sorted(folder.glob(f"cuda-{gpu.index}.*.lock")) if file.stem.rpartition(".")[2].isdigit()]


def claim_file(folder: Path, gpu: Gpu) -> Path:
    """The lock file of a training that holds the whole ``gpu``."""
    return folder / f"cuda-{gpu.index}.training.lock"


def busy_words(folder: Path, gpu: Gpu, users: Sequence[GpuUser]) -> str:
    """Which programs use ``gpu``, in words, apart from this process and the holders of leases; empty when none does."""
    holders = map(locks.holder, [*slot_files(folder, gpu), claim_file(folder, gpu)])
    ours = {holder.pid for holder in holders if holder is not None and holder.state is ProcessState.RUNNING}
    others = strangers(users, {os.getpid(), *ours})
    return _words(gpu, others) if others else ""


def _words(gpu: Gpu, users: Sequence[GpuUser]) -> str:
    named = "; ".join(
        f"{user.name} (process {user.pid}, {'?' if user.memory_mib is None else user.memory_mib} MiB)" for user in users
    )
    return f"other programs use GPU {gpu.index} {gpu.name}: {named}"
