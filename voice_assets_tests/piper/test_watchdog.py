"""The watchdog's arithmetic, its thread, and what ends a process whose threads all stand still."""

import subprocess
import sys
import threading

import pytest

from voice_assets.piper.watchdog import SignsOfLife, Watchdog, stuck_text


class Clock:
    """A time that only the test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_the_time_without_a_sign_grows_until_there_is_one() -> None:
    clock = Clock()
    signs = SignsOfLife(5, clock)
    silent = []
    for second in range(1, 8):
        clock.now += 5
        if second == 4:
            signs.sign("epoch 0, training step 1 of 9 done")
        silent.append(signs.tick())
    assert silent == [5, 10, 15, 0, 5, 10, 15]
    assert signs.last == "epoch 0, training step 1 of 9 done"


def test_a_process_that_was_stopped_for_an_hour_is_not_stuck() -> None:
    clock = Clock()
    signs = SignsOfLife(5, clock)
    clock.now += 5
    signs.tick()
    clock.now += 3600
    assert signs.tick() == 15


def test_the_message_has_both_numbers_the_signs_and_what_to_do() -> None:
    text = stuck_text(1803.4, 1800, "rank 0: epoch 3, training step 7 of 90 done")
    assert "for 1803 s" in text
    assert "training.stuck_after_s is 1800" in text
    assert "rank 0: epoch 3, training step 7 of 90 done" in text
    assert "run again: training goes on from its last checkpoint" in text
    assert "raise training.stuck_after_s" in text


def watched(limit_s: float, trouble: str = "") -> tuple[Watchdog, list[str], threading.Event]:
    """A watchdog that only notes the message, and the event of that."""
    told: list[str] = []
    ended = threading.Event()

    def end(message: str) -> None:
        told.append(message)
        ended.set()

    return Watchdog(limit_s, end, lambda: "rank 0: set up", lambda: trouble), told, ended


def test_silence_ends_the_training_once() -> None:
    dog, told, ended = watched(0.1)
    dog.start()
    dog.start()
    ended.wait()
    dog.stop()
    (message,) = told
    assert "Last signs of life: rank 0: set up." in message


def test_a_lost_gpu_ends_the_training_before_the_time() -> None:
    dog, told, ended = watched(0.1, "GPU 1: lost")
    dog.signs.tick = lambda: 0.0  # type: ignore[method-assign]
    dog.start()
    ended.wait()
    dog.stop()
    assert told == ["GPU 1: lost"]


def test_a_stopped_watchdog_ends_nothing() -> None:
    dog, told, _ = watched(86400)
    dog.start()
    dog.stop()
    dog.signs.tick = lambda: 1e9  # type: ignore[method-assign]
    assert told == []
    assert [thread for thread in threading.enumerate() if thread.name == "watchdog"] == []


STANDS_STILL = """
import ctypes
from voice_assets.piper.watchdog import Watchdog
Watchdog(1, lambda message: print(message, flush=True), str, str).start()
ctypes.PyDLL(None).pause()  # C code that keeps Python's lock: no thread of Python runs any more
"""


@pytest.mark.slow
def test_a_process_whose_threads_all_stand_still_ends_with_a_traceback() -> None:
    done = subprocess.run([sys.executable, "-c", STANDS_STILL], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout == ""
    assert "Timeout (0:00:02)!" in done.stderr
    assert 'File "<string>", line 5 in <module>' in done.stderr
