import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_assets.quality.histogram import DURATION_BIN_S, Bin, HistogramError, bins, edge_spikes


def even(counts: list[int]) -> list[float]:
    """``counts[i]`` values in the middle of bin i of half a second."""
    return [0.25 + 0.5 * index for index, count in enumerate(counts) for _ in range(count)]


def test_bins_reach_from_the_first_value_to_the_last_and_keep_empty_bins():
    assert bins([0.6, 0.7, 1.9], DURATION_BIN_S) == [Bin(0.5, 1.0, 2), Bin(1.0, 1.5, 0), Bin(1.5, 2.0, 1)]
    assert bins([], DURATION_BIN_S) == []


@pytest.mark.parametrize(
    ("value", "start"),
    [(14.99, 14.5), (15.0, 14.5), (15.000000001, 14.5), (15.0 + 1 / 22050, 15.0), (0.0, 0.0), (0.5, 0.0), (0.51, 0.5)],
)
def test_a_clip_at_the_limit_is_in_the_bin_of_clips_just_under_it(value, start):
    assert [one.start for one in bins([value], DURATION_BIN_S)] == [start]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_value_that_is_not_finite_is_an_error(value):
    with pytest.raises(HistogramError, match="value 1 of 2"):
        edge_spikes([1.0, value])


@pytest.mark.parametrize("width", [0.0, -0.5, math.nan])
def test_a_width_that_is_not_positive_is_an_error(width):
    with pytest.raises(HistogramError, match="not positive"):
        bins([1.0], width)


@pytest.mark.parametrize(
    ("counts", "ratios"),
    [
        ([], (0.0, 0.0)),
        ([10, 10, 10, 10], (1.0, 1.0)),
        ([90, 40, 20, 30, 10, 50], (3.0, 2.5)),
        ([10, 10, 10, 10, 100], (1.0, 10.0)),
        ([4], (2.0, 2.0)),
        ([5, 5], (1.0, 1.0)),
        ([6, 0, 0, 50, 50], (3.0, 2.0)),  # the floor: 2 clips
        ([1, 0, 0, 0, 1], (0.5, 0.5)),
        ([6, 0, 0, 3000, 3000, 3994], (0.6, 3994 / 3000)),  # the floor: 0.1 % of 10,000 clips
    ],
)
def test_edge_spikes_follow_their_formula(counts, ratios):
    assert edge_spikes(even(counts)) == pytest.approx(ratios)


def test_clips_cut_at_a_limit_are_a_spike_and_an_even_end_is_not():
    random = np.random.default_rng(1)
    durations = random.uniform(1.0, 15.0, 5000)
    assert max(edge_spikes(durations)) < 1.5
    assert edge_spikes(np.minimum(random.uniform(1.0, 20.0, 5000), 15.0))[1] > 5


@given(st.lists(st.floats(0, 100), max_size=200))
def test_every_value_is_counted_once(values):
    assert sum(one.count for one in bins(values, DURATION_BIN_S)) == len(values)
    assert all(ratio >= 0 for ratio in edge_spikes(values))


@given(st.lists(st.floats(0, 30), max_size=6))
def test_up_to_six_clips_are_never_a_spike_over_the_limit_of_three(values):
    assert max(edge_spikes(values)) <= 3.0
