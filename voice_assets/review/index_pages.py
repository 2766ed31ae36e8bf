"""Pages that list: the voices, the reports of a voice, the files of a folder, the subjects of a voice. No page has a script."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from voice_assets.reports import html
from voice_assets.review.served_files import contents, place, url
from voice_assets.runtime.files import shown
from voice_assets.voices import BrokenVoice, Voice

_STAMPED = re.compile(r"(?P<kind>.+?)_(?P<stamp>\d{8}_\d{6}(?:_\d{3})?)(?:\.\w+)?")
_KINDS = {
    "validation": "Base validation",
    "quality": "Quality",
    "asr_sample": "ASR sample",
    "validation_whisper_sharded": "Whisper validation",
    "training": "Training",
}
MAIN_PAGES = ("quality_report.html", "whisper_report.html")
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
            "files": html.join(_other_links(voice, report)),
        }
        for report in reports_of(voice)
    ]
    parts = [
        html.paragraph(_LINK.format(f"/review/{voice.name}/", "Listen and decide"), "soft"),
        html.section("Reports", html.table(rows, {"report": "Report", "written": "Written", "files": "Files"})),
    ]
    if packages := list(_packages(voice)):
        parts.append(html.section("Packages", html.table(packages, {"epoch": "Epoch", "package": "Package"})))
    return html.page(f"Reports: {voice.title}", html.join(parts), f"Data set {shown(str(voice.dataset))}.")


def folder_page(voice: Voice, place_name: str, root: Path, folder: Path) -> str:
    """The files of one folder."""
    rows = [
        {"file": _file_link(voice, place_name, root, path), "bytes": "" if path.is_dir() else path.stat().st_size}
        for path in contents(root, folder, place_name)
    ]
    back = _LINK.format(f"/reports/{voice.name}/", f"All reports of {voice.title}")
    body = html.join([html.paragraph(back, "soft"), html.table(rows, {"file": "File", "bytes": "Bytes"})])
    return html.page(shown(folder.relative_to(root).as_posix()) if folder != root else place_name, body)


def subjects_page(voice: Voice, subjects: Sequence[tuple[str, str]]) -> str:
    """What can be reviewed: (key, title) each."""
    rows = [{"subject": _LINK.format(f"/review/{voice.name}/{key}", title)} for key, title in subjects]
    body = html.join([
        html.paragraph(_LINK.format(f"/reports/{voice.name}/", "All reports"), "soft"),
        html.section("Subjects", html.table(rows, {"subject": "Subject"})),
    ])  # fmt: skip
    lead = (
        "Listen to the samples, mark each clip, then approve or reject."
        if rows
        else (f"There is nothing to listen to yet: `voice-assets run {voice.name}` makes the quality report.")
    )
    return html.page(f"Review: {voice.title}", body, lead)


def _main_link(voice: Voice, report: Report) -> Markup:
    """The page that a person opens first: the HTML page of a folder, else the folder or the first file."""
    first = report.paths[0]
    page = next((first / name for name in MAIN_PAGES if (first / name).is_file()), None)
    target = page or first
    slash = "/" if target.is_dir() else ""
    inside = target.relative_to(place(voice, "reports")).as_posix() + slash
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
