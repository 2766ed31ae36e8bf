"""The blind comparison of a tournament's candidates, and what its script asks: a pair, its audio, a vote to keep, the result.

Which sample is A is drawn by a hash of the seed, the person and the pair. No answer names an epoch or a file before the person
has given all the votes that were asked for: a pair is named by a hash, and the audio has no name, time or tag of its file.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from voice_assets.review import answers, marks
from voice_assets.review.comparisons import Comparison, Comparisons
from voice_assets.review.marks import MarksError
from voice_assets.review.refusals import OTHER_DATA, explained
from voice_assets.review.served_files import found_in
from voice_assets.review.subjects import NoSubjectError, OtherDataError
from voice_assets.runtime import files
from voice_assets.tournament import pairing, votes
from voice_assets.tournament.preferences import preferences
from voice_assets.tournament.recorded import RecordedCandidate, RecordedSample
from voice_assets.tournament.votes import Choice, Heard, Vote

BLIND = "blind"
"""The last part of the page's address; no epoch key is called so."""
CHOICES: Mapping[str, Choice] = {"a": "first", "b": "second", "none": "none"}

_PAGE = Markup("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/review/-/style.css">
<link rel="stylesheet" href="/review/-/review.css">
<link rel="stylesheet" href="/review/-/blind.css">
<script type="module" src="/review/-/blind.js"></script>
</head>
<body>
<main id="blind" data-longest-name="{longest_name}">
<header>
<div><h1>{title}</h1>
<p class="lead"><a href="/review/{voice}/">All subjects</a> · <a href="/reports/{voice}/">Reports</a></p></div>
</header>
<noscript><p>This page needs its script: it plays the samples and keeps the votes.</p></noscript>
</main>
</body>
</html>
""")


class BlindPages:
    """Answers the requests about the blind comparison.

    Args:
        comparisons: provides what can be compared, and records that people voted.
    """

    def __init__(self, comparisons: Comparisons):
        self._comparisons = comparisons

    def _comparison(self, request: Request) -> Comparison:
        return self._comparisons.comparison(request.path_params["voice"])

    @explained
    def page(self, request: Request) -> Response:
        """The page itself; its script asks for the rest."""
        found = self._comparison(request)
        text = _PAGE.format(title=found.title, voice=found.voice, longest_name=marks.LONGEST_NAME)
        return answers.page(text, answers.PAGE_POLICY)

    @explained
    def pair(self, request: Request) -> Response:
        """The pair that a person compares next."""
        return answers.data(_state(self._comparison(request), _by(request)))

    @explained
    def audio(self, request: Request) -> Response:
        """One of the two samples of a pair, whole or a range of it, without anything that tells which."""
        comparison, side = self._comparison(request), request.path_params["side"]
        question = _question(comparison, _by(request), request.path_params["pair"])
        if side not in ("a", "b"):
            raise NoSubjectError("a pair has the sides a and b")
        wav = _wav(comparison, *(question.first if side == "a" else question.second))
        nothing = {"etag": '"-"', "last-modified": "Thu, 01 Jan 1970 00:00:00 GMT", "Cache-Control": "no-store"}
        return FileResponse(wav, media_type="audio/wav", headers={**answers.headers(answers.PAGE_POLICY), **nothing})

    async def vote(self, request: Request) -> Response:
        """Keep a vote; answer with the next pair when the vote is on disk."""
        return await run_in_threadpool(self._vote, request, await answers.body_of(request))

    @explained
    def _vote(self, request: Request, body: dict[str, Any]) -> Response:
        comparison, by = self._comparison(request), marks.reviewer_name(body.get("by"))
        if body.get("data_version") != comparison.data_version:
            raise OtherDataError(OTHER_DATA)
        choice = CHOICES.get(str(body.get("choice")))
        if choice is None:
            raise MarksError(f"a choice is {', '.join(CHOICES)}; not {body.get('choice')!r}")
        question = _question(comparison, by, str(body.get("pair")))
        heard = [_heard(comparison, *side) for side in (question.first, question.second)]
        vote = Vote(votes.now(), by, question.text, heard[0], heard[1], choice)
        votes.append(votes.votes_file(comparison.voice), vote)
        self._comparisons.voted(comparison)
        return answers.data(_state(comparison, by))

    @explained
    def result(self, request: Request) -> Response:
        """What all votes say, for a person who has given the votes that were asked for."""
        comparison, by = self._comparison(request), _by(request)
        said = votes.counted(votes.read(votes.votes_file(comparison.voice)), comparison.tournament.hashes)
        done, goal = sum(vote.by == by for vote in said), pairing.goal(comparison.tournament)
        if done < goal:
            raise HTTPException(
                403, f"the result is shown after {goal} pairs, so that it sways nobody; you have compared {done}"
            )
        return answers.data(_result(comparison, said))


def _by(request: Request) -> str:
    return marks.reviewer_name(request.query_params.get("by"))


def _name(question: pairing.Question, by: str) -> str:
    """The name of a pair for one person. The hashes of the audio are in it, so nobody can guess it from the epochs."""
    parts = (by, question.text, question.first[1].sha256, question.second[1].sha256)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]


def _question(comparison: Comparison, by: str, name: str) -> pairing.Question:
    """The pair that a request names. Raises OtherDataError when this tournament has no such pair."""
    for question in pairing.questions(comparison.tournament, by):
        if _name(question, by) == name:
            return question
    raise OtherDataError(OTHER_DATA)


def _wav(comparison: Comparison, candidate: RecordedCandidate, sample: RecordedSample) -> Path:
    return found_in(comparison.folders[candidate.epoch_key].resolve(), sample.sample)


def _heard(comparison: Comparison, candidate: RecordedCandidate, sample: RecordedSample) -> Heard:
    """What a vote names. Raises OtherDataError when the file is no longer what was recorded."""
    if files.sha256(_wav(comparison, candidate, sample)) != sample.sha256:
        raise OtherDataError(OTHER_DATA)
    return Heard(candidate.epoch_key, sample.sha256)


def _state(comparison: Comparison, by: str) -> dict[str, object]:
    """How far the person is, and the next pair; None when the person has compared every pair."""
    tournament, said = comparison.tournament, votes.read(votes.votes_file(comparison.voice))
    question = pairing.next_question(tournament, said, by)
    return {
        "data_version": comparison.data_version,
        "done": len(pairing.answered(tournament, said, by)),
        "goal": pairing.goal(tournament),
        "pair": None if question is None else _shown(question, by),
    }


def _shown(question: pairing.Question, by: str) -> dict[str, object]:
    """A pair for the page. The louder sample is played more quietly: people take louder for better."""
    levels = [question.first[1].level_db, question.second[1].level_db]
    return {
        "name": _name(question, by),
        "text": question.text,
        "gains": [round(10 ** ((min(levels) - level) / 20), 4) for level in levels],
    }


def _result(comparison: Comparison, said: Sequence[Vote]) -> dict[str, object]:
    keys = [one.epoch_key for one in comparison.tournament.candidates]
    people = preferences(keys, said)
    shares = {key: people.share(index) for index, key in enumerate(keys) if people.votes_on(index)}
    rows = [
        {"epoch_key": key, "preferred": float(people.wins[keys.index(key)].sum()), "votes": people.votes_on(keys.index(key))}
        | {"share": round(share, 3)}
        for key, share in sorted(shares.items(), key=lambda item: -item[1])
    ]
    clearly = [[keys[one], keys[other]] for one in range(len(keys)) for other in range(len(keys)) if people.prefers(one, other)]
    by = Counter(vote.by for vote in said)
    return {"candidates": rows, "clearly": clearly, "votes": len(said), "people": dict(sorted(by.items()))}
