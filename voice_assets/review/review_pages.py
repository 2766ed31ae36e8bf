"""The page of one subject, and what its script asks: the clips, the marks, a waveform, audio, a mark to keep, a verdict."""

from dataclasses import asdict
from pathlib import Path
from typing import Any, cast, get_args

from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from voice_assets.review import answers, marks, waveform
from voice_assets.review.items import Item
from voice_assets.review.marks import Marks, MarksError
from voice_assets.review.refusals import OTHER_DATA, explained
from voice_assets.review.served_files import found_in, media_type
from voice_assets.review.subjects import NoSubjectError, OtherDataError, Standing, Subject, Subjects, Verdict
from voice_assets.runtime.stamps import utc_text
from voice_assets.text.word_diff import diff

_PAGE = Markup("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/review/-/style.css">
<link rel="stylesheet" href="/review/-/review.css">
<script type="module" src="/review/-/review.js"></script>
</head>
<body>
<main id="review" data-longest-name="{longest_name}" data-longest-comment="{longest_comment}">
<header>
<div><h1>{title}</h1>
<p class="lead"><a href="/review/{voice}/">All subjects</a> · <a href="/reports/{voice}/">Reports</a></p></div>
</header>
<noscript><p>This page needs its script: it plays the clips and keeps the marks.</p></noscript>
</main>
</body>
</html>
""")


class ReviewPages:
    """Answers the requests about subjects.

    Args:
        subjects: provides what can be reviewed, and records the verdicts.
    """

    def __init__(self, subjects: Subjects):
        self._subjects = subjects

    def _subject(self, request: Request) -> Subject:
        return self._subjects.subject(request.path_params["voice"], request.path_params["key"])

    def _item(self, request: Request) -> Item:
        """The clip that a request names by its number, of the data version that it names."""
        subject, number = self._subject(request), request.path_params["number"]
        _require_same(subject, request.query_params.get("version"))
        if number >= len(subject.items):
            raise NoSubjectError(f"there are {len(subject.items)} clips")
        return subject.items[number]

    @explained
    def page(self, request: Request) -> Response:
        """The page itself; its script asks for the rest."""
        subject = self._subject(request)
        text = _PAGE.format(
            title=subject.title,
            voice=subject.voice,
            longest_name=marks.LONGEST_NAME,
            longest_comment=marks.LONGEST_COMMENT,
        )
        return answers.page(text, answers.PAGE_POLICY)

    @explained
    def clips(self, request: Request) -> Response:
        """The clips with their texts, word diffs and signals."""
        subject = self._subject(request)
        clips = [_clip(item, subject.language) for item in subject.items]
        return answers.data({"data_version": subject.data_version, "clips": clips})

    @explained
    def state(self, request: Request) -> Response:
        """The marks of all reviewers, and the verdict."""
        return answers.data(_state(self._subject(request)))

    @explained
    def waveform(self, request: Request) -> Response:
        """The peaks of one clip."""
        return answers.data({"peaks": waveform.peaks(_wav(self._item(request)))})

    @explained
    def audio(self, request: Request) -> Response:
        """The audio of one clip, whole or a range of it."""
        wav = _wav(self._item(request))
        return FileResponse(wav, media_type=media_type("wavs", wav), headers=answers.headers(answers.PAGE_POLICY))

    async def mark(self, request: Request) -> Response:
        """Keep a mark of one reviewer on one clip; answer when it is on disk."""
        return await run_in_threadpool(self._mark, request, await answers.body_of(request))

    @explained
    def _mark(self, request: Request, body: dict[str, Any]) -> Response:
        subject, by = self._subject(request), marks.reviewer_name(body.get("by"))
        _require_same(subject, body.get("data_version"))
        clip, changes = body.get("clip"), body.get("changes")
        if clip not in [item.id for item in subject.items]:
            raise MarksError(f"there is no clip {clip!r} here")
        if not isinstance(changes, dict):
            raise MarksError("a mark names its changes")
        _marks_of(subject).put(by, str(clip), changes)
        return answers.data(_state(subject))

    async def decide(self, request: Request) -> Response:
        """Record a verdict."""
        return await run_in_threadpool(self._decide, request, await answers.body_of(request))

    @explained
    def _decide(self, request: Request, body: dict[str, Any]) -> Response:
        subject, by = self._subject(request), marks.reviewer_name(body.get("by"))
        _require_same(subject, body.get("data_version"))
        verdict = _verdict(body.get("verdict"))
        comment = marks.comment_text(body.get("comment", ""))
        self._subjects.decide(subject, verdict, by, comment, marks.rows(_marks_of(subject).all()))
        return answers.data(_state(self._subject(request)))


def _require_same(subject: Subject, data_version: object) -> None:
    if data_version != subject.data_version:
        raise OtherDataError(OTHER_DATA)


def _wav(item: Item) -> Path:
    """The audio file of a clip. Raises HTTPException when it is gone, or a link that leads out of its folder."""
    return found_in(item.root.resolve(), item.path)


def _verdict(word: object) -> Verdict:
    """The verdict that a request sends. Raises MarksError for any other word."""
    for verdict in get_args(Verdict):
        if word == verdict:
            return cast(Verdict, verdict)
    raise MarksError(f"a verdict is {' or '.join(get_args(Verdict))}; not {word!r}")


def _marks_of(subject: Subject) -> Marks:
    return Marks(subject.voice, subject.key, subject.data_version)


def _clip(item: Item, language: str) -> dict[str, object]:
    pieces = None if item.hypothesis is None else [asdict(piece) for piece in diff(item.reference, item.hypothesis, language)]
    return {
        "id": item.id,
        "duration_s": item.duration_s,
        "reference": item.reference,
        "hypothesis": item.hypothesis,
        "diff": pieces,
        "signals": [list(signal) for signal in item.signals],
    }


def _state(subject: Subject) -> dict[str, object]:
    found = _marks_of(subject).all()
    return {
        "data_version": subject.data_version,
        "marks": {by: {clip: asdict(mark) for clip, mark in clips.items()} for by, clips in found.items()},
        "standing": None if subject.standing is None else _standing(subject.standing),
    }


def _standing(standing: Standing) -> dict[str, object]:
    return {"verdict": standing.verdict, "by": standing.by, "comment": standing.comment, "time": utc_text(standing.time)}
