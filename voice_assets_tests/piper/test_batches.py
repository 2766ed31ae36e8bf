"""Clips of like length are trained on together."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_assets.piper.batches import clips_per_batch, order, steps_of, validation_order

LENGTHS = list(np.random.default_rng(0).gamma(2, 1.5, 203) + 0.3)
MANY = list(np.random.default_rng(0).gamma(2, 1.5, 4800) + 0.3)
SOME_LENGTHS = st.lists(st.floats(0.2, 20), min_size=1, max_size=60)


@given(SOME_LENGTHS, st.integers(1, 9), st.integers(0, 5), st.integers(1, 4))
def test_every_clip_comes_at_most_once_and_every_rank_gets_as_many(
    lengths: list[float], batch_size: int, epoch: int, devices: int
) -> None:
    of_ranks = [order(lengths, batch_size, 1, epoch, rank, devices) for rank in range(devices)]
    clips = [clip for rank in of_ranks for clip in rank]
    size = clips_per_batch(len(lengths), batch_size, devices)
    assert len(clips) == len(set(clips))
    assert set(clips) <= set(range(len(lengths)))
    assert {len(rank) for rank in of_ranks} == {len(clips) // devices}
    assert len(lengths) - len(clips) < max(1, size) * devices  # the rest fills no whole step
    assert size == 0 or len(of_ranks[0]) % size == 0


@given(st.integers(1, 5), st.integers(1, 6), st.integers(1, 4))
def test_every_clip_comes_once_where_the_count_divides(steps: int, batch_size: int, devices: int) -> None:
    lengths = LENGTHS[: steps * batch_size * devices]
    dealt = steps_of(lengths, batch_size, 1, 0, devices)
    assert len(dealt) == steps
    assert sorted(clip for step in dealt for batch in step for clip in batch) == list(range(len(lengths)))


@pytest.mark.parametrize(("clips", "devices", "size"), [(100, 2, 8), (16, 2, 8), (15, 2, 7), (7, 1, 7), (2, 2, 1), (1, 2, 0)])
def test_few_clips_make_smaller_batches(clips: int, devices: int, size: int) -> None:
    assert clips_per_batch(clips, 8, devices) == size
    steps = steps_of(LENGTHS[:clips], 8, 1, 0, devices)
    assert [len(batch) for step in steps for batch in step] == [size] * devices * len(steps)
    assert bool(steps) == (size > 0)


def test_same_arguments_same_order_and_another_one_each_epoch() -> None:
    assert order(LENGTHS, 8, 1, 0) == order(LENGTHS, 8, 1, 0)
    assert order(LENGTHS, 8, 1, 0) != order(LENGTHS, 8, 1, 1)
    assert order(LENGTHS, 8, 1, 0) != order(LENGTHS, 8, 2, 0)


@pytest.mark.parametrize("devices", [2, 3])
def test_the_batches_of_a_step_are_neighbours_in_length(devices: int) -> None:
    """Lengths move by a tenth at most, so what a step computes is little more than what it holds, and ranks work alike."""
    steps = steps_of(MANY, 8, 1, 0, devices)
    computed = [[8 * max(MANY[clip] for clip in batch) for batch in step] for step in steps]
    spoken = sum(MANY[clip] for step in steps for batch in step for clip in batch)
    assert sum(map(sum, computed)) < 1.25 * spoken
    waited = sum(devices * max(step) for step in computed)
    assert waited < 1.25 * spoken
    sums = np.array(computed).sum(axis=0)
    assert sums.max() < 1.1 * sums.min()


def test_dealing_the_sorted_order_clip_by_clip_would_mix_the_lengths() -> None:
    """What Lightning does with a sampler that knows no ranks: it shows that the test above can fail."""
    flat = order(MANY, 8, 1, 0)
    first = [flat[0::2][start : start + 8] for start in range(0, 2400, 8)]
    computed = sum(8 * max(MANY[clip] for clip in batch) for batch in first)
    assert computed > 1.35 * sum(MANY[clip] for batch in first for clip in batch)


@given(SOME_LENGTHS, st.integers(1, 4))
def test_all_ranks_together_validate_on_every_clip_once(lengths: list[float], devices: int) -> None:
    of_ranks = [validation_order(lengths, rank, devices) for rank in range(devices)]
    assert sorted(clip for rank in of_ranks for clip in rank) == list(range(len(lengths)))
    counts = [len(rank) for rank in of_ranks]
    assert max(counts) - min(counts) <= 1
    for rank in of_ranks:
        assert [lengths[clip] for clip in rank] == sorted(lengths[clip] for clip in rank)


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
    for devices in (1, 2):
        rest = [set(range(203)).difference(*map(set, ranks_of(epoch, devices))) for epoch in range(60)]
        assert {len(one) for one in rest} == {203 % (8 * devices)}
        assert len(set.union(*rest)) > 50


def ranks_of(epoch: int, devices: int) -> list[list[int]]:
    return [order(LENGTHS, 8, 1, epoch, rank, devices) for rank in range(devices)]
