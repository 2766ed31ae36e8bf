"""The CPU seconds of everything that a benchmark started, also of processes that outlived their parents.

The system adds a process to the sum of its parent when the parent waits for it: ``spent`` reads these sums, and is exact. A
parent that waits for nobody, such as Ray's, loses the sums: then a ``Meter`` looks at each process while it runs.
"""

import ctypes
import os
import resource
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from types import TracebackType

import psutil

_SUBREAPER = 36
"""Linux' PR_SET_CHILD_SUBREAPER: a process whose parent has ended becomes a child of this one."""
SECONDS_BETWEEN_LOOKS = 0.25
"""What a process spends after the last look at it is missed."""


def adopt_orphans() -> None:
    """Take over every process whose parent ends, so that its seconds count. Call it before anything is started."""
    ctypes.CDLL(None, use_errno=True).prctl(_SUBREAPER, 1)


def spent() -> float:
    """CPU seconds so far, of this process and of all that it started; waits for those that still run."""
    while True:
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            break
    mine, theirs = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return mine.ru_utime + mine.ru_stime + theirs.ru_utime + theirs.ru_stime


class Meter:
    """The CPU seconds of this process and of all that it started, while the block runs: ``with Meter() as meter: …``."""

    def __enter__(self) -> "Meter":
        self._seen: dict[psutil.Process, float] = {}
        self._commands: dict[psutil.Process, str] = {}
        self._done, self._began, self._ended, self._looking = threading.Event(), time.process_time(), 0.0, 0.0
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._ended = time.process_time()
        self._done.set()
        self._thread.join()

    @property
    def seconds(self) -> float:
        """The sum so far, without the looking itself."""
        return (self._ended or time.process_time()) - self._began - self._looking + sum(self._seen.copy().values())

    def by_kind(self, kinds: Mapping[str, str], other: str) -> dict[str, float]:
        """The seconds of each kind of process.

        Args:
            kinds: a part of the command lines of a kind, and its name. The first part that fits counts.
            other: the kind of all others, and of this process.
        """
        spent = dict.fromkeys([*kinds.values(), other], 0.0)
        for process, seconds in self._seen.copy().items():
            command = self._commands.get(process, "")
            spent[next((kind for part, kind in kinds.items() if part in command), other)] += seconds
        spent[other] += self.seconds - sum(spent.values())
        return spent

    def _look(self) -> None:
        while not self._done.wait(SECONDS_BETWEEN_LOOKS):
            for process in psutil.Process().children(recursive=True):
                with suppress(psutil.Error):
                    times = process.cpu_times()
                    self._seen[process] = times.user + times.system
                    self._commands[process] = " ".join(process.cmdline()) or self._commands.get(process, "")
            self._looking = time.thread_time()
