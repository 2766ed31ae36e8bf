"""The order of the candidates: scores, then votes, and what decides nothing."""

import dataclasses
import math
from collections.abc import Sequence
from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voice_assets.dataset.tables import PAIRS, RANKING
from voice_assets.tournament.candidates import Candidate, TournamentError
from voice_assets.tournament.ranking import Ranking, rank
from voice_assets.tournament.scores import PARTS
from voice_assets.tournament.votes import Vote
from voice_assets_tests.tournament.made import GOOD, OWN, TEXTS, candidate, vote, votes

KEYS = [f"v0-e{epoch:04d}" for epoch in (10, 20, 30)]


def ranked(*candidates: Candidate, said: Sequence[Vote] = ()) -> Ranking:
    return rank(candidates, said, draws=300, seed=1)


def order(ranking: Ranking) -> list[str]:
    return list(ranking.table["epoch_key"])


def row(ranking: Ranking, key: str) -> dict[str, object]:
    return ranking.table.set_index("epoch_key").loc[key].to_dict()


columns = st.fixed_dictionaries(
    {
        "cer": st.lists(st.floats(0, 2), min_size=6, max_size=6),
        "mos": st.lists(st.floats(1, 5), min_size=6, max_size=6),
        "likeness": st.lists(st.floats(0, 1), min_size=6, max_size=6),
        "rate_ratio": st.lists(st.floats(0, 3), min_size=6, max_size=6),
        "last_word_wrong": st.lists(st.booleans(), min_size=6, max_size=6),
        "failed": st.sampled_from([(), ("audible",)]),
    }
)
choices = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2), st.sampled_from(["first", "second", "none"])), max_size=8)


@pytest.mark.slow
@settings(max_examples=30)
@given(st.lists(columns, min_size=3, max_size=3), choices)
def test_the_order_of_the_candidates_and_of_the_rows_decides_nothing(
    values: list[dict[str, object]], said: list[tuple[int, int, str]]
) -> None:
    made = [candidate(epoch, **one) for epoch, one in zip((10, 20, 30), values, strict=True)]  # type: ignore[arg-type]
    kept = [
        vote(made[one], made[other], choice, f"Person {number}")  # type: ignore[arg-type]
        for number, (one, other, choice) in enumerate(said)
        if one != other
    ]
    first = ranked(*made, said=kept)
    for mixed in permutations(made):
        turned = [dataclasses.replace(one, samples=one.samples.iloc[::-1].reset_index(drop=True)) for one in mixed]
        again = ranked(*turned, said=kept)
        pd.testing.assert_frame_equal(first.table, again.table)
        assert (first.winner, first.headline) == (again.winner, again.headline)


@settings(max_examples=25)
@given(st.lists(columns, min_size=2, max_size=3), choices)
def test_what_always_holds(values: list[dict[str, object]], said: list[tuple[int, int, str]]) -> None:
    made = [candidate(epoch, **one) for epoch, one in zip((10, 20, 30), values, strict=False)]  # type: ignore[arg-type]
    kept = [vote(made[0], made[1], choice, f"Person {number}") for number, (_, _, choice) in enumerate(said)]  # type: ignore[arg-type]
    found = ranked(*made, said=kept)
    passing = [one.epoch_key for one in made if one.passes]
    assert sorted(order(found)) == sorted(one.epoch_key for one in made)
    assert found.winner == (order(found)[0] if passing else None)
    assert set(order(found)[: len(passing)]) == set(passing)
    assert (found.table["score_low"] <= found.table["score"]).all()
    assert found.table["score"].between(0, 1).all()
    ties = {key: set(str(row(found, key)["tied_with"]).split()) for key in order(found)}
    assert all(key in ties[other] for key, others in ties.items() for other in others)
    assert list(found.table) == list(RANKING)
    assert list(found.pairs) == list(PAIRS)


