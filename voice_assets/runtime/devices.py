"""Which GPU, or which share of the cores, a worker may have: leases that the kernel takes back when their holder dies.

What belongs here: finding GPUs, seeing who uses them, and handing them out. What does not: asking nvidia-smi
(``runtime.nvidia``), starting a worker with the lease's ``environment`` (who asks for the lease does) and choosing a compute
type (``asr.whisper``).

A lease is a locked file (``flock``), one per device and worker slot, in a folder that everybody who shares the machine's
devices names. The lock belongs to the open file, so a child process that inherits its number (``Lease.file_number``) keeps the
device while it lives, even when its parent is killed; when the last of them ends, however it ends, the device is free.

Measured and tested here: CPU slots, with real processes. The GPU part follows nvidia-smi's documented output and
CUDA's documented variables, is tested with listings written by hand, and is UNMEASURED: no machine of ours has a GPU.
"""

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from voice_assets.runtime.nvidia import GPU_FIELDS, USER_FIELDS, DeviceError, Gpu, GpuUser, gpu_users, gpus, nvidia_smi

__all__ = [
    "VISIBLE",
    "DeviceError",
    "Gpu",
    "GpuUser",
    "Lease",
    "Pool",
    "Slot",
    "cores",
    "find_gpus",
    "pool",
    "slots",
    "visible",
]

VISIBLE = "CUDA_VISIBLE_DEVICES"
_SECONDS_BETWEEN_TRIES = 0.2


@dataclass(frozen=True)
class Slot:
    """One worker's place on one device: ``cpu`` has no GPU."""

    gpu: Gpu | None
    number: int
    cpu_threads: int

    @property
    def name(self) -> str:
        """Such as ``cuda-1.0`` or ``cpu.0``: device and slot, both from 0."""
        return f"cpu.{self.number}" if self.gpu is None else f"cuda-{self.gpu.index}.{self.number}"


@dataclass(frozen=True)
class Lease:
    """A slot that is held. ``file_number`` is the lock's file descriptor, for a child to inherit."""

    slot: Slot
    file_number: int
    waited_s: float = 0.0
    notes: tuple[str, ...] = field(default=())

    def device(self, asked: str) -> str:
        """What the worker is to be told: ``cuda`` on a GPU, so that it fails where it cannot use it; else as ``asked``."""
        return asked if self.slot.gpu is None else "cuda"

    @property
    def environment(self) -> dict[str, str]:
        """Variables for the worker: it sees its own GPU and no other, or none at all."""
        if self.slot.gpu is None:
            return {VISIBLE: ""}
        return {VISIBLE: self.slot.gpu.uuid or str(self.slot.gpu.index), "CUDA_DEVICE_ORDER": "PCI_BUS_ID"}


def find_gpus() -> list[Gpu]:
    """The GPUs of this machine, visible or not. UNMEASURED on a real GPU.

    Without nvidia-smi (some containers) the driver's device files are counted; then nobody can tell who uses them.
    """
    listed = gpus(nvidia_smi(GPU_FIELDS))
    if listed:
        return listed
    numbers = [path.name.removeprefix("nvidia") for path in Path("/dev").glob("nvidia*")]
    return [Gpu(index) for index in sorted(int(number) for number in numbers if number.isdigit())]


