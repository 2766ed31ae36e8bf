"""Names of audio files as people write them: when two spellings mean one file, and in what they differ. Values only.

Not here: which files there are (``dataset.locator``).
"""

import posixpath
import re
import unicodedata

from voice_assets.audio.recordings import SUFFIXES

_LOOKALIKES = str.maketrans("аеорсухкмтвнізјѕ", "aeopcyxkmtbhi3js")
"""Cyrillic small letters and the Latin letters or digits that look the same."""
_MOST_CODES = 4


def parts_of(name: str) -> list[str]:
    r"""The folders and the file of a name, with ``/`` or ``\`` between them; without drive, root and ``.``."""
    path = re.sub(r"^(file://|[A-Za-z]:)", "", name.strip()).replace("\\", "/")
    return [part for part in posixpath.normpath(path).split("/") if part not in ("", ".")]


def without_suffix(name: str) -> str:
    """The name without the suffix of an audio file, if it has one."""
    stem, dot, suffix = name.rpartition(".")
    return stem if stem.strip() and dot and f".{suffix.strip().casefold()}" in SUFFIXES else name


def suffix_rank(name: str) -> int:
    """The place of the name's suffix in ``SUFFIXES``: the best quality is 0; a name without suffix comes last."""
    suffix = posixpath.splitext(name)[1].strip().casefold()
    return SUFFIXES.index(suffix) if suffix in SUFFIXES else len(SUFFIXES)


def folded(part: str) -> str:
    """One spelling for all case, Unicode forms, invisible characters and spaces around a folder's or a file's name."""
    if part.isascii():
        return part.strip().lower()
    visible = "".join(character for character in part if unicodedata.category(character) != "Cf")
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", visible).casefold()).strip()


def key(parts: list[str]) -> str:
    """One key for all spellings that mean one file, whatever its suffix."""
    return "/".join(folded(part) for part in [*parts[:-1], without_suffix(parts[-1])]) if parts else ""


def skeleton(part: str) -> str:
    """A coarser key, for names that are *nearly* the same: no marks, signs and leading zeros, one letter for lookalikes."""
    plain = "".join(character for character in unicodedata.normalize("NFKD", part.casefold()) if character.isalnum())
    return re.sub(r"(?<!\d)0+(?=\d)", "", plain.translate(_LOOKALIKES))


def differences(name: str, file: str) -> list[str]:
    """In what a row's name differs from the path of its file, in words; empty where the spelling is the usual one.

    Usual is the path or the end of the path, with or without the suffix.
    """
    if f"/{file}".endswith(f"/{name}") or f"/{without_suffix(file)}".endswith(f"/{name}"):
        return []
    wanted, there = parts_of(name), file.split("/")
    found = []
    if "\\" in name:
        found.append("back slashes")
    if [part.strip() for part in wanted] != wanted or name.strip() != name:
        found.append("spaces")
    wanted, there = [part.strip() for part in wanted], [part.strip() for part in there]
    if len(wanted) > len(there) or any(folded(a) != folded(b) for a, b in zip(wanted[-2::-1], there[-2::-1], strict=False)):
        found.append("the folder")
    pairs = list(zip(wanted[::-1], there[::-1], strict=False))[: 1 if "the folder" in found else None]
    stems = [(without_suffix(pairs[0][0]).strip(), without_suffix(pairs[0][1]).strip()), *pairs[1:]]
    if any(unicodedata.normalize("NFC", a) != a or unicodedata.normalize("NFC", b) != b for a, b in stems if a != b):
        found.append("the Unicode form")
    given, real = (part.removeprefix(stem).strip() for part, stem in zip(pairs[0], stems[0], strict=True))
    if given.lower() not in ("", real.lower()):
        found.append("the suffix")
    if any(_composed(a) != _composed(b) and a != b for a, b in stems) or (given.lower() == real.lower() and given != real):
        found.append("upper and lower case")
    return found


def quoted(name: str, other: str) -> str:
    """``name`` in quotes. Where name and other look alike, the code points of the part of the name that differs are added."""
    mine, theirs = (without_suffix(re.split(r"[/\\]", path)[-1]) for path in (name, other))
    start = len(posixpath.commonprefix([mine, theirs]))
    end = len(posixpath.commonprefix([mine[start:][::-1], theirs[start:][::-1]]))
    part, rest = mine[start : len(mine) - end], theirs[start : len(theirs) - end]
    if (part + rest).isascii() or max(len(part), len(rest)) > _MOST_CODES:
        return repr(name)
    codes = " ".join(f"U+{ord(character):04X}" for character in part)
    return f"{name!r} ({codes or 'nothing'} where they differ)"


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", "".join(character for character in text if unicodedata.category(character) != "Cf"))
