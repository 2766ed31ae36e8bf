"""The robust trend of a noisy curve."""

import math

import numpy as np
import pytest

from voice_assets.piper.trend import LEAST_POINTS, trend


def test_a_straight_line_is_found_exactly() -> None:
    found = trend([0, 2, 3, 10, 11], [5.0, 4.0, 3.5, 0.0, -0.5])
    assert (found.first, found.last, found.points, found.middle) == (0, 11, 5, 3.5)
    assert found.slope == pytest.approx(-0.5)
    assert (found.low, found.high) == pytest.approx((-0.5, -0.5))
    assert found.noise == pytest.approx(0.0, abs=1e-12)
    assert found.end == pytest.approx(0.0, abs=1e-12)


def test_spikes_hardly_move_it() -> None:
    values = np.linspace(10, 8, 20)
    spiked = values.copy()
    spiked[[3, 11, 19]] += 100
    assert trend(range(20), spiked).slope == pytest.approx(trend(range(20), values).slope, abs=0.02)


def test_the_interval_holds_the_true_slope_as_often_as_it_says() -> None:
    rng = np.random.default_rng(5)
    hits = 0
    for _ in range(400):
        found = trend(range(20), 3 - 0.01 * np.arange(20) + rng.normal(0, 0.2, 20))
        hits += found.low <= -0.01 <= found.high
    assert 0.92 <= hits / 400 <= 0.98


def test_the_noise_is_its_standard_deviation() -> None:
    rng = np.random.default_rng(6)
    assert trend(range(400), rng.normal(7, 0.2, 400)).noise == pytest.approx(0.2, rel=0.15)


def test_a_jump_at_the_end_shows_in_the_end() -> None:
    values = [1.0] * 18 + [2.0] * 2
    found = trend(range(20), values)
    assert found.slope == pytest.approx(0.0)
    assert found.end == pytest.approx(1.0)


def test_few_points_say_nothing_about_the_slope() -> None:
    few, enough = trend(range(LEAST_POINTS - 1), [4.0, 3.0, 2.0, 1.0]), trend(range(LEAST_POINTS), [4.0, 3.0, 2.0, 1.0, 0.0])
    assert (few.low, few.high) == (-math.inf, math.inf)
    assert (enough.low, enough.high) == pytest.approx((-1.0, -1.0))


@pytest.mark.parametrize(
    ("epochs", "values"),
    [([0], [1.0]), ([0, 0], [1.0, 2.0]), ([1, 0], [1.0, 2.0]), ([0, 1], [1.0, math.nan]), ([0, 1], [1.0, math.inf])],
)
def test_what_has_no_trend(epochs: list[int], values: list[float]) -> None:
    with pytest.raises(ValueError, match="two finite values at ascending epochs"):
        trend(epochs, values)
