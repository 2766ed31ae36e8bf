"""The files under ``wavs/`` of a data set, from one walk or listing: thousands of names are looked up without asking the disk.

Not here: which file a row means (``dataset.clips``), and what is there instead of a file (``dataset.locator``).
"""

import os
import posixpath
import re
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

from voice_assets.dataset.config import inside
from voice_assets.dataset.names import folded

FOLDER = "wavs"
_NOT_NORMAL = re.compile(r"/\.?(/|$)")
"""In a path with ``//``, ``/./``, or ``/`` or ``/.`` at its end: the walk has another spelling of it."""


class Wavs:
    """The files under ``wavs/``. Paths are relative to the data set, as ``wavs/a.wav``.

    Attributes:
        files: every path that is no folder, links and broken links too: the files of a folder sorted, then its subfolders.
    """

    def __init__(self, dataset: Path) -> None:
        self._dataset = dataset
        self.files: list[str] = []
        self._plain: set[str] = set()
        self._complete = True
        linked = (dataset / FOLDER).is_symlink()
        folders = [FOLDER]
        while folders:
            folders += reversed(self._read(folders.pop(), linked))

    def _read(self, folder: str, linked: bool) -> list[str]:
        """Note what lies in ``folder``. Returns its subfolders, sorted. ``linked``: ``wavs`` itself is a link."""
        try:
            with os.scandir(self._dataset / folder) as found:
                entries = sorted(found, key=lambda entry: entry.name)
        except OSError:
            self._complete = False
            return []
        subfolders = []
        for entry in entries:
            path = f"{folder}/{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                subfolders.append(path)
            elif entry.is_symlink() and os.path.isdir(entry.path):
                self._complete = False  # files behind the link have names that the walk does not meet
            else:
                self.files.append(path)
                if not linked and entry.is_file(follow_symlinks=False):
                    self._plain.add(path)
        self._complete = self._complete and not linked
        return subfolders

    def is_plain(self, path: str) -> bool:
        """Whether ``path`` is the usual spelling of a file that no link leads to, and that so lies in the data set."""
        return path in self._plain

    def has(self, path: str) -> bool:
        """Whether ``path``, which begins with ``wavs/``, is a file in any way that the system finds it, links too."""
        if path in self._plain:
            return True
        if self._complete and not _NOT_NORMAL.search(path) and folded(path) not in self._folded:
            return False
        return os.path.isfile(self._dataset / path)

    def may_read(self, path: str) -> bool:
        """Whether ``path`` is a file that lies in the data set, all links followed."""
        if path in self._plain:
            return True
        file = self._dataset / path
        return os.path.isfile(file) and inside(self._dataset, file)

    @cached_property
    def _folded(self) -> frozenset[str]:
        """One spelling for all case and Unicode forms: a file system may ignore these, so another spelling is asked of it."""
        return frozenset(map(folded, self.files))


class ListedWavs(Wavs):
    """The files under ``wavs/`` of a data set on a store, from the names of its files. A store has no links."""

    def __init__(self, names: Iterable[str]) -> None:
        self.files = sorted((name for name in names if name.startswith(f"{FOLDER}/")), key=_in_walk)
        self._plain = set(self.files)

    def has(self, path: str) -> bool:
        """Whether ``path``, which begins with ``wavs/``, would be a file in a folder with these names."""
        return not path.endswith(("/", "/.")) and posixpath.normpath(path) in self._plain

    may_read = has


def _in_walk(path: str) -> list[tuple[bool, str]]:
    """Sorts paths as a walk meets them: the files of a folder before its subfolders."""
    *folders, name = path.split("/")
    return [*((True, folder) for folder in folders), (False, name)]
