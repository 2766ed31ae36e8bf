"""Which two samples a person compares next: those where a vote helps most. Not here: keeping votes (``votes``)."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from voice_assets.tournament.preferences import Preferences, preferences
from voice_assets.tournament.recorded import RecordedCandidate, RecordedSample, RecordedTournament
from voice_assets.tournament.votes import Vote, counted

MOST_ASKED = 20
"""How many pairs a person is asked for. About five minutes: two samples of 4 s each, heard once or twice."""


@dataclass(frozen=True)
class Question:
    """Two samples of one sentence, in the order in which a person hears them."""

    text: str
    first: tuple[RecordedCandidate, RecordedSample]
    second: tuple[RecordedCandidate, RecordedSample]

    @property
    def asked(self) -> tuple[str, frozenset[str]]:
        """The sentence and the hashes of both samples, in any order."""
        return self.text, frozenset((self.first[1].sha256, self.second[1].sha256))


def questions(tournament: RecordedTournament, by: str) -> list[Question]:
    """Every pair of candidates with every sentence, each in a random order that is the same whenever ``by`` is asked.

    Two samples with the same bytes are no question.
    """
    found = []
    for one, other in combinations(sorted(tournament.candidates, key=lambda candidate: candidate.epoch_key), 2):
        theirs = other.by_sentence
        for (text, seed), sample in one.by_sentence.items():
            if (text, seed) not in theirs or sample.sha256 == theirs[text, seed].sha256:
                continue
            sides = ((one, sample), (other, theirs[text, seed]))
            turned = _number(tournament.seed, "order", by, one.epoch_key, other.epoch_key, text, seed) % 2
            found.append(Question(text, *(sides[::-1] if turned else sides)))
    return found


def answered(tournament: RecordedTournament, votes: Sequence[Vote], by: str) -> list[Vote]:
    """The votes of ``by`` that count."""
    return [vote for vote in counted(votes, tournament.hashes) if vote.by == by]


def goal(tournament: RecordedTournament) -> int:
    """How many pairs a person is asked for."""
    return min(MOST_ASKED, len(questions(tournament, "")))


def next_question(tournament: RecordedTournament, votes: Sequence[Vote], by: str) -> Question | None:
    """The question that helps most among those that ``by`` has not answered; None when there is none.

    First the pairs that the scores cannot tell apart. Among those the pair whose order the votes leave most open, then the one
    with the fewest votes, then the one with the better ranks, then the sentence with the fewest votes. A hash decides the rest.
    """
    kept = counted(votes, tournament.hashes)
    done = {(vote.text, frozenset((vote.first.sha256, vote.second.sha256))) for vote in kept if vote.by == by}
    left = [one for one in questions(tournament, by) if one.asked not in done]
    keys = [one.epoch_key for one in tournament.candidates]
    people, on_text = preferences(keys, kept), Counter(vote.text for vote in kept)
    undecided = {frozenset(pair) for pair in tournament.undecided}

    def priority(one: Question) -> tuple[object, ...]:
        first, second = keys.index(one.first[0].epoch_key), keys.index(one.second[0].epoch_key)
        return (
            frozenset((keys[first], keys[second])) not in undecided,
            _openness(people, first, second),
            people.votes_on(first, second),
            first + second,
            on_text[one.text],
            _number(tournament.seed, "turn", by, *sorted(one.asked[1]), one.text),
        )

    return min(left, key=priority, default=None)


def _openness(people: Preferences, first: int, second: int) -> float:
    """How far the votes are from leaving the order of a pair open: the difference in standard errors, rounded; 0 is open."""
    return round(abs(people.difference(first, second).mean) / people.error(first, second), 1)


def _number(*parts: object) -> int:
    return int.from_bytes(hashlib.sha256("\0".join(map(str, parts)).encode()).digest()[:8], "big")
