"""Intervals over sentences: they cover the truth as often as they say, also for few sentences and many candidates."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from voice_assets.tournament.bootstrap import CONFIDENCE, Interval, differences, intervals

Rng = np.random.Generator
DRAWS = 300
ROUNDS = 400


def normal(rng: Rng, candidates: int, sentences: int) -> np.ndarray:
    return rng.normal(0, 0.03, (candidates, sentences))


def rare_errors(rng: Rng, candidates: int, sentences: int) -> np.ndarray:
    """CER as it comes: mostly nothing, now and then a wrong word; around a mean of 0."""
    errors = rng.binomial(1, 0.2, (candidates, sentences)) * rng.exponential(0.1, (candidates, sentences))
    return 0.3 * (0.02 - errors) + rng.normal(0, 0.01, (candidates, sentences))


@pytest.mark.slow
@pytest.mark.parametrize("noise", [normal, rare_errors])
@pytest.mark.parametrize("sentences", [5, 8, 10])
@pytest.mark.parametrize("candidates", [2, 6])
def test_equal_candidates_are_told_apart_in_one_of_twenty_tournaments_at_most(
    noise: Callable[..., np.ndarray], sentences: int, candidates: int
) -> None:
    rng = np.random.default_rng(7)
    found = 0
    for seed in range(ROUNDS):
        hard = rng.normal(0, 0.05, sentences)  # some sentences are harder than others, for everybody
        apart = differences(noise(rng, candidates, sentences) + hard, DRAWS, seed)
        found += any(one.excludes_zero for one in apart.values())
    expected = (1 - CONFIDENCE) * ROUNDS
    assert found <= expected + 3 * np.sqrt(expected)  # three standard deviations of the simulation itself


# 17 % of eight sentences with rare errors have no error at all; then no interval can know how bad an error is.
@pytest.mark.parametrize(("noise", "least"), [(normal, 0.91), (rare_errors, 0.82)])
def test_the_interval_of_a_score_covers_the_truth(noise: Callable[..., np.ndarray], least: float) -> None:
    rng = np.random.default_rng(8)
    found = [intervals(noise(rng, 1, 8), DRAWS, seed)[0] for seed in range(ROUNDS)]
    assert least <= np.mean([one.low <= 0 <= one.high for one in found]) <= 0.98


def test_a_real_difference_is_found_although_sentences_differ_more() -> None:
    rng = np.random.default_rng(9)
    hard = rng.normal(0, 0.3, 8)
    values = np.array([hard + rng.normal(0.05, 0.02, 8), hard + rng.normal(0, 0.02, 8)])
    assert differences(values, DRAWS, 1)[0, 1].low > 0
    low, high = intervals(values, DRAWS, 1)
    assert low.high > high.low  # the intervals of the two scores overlap: only the paired difference tells them apart


@given(
    arrays(float, st.tuples(st.integers(2, 5), st.integers(2, 9)), elements=st.floats(0, 1)),
    st.integers(0, 2**31),
)
def test_intervals_hold_their_mean_and_are_antisymmetric(values: np.ndarray, seed: int) -> None:
    apart = differences(values, 50, seed)
    turned = differences(values[::-1], 50, seed)
    last = len(values) - 1
    for (first, second), one in apart.items():
        assert one.low <= one.mean <= one.high
        assert one.mean == pytest.approx(values[first].mean() - values[second].mean(), abs=1e-8)
        other = turned[last - second, last - first].reversed()
        assert (other.mean, other.low, other.high) == pytest.approx((one.mean, one.low, one.high), abs=1e-9)


def test_equal_values_differ_by_nothing() -> None:
    values = np.tile(np.array([0.1, 0.9, 0.5, 0.3]), (3, 1))
    assert set(differences(values, DRAWS, 1).values()) == {Interval(0.0, 0.0, 0.0)}
    assert not Interval(1e-12, 1e-12, 1e-12).excludes_zero
    assert differences(values[:1], DRAWS, 1) == {}


def test_one_better_sentence_is_no_proof() -> None:
    better = differences(np.array([[0.9, 0.5, 0.5, 0.5, 0.5, 0.5], [0.5] * 6]), DRAWS, 1)[0, 1]
    assert not better.excludes_zero
    assert np.isfinite(better.high)


def test_a_single_sentence_has_no_interval() -> None:
    with pytest.raises(ValueError, match="1 sentences: the bootstrap needs at least 2"):
        intervals(np.array([[0.5]]), DRAWS, 1)
