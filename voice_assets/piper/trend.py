"""The trend of a noisy curve: a robust slope and how sure it is. Numbers in, numbers out.

The slope is the median of the slopes between all pairs of points (Theil 1950). Its confidence interval are two of these
slopes, chosen by the variance of Kendall's rank correlation (Sen 1968, "Estimates of the regression coefficient based on
Kendall's tau"). Neither assumes a kind of noise or equal steps, and neither moves much when a few points are far off. Does
not belong here: what a trend means for a training (``piper.convergence``).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

Numbers = Sequence[float] | np.ndarray
SURE = 1.96
"""Standard errors on each side of the slope: an interval that holds the true slope in 95 of 100 cases."""
LEAST_POINTS = 5
"""With fewer points, the interval of Sen is wider than all slopes between pairs: nothing is known."""
_MAD_TO_DEVIATION = 1.4826
"""The median absolute deviation of normal noise times this is its standard deviation."""


@dataclass(frozen=True)
class Trend:
    """A straight line through points (epoch, value).

    Attributes:
        first, last: the first and the last epoch.
        points: how many points the line has.
        middle: the median of the values.
        slope: change of the value per epoch; negative for a falling curve.
        low, high: the slope's confidence interval; infinite for fewer than ``LEAST_POINTS`` points.
        noise: standard deviation of the values around the line, from the median absolute deviation.
        end: the median distance of the last three values from the line.
    """

    first: int
    last: int
    points: int
    middle: float
    slope: float
    low: float
    high: float
    noise: float
    end: float


def trend(epochs: Numbers, values: Numbers) -> Trend:
    """The trend of finite ``values`` at ``epochs``, which ascend.

    Raises:
        ValueError: fewer than two points, epochs that do not ascend, or a value that is not finite.
    """
    at, found = np.asarray(epochs, dtype=float), np.asarray(values, dtype=float)
    if len(at) < 2 or not (np.diff(at) > 0).all() or not np.isfinite(found).all():
        raise ValueError(f"a trend needs two finite values at ascending epochs, got {list(values)[:5]} at {list(epochs)[:5]}")
    slopes = _slopes(at, found)
    slope = _median(slopes)
    low, high = _interval(slopes, len(at))
    away = found - slope * at
    away -= _median(np.sort(away))
    noise = _MAD_TO_DEVIATION * _median(np.sort(np.abs(away)))
    middle, end = _median(np.sort(found)), _median(np.sort(away[-3:]))
    return Trend(int(at[0]), int(at[-1]), len(at), middle, slope, low, high, noise, end)


def _slopes(at: np.ndarray, found: np.ndarray) -> np.ndarray:
    """The slopes between all pairs of points, ascending."""
    left, right = _pairs(len(at))
    return np.sort((found[right] - found[left]) / (at[right] - at[left]))


@lru_cache(maxsize=32)
def _pairs(points: int) -> tuple[np.ndarray, np.ndarray]:
    """The places of the left and of the right point of every pair."""
    return np.triu_indices(points, 1)


def _median(ascending: np.ndarray) -> float:
    """The median of ascending numbers. ``np.median`` takes ten times as long for so few."""
    half = len(ascending) // 2
    return float(ascending[half] if len(ascending) % 2 else (ascending[half - 1] + ascending[half]) / 2)


def _interval(slopes: np.ndarray, points: int) -> tuple[float, float]:
    """Sen's confidence interval of the slope, from the sorted slopes of all pairs."""
    if points < LEAST_POINTS:
        return -math.inf, math.inf
    reach = SURE * math.sqrt(points * (points - 1) * (2 * points + 5) / 18)
    lower, upper = (len(slopes) - reach) / 2, (len(slopes) + reach) / 2
    return float(slopes[max(round(lower), 0)]), float(slopes[min(round(upper), len(slopes) - 1)])
