"""The watchdog of a training: a training without a sign of life for too long is stuck, and must end with a message.

A sign of life is a finished step of training or validation, a checkpoint and the like. The watchdog is a thread, so it works
while the main thread waits in C code for a GPU or for another rank. C code that also keeps Python's own lock stops every
thread; then ``faulthandler``, which needs no Python, ends the process after twice the time, with the traceback of every thread.

Belongs here: the time since the last sign, and the thread. Does not belong here: what are signs, and how a training ends
(``piper.supervision``).
"""

import faulthandler
import sys
import threading
import time
from collections.abc import Callable

LONGEST_TICK_S = 5.0
TICKS = 4
"""The watchdog looks at least so many times before it is too late."""


class SignsOfLife:
    """The last sign of life of this process, and how long ago. The time in which the whole process was stopped counts little.

    The main thread calls :meth:`sign`, one other thread calls :meth:`tick`. No lock: a stuck main thread might hold the lock.
    """

    def __init__(self, tick_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.last = "it has not begun"
        self._clock, self._longest = clock, 2 * tick_s
        self._signs = self._seen = 0
        self._ticked, self._silent_s = clock(), 0.0

    def sign(self, what: str) -> None:
        """Note that the training lives: ``what`` it has just done, or begins, in words."""
        self.last = what
        self._signs += 1

    def tick(self) -> float:
        """Seconds without a sign, counted by the calls of this method: a longer gap between two calls counts as two ticks.

        So a process that somebody stops for an hour, and lets go on, is not stuck.
        """
        now = self._clock()
        gap, self._ticked = min(now - self._ticked, self._longest), now
        if self._signs != self._seen:
            self._seen, self._silent_s = self._signs, 0.0
        else:
            self._silent_s += gap
        return self._silent_s


class Watchdog:
    """A thread that calls ``on_end`` with a message when the training is stuck, or when ``trouble`` gives a text."""

    def __init__(
        self, limit_s: float, on_end: Callable[[str], None], describe: Callable[[], str], trouble: Callable[[], str]
    ) -> None:
        """Make a watchdog that does not run yet.

        Args:
            limit_s: so many seconds without a sign of life are too many.
            on_end: ends the training.
            describe: the last signs of life, for the message.
            trouble: asked at every tick; what makes waiting useless, such as a lost GPU. Empty when there is nothing.
        """
        self.limit_s, self.tick_s = limit_s, min(LONGEST_TICK_S, limit_s / TICKS)
        self.signs = SignsOfLife(self.tick_s)
        self._on_end, self._describe, self._trouble = on_end, describe, trouble
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start to watch. A second call changes nothing."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)
            self.signs.tick()
            self._thread.start()

    def stop(self) -> None:
        """End the watch. A stopped watchdog ends nothing."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join(self.tick_s)
        faulthandler.cancel_dump_traceback_later()

    def _watch(self) -> None:
        while True:
            faulthandler.dump_traceback_later(2 * self.limit_s, exit=True, file=sys.stderr.fileno())
            if self._stopped.wait(self.tick_s):
                return
            silent_s = self.signs.tick()
            message = self._trouble() or (
                stuck_text(silent_s, self.limit_s, self._describe()) if silent_s > self.limit_s else ""
            )
            if message and not self._stopped.is_set():
                faulthandler.cancel_dump_traceback_later()
                self._on_end(message)
                return


def stuck_text(silent_s: float, limit_s: float, last_signs: str) -> str:
    """The message about a stuck training: both numbers, the last sign of life of every rank, and what to do."""
    return (
        f"training is stuck: no step, validation or checkpoint was finished for {silent_s:.0f} s, training.stuck_after_s is "
        f"{limit_s:g}. Last signs of life: {last_signs}. A GPU or one of the processes hangs: look at `nvidia-smi` and at the "
        "log, then run again: training goes on from its last checkpoint. If one step really takes so long here, raise "
        "training.stuck_after_s"
    )
