"""The ASGI application: ``/review/`` to listen and decide, ``/reports/`` and ``/data/`` to read every report.

``voice-assets review`` serves it alone; ``voice-assets ui`` serves it in front of Dagster. ``cli.web_guard`` decides which
requests reach it at all.
"""

from contextlib import suppress
from functools import partial
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import Route

from voice_assets.reports.html import STYLE
from voice_assets.review import answers, index_pages, served_files
from voice_assets.review.blind_pages import BLIND, BlindPages
from voice_assets.review.comparisons import Comparisons
from voice_assets.review.review_pages import ReviewPages
from voice_assets.review.subjects import NoSubjectError, Subjects
from voice_assets.runtime import project
from voice_assets.voices import load_voices

PREFIXES = ("/review", "/reports", "/data")
"""The application answers every path that is one of these or goes on with a slash."""

STATIC = Path(__file__).parent / "static"
STATIC_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}


def is_ours(path: str) -> bool:
    """Whether the application answers this path."""
    return any(path == prefix or path.startswith(f"{prefix}/") for prefix in PREFIXES)


def create_app(subjects: Subjects, comparisons: Comparisons, start: str = "/reports/") -> Starlette:
    """The application.

    Args:
        subjects: provides what can be reviewed, and records the verdicts.
        comparisons: provides what can be compared blind, and records that people voted.
        start: the page that ``/`` leads to, where the application is served alone.
    """
    pages, blind = ReviewPages(subjects), BlindPages(comparisons)
    subject, comparison = "/review/{voice}/{key}", f"/review/{{voice}}/{BLIND}"
    return Starlette(
        routes=[
            Route("/", lambda _: RedirectResponse(start)),
            Route("/reports", lambda _: RedirectResponse("/reports/")),
            Route("/reports/", _voices),
            Route("/reports/{voice}/", _reports),
            Route("/reports/{voice}/{inside:path}", _report),
            Route("/data/{voice}/{place}/{inside:path}", _file),
            Route("/review", lambda _: RedirectResponse("/reports/")),
            Route("/review/", lambda _: RedirectResponse("/reports/")),
            Route("/review/-/{name}", _static),
            Route("/review/{voice}/", partial(_subjects, subjects, comparisons)),
            Route(comparison, blind.page),
            Route(f"{comparison}/pair", blind.pair),
            Route(f"{comparison}/audio/{{pair}}/{{side}}", blind.audio),
            Route(f"{comparison}/vote", blind.vote, methods=["POST"]),
            Route(f"{comparison}/result", blind.result),
            Route(subject, pages.page),
            Route(f"{subject}/clips", pages.clips),
            Route(f"{subject}/state", pages.state),
            Route(f"{subject}/waveform/{{number:int}}", pages.waveform),
            Route(f"{subject}/audio/{{number:int}}", pages.audio),
            Route(f"{subject}/mark", pages.mark, methods=["POST"]),
            Route(f"{subject}/decide", pages.decide, methods=["POST"]),
        ],
        exception_handlers={HTTPException: answers.refused},
    )


def _voices(_: Request) -> Response:
    return answers.page(index_pages.voices_page(*load_voices(project.voices_dir())))


def _reports(request: Request) -> Response:
    return answers.page(index_pages.reports_page(served_files.voice_of(request.path_params["voice"])))


def _report(request: Request) -> Response:
    """``/reports/<voice>/<report>``, the address that assets record: leads to its page in the layout of the data set."""
    voice = served_files.voice_of(request.path_params["voice"])
    root, inside = served_files.place(voice, "reports"), request.path_params["inside"]
    served_files.fetch_report(voice, inside.partition("/")[0])
    served_files.found_in(root, inside)
    inside = index_pages.main_page(root, inside)
    return RedirectResponse(served_files.url(voice.name, "reports", inside))


def _file(request: Request) -> Response:
    """A served file, whole or a range of it; a page for a folder."""
    name, inside = request.path_params["place"], request.path_params["inside"]
    voice = served_files.voice_of(request.path_params["voice"])
    root = served_files.place(voice, name)
    if name == "wavs":
        served_files.fetch_clip(voice, inside)
    target = served_files.found_in(root, inside)
    if target.is_dir():
        if inside and not inside.endswith("/"):
            return RedirectResponse(served_files.url(voice.name, name, f"{inside}/"))
        if name == "wavs":
            raise HTTPException(404, "the audio files are not listed")
        return answers.page(index_pages.folder_page(voice, name, root, target))
    kind = served_files.media_type(name, target)
    return FileResponse(target, media_type=kind, headers=answers.headers(answers.REPORT_POLICY))


def _subjects(subjects: Subjects, comparisons: Comparisons, request: Request) -> Response:
    """The subjects of one voice. A subject whose files are gone is left out; its own page says why."""
    voice, found = served_files.voice_of(request.path_params["voice"]), []
    comparison = None
    with suppress(NoSubjectError):
        comparison = comparisons.comparison(voice.name)
    for key in subjects.keys(voice.name):
        with suppress(NoSubjectError):
            found.append(subjects.subject(voice.name, key))
    return answers.page(index_pages.subjects_page(voice, found, comparison))


def _static(request: Request) -> Response:
    """A script or a style of this room."""
    name = request.path_params["name"]
    headers = answers.headers(answers.PAGE_POLICY)
    if name == "style.css":
        return Response(str(STYLE), media_type=STATIC_TYPES[".css"], headers=headers)
    file = next((file for file in STATIC.iterdir() if file.name == name), None)
    if file is None:
        raise HTTPException(404, "there is no such file")
    return FileResponse(file, media_type=STATIC_TYPES[file.suffix], headers=headers)