def visible(found: Sequence[Gpu], environment: Mapping[str, str]) -> list[Gpu]:
    """Those of ``found`` that ``CUDA_VISIBLE_DEVICES`` leaves, in its order: numbers or (beginnings of) UUIDs.

    As in CUDA, an entry that names no GPU hides all that follow it, and an empty value hides every GPU.
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
    """The processor cores this process may use."""
    return len(os.sched_getaffinity(0))


def slots(
    device: str, wanted: Sequence[int] | None, workers_per_device: int, seen: Sequence[Gpu], core_count: int
) -> list[Slot]:
    """Every place a worker can have, the first of each device before the second of any: work spreads over the devices.

    Args:
        device: ``auto`` (GPUs where there are any), ``cpu`` or ``cuda``.
        wanted: numbers of GPUs, as nvidia-smi counts; None takes all that are visible.
        workers_per_device: slots on each GPU, or on the CPU; the cores are shared out among all slots.
        seen: the visible GPUs.
        core_count: cores to share.

    Raises:
        DeviceError: a GPU is wanted that is not there or not visible, or there is none at all for ``cuda``.
    """
    if device not in ("auto", "cpu", "cuda"):
        raise DeviceError(f"device {device!r} is not one of auto, cpu, cuda")
    if device == "cpu" or (device == "auto" and not seen and not wanted):
        threads = max(1, core_count // workers_per_device)
        return [Slot(None, number, threads) for number in range(workers_per_device)]
    by_number = {gpu.index: gpu for gpu in seen}
    there = f"visible are: {', '.join(map(str, by_number)) or 'none'}"
    missing = [number for number in wanted or () if number not in by_number]
    if missing or not seen:
        asked = f"GPU {', '.join(map(str, missing))}" if missing else "device 'cuda'"
        raise DeviceError(f"{asked}: not to be had here; {there} (nvidia-smi, and {VISIBLE} where it is set)")
    chosen = list(seen) if wanted is None else [by_number[number] for number in dict.fromkeys(wanted)]
    threads = max(1, core_count // (workers_per_device * len(chosen)))
    return [Slot(gpu, number, threads) for number in range(workers_per_device) for gpu in chosen]


def parent_of(pid: int) -> int:
    """The parent's id of a process, from /proc; 0 when the process is gone or not ours to see."""
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2]
    except OSError:
        return 0
    return int(after_name.split()[1])


def strangers(
    users: Sequence[GpuUser], gpu: Gpu, ours: Collection[int], parent: Callable[[int], int] = parent_of
) -> list[GpuUser]:
    """Who uses ``gpu`` beside the processes ``ours`` and their descendants (the workers of other leases).

    In a container the driver may report process ids of the host: then our own look like strangers.
    """

    def is_ours(pid: int) -> bool:
        while pid > 1:
            if pid in ours:
                return True
            pid = parent(pid)
        return False

    return [user for user in users if user.gpu_uuid == gpu.uuid and not is_ours(user.pid)]


def _say(gpu: Gpu, users: Sequence[GpuUser]) -> str:
    named = "; ".join(
        f"{user.name} (process {user.pid}, {'?' if user.memory_mib is None else user.memory_mib} MiB)" for user in users
    )
    return f"GPU {gpu.index} {gpu.name} is in use by somebody else: {named}"