@settings(max_examples=25)
@given(columns)
def test_identical_samples_tie_and_the_later_epoch_comes_first(values: dict[str, object]) -> None:
    values = {**values, "failed": ()}
    found = ranked(candidate(10, **values), candidate(20, **values))  # type: ignore[arg-type]
    assert order(found) == [KEYS[1], KEYS[0]]
    assert row(found, KEYS[1])["tied_with"] == KEYS[0]
    assert row(found, KEYS[0])["behind"] == 0
    assert f"It cannot be told apart from {KEYS[0]}" in found.headline


@settings(max_examples=25)
@given(st.lists(st.floats(0.01, 0.5), min_size=6, max_size=6), st.sampled_from(["cer", "mos", "mos_2", "likeness"]))
def test_a_candidate_that_is_better_on_every_sentence_wins(gains: list[float], column: str) -> None:
    sign = -1 if column == "cer" else 1
    base = 0.5 if column == "cer" else float(GOOD[column]) - 0.5  # type: ignore[arg-type]
    better, worse = [base + sign * gain for gain in gains], [base] * 6
    found = ranked(candidate(10, **{column: better}), candidate(20, **{column: worse}))
    assert found.winner == KEYS[0]


def test_a_clear_difference_is_told_with_the_arithmetic() -> None:
    clear = ranked(candidate(10, mos=[3.5, 3.6, 3.4, 3.5, 3.6, 3.5]), candidate(20, mos=[2.9, 3.1, 2.8, 3.0, 3.1, 2.9]))
    assert clear.winner == KEYS[0]
    assert row(clear, KEYS[0])["tied_with"] == ""
    assert clear.pairs.iloc[0]["told_apart"] == "scores"
    assert str(clear.pairs.iloc[0]["words"]).startswith(f"{KEYS[0]} scores higher than {KEYS[1]} (difference 0.0")
    assert 'loses most in the part "natural"' in str(row(clear, KEYS[1])["reasons"])
    assert clear.best_by_part["natural"] == [KEYS[0]]
    assert clear.best_by_part["intelligible"] == KEYS[:2]


def test_noise_is_a_tie_in_words() -> None:
    found = ranked(candidate(10, mos=[3.5, 3.1, 3.4, 3.9, 3.2, 3.5]), candidate(20, mos=[3.2, 3.6, 3.3, 3.4, 3.5, 3.4]))
    words = str(found.pairs.iloc[0]["words"])
    assert words.startswith(f"{KEYS[0]} and {KEYS[1]} cannot be told apart (difference 0.00")
    assert ", 95 % CI -0.0" in words
    assert row(found, KEYS[0])["tied_with"] == KEYS[1]


def test_a_candidate_that_fails_a_rule_never_wins() -> None:
    good, bad = candidate(10, mos=4.5, failed=["intelligible: mean cer 0.3"]), candidate(20, mos=2.0)
    found = ranked(good, bad, said=votes(good, bad, 30))
    assert order(found) == [KEYS[1], KEYS[0]]
    assert found.winner == KEYS[1]
    assert str(row(found, KEYS[0])["reasons"]).startswith("failed intelligible: mean cer 0.3; ")
    assert "cannot be told apart" not in found.headline


def test_nobody_wins_when_nobody_passes() -> None:
    found = ranked(candidate(10, failed=["audible"]), candidate(20, failed=["audible"], mos=4.9))
    assert found.winner is None
    assert found.headline.startswith(f"No candidate passes the rules of its samples. {KEYS[1]} comes closest")


def test_a_single_candidate_wins_alone() -> None:
    found = ranked(candidate(10))
    assert found.winner == KEYS[0]
    assert found.headline.startswith(f"{KEYS[0]} is the only candidate, with a score of 0.")
    assert len(found.pairs) == 0


def test_losses_decide_nothing() -> None:
    low, high = {"validation_loss": 1.0, "validation_mel": 0.1}, {"validation_loss": 99.0, "validation_mel": 9.0}
    assert ranked(candidate(10, curve=low), candidate(20, curve=high)).winner == KEYS[1]  # the later epoch of two equal ones


