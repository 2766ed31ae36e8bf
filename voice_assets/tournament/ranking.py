"""The ranking of the candidates: the table RANKING, the table PAIRS, and the winner.

How the order comes about:

1. A candidate that fails a rule of its samples stands after all that pass, and never wins.
2. Whom people clearly prefer (``preferences``) stands before the other, whatever the scores say: predicted MOS and CER only
   stand for listeners.
3. Among those whom 2 leaves free, the highest score comes first; of equal scores the smaller CER, then the later epoch. But
   where people voted on it, and on another that the scores cannot tell from it (``bootstrap``), the one with the stronger votes
   comes first. A candidate that nobody voted on neither gains nor loses by votes on others.

Losses decide nothing. The order of the candidates in the input decides nothing.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from voice_assets.dataset.tables import PAIRS, RANKING, frame
from voice_assets.tournament import bootstrap, scores, words
from voice_assets.tournament.bootstrap import NOTHING, Interval
from voice_assets.tournament.candidates import Candidate, require_comparable
from voice_assets.tournament.preferences import Preferences, preferences
from voice_assets.tournament.votes import Vote, counted

LEAST_TOLD = 0.0005
"""A smaller part of the score is zero in three decimals."""
BY_SCORES, BY_VOTES = "scores", "votes"


@dataclass(frozen=True)
class Ranking:
    """The result of a tournament.

    Attributes:
        table: RANKING, the winner first.
        pairs: PAIRS, of every two candidates.
        winner: the epoch key; None when no candidate passes its rules.
        headline: the result in a sentence or two.
        votes: the votes that counted, the oldest first.
        best_by_part: the epoch keys with the highest mean of each part of the score, by the part's name.
        best_without: the epoch key with the best score if a part of the score did not count, by the part's name.
    """

    table: pd.DataFrame
    pairs: pd.DataFrame
    winner: str | None
    headline: str
    votes: Sequence[Vote]
    best_by_part: Mapping[str, Sequence[str]]
    best_without: Mapping[str, str]

    @property
    def undecided(self) -> list[tuple[str, str]]:
        """The pairs that the scores cannot tell apart, for the blind comparison."""
        rows = self.pairs.to_dict("records")
        return [(row["first"], row["second"]) for row in rows if BY_SCORES not in row["told_apart"].split()]


def rank(candidates: Sequence[Candidate], votes: Sequence[Vote], draws: int, seed: int) -> Ranking:
    """Rank the candidates.

    Args:
        candidates: in any order; they spoke the same sentences.
        votes: all votes of the voice, the oldest first; those on other audio do not count.
        draws: how often the sentences are drawn again.
        seed: of the draws.

    Raises:
        TournamentError: the candidates cannot be compared.
    """
    require_comparable(candidates)
    ordered = sorted(candidates, key=lambda one: one.epoch_key)
    kept = counted(votes, heard_hashes(ordered))
    field = _Field(ordered, scores.parts_of(ordered), preferences([one.epoch_key for one in ordered], kept), draws, seed)
    order = field.order()
    table = frame([_row(field, order, place) for place in range(len(order))], RANKING)
    winner = ordered[order[0]].epoch_key if ordered[order[0]].passes else None
    pairs = [_pair_row(field, one, other) for place, one in enumerate(order) for other in order[place + 1 :]]
    headline = words.headline([ordered[index] for index in order], table)
    return Ranking(table, frame(pairs, PAIRS), winner, headline, kept, field.best_by_part(), field.best_without())


def heard_hashes(candidates: Sequence[Candidate]) -> set[tuple[str, str, str]]:
    """The samples on which votes count: epoch key, sentence, and SHA-256 of the audio."""
    return {
        (one.epoch_key, str(text), one.hashes[str(sample)])
        for one in candidates
        for text, sample in zip(one.samples["text"], one.samples["sample"], strict=True)
    }


@dataclass(frozen=True)
class _Field:
    """All candidates with what is known about them and about every pair. Candidates are numbers here."""

    candidates: Sequence[Candidate]
    parts: scores.Floats
    people: Preferences
    draws: int
    seed: int

    @cached_property
    def sentence_scores(self) -> scores.Floats:
        """The score of each sentence, ``[candidates, sentences]``."""
        return scores.score(self.parts)

    @cached_property
    def means(self) -> list[Interval]:
        """The score of each candidate."""
        return bootstrap.intervals(self.sentence_scores, self.draws, self.seed)

    @cached_property
    def _differences(self) -> dict[tuple[int, int], Interval]:
        return bootstrap.differences(self.sentence_scores, self.draws, self.seed)

    def difference(self, first: int, second: int) -> Interval:
        """The first's score minus the second's."""
        if first == second:
            return Interval(0.0, 0.0, 0.0)
        found = self._differences[min(first, second), max(first, second)]
        return found if first < second else found.reversed()

    def told_apart(self, first: int, second: int) -> list[str]:
        """What tells two candidates apart; nothing when they are tied."""
        by_votes = self.people.prefers(first, second) or self.people.prefers(second, first)
        by_scores = self.difference(first, second).excludes_zero
        return [name for name, holds in ((BY_SCORES, by_scores), (BY_VOTES, by_votes)) if holds]

    def tied(self, first: int, second: int) -> bool:
        """Whether two candidates cannot be told apart: both pass or both fail, and neither scores nor votes separate them."""
        same = self.candidates[first].passes == self.candidates[second].passes
        return first != second and same and not self.told_apart(first, second)

    def order(self) -> list[int]:
        """All candidates in the order of the ranking."""
        passing = [index for index, one in enumerate(self.candidates) if one.passes]
        failing = [index for index, one in enumerate(self.candidates) if not one.passes]
        return [*self._order_of(passing), *self._order_of(failing)]

    def _order_of(self, left: Sequence[int]) -> list[int]:
        left, order = list(left), []
        while left:
            free = [one for one in left if not any(self.people.prefers(other, one) for other in left)]
            first = max(free, key=self._by_score)
            order.append(max(self._rivals(first, free), key=lambda one: (self._strength(one), *self._by_score(one))))
            left.remove(order[-1])
        return order

    def _rivals(self, first: int, free: Sequence[int]) -> list[int]:
        """``first`` and, where people voted on it, those with votes that the scores cannot tell from it."""
        voted = [one for one in free if self.people.votes_on(one) and not self.difference(first, one).excludes_zero]
        return voted if first in voted else [first]

    def _strength(self, one: int) -> float:
        return round(float(self.people.strengths[one]), 9)

    def _by_score(self, one: int) -> tuple[float, float, int, str]:
        candidate = self.candidates[one]
        cer = float(candidate.samples["cer"].mean())
        return (round(self.means[one].mean, 9), -round(cer, 9), candidate.epoch, candidate.epoch_key)

    def best_by_part(self) -> dict[str, list[str]]:
        """The epoch keys with the highest mean of each part."""
        means = self.parts.mean(axis=2)
        return {
            part.name: [self.candidates[int(index)].epoch_key for index in np.flatnonzero(column >= column.max() - NOTHING)]
            for part, column in zip(scores.PARTS, means.T, strict=True)
        }

    def best_without(self) -> dict[str, str]:
        """The epoch key with the best score if a part did not count, among those that pass; among all if none passes."""
        passing = [index for index, one in enumerate(self.candidates) if one.passes] or list(range(len(self.candidates)))
        means, weights = self.parts.mean(axis=2), np.array([part.weight for part in scores.PARTS])
        found = {}
        for place, part in enumerate(scores.PARTS):
            left = np.where(np.arange(len(weights)) == place, 0, weights)
            totals = np.round(means @ left, 9)
            best = max(passing, key=lambda index: (totals[index], *self._by_score(index)))
            found[part.name] = self.candidates[best].epoch_key
        return found


def _row(field: _Field, order: Sequence[int], place: int) -> dict[str, object]:
    """The row of RANKING of the candidate at ``place``, from 0."""
    index, candidate = order[place], field.candidates[order[place]]
    samples, behind = candidate.samples, field.difference(order[0], index)
    mean = {name: float(samples[name].mean()) for name in ("cer", "mos", "mos_2", "likeness", "rate_ratio")}
    tied = [other for other in order if field.tied(index, other)]
    return {
        "rank": place + 1,
        "epoch_key": candidate.epoch_key,
        "passes": candidate.passes,
        **dict(zip(("score", "score_low", "score_high"), _three(field.means[index]), strict=True)),
        **dict(zip(("behind", "behind_low", "behind_high"), _three(behind), strict=True)),
        **mean,
        "cer_excess": mean["cer"] - candidate.scores["own_cer"],
        "ends_right": 1 - float(samples[["first_word_wrong", "last_word_wrong"]].to_numpy(float).mean()),
        "validation_mel": float(candidate.curve.get("validation_mel", math.nan)),
        "votes": field.people.votes_on(index),
        "preferred": float(field.people.wins[index].sum()),
        "vote_share": field.people.share(index),
        "tied_with": " ".join(field.candidates[other].epoch_key for other in tied),
        "reasons": "; ".join(_reasons(field, order, place)),
    }


def _reasons(field: _Field, order: Sequence[int], place: int) -> list[str]:
    """Why the candidate at ``place`` has this rank: its rules, and how it compares with the winner or the next."""
    index, candidate = order[place], field.candidates[order[place]]
    reasons = [f"failed {rule}" for rule in candidate.failed] or ["passes every rule of the samples"]
    by_score = max(order, key=lambda one: (field.candidates[one].passes, field.means[one].mean))
    rivals = {*order[1:2], by_score} - {index} if place == 0 else {order[0]}
    if place == 0 and by_score != index:
        reasons.append(f"the votes put it before {field.candidates[by_score].epoch_key}, whose score is higher")
    reasons += [_compared(field, index, rival) for rival in sorted(rivals, key=order.index)]
    if place and (part := _largest_loss(field, index, order[0])):
        reasons.append(part)
    return reasons


def _compared(field: _Field, index: int, rival: int) -> str:
    names = (field.candidates[index].epoch_key, field.candidates[rival].epoch_key)
    both = field.people.votes_on(index, rival)
    preferred = (float(field.people.wins[index, rival]), both)
    return words.compared(names, field.difference(index, rival), preferred, BY_VOTES in field.told_apart(index, rival))


def _largest_loss(field: _Field, index: int, rival: int) -> str:
    """The part of the score in which the candidate loses most against ``rival``; empty when it loses in none."""
    weights = np.array([part.weight for part in scores.PARTS])
    losses = weights * (field.parts[rival] - field.parts[index]).mean(axis=1)
    worst = int(losses.argmax())
    if losses[worst] < LEAST_TOLD:
        return ""
    return f'loses most in the part "{scores.PARTS[worst].name}" ({losses[worst]:.3f} of the score)'


def _pair_row(field: _Field, first: int, second: int) -> dict[str, object]:
    interval, votes = field.difference(first, second), field.people.votes_on(first, second)
    odds = _three(field.people.difference(first, second)) if field.people.votes else (math.nan,) * 3
    return {
        "first": field.candidates[first].epoch_key,
        "second": field.candidates[second].epoch_key,
        **dict(zip(("difference", "low", "high"), _three(interval), strict=True)),
        "votes": votes,
        "preferred": float(field.people.wins[first, second]),
        **dict(zip(("odds", "odds_low", "odds_high"), odds, strict=True)),
        "told_apart": " ".join(field.told_apart(first, second)),
        "words": _compared(field, first, second),
    }


def _three(interval: Interval) -> tuple[float, float, float]:
    return interval.mean, interval.low, interval.high