class Pool:
    """The leases on some slots, kept in ``folder``. ``users`` tells who computes on the GPUs at this moment."""

    def __init__(
        self,
        folder: Path,
        slots: Sequence[Slot],
        allow_busy_gpu: bool = False,
        users: Callable[[], list[GpuUser]] = lambda: gpu_users(nvidia_smi(USER_FIELDS)),
    ) -> None:
        self.folder, self.slots, self._allow_busy, self._users = folder, list(slots), allow_busy_gpu, users

    @contextlib.contextmanager
    def lease(self, on_wait: Callable[[str], None] = lambda _: None, patience_s: float | None = None) -> Iterator[Lease]:
        """Hold one free slot while the block runs, waiting for one as long as ``patience_s`` (None: for ever).

        ``on_wait`` is told once that there is nothing free, and who holds what.

        Raises:
            DeviceError: every slot that is free lies on a GPU that somebody else is using, and that is not allowed; or patience
            ran out.
        """
        started, told = time.monotonic(), False
        while True:
            lease = self._take()
            if lease is not None:
                break
            waited = time.monotonic() - started
            if not told:
                told = True
                on_wait(f"every device is taken: {self._holders_text()}; waiting for one")
            if patience_s is not None and waited >= patience_s:
                raise DeviceError(f"no device became free within {patience_s:.0f} s: {self._holders_text()}")
            time.sleep(_SECONDS_BETWEEN_TRIES)
        try:
            yield Lease(lease.slot, lease.file_number, time.monotonic() - started, lease.notes)
        finally:
            # Closing lets go only when no child has the file any more; the text must not name a holder who is gone.
            os.ftruncate(lease.file_number, 0)
            os.close(lease.file_number)

    def holders(self) -> dict[str, int]:
        """The process that took each slot that is held, by the slot's name."""
        found = {}
        for slot in self.slots:
            number = self._lock(slot)
            if number is None:
                found[slot.name] = _holder(self._file(slot))
            else:
                os.close(number)
        return found

    def _holders_text(self) -> str:
        return ", ".join(f"{name} by process {pid or 'unknown'}" for name, pid in self.holders().items()) or "none"

    def _take(self) -> Lease | None:
        """A free slot, on a GPU that nobody else uses where there is one; None when all are held by others of us."""
        busy: list[Lease] = []
        held_by_us = False
        try:
            for slot in self.slots:
                number = self._lock(slot)
                if number is None:
                    held_by_us = True
                    continue
                busy.append(Lease(slot, number))  # before asking, which may fail: then it is let go as well
                notes = self._busy(slot)
                busy[-1] = Lease(slot, number, notes=tuple(notes) or self._unknown(slot))
                if not notes:
                    return self._held(busy.pop())
            if busy and self._allow_busy:
                return self._held(busy.pop(0))
        finally:
            for lease in busy:
                os.close(lease.file_number)
        if busy and not held_by_us:
            said = dict.fromkeys(note for lease in busy for note in lease.notes)
            raise DeviceError(f"{'; '.join(said)}. Wait for it, or set whisper.allow_busy_gpu: true in the voice's file")
        return None

    def _held(self, lease: Lease) -> Lease:
        os.ftruncate(lease.file_number, 0)
        os.pwrite(lease.file_number, json.dumps({"pid": os.getpid()}).encode(), 0)
        return lease

    def _busy(self, slot: Slot) -> list[str]:
        if slot.gpu is None or not slot.gpu.uuid:
            return []
        users = strangers(self._users(), slot.gpu, {os.getpid(), *self._workers_on(slot.gpu)})
        return [_say(slot.gpu, users)] if users else []

    def _unknown(self, slot: Slot) -> tuple[str, ...]:
        if slot.gpu is None or slot.gpu.uuid:
            return ()
        return (f"GPU {slot.gpu.index}: there is no nvidia-smi here, so nobody can tell whether somebody else is using it",)

    def _workers_on(self, gpu: Gpu) -> set[int]:
        """The processes that hold a lease on ``gpu``: also of another voice, which may have more workers on it than this."""
        return {pid for file in self.folder.glob(f"cuda-{gpu.index}.*.lock") if (pid := _holder(file))}

    def _file(self, slot: Slot) -> Path:
        return self.folder / f"{slot.name}.lock"

    def _lock(self, slot: Slot) -> int | None:
        """The locked file's number, or None when another process holds it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        number = os.open(self._file(slot), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(number)
            return None
        return number


def _holder(file: Path) -> int:
    """The process that wrote its number into a lock file; 0 when there is none."""
    try:
        return int(json.loads(file.read_text(encoding="utf-8"))["pid"])
    except (OSError, ValueError, KeyError):
        return 0


def pool(
    folder: Path, device: str, wanted: Sequence[int] | None, workers_per_device: int, allow_busy_gpu: bool = False
) -> Pool:
    """The leases of this machine, kept in ``folder``; the other arguments as in `slots`.

    Raises:
        DeviceError: as in `slots`, or nvidia-smi fails.
    """
    hidden = device == "cpu" or os.environ.get(VISIBLE) == ""
    try:
        seen = [] if hidden else visible(find_gpus(), os.environ)
    except DeviceError as error:
        raise DeviceError(f"{error}; with whisper.device: cpu in the voice's file it goes on without a GPU") from error
    return Pool(folder, slots(device, wanted, workers_per_device, seen, cores()), allow_busy_gpu)
