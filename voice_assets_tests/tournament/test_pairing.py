"""Which pair is asked next: each once, in an order that gives nothing away, and first where a vote helps most."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from voice_assets.runtime.storage import Artifact
from voice_assets.tournament.candidates import Candidate
from voice_assets.tournament.pairing import Question, goal, next_question, questions
from voice_assets.tournament.recorded import RecordedTournament, load, record
from voice_assets.tournament.votes import Heard, Vote
from voice_assets_tests.tournament.made import TEXTS, candidate, vote

A, B, C = (candidate(epoch) for epoch in (10, 20, 30))


def tournament(
    tmp_path: Path, candidates: Sequence[Candidate], undecided: Sequence[tuple[str, str]] = ()
) -> RecordedTournament:
    folders = {one.epoch_key: Artifact(one.epoch_key, "0" * 64, 9) for one in candidates}
    return load(record(tmp_path / "candidates.json", "toy", "Toy", 1, candidates, folders, undecided))


@pytest.fixture
def three(tmp_path: Path) -> RecordedTournament:
    return tournament(tmp_path, [A, B, C], [("v0-e0010", "v0-e0030")])


def keys(question: Question) -> set[str]:
    return {question.first[0].epoch_key, question.second[0].epoch_key}


def answer(question: Question, by: str) -> Vote:
    first, second = (Heard(one.epoch_key, sample.sha256) for one, sample in (question.first, question.second))
    return Vote("2026-11-29 10:00:00 UTC", by, question.text, first, second, "none")


def test_every_pair_with_every_sentence_once(three: RecordedTournament) -> None:
    found, said = [], []
    while (question := next_question(three, said, "Anna")) is not None:
        found.append(question)
        said.append(answer(question, "Anna"))
    assert len(found) == len({one.asked for one in found}) == 3 * len(TEXTS)
    assert goal(three) == 18
    assert next_question(three, said, "Boris") is not None


def test_what_the_scores_cannot_tell_apart_comes_first(three: RecordedTournament) -> None:
    said: list[Vote] = []
    for _ in TEXTS:
        question = next_question(three, said, "Anna")
        assert question is not None
        assert keys(question) == {"v0-e0010", "v0-e0030"}
        said.append(answer(question, "Anna"))
    after = next_question(three, said, "Anna")
    assert after is not None
    assert keys(after) != {"v0-e0010", "v0-e0030"}


def test_the_pair_whose_order_is_most_open_comes_first(tmp_path: Path) -> None:
    three = tournament(tmp_path, [A, B, C])
    said = [vote(A, B, by=f"Person {number}") for number in range(6)]
    question = next_question(three, said, "Anna")
    assert question is not None
    assert keys(question) != {"v0-e0010", "v0-e0020"}


def test_the_order_is_random_and_the_same_whenever_one_person_is_asked(three: RecordedTournament) -> None:
    first = Counter()
    for number in range(40):
        asked = questions(three, f"Person {number}")
        assert asked == questions(three, f"Person {number}")
        first.update(one.first[0].epoch_key == "v0-e0010" for one in asked if "v0-e0010" in keys(one))
    assert 0.4 < first[True] / first.total() < 0.6  # 480 coins


def test_samples_with_the_same_bytes_are_no_question(tmp_path: Path) -> None:
    same = Candidate("v0-e0040", 40, A.samples, A.scores, {**A.hashes, "sample_01.wav": "f" * 64})
    two = tournament(tmp_path, [A, same])
    (question,) = questions(two, "Anna")
    assert question.text == TEXTS[0]
    assert goal(two) == 1


def test_a_single_candidate_leaves_nothing_to_ask(tmp_path: Path) -> None:
    one = tournament(tmp_path, [A])
    assert next_question(one, [], "Anna") is None
    assert goal(one) == 0
