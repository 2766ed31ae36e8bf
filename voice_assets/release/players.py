"""The pages of reports inside a package: every link leads to a file of the package, and every player finds its sound.

A report plays clips of the data set, ``../../wavs/<clip>``. In the package the same link leads to ``wavs/<clip>``. So the pages
keep their bytes and the hashes that lineage.json names. Only the clips that a page plays are copied, and only with the bytes
that were judged. A player whose clip is gone, was changed or has a name that is not safe everywhere becomes a note.
"""

import re
import shutil
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from markupsafe import Markup

from voice_assets.release.names import Beside, name_fault
from voice_assets.reports import html
from voice_assets.runtime import files

if TYPE_CHECKING:
    from voice_assets.dataset.mirror import Mirror

CLIPS = "wavs"
NOTE = Markup('<span class="soft">this recording is not in the package: it was changed or removed</span>')
_SAFE = re.compile(r"[^\\:*?\"<>| .]([^\\:*?\"<>|]{0,148}[^\\:*?\"<>| .])?")
"""A part of a path that every file system takes, when it can be printed too."""


@dataclass(frozen=True)
class Recordings:
    """The clips that the data set had when it was judged.

    Attributes:
        dataset: the folder of the data set.
        digests: path of a clip in the data set -> the SHA-256 of each version that was judged.
        mirror: of a data set on a store, whose clips are fetched when they are needed.
    """

    dataset: Path = Path()
    digests: Mapping[str, Collection[str]] = field(default_factory=dict)
    mirror: "Mirror | None" = None

    def changed(self) -> list[str]:
        """The clips that are gone or have other bytes today. Reads every byte; on a store, what the store lists counts."""
        if self.mirror is None:
            return [path for path in self.digests if path and self.unchanged(path) is None]
        now = self.mirror.hashes(self.digests)
        return [path for path in self.digests if path and now.get(path) not in self.digests[path]]

    def unchanged(self, path: str) -> Path | None:
        """The file of the clip ``path`` with the bytes that were judged; None where there is none."""
        file = self.dataset / path
        if self.mirror is not None and path in self.digests:
            self.mirror.bring({path: max(self.digests[path])})
        return file if path in self.digests and file.is_file() and files.sha256(file) in self.digests[path] else None


class _Links(HTMLParser):
    """Collects the values of ``src`` and ``href``."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, _: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value or "" for name, value in attrs if name in ("src", "href")]


def links_of(page: Path) -> list[str]:
    """The values of every ``src`` and ``href`` of an HTML page, as written, each once."""
    parser = _Links()
    parser.feed(page.read_text(encoding="utf-8"))
    parser.close()
    return list(dict.fromkeys(parser.found))


def pages(package: Path) -> list[Path]:
    """The HTML pages of a package, sorted."""
    return sorted(package.rglob("*.html"))


def broken_links(package: Path) -> list[str]:
    """Every link of a page that leads to no file of the package, as ``<page>: <link>``; empty when all work."""
    return [
        f"{page.relative_to(package).as_posix()}: {link}"
        for page in pages(package)
        for link in links_of(page)
        if not _works(package, page, link)
    ]


def _works(package: Path, page: Path, link: str) -> bool:
    inside = _target(package, page, link)
    return inside is not None and (package / inside).is_file()


def _target(package: Path, page: Path, link: str) -> str | None:
    """The path in the package that ``link`` means in ``page``; None when the link leads out of the package."""
    address = urlsplit(link)
    if address.scheme or address.netloc or address.path.startswith("/") or "\0" in unquote(address.path):
        return None
    parts: list[str] = []
    whole = page.parent.relative_to(package) / unquote(address.path) if address.path else page.relative_to(package)
    for part in PurePosixPath(whole).parts:
        if part != "..":
            parts.append(part)
        elif not parts:
            return None
        else:
            parts.pop()
    return "/".join(parts)


def complete_pages(package: Path, recordings: Recordings) -> None:
    """Copy the clips that the pages of ``package`` play, and put a note in the place of each player without its clip."""
    beside = Beside()
    for page in pages(package):
        missing = [link for link in links_of(page) if not _works(package, page, link)]
        lost = [link for link in missing if not _brought(package, _target(package, page, link), recordings, beside)]
        if lost:
            text = page.read_text(encoding="utf-8")
            for link in lost:
                text = text.replace(html.audio(link), NOTE)
            files.write_text(page, text)


def _brought(package: Path, path: str | None, recordings: Recordings, beside: Beside) -> bool:
    """Copy the clip ``path`` into the package. False when it cannot be there, or not beside the clips that are there."""
    if path is None or not _safe(package.name, path):
        return False
    file = recordings.unchanged(path)
    if file is None or beside.add(path):
        return False
    (package / path).parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file, package / path)
    return True


def _safe(package: str, path: str) -> bool:
    """Whether every file system, a line of ``SHA256SUMS`` and the zip of the package can hold the path of a clip."""
    parts = path.split("/")
    inside = parts[0] == CLIPS and len(parts) > 1 and not name_fault(f"{package}/{path}")
    return inside and path.isprintable() and all(map(_SAFE.fullmatch, parts))
