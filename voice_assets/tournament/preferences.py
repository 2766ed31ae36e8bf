"""What votes say about the candidates: a Bradley-Terry model with a prior, and intervals.

Bradley and Terry (Biometrika 39, 1952): the chance that A is preferred to B is ``1 / (1 + exp(b - a))`` with a strength for
each candidate. A vote for neither counts half for both. Votes are few, so strengths have a prior, normal around 0 with a
standard deviation of 1: before any vote, 94 % of all pairs are expected between 6 % and 94 %, and five of five votes make no
candidate infinitely strong. Intervals are those of the normal approximation at the most likely strengths. Seven of seven
votes tell two candidates apart and five of five do not, as a sign test has it.

The intervals are widened for the number of pairs that people voted on (Bonferroni). "Clearly preferred" is transitive: the
standard error of a difference obeys the triangle inequality. So no circle of preferences can come out.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from voice_assets.tournament.bootstrap import CONFIDENCE, Interval
from voice_assets.tournament.votes import Vote

Floats = npt.NDArray[np.float64]
_STEPS = 50


@dataclass(frozen=True)
class Preferences:
    """The strengths of the candidates, in the order they were given.

    Attributes:
        strengths: ``[candidates]``, in log odds; 0 is the average.
        covariance: ``[candidates, candidates]`` of the strengths.
        wins: ``[candidates, candidates]``: how often the row was preferred to the column; a vote for neither is a half.
    """

    strengths: Floats
    covariance: Floats
    wins: Floats

    @property
    def votes(self) -> int:
        """How many votes there are."""
        return round(self.wins.sum())

    @property
    def pairs(self) -> int:
        """How many pairs of candidates people voted on."""
        return int(np.count_nonzero(np.triu(self.wins + self.wins.T)))

    def votes_on(self, first: int, second: int | None = None) -> int:
        """How many votes there are on a candidate, or on a pair."""
        both = self.wins + self.wins.T
        return round(both[first].sum() if second is None else both[first, second])

    def error(self, first: int, second: int) -> float:
        """The standard error of the difference of two strengths."""
        found = self.covariance
        return math.sqrt(max(found[first, first] + found[second, second] - 2 * found[first, second], 0.0))

    def difference(self, first: int, second: int) -> Interval:
        """By how much the first is stronger than the second, in log odds, with an interval that holds for all voted pairs."""
        mean = float(self.strengths[first] - self.strengths[second])
        half = NormalDist().inv_cdf(1 - (1 - CONFIDENCE) / 2 / max(self.pairs, 1)) * self.error(first, second)
        return Interval(mean, mean - half, mean + half)

    def prefers(self, first: int, second: int) -> bool:
        """Whether people clearly prefer the first to the second."""
        return self.votes > 0 and self.difference(first, second).low > 0

    def share(self, candidate: int) -> float:
        """The expected share of votes against an average candidate, 0 to 1; NaN without votes on the candidate."""
        return _chance(float(self.strengths[candidate])) if self.votes_on(candidate) else math.nan


def preferences(epoch_keys: Sequence[str], votes: Sequence[Vote]) -> Preferences:
    """Fit the model to votes on candidates. Votes that name another epoch are left out."""
    place = {key: index for index, key in enumerate(epoch_keys)}
    wins = np.zeros((len(place), len(place)))
    for vote in votes:
        (one, one_share), (other, other_share) = vote.points()
        if one in place and other in place and one != other:
            wins[place[one], place[other]] += one_share
            wins[place[other], place[one]] += other_share
    strengths = np.zeros(len(place))
    for _ in range(_STEPS):  # Newton's method on a strictly concave function
        slope, curvature = _derivatives(strengths, wins)
        step = np.linalg.solve(curvature, slope)
        strengths = strengths + step / max(1.0, float(np.abs(step).max(initial=0.0)))
        if np.abs(step).max(initial=0.0) < 1e-10:
            break
    return Preferences(strengths, np.asarray(np.linalg.inv(_derivatives(strengths, wins)[1]), float), wins)


def _derivatives(strengths: Floats, wins: Floats) -> tuple[Floats, Floats]:
    """The slope of the log posterior, and its curvature with the sign turned round."""
    chance = 1 / (1 + np.exp(strengths[None, :] - strengths[:, None]))
    both = wins + wins.T
    slope = (wins - both * chance).sum(axis=1) - strengths
    weight = both * chance * (1 - chance)
    return slope, np.diag(weight.sum(axis=1)) - weight + np.eye(len(strengths))


def _chance(log_odds: float) -> float:
    return 1 / (1 + math.exp(-log_odds))
