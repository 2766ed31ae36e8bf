"""What votes say: sparse votes decide nothing, clear ones do, and no circle comes out."""

import math
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voice_assets.tournament.preferences import preferences
from voice_assets_tests.tournament.made import candidate, votes

A, B, C, D = (candidate(epoch) for epoch in (10, 20, 30, 40))
ROUNDS = 1000
KEYS = [one.epoch_key for one in (A, B, C, D)]


@pytest.mark.parametrize(
    ("wins", "losses", "neither", "clearly"),
    [(5, 0, 0, False), (7, 0, 0, True), (7, 6, 0, False), (1, 0, 0, False), (30, 10, 0, True), (4, 2, 30, False)],
)
def test_when_votes_tell_two_candidates_apart(wins: int, losses: int, neither: int, clearly: bool) -> None:
    found = preferences(KEYS[:2], votes(A, B, wins, losses, neither))
    assert found.prefers(0, 1) is clearly
    assert not found.prefers(1, 0)
    assert found.votes_on(0, 1) == wins + losses + neither
    assert found.wins[0, 1] == wins + neither / 2


def test_no_vote_says_nothing() -> None:
    found = preferences(KEYS, [])
    assert not any(found.prefers(one, other) for one in range(4) for other in range(4))
    assert math.isnan(found.share(0))
    assert found.strengths.tolist() == [0, 0, 0, 0]


def test_the_intervals_are_wider_for_more_pairs() -> None:
    assert preferences(KEYS, votes(A, B, 7)).prefers(0, 1)
    many = [*votes(A, B, 7), *votes(C, D, 1), *votes(B, D, 1, 1), *votes(A, C, 1, 1)]
    assert not preferences(KEYS, many).prefers(0, 1)


def test_a_vote_on_an_epoch_that_does_not_compete_is_left_out() -> None:
    assert preferences(KEYS[:1], votes(A, B, 7)).votes == 0


counts = st.lists(st.integers(0, 15), min_size=12, max_size=12)


@settings(max_examples=40)
@given(counts)
def test_clear_preferences_are_transitive(wins: list[int]) -> None:
    pairs = list(permutations((A, B, C, D), 2))
    found = preferences(KEYS, [vote for pair, count in zip(pairs, wins, strict=True) for vote in votes(*pair, count)])
    clearly = {(one, other) for one in range(4) for other in range(4) if found.prefers(one, other)}
    for first, second, third in permutations(range(4), 3):
        assert not ({(first, second), (second, third)} <= clearly and (first, third) not in clearly)


@settings(max_examples=40)
@given(counts)
def test_the_strengths_are_the_most_likely_ones(wins: list[int]) -> None:
    pairs = list(permutations((A, B, C, D), 2))
    found = preferences(KEYS, [vote for pair, count in zip(pairs, wins, strict=True) for vote in votes(*pair, count)])
    chance = 1 / (1 + np.exp(found.strengths[None, :] - found.strengths[:, None]))
    slope = (found.wins - (found.wins + found.wins.T) * chance).sum(axis=1) - found.strengths
    assert np.abs(slope).max() < 1e-6


def test_intervals_cover_the_true_difference() -> None:
    rng = np.random.default_rng(3)
    covered = 0
    for _ in range(ROUNDS):
        true = rng.normal(0, 1, 2)
        wins = int(rng.binomial(12, 1 / (1 + math.exp(true[1] - true[0]))))
        found = preferences(KEYS[:2], votes(A, B, wins, 12 - wins)).difference(0, 1)
        covered += found.low <= true[0] - true[1] <= found.high
    assert covered >= 0.91 * ROUNDS
