"""Finds the audio file that a row names, for every reader of a data set. The folder is read once, at the first question.

``locate`` is for importers: it finds a file in every spelling that can mean only one file. ``nearly`` is for messages: what is
there instead of a file that was not found. Paths never lead out of the folder: a link that does is not in the index.
Opens no audio.
"""

import os
import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from voice_assets.dataset.config import inside
from voice_assets.dataset.names import differences, folded, key, parts_of, quoted, skeleton, suffix_rank, without_suffix
from voice_assets.runtime.files import shown

USUAL_FOLDERS = ("", "wavs", "wav", "clips", "audio")
"""Where the audio of a row without a folder is looked for first, in this order."""
_NOT_READ = frozenset({"reports"})
_NAMED = 3
_LONGEST = 4096
"""Characters of the longest name that is looked for: no path is longer."""


@dataclass(frozen=True)
class Match:
    """The file that a name means.

    Attributes:
        path: relative to the folder; empty when there is no such file, or when the name can mean several.
        differs: in what the name differs from the path, in words; empty for the usual spellings.
        rivals: the files that the name can mean, when there are several.
    """

    path: str = ""
    differs: tuple[str, ...] = ()
    rivals: tuple[str, ...] = ()


class Locator:
    """The files under a folder: the audio by every spelling of the names.

    Hidden files and ``reports`` at the top are left out, and so is the folder ``without`` with all it holds.
    With ``listed``, the folder is on a store, and these are its files.
    """

    def __init__(self, folder: Path, without: Path | None = None, listed: Iterable[str] | None = None) -> None:
        self.folder = folder
        self._listed = listed
        self._without = os.path.realpath(without) if without is not None else None
        self._links_out: list[str] = []

    @cached_property
    def files(self) -> list[str]:
        """The paths of all audio files, relative to the folder, sorted."""
        return [file for file in self._all if suffix_rank(file) < suffix_rank("")]

    @cached_property
    def others(self) -> list[str]:
        """The paths of all other files, relative to the folder, sorted."""
        return [file for file in self._all if suffix_rank(file) == suffix_rank("")]

    @property
    def links_out(self) -> list[str]:
        """The links that lead out of the folder, sorted. What they lead to is in no other list."""
        _ = self._all  # the walk finds them
        return sorted(self._links_out)

    @cached_property
    def _all(self) -> list[str]:
        return sorted(self._walk() if self._listed is None else filter(_is_shown, self._listed))

    @cached_property
    def _by_path(self) -> dict[str, list[str]]:
        return _grouped((key(file.split("/")), file) for file in self.files)

    @cached_property
    def _by_name(self) -> dict[str, list[str]]:
        return _grouped((key([posixpath.basename(file)]), file) for file in self.files)

    @cached_property
    def _by_tail(self) -> dict[str, list[str]]:
        """The files by every end of their paths, so that a set with one name in thousands of folders is read as fast."""
        paths = ((key(file.split("/")).split("/"), file) for file in self.files)
        return _grouped(("/".join(parts[start:]), file) for parts, file in paths for start in range(len(parts)))

    @cached_property
    def _by_skeleton(self) -> dict[str, list[str]]:
        return _grouped((skeleton(name), file) for name, files in self._by_name.items() for file in files)

    @cached_property
    def _folders(self) -> frozenset[str]:
        return frozenset(folded(part) for file in self.files for part in file.split("/")[:-1])

    def locate(self, name: str, beside: str = "") -> Match:
        """The file that ``name`` means. ``beside``: the folder of the list that has the name; its files come first.

        Prefix, case, suffix, Unicode form, spaces around the name and back slashes may differ from the file's, as long as one
        file only is meant. Folders in front that the data set does not have are left out. Of several formats of one recording,
        the best counts.
        """
        parts = parts_of(name) if len(name) <= _LONGEST else []
        if not parts or ".." in parts:
            return Match()
        for group in self._groups(parts, beside.split("/") if beside else []):
            best = _best(parts, group)
            if len(best) == 1:
                return Match(best[0], tuple(differences(name, best[0])))
            return Match(rivals=tuple(best))
        return Match()

    def nearly(self, name: str) -> str:
        """What is there instead of a name that Piper does not find, in words for a message; empty when nothing is like it."""
        found = self.locate(name)
        if found.path:
            elsewhere = ["the folder"] if not found.path.startswith("wavs/") else []
            other_format = ["the suffix"] if not found.path.endswith(".wav") and name == without_suffix(name) else []
            differing = dict.fromkeys([*found.differs, *elsewhere, *other_format])
            what = f", which differs in {' and '.join(differing)}" if differing else ""
            row, file = quoted(name, found.path), quoted(shown(found.path), name)
            return f"there is {file}{what}" + (f"; the row has {row}" if row != repr(name) else "")
        parts = parts_of(name) if len(name) <= _LONGEST else []
        if not parts or ".." in parts:
            return ""
        close = found.rivals or tuple(self._by_skeleton.get(skeleton(key(parts[-1:])), ()))
        named = " and ".join(quoted(shown(file), name) for file in close[:_NAMED])
        more = f" and {len(close) - _NAMED} more" if len(close) > _NAMED else ""
        return f"there {'are' if len(close) > 1 else 'is'} {named}{more}" if close else ""

    def _groups(self, parts: list[str], beside: list[str]) -> Iterator[list[str]]:
        """Groups of files that the parts of a name can mean, the surest first. No group is empty."""
        for place in [beside, []] if beside else [[]]:
            for home in USUAL_FOLDERS:
                if group := self._by_path.get(key([*place, home, *parts] if home else [*place, *parts])):
                    yield group
        for start in range(len(parts)):
            tail = key(parts[start:])
            if start and folded(parts[start - 1]) in self._folders:
                return  # the data set has this folder, and the file is not in it
            if in_place := self._by_tail.get(tail):
                yield _in_usual_folders(in_place)

    def _walk(self) -> Iterator[str]:
        """Every file below the folder, relative to it. A folder that cannot be read is left out."""
        folders = [""]
        while folders:
            folder = folders.pop()
            try:
                with os.scandir(self.folder / folder) as entries:
                    found = [entry for entry in entries if not entry.name.startswith(".")]
            except OSError:
                continue
            for entry in found:
                path = f"{folder}/{entry.name}" if folder else entry.name
                if entry.is_dir(follow_symlinks=False):
                    if path not in _NOT_READ and (self._without is None or os.path.realpath(entry.path) != self._without):
                        folders.append(path)
                elif entry.is_symlink() and not inside(self.folder, Path(entry.path)):
                    self._links_out.append(path)
                elif entry.is_file():
                    yield path