@pytest.mark.parametrize(("wins", "losses"), [(1, 0), (3, 1), (7, 0)])
def test_votes_decide_between_candidates_that_the_scores_cannot_tell_apart(wins: int, losses: int) -> None:
    made = candidate(10, mos=[3.5, 3.1, 3.4, 3.8, 3.2, 3.5]), candidate(20, mos=[3.6, 3.2, 3.4, 3.9, 3.2, 3.4])
    assert ranked(*made).winner == KEYS[1]
    found = ranked(*made, said=votes(*made, wins, losses))
    assert found.winner == KEYS[0]
    assert row(found, KEYS[0])["votes"] == wins + losses
    clearly = wins == 7
    assert (row(found, KEYS[0])["tied_with"] == "") is clearly
    assert found.pairs.iloc[0]["told_apart"] == ("votes" if clearly else "")
    said = "which tells them apart" if clearly else "too few to tell them apart"
    assert f"in the blind comparison {wins} : {losses} for {KEYS[0]}, {said}" in str(found.pairs.iloc[0]["words"])


def test_people_outvote_the_scores_only_when_they_are_clear() -> None:
    made = candidate(10, mos=3.0), candidate(20, mos=[4.0, 4.1, 3.9, 4.0, 4.2, 4.1])
    assert ranked(*made, said=votes(*made, 3)).winner == KEYS[1]
    found = ranked(*made, said=votes(*made, 9))
    assert found.winner == KEYS[0]
    assert found.pairs.iloc[0]["told_apart"] == "scores votes"
    assert row(found, KEYS[1])["behind"] < 0  # type: ignore[operator]


def test_a_candidate_without_votes_stays_between_the_others_by_its_score() -> None:
    made = candidate(10, mos=3.4), candidate(20, mos=3.5), candidate(30, mos=2.0)
    assert order(ranked(*made, said=votes(*made[:2], 9))) == KEYS


def test_votes_on_other_audio_do_not_count() -> None:
    made = candidate(10), candidate(20)
    again = dataclasses.replace(made[0], hashes=dict.fromkeys(made[0].hashes, "0" * 64))
    found = ranked(again, made[1], said=votes(*made, 9))
    assert found.winner == KEYS[1]
    assert list(found.votes) == []


def test_another_candidate_changes_no_score() -> None:
    made = candidate(10, mos=3.0), candidate(20, mos=4.0)
    alone, together = ranked(*made), ranked(*made, candidate(30, mos=1.0, cer=1.5))
    for key in KEYS[:2]:
        assert row(alone, key)["score"] == row(together, key)["score"]


def test_sentences_with_several_seeds_count_once() -> None:
    one = candidate(10, mos=[1.0, 5.0, 3.0, 3.0, 3.0, 3.0])
    twice = pd.concat([one.samples, one.samples.assign(seed=2, sample=[f"again_{name}" for name in one.samples["sample"]])])
    hashes = {name: name.encode().hex().ljust(64, "0") for name in twice["sample"]}
    both = dataclasses.replace(one, samples=twice.reset_index(drop=True), hashes=hashes)
    for name in ("score", "score_low", "score_high"):
        assert ranked(both).table.iloc[0][name] == pytest.approx(ranked(one).table.iloc[0][name])


def test_who_would_lead_without_a_part() -> None:
    clear, natural = candidate(10, cer=0.0, mos=3.0), candidate(20, cer=0.1, mos=3.9, curve={"validation_mel": 0.4})
    found = ranked(clear, natural, candidate(30, failed=["audible"], mos=5))
    assert found.winner == KEYS[1]
    assert found.best_without == {part.name: KEYS[1] for part in PARTS} | {"natural": KEYS[0]}
    assert row(found, KEYS[1])["validation_mel"] == 0.4
    assert math.isnan(float(str(row(found, KEYS[0])["validation_mel"])))


