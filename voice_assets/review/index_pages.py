"""Pages that list: the voices, the reports of a voice, the files of a folder, the subjects of a voice. No page has a script."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from voice_assets.reports import html
from voice_assets.review.blind_pages import BLIND
from voice_assets.review.comparisons import Comparison
from voice_assets.review.served_files import contents, place, url
from voice_assets.review.subjects import Standing, Subject
from voice_assets.runtime.files import shown
from voice_assets.runtime.stamps import utc_text
from voice_assets.tournament import votes
from voice_assets.voices import BrokenVoice, Voice

_STAMPED = re.compile(r"(?P<kind>.+?)_(?P<stamp>\d{8}_\d{6}(?:_\d{3})?)(?:\.\w+)?")
_KINDS = {
    "validation": "Base validation",
    "quality": "Quality",
    "asr_sample": "ASR sample",
    "validation_whisper_sharded": "Whisper validation",
    "training": "Training",
    "drift": "Drift",
    "clip_losses": "Clip losses",
    "best_epoch": "Best epoch",
}
MAIN_PAGES = ("*_report.html", "best_epoch.html")
_LINK = Markup('<a href="{}">{}</a>')


@dataclass(frozen=True)
class Report:
    """The files and folders with one kind and one stamp in their names."""

    kind: str
    stamp: str
    paths: Sequence[Path]


def reports_of(voice: Voice) -> list[Report]:
    """The reports on the voice's data set, the newest first."""
    root = place(voice, "reports")
    found: dict[tuple[str, str], list[Path]] = {}
    for path in contents(root, root, "reports") if root.is_dir() else ():
        name = _STAMPED.fullmatch(path.name)
        key = (name["stamp"], name["kind"]) if name else ("", path.name)
        found.setdefault(key, []).append(path)
    return [Report(kind, stamp, paths) for (stamp, kind), paths in sorted(found.items(), reverse=True)]


def voices_page(voices: Iterable[Voice], broken: Iterable[BrokenVoice]) -> str:
    """Every voice with links to its reports and to what can be reviewed."""
    rows = [
        {
            "voice": _LINK.format(f"/reports/{voice.name}/", voice.title),
            "name": Markup("<code>{}</code>").format(voice.name),
            "reports": len(found := reports_of(voice)),
            "newest": _time(found[0].stamp) if found else "",
            "review": _LINK.format(f"/review/{voice.name}/", "Listen and decide"),
        }
        for voice in voices
    ]
    columns = {"voice": "Voice", "name": "Name", "reports": "Reports", "newest": "Newest", "review": "Review"}
    failed = [{"file": one.file.name, "error": one.error} for one in broken]
    parts = [html.section("Voices", html.table(rows, columns))]
    if failed:
        parts.append(html.section("Voice files that do not load", html.table(failed, {"file": "File", "error": "Error"})))
    return html.page("Reports", html.join(parts), "Every report of every voice. To the runs and assets: the Dagster UI.")


def reports_page(voice: Voice) -> str:
    """The reports of one voice, the newest first, and its packages."""
    rows = [
        {
            "report": _main_link(voice, report),
            "written": _time(report.stamp),
            "files": Markup(" · ").join(_other_links(voice, report)),
        }
        for report in reports_of(voice)
    ]
    parts = [
        html.paragraph(_LINK.format(f"/review/{voice.name}/", "Listen and decide"), "soft"),
        html.section("Reports", html.table(rows, {"report": "Report", "written": "Written", "files": "Files"})),
    ]
    if packages := list(_packages(voice)):
        parts.append(html.section("Packages", html.table(packages, {"epoch": "Epoch", "package": "Package"})))
    return html.page(f"Reports: {voice.title}", html.join(parts), f"Data set {shown(voice.dataset_place)}.")


def folder_page(voice: Voice, place_name: str, root: Path, folder: Path) -> str:
    """The files of one folder."""
    rows = [
        {"file": _file_link(voice, place_name, root, path), "bytes": "" if path.is_dir() else path.stat().st_size}
        for path in contents(root, folder, place_name)
    ]
    back = _LINK.format(f"/reports/{voice.name}/", f"All reports of {voice.title}")
    body = html.join([html.paragraph(back, "soft"), html.table(rows, {"file": "File", "bytes": "Bytes"})])
    return html.page(shown(folder.relative_to(root).as_posix()) if folder != root else place_name, body)


