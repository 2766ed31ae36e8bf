"""Clips of like length are trained on together."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from voice_assets.piper.batches import order

LENGTHS = list(np.random.default_rng(0).gamma(2, 1.5, 203) + 0.3)


@given(st.lists(st.floats(0.2, 20), min_size=1, max_size=60), st.integers(1, 9), st.integers(0, 5))
def test_every_clip_comes_once(lengths: list[float], batch_size: int, epoch: int) -> None:
    assert sorted(order(lengths, batch_size, 1, epoch)) == list(range(len(lengths)))


def test_same_arguments_same_order_and_another_one_each_epoch() -> None:
    assert order(LENGTHS, 8, 1, 0) == order(LENGTHS, 8, 1, 0)
    assert order(LENGTHS, 8, 1, 0) != order(LENGTHS, 8, 1, 1)
    assert order(LENGTHS, 8, 1, 0) != order(LENGTHS, 8, 2, 0)


def batches(epoch: int) -> list[frozenset[int]]:
    indices = order(LENGTHS, 8, 1, epoch)
    return [frozenset(indices[start : start + 8]) for start in range(0, 200, 8)]


def test_batches_hold_clips_of_like_length() -> None:
    computed = sum(8 * max(LENGTHS[index] for index in batch) for batch in batches(0))
    spoken = sum(LENGTHS[index] for batch in batches(0) for index in batch)
    assert computed < 1.25 * spoken


def test_batches_differ_between_epochs_and_come_in_random_order() -> None:
    assert set(batches(0)) != set(batches(1))
    means = [np.mean([LENGTHS[index] for index in batch]) for batch in batches(0)]
    assert means != sorted(means)


def test_what_fills_no_batch_is_of_any_length() -> None:
    rest = {index for epoch in range(60) for index in order(LENGTHS, 8, 1, epoch)[200:]}
    assert len(rest) > 50