def test_the_pairs_for_the_blind_comparison_are_those_that_the_scores_cannot_tell_apart() -> None:
    alike = candidate(10, mos=[3.5, 3.1, 3.4, 3.8, 3.2, 3.5]), candidate(20, mos=[3.6, 3.2, 3.4, 3.9, 3.2, 3.4])
    worse = candidate(30, mos=[2.0, 2.1, 1.9, 2.2, 2.0, 1.9])
    assert ranked(*alike, worse).undecided == [(KEYS[1], KEYS[0])]
    assert ranked(*alike, worse, said=votes(*alike, 9)).undecided == [(KEYS[0], KEYS[1])]  # votes do not close the question


def test_the_weights_of_the_parts() -> None:
    assert sum(part.weight for part in PARTS) == pytest.approx(1)
    one, base = candidate(10, cer=0.06), candidate(10, cer=0.05)
    lost = base_score(base) - base_score(one)
    assert lost == pytest.approx(base_score(base) - base_score(candidate(10, mos=3.46, mos_2=3.86)))
    assert lost == pytest.approx(base_score(base) - base_score(candidate(10, likeness=0.835)))
    assert base_score(candidate(10, cer=0, mos=5, mos_2=5, likeness=1)) == pytest.approx(1)
    worst = {"cer": 3.0, "mos": 1.0, "mos_2": 1.0, "likeness": 0.0, "first_word_wrong": True, "last_word_wrong": True}
    assert base_score(candidate(10, rate_ratio=0.0, **worst)) == pytest.approx(0)


def base_score(one: Candidate) -> float:
    return float(ranked(one).table.iloc[0]["score"])


NAN_MOS = [3.0, math.nan, 3.0, 3.0, 3.0, 3.0]


@pytest.mark.parametrize(
    ("candidates", "words"),
    [
        ([], "a tournament needs a candidate"),
        ([candidate(10), candidate(10)], "v0-e0010: competes twice"),
        ([candidate(10, texts=TEXTS[:1])], r"v0-e0010: 1 sentences, needed are 2; make voice_samples\[v0-e0010\] again"),
        ([candidate(10), candidate(20, mos=NAN_MOS)], r"v0-e0020: sample_02.wav: mos is nan"),
        ([candidate(10, cer=[0, 0, np.inf, 0, 0, 0])], "sample_03.wav: cer is inf"),
        ([candidate(10), candidate(20, texts=[*TEXTS[:5], "Other."])], r"v0-e0020: speaks other sentences than v0-e0010"),
        ([candidate(10), candidate(20, texts=TEXTS[:5])], "such as 'Try again later.' with seed 1"),
        ([candidate(10), candidate(20, seed=2)], "speaks other sentences"),
        ([candidate(10, texts=[TEXTS[0], TEXTS[1], TEXTS[0]])], "'Good morning.' is spoken twice with one seed"),
        ([dataclasses.replace(candidate(10), hashes={})], "sample_01.wav: the SHA-256 of the audio was not recorded"),
        ([candidate(10, own={"own_cer": math.nan, "own_rate": 1.0})], "own_cer, a figure of the held-out recordings"),
        ([candidate(10, own={"own_cer": 0.0})], "own_rate, a figure of the held-out recordings"),
        ([candidate(10), candidate(20, own={**OWN, "own_cer": 0.3})], "own_cer is 0.3, for v0-e0010 it is 0.02"),
    ],
)
def test_candidates_that_cannot_be_compared(candidates: list[Candidate], words: str) -> None:
    with pytest.raises(TournamentError, match=words):
        ranked(*candidates)


def test_a_missing_column_is_named() -> None:
    one = candidate(10)
    with pytest.raises(TournamentError, match="v0-e0010: the samples have no column mos_2"):
        ranked(dataclasses.replace(one, samples=one.samples.drop(columns="mos_2")))