def subjects_page(voice: Voice, subjects: Sequence[Subject], comparison: Comparison | None) -> str:
    """What can be reviewed, each with the verdict on its newest content, and what can be compared blind."""
    rows: list[dict[str, object]] = [
        {
            "subject": _LINK.format(f"/review/{voice.name}/{subject.key}", subject.title),
            "clips": len(subject.items),
            "verdict": _verdict(subject.standing),
        }
        for subject in subjects
    ]
    back = html.paragraph(_LINK.format(f"/reports/{voice.name}/", "All reports"), "soft")
    if comparison is not None:
        rows.append(_comparison_row(voice, comparison))
    table = html.table(rows, {"subject": "Subject", "clips": "Clips", "verdict": "Verdict"})
    lead = (
        "Listen to the samples, mark each clip, then approve or reject."
        if rows
        else f"There is nothing to listen to yet: `voice-assets run {voice.name}` makes the quality report."
    )
    return html.page(f"Review: {voice.title}", html.join([back, html.section("Subjects", table)]), lead)


def _comparison_row(voice: Voice, comparison: Comparison) -> dict[str, object]:
    """The blind comparison as a row. Nothing of its result: who votes later must not know it."""
    said = votes.counted(votes.read(votes.votes_file(comparison.voice)), comparison.tournament.hashes)
    people = len({vote.by for vote in said})
    return {
        "subject": _LINK.format(f"/review/{voice.name}/{BLIND}", comparison.title),
        "clips": len(comparison.tournament.hashes),
        "verdict": f"{_count(len(said), 'vote', 'votes')} by {_count(people, 'person', 'people')}",
    }


def _count(number: int, one: str, several: str) -> str:
    return f"{number} {one if number == 1 else several}"


def _verdict(standing: Standing | None) -> Markup:
    if standing is None:
        return Markup('<span class="badge none">not decided</span>')
    kind = "pass" if standing.verdict == "approved" else "fail"
    badge = Markup('<span class="badge {}">{}</span> by {}, {}').format(
        kind, standing.verdict, standing.by, utc_text(standing.time)
    )
    return badge + (Markup(": {}").format(standing.comment) if standing.comment else Markup(""))


def main_page(root: Path, inside: str) -> str:
    """The page of a report folder that a person opens first; ``inside`` itself for a file or a folder without such a page.

    ``inside`` is there, in ``root`` (``served_files.found_in``).
    """
    folder = root / inside
    if not folder.is_dir():
        return inside
    page = next((page for pattern in MAIN_PAGES for page in sorted(folder.glob(pattern))), None)
    return f"{inside.rstrip('/')}/{page.name if page else ''}"


def _main_link(voice: Voice, report: Report) -> Markup:
    """The page of a report, called by the kind of the report."""
    inside = main_page(place(voice, "reports"), report.paths[0].name)
    return _LINK.format(url(voice.name, "reports", inside), _KINDS.get(report.kind, shown(report.kind)))


def _other_links(voice: Voice, report: Report) -> Iterable[Markup]:
    root = place(voice, "reports")
    for path in report.paths:
        yield _file_link(voice, "reports", root, path)
        if path.is_dir():
            yield from (_file_link(voice, "reports", root, file) for file in contents(root, path, "reports") if file.is_file())


def _file_link(voice: Voice, place_name: str, root: Path, path: Path) -> Markup:
    slash = "/" if path.is_dir() else ""
    return _LINK.format(url(voice.name, place_name, path.relative_to(root).as_posix() + slash), shown(path.name) + slash)


def _packages(voice: Voice) -> Iterable[dict[str, object]]:
    """The packages, the newest first: ``<epoch>/<run>/<package>/``."""
    root = place(voice, "packages")
    folders = (path for path in root.glob("*/*/*") if path.is_dir() and not path.name.startswith("."))
    for folder in sorted(folders, key=lambda path: path.stat().st_mtime, reverse=True):
        yield {"epoch": shown(folder.parent.parent.name), "package": _file_link(voice, "packages", root, folder)}


def _time(stamp: str) -> str:
    """A stamp as people read it; empty for an empty one."""
    return f"{stamp[:4]}-{stamp[4:6]}-{stamp[6:8]} {stamp[9:11]}:{stamp[11:13]}:{stamp[13:15]} UTC" if stamp else ""
