"""Leases of whole GPUs, for a training: all slots of each GPU, for as long as the training runs.

A training announces itself with a lock for each of its GPUs, its *claim*. Workers take no slot of a claimed GPU
(``runtime.leases``), and the training waits until the workers that have slots of its GPUs have ended. So shards that follow
each other never keep a training out.

No deadlock: a training takes all its claims at once or none, one training at a time chooses its GPUs, and a worker waits for
nothing while it has a slot. UNMEASURED on a real GPU: the locks and the processes in the tests are real, the GPUs are made up.

Belongs here: claims. Does not belong here: slots of workers (``runtime.leases``), GPUs that get lost (``runtime.lost_gpus``).
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from voice_assets.runtime import locks
from voice_assets.runtime.devices import VISIBLE
from voice_assets.runtime.leases import SECONDS_BETWEEN_QUESTIONS, SECONDS_BETWEEN_TRIES, busy_words, claim_file, slot_files
from voice_assets.runtime.locks import InheritableLock
from voice_assets.runtime.nvidia import DeviceError, Gpu, GpuUser, gpu_users

CHOICE = "choice.lock"


@dataclass(frozen=True)
class WholeGpus:
    """GPUs that this process holds whole.

    Attributes:
        gpus: the GPUs, in the order of their numbers.
        claims: the locks that hold them.
        waited_s: seconds from the question to the lease.
        notes: what a person should know, such as other programs on a GPU.
    """

    gpus: tuple[Gpu, ...]
    claims: tuple[InheritableLock, ...]
    waited_s: float = 0.0
    notes: tuple[str, ...] = ()

    @property
    def file_numbers(self) -> list[int]:
        """The descriptors of the claims. A worker that inherits the descriptors keeps the GPUs."""
        return [claim.number for claim in self.claims]

    @property
    def environment(self) -> dict[str, str]:
        """Variables for the worker: it sees these GPUs and no other."""
        names = [gpu.uuid or str(gpu.index) for gpu in self.gpus]
        return {VISIBLE: ",".join(names), "CUDA_DEVICE_ORDER": "PCI_BUS_ID"}

    @property
    def name(self) -> str:
        """Such as ``GPU 0 and 1``."""
        return "GPU " + " and ".join(str(gpu.index) for gpu in self.gpus)


class WholeGpuPool:
    """The whole GPUs of a machine. Several processes use one folder at the same time."""

    def __init__(
        self,
        folder: Path,
        gpus: Sequence[Gpu],
        allow_busy_gpu: bool = False,
        users: Callable[[Gpu], list[GpuUser] | None] = gpu_users,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        """Make a pool. Nothing is locked; the arguments are those of ``runtime.leases.Pool``, with GPUs for slots."""
        self.folder, self.gpus = folder, list(gpus)
        self._allow_busy, self._users, self._clock, self._wait = allow_busy_gpu, users, clock, wait

    @contextmanager
    def lease(
        self, count: int, on_wait: Callable[[str], None] = lambda _: None, patience_s: float | None = None
    ) -> Iterator[WholeGpus]:
        """Hold ``count`` whole GPUs while the block runs.

        Args:
            count: how many GPUs.
            on_wait: is told once that GPUs are in use, and by whom; and once more when only the end of workers is waited for.
            patience_s: how long to wait; None waits without end.

        Raises:
            DeviceError: there are fewer GPUs than ``count``; other programs use too many of them, and that is not allowed; or
                the GPUs did not become free in time.
        """
        if count > len(self.gpus):
            raise DeviceError(
                f"training.devices: {count} GPUs are asked for, {len(self.gpus)} visible (see `nvidia-smi`, and {VISIBLE} "
                f"where it is set); set training.devices: {max(1, len(self.gpus))} or fewer"
            )
        started = self._clock()
        taken = self._claim(count, on_wait, patience_s, started)
        try:
            self._wait_for_workers(taken, on_wait, patience_s, started)
            notes = tuple(words for gpu in taken.gpus if (words := self._busy(gpu)))
            yield replace(taken, waited_s=self._clock() - started, notes=notes)
        finally:
            for claim in taken.claims:
                claim.release()

    def _claim(self, count: int, on_wait: Callable[[str], None], patience_s: float | None, started: float) -> WholeGpus:
        asked, busy, told = -SECONDS_BETWEEN_QUESTIONS, set[int](), False
        while True:
            if self._clock() - asked >= SECONDS_BETWEEN_QUESTIONS:
                asked, busy = self._clock(), self._busy_gpus(count)
            taken = self._try(count, busy)
            if taken is not None:
                return taken
            text = f"{count} free GPUs are needed, in use: {self._holders_text()}"
            if not told:
                told = True
                on_wait(f"{text}; waiting for free GPUs")
            self._check_patience(text, patience_s, started)
            self._wait(SECONDS_BETWEEN_TRIES)

    def _busy_gpus(self, count: int) -> set[int]:
        """The numbers of the GPUs that other programs use.

        Raises:
            DeviceError: that is not allowed, and there are fewer than ``count`` other GPUs.
        """
        found = {gpu.index: words for gpu in self.gpus if (words := self._busy(gpu))}
        if not self._allow_busy and len(self.gpus) - len(found) < count:
            raise DeviceError(
                f"{'; '.join(found.values())}. Training needs {count} of {len(self.gpus)} GPUs: wait until they are free, or "
                "set whisper.allow_busy_gpu: true in the voice file"
            )
        return set(found)

    def _busy(self, gpu: Gpu) -> str:
        """Which other programs use a GPU, in words; empty where none does or nobody can tell."""
        users = self._users(gpu) if gpu.uuid else None
        return busy_words(self.folder, gpu, users or [])

    def _try(self, count: int, busy: set[int]) -> WholeGpus | None:
        """Claims of ``count`` GPUs, those that nobody uses first; None when so many are not to be had."""
        choice = InheritableLock.take(self.folder / CHOICE)
        if choice is None:
            return None
        claims: list[tuple[Gpu, InheritableLock]] = []
        try:
            allowed = [gpu for gpu in self.gpus if self._allow_busy or gpu.index not in busy]
            for gpu in sorted(allowed, key=lambda one: (one.index in busy, bool(self._workers(one)), one.index)):
                claim = InheritableLock.take(claim_file(self.folder, gpu)) if len(claims) < count else None
                claims += [] if claim is None else [(gpu, claim)]
            if len(claims) == count:
                return self._signed(claims)
        finally:
            choice.release()
        for _, claim in claims:
            claim.release()
        return None

    @staticmethod
    def _signed(claims: list[tuple[Gpu, InheritableLock]]) -> WholeGpus:
        for _, claim in claims:
            claim.sign()
        ordered = sorted(claims, key=lambda one: one[0].index)
        return WholeGpus(tuple(gpu for gpu, _ in ordered), tuple(claim for _, claim in ordered))

    def _wait_for_workers(
        self, taken: WholeGpus, on_wait: Callable[[str], None], patience_s: float | None, started: float
    ) -> None:
        told = False
        while workers := [text for gpu in taken.gpus for text in self._workers(gpu)]:
            text = f"{taken.name}: workers still use them: {', '.join(workers)}"
            if not told:
                told = True
                on_wait(f"{text}; waiting for their end, no new worker starts there")
            self._check_patience(text, patience_s, started)
            self._wait(SECONDS_BETWEEN_TRIES)

    def _workers(self, gpu: Gpu) -> list[str]:
        held = [file for file in slot_files(self.folder, gpu) if locks.is_held(file)]
        return [f"{file.stem} by {locks.holder_text(file)}" for file in held]

    def _holders_text(self) -> str:
        files = [(gpu, claim_file(self.folder, gpu)) for gpu in self.gpus]
        held = [f"GPU {gpu.index} by {locks.holder_text(file)}" for gpu, file in files if locks.is_held(file)]
        return ", ".join(held) or "a moment ago"

    def _check_patience(self, text: str, patience_s: float | None, started: float) -> None:
        if patience_s is not None and self._clock() - started >= patience_s:
            raise DeviceError(f"no GPUs became free within {patience_s:.0f} s: {text}")