def _is_shown(path: str) -> bool:
    """Whether the walk of a folder would meet a file: no part of the path is hidden, and the first is no folder of reports."""
    parts = path.split("/")
    return parts[0] not in _NOT_READ and not any(part.startswith(".") for part in parts)


def _grouped(pairs: Iterator[tuple[str, str]]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for name, file in pairs:
        groups.setdefault(name, []).append(file)
    return groups


def _in_usual_folders(files: list[str]) -> list[str]:
    """The files in the first of the usual folders that has one; all files where none has."""
    for home in USUAL_FOLDERS:
        chosen = [file for file in files if folded(file.split("/")[0] if "/" in file else "") == home]
        if chosen:
            return chosen
    return files


def _best(parts: list[str], files: list[str]) -> list[str]:
    """The files whose names are spelt most like ``parts``: one file, or all that are equally near.

    An exact name is nearest, then one with the same letters, then the same letters in another case. Of files that differ in
    their suffix only, the first of ``SUFFIXES`` is taken.
    """
    wanted = "/".join(parts)

    def distance(file: str) -> int:
        places = (f"/{file}", f"/{without_suffix(file)}")
        if places[0].endswith(f"/{wanted}"):
            return 0
        return 1 if places[1].endswith((f"/{wanted}", f"/{without_suffix(wanted)}")) else 2

    nearest = min(map(distance, files))
    close = [file for file in files if distance(file) == nearest]
    if len({without_suffix(file) for file in close}) > 1:
        return close
    first = min(map(suffix_rank, close))
    return [file for file in close if suffix_rank(file) == first]
