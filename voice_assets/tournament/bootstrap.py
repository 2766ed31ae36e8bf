"""Confidence intervals over sentences, by the bootstrap.

Every candidate speaks the same sentences, so sentences are drawn again, with replacement, for all candidates at once: the
intervals of differences are paired. A hard sentence is hard for everybody and cancels out.

A voice speaks 5 to 10 sentences. Plain percentile intervals of so few values are too narrow, because a sample's spread is too
small by sqrt((n - 1) / n) and its tails are those of a normal distribution instead of Student's t. Both are made good as
Hesterberg describes ("What Teachers Should Know About the Bootstrap", The American Statistician 69, 2015, expanded
percentile interval).

Among six candidates there are fifteen differences, and the largest of fifteen noisy differences looks real. So the differences
of one tournament share one critical value, that of the largest studentised difference (Westfall and Young 1993; Romano and
Wolf, Econometrica 73, 2005): if all candidates are equal, 95 % of tournaments find no difference at all.
"""

import math
from dataclasses import dataclass
from itertools import combinations
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
CONFIDENCE = 0.95
NOTHING = 1e-9
"""Differences up to this are rounding."""


@dataclass(frozen=True)
class Interval:
    """A mean and its confidence interval."""

    mean: float
    low: float
    high: float

    @property
    def excludes_zero(self) -> bool:
        """Whether a difference with this interval is more than chance."""
        return self.low > NOTHING or self.high < -NOTHING

    def reversed(self) -> "Interval":
        """The interval of the difference the other way round."""
        return Interval(-self.mean, -self.high, -self.low)


def drawn_means(values: Floats, draws: int, seed: int) -> Floats:
    """Means of sentences drawn again: ``[draws, rows]`` from ``[rows, sentences]``. One draw takes the same for all rows.

    Raises:
        ValueError: fewer than two sentences.
    """
    sentences = values.shape[1]
    if sentences < 2:
        raise ValueError(f"{sentences} sentences: the bootstrap needs at least 2")
    counts = np.random.default_rng(seed).multinomial(sentences, np.full(sentences, 1 / sentences), size=draws)
    return np.asarray(counts @ values.T / sentences)


def intervals(values: Floats, draws: int, seed: int) -> list[Interval]:
    """The mean of each row of ``values`` ``[rows, sentences]`` with its expanded percentile interval.

    Measured in simulations of 8 sentences: 94 % of these intervals cover the truth for normal scores, and 85 % where one
    sentence in five has a wrong word, because 17 % of such samples have no wrong word at all. They are shown; ``differences``
    decide.
    """
    means = drawn_means(values, draws, seed)
    tail = NormalDist().cdf(-_student((1 - CONFIDENCE) / 2, values.shape[1]))
    low, high = np.quantile(means, [tail, 1 - tail], axis=0)
    centre = values.mean(axis=1)
    return [Interval(float(m), float(a), float(b)) for m, a, b in zip(centre, low, high, strict=True)]


def differences(values: Floats, draws: int, seed: int) -> dict[tuple[int, int], Interval]:
    """The difference of every two rows ``first < second`` of ``values`` ``[rows, sentences]``, first minus second.

    The intervals hold together: with a chance of 95 %, every one of them covers its true difference.
    """
    pairs = list(combinations(range(len(values)), 2))
    if not pairs:
        return {}
    apart = np.array([values[first] - values[second] for first, second in pairs])
    apart[np.abs(apart) <= NOTHING] = 0.0
    error = apart.std(axis=1) / math.sqrt(values.shape[1])
    half = _critical(apart[error > NOTHING], draws, seed) * error
    return {
        pair: Interval(float(mean), float(mean - width), float(mean + width))
        for pair, mean, width in zip(pairs, apart.mean(axis=1), half, strict=True)
    }


def _critical(apart: Floats, draws: int, seed: int) -> float:
    """How many standard errors wide the intervals of ``apart`` ``[pairs, sentences]`` are to each side; 0 for no pair.

    The 95 % quantile of the largest studentised deviation in the draws; a deviation is measured in the standard error of its
    own draw (bootstrap-t). A draw without any spread has an infinite deviation. So few sentences can have many such draws, and
    Bonferroni's value for that many pairs is the most that is ever needed.
    """
    pairs, sentences = apart.shape
    if not pairs:
        return 0.0
    means = drawn_means(np.concatenate([apart, apart**2]), draws, seed)
    spread = np.sqrt(np.clip(means[:, pairs:] - means[:, :pairs] ** 2, 0, None))
    deviations = np.abs(means[:, :pairs] - apart.mean(axis=1))
    largest = np.divide(deviations, spread / math.sqrt(sentences), out=np.full_like(spread, np.inf), where=spread > NOTHING)
    found = float(np.quantile(largest.max(axis=1), CONFIDENCE, method="higher"))
    return min(found, _student((1 - CONFIDENCE) / 2 / pairs, sentences))


def _student(tail: float, sentences: int) -> float:
    """Student's critical value for one tail, in standard errors that divide by n and not by n - 1."""
    from scipy.stats import t

    return float(t.isf(tail, sentences - 1)) * math.sqrt(sentences / (sentences - 1))
