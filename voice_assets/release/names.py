"""The names that a file of a package may have, in a zip and in a folder, on any system. Opens no file."""

import unicodedata
from collections.abc import Iterable
from pathlib import PurePosixPath

LONGEST_NAME, DEEPEST = 200, 12
"""Characters of a path in the package; folders in it."""
_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(1, 10))}


def name_fault(name: str) -> str:
    """Why ``name``, a path with ``/``, cannot be the name of a file in a package; empty when it can."""
    parts = name.split("/")
    if not name or len(name) > LONGEST_NAME or len(parts) > DEEPEST:
        return f"a path has 1 to {LONGEST_NAME} characters and at most {DEEPEST} parts"
    if any(unicodedata.category(one) in _UNSAFE for one in name):
        return "control characters and half characters are not allowed in a path"
    if "\\" in name or ":" in name:
        return "a backslash or a colon leads to other places on other systems"
    if name.startswith("/") or any(part in ("", ".", "..") for part in parts):
        return "the path leads out of the package"
    if any(part.endswith((" ", ".")) or part.split(".")[0].casefold() in _RESERVED for part in parts):
        return "Windows gives such a name to a device or changes it"
    return "" if unicodedata.is_normalized("NFC", name) else "the same letters have another spelling in Unicode (NFC)"


def clash(names: Iterable[str]) -> str:
    """Two of the files ``names`` that some system takes for one, or a file that is a folder too; empty when all differ."""
    beside = Beside()
    return next(filter(None, map(beside.add, names)), "")


class Beside:
    """Names of files that are beside each other in a package, and differ on every system."""

    def __init__(self) -> None:
        self._files: dict[str, str] = {}
        self._folders: dict[str, str] = {}

    def add(self, name: str) -> str:
        """Add the file ``name``. When it cannot be beside the others, the result is the reason, and it is not added."""
        file = _folded(name)
        folders = {_folded(str(parent)): str(parent) for parent in PurePosixPath(name).parents}
        if other := self._files.get(file):
            return f"{other} and {name} are one file on some systems"
        for folded, folder in folders.items():
            if (other := self._folders.get(folded, folder)) != folder:
                return f"the folders {other} and {folder} are one on some systems"
            if other := self._files.get(folded):
                return f"{other} is a file and a folder"
        if file in self._folders:
            return f"{name} is a file and a folder"
        self._files[file] = name
        self._folders |= folders
        return ""


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
