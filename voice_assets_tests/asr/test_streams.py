"""Reading ahead and decoding side by side, without a recogniser."""

import threading
from concurrent.futures import Future

import pytest

from voice_assets.asr.streams import read_ahead, side_by_side

PATIENCE_S = 60.0  # only stops a test that hangs


def test_batches_come_in_order_and_further_batches_are_submitted_before_a_batch_is_yielded():
    submitted = []

    def submit(item):
        submitted.append(item)
        future = Future()
        future.set_result(item.upper())
        return future

    given = read_ahead(["ab", "cd", "e", "fg"], submit, depth=2)
    assert submitted == []
    batch, futures = next(given)
    assert (batch, [future.result() for future in futures]) == ("ab", ["A", "B"])
    assert submitted == list("abcde")
    assert [batch for batch, _ in given] == ["cd", "e", "fg"]
    assert submitted == list("abcdefg")


def test_no_batches_and_less_than_the_depth():
    assert list(read_ahead([], lambda item: Future(), depth=3)) == []
    assert [batch for batch, _ in read_ahead(["a"], lambda item: Future(), depth=3)] == ["a"]


def test_parts_are_in_work_at_once_and_each_gives_one_result():
    meeting = threading.Barrier(3, timeout=PATIENCE_S)  # passes only when three parts are in work at once

    def work(number):
        meeting.wait()
        return number * 2

    assert sorted(side_by_side(work, range(9), streams=3)) == list(range(0, 18, 2))


def test_after_an_error_running_parts_are_yielded_and_no_part_begins():
    begun, failed = [], threading.Event()

    def work(number):
        begun.append(number)
        if number == 1:
            failed.set()
            raise ValueError("one")
        assert failed.wait(PATIENCE_S)
        return number

    given = []
    with pytest.raises(ValueError, match="one"):
        given.extend(side_by_side(work, range(100), streams=2))
    assert set(given) <= {0, 2}
    assert 0 in given
    assert max(begun) <= 2


def test_one_stream_is_in_order_and_ends_at_the_error():
    begun, given = [], []

    def work(number):
        begun.append(number)
        if number == 1:
            raise ValueError("one")
        return number

    with pytest.raises(ValueError, match="one"):
        given.extend(side_by_side(work, iter(range(100)), streams=1))
    assert (given, begun) == ([0], [0, 1])
