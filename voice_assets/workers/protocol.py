"""The protocol of all worker processes: events on stdout, logs on stderr, exit codes, ending with the parent.

An event is one JSON object on one line. Not here: the work of a worker, reading its request (``command_line``), reading its
events (``orchestration.processes``).

A training worker starts its command line again for each further device. Such a copy prints no events.

``EXIT_CODES`` lists the exit codes. Codes 1 and 2 also print the event ``error``.
"""

import contextlib
import json
import logging
import math
import os
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TextIO

OK, FAULT, EXPECTED_ERROR, ORPHANED = 0, 1, 2, 3
EXIT_CODES = {
    OK: "the result is complete",
    FAULT: "a fault in the program: traceback on stderr, event `error`",
    EXPECTED_ERROR: "an expected error, such as a bad request: one line on stderr, event `error`",
    ORPHANED: "the parent process ended",
}

PARENT_CHECK_S = 1.0
"""Seconds between two checks of whether the parent process still runs."""
_LOCK = threading.Lock()
_events: TextIO | None = None


def is_copy() -> bool:
    """Whether a training started this process for a further device, and set ``LOCAL_RANK`` (``piper.rank_processes``)."""
    return os.environ.get("LOCAL_RANK", "0") != "0"


def _plain(value: Any) -> Any:
    """``value`` in types of JSON: NaN and infinity become null, NumPy scalars become numbers, other types become text."""
    if isinstance(value, bool | str | int) or value is None:
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:
        return _plain(value.item())
    return str(value)


def emit(event: str, **fields: Any) -> None:
    """Print one event as a line of JSON and flush it. Lone surrogates are escaped, so every text can be printed.

    A copy (:func:`is_copy`) prints nothing: the first process prints the same events.
    """
    if is_copy():
        return
    line = json.dumps({"event": event, **_plain(fields)}, ensure_ascii=False, allow_nan=False)
    line = line.encode("utf-8", "backslashreplace").decode("utf-8")
    stream = _events or sys.stdout
    with _LOCK:
        stream.write(line + "\n")
        stream.flush()


def follow_parent(pid: int | None) -> None:
    """End this process with code 3 as soon as ``pid`` is no longer its parent. ``None`` follows no process.

    The check compares ``os.getppid()`` with ``pid``. So a later process with the same id does not matter. A copy
    (:func:`is_copy`) has the command line of the first process, so ``pid`` is not its parent; a copy follows the process
    that started it.
    """
    if is_copy():
        pid = os.getppid()
    if pid is None:
        return

    def watch() -> None:
        while os.getppid() == pid:
            time.sleep(PARENT_CHECK_S)
        os._exit(ORPHANED)

    threading.Thread(target=watch, name="follow-parent", daemon=True).start()


@dataclass
class ProgressEvents:
    """Counts finished items and prints ``progress`` events (or those named ``event``) with a rate and the remaining time.

    ``done`` starts above 0 when an earlier run left results; these do not count in the rate. When items differ in weight
    (seconds of audio), ``work`` is the weight of all remaining items, and the remaining time is computed from the weights.
    """

    total: int
    done: int = 0
    work: float | None = None
    clock: Callable[[], float] = time.monotonic
    event: str = "progress"
    _started: float = field(init=False)
    _before: int = field(init=False)

    def __post_init__(self) -> None:
        self._started = self.clock()
        self._before = self.done
        self._worked = 0.0

    def step(self, count: int, work: float = 0.0, **fields: Any) -> None:
        """Add ``count`` finished items of the weight ``work`` and print the event, with ``fields``.

        ``remaining_s`` is null until an item is finished.
        """
        self.done += count
        self._worked += work
        seconds = self.clock() - self._started
        rate = (self.done - self._before) / seconds if seconds > 0 else 0.0
        remaining = self._remaining(seconds, rate)
        emit(
            self.event,
            done=self.done,
            total=self.total,
            rate_per_s=round(rate, 3),
            remaining_s=None if remaining is None else round(remaining, 1),
            **fields,
        )

    def _remaining(self, seconds: float, rate: float) -> float | None:
        if self.work is None:
            return (self.total - self.done) / rate if rate > 0 else None
        return max(0.0, self.work - self._worked) * seconds / self._worked if self._worked > 0 else None


def _run(main: Callable[[], None], expected: tuple[type[Exception], ...]) -> int:
    try:
        main()
    except BrokenPipeError:  # no process reads the events any more, so none can be printed
        raise
    except expected as error:
        message = " ".join(str(error).split()) or type(error).__name__
        sys.stderr.write(message + "\n")
        emit("error", message=message, type=type(error).__name__)
        return EXPECTED_ERROR
    except Exception as error:
        emit("error", message=f"{type(error).__name__}: {error}", type=type(error).__name__)
        raise
    return OK


def run(main: Callable[[], None], *expected: type[Exception]) -> int:
    """Run a worker's ``main`` and return its exit code.

    Errors of the ``expected`` types become one line on stderr, the event ``error`` and code 2. Any other error becomes the
    same event and is raised again, so that Python prints the traceback and exits with 1. While ``main`` runs, everything
    that a library prints goes to stderr: stdout carries events only.
    """
    global _events
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    _events = sys.stdout
    try:
        with contextlib.redirect_stdout(sys.stderr):
            return _run(main, expected)
    finally:
        _events = None
