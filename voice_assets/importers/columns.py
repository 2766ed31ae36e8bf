"""What the columns of a list mean: told by the header, by a layout that a person names, or by their content. Values only.

Here: the file, the text, the normalised text, the speaker. Not here: splitting lines (``importers.lists``).
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from voice_assets.importers.errors import RecordingsError
from voice_assets.importers.header_names import IsAudio, role
from voice_assets.importers.lists import Table

LAYOUTS = {
    "piper": "id|text",
    "ljspeech": "id|text|normalised",
    "speaker": "id|speaker|text",
    "text-speaker": "id|text|speaker",
    "mimic": "id|text|length",
}
"""Layouts of lists without a header, by name: their columns."""

ROLES = ("id", "text", "normalised", "speaker", "length", "-")
"""What a column can be in a layout. ``-`` and ``length`` are not read."""

_NUMBER = re.compile(r"\s*\d+([.,:]\d+)*\s*(s|ms)?\s*")
_SAMPLE = 2000
_LABEL_WORDS, _LABEL_CHARS = 3, 60
_SHOWN = 3


@dataclass(frozen=True)
class Columns:
    """The places of the columns, from 0; None where the list has no such column. ``names``: what each column is, in order."""

    names: tuple[str, ...]
    file: int
    text: int
    normalised: int | None = None
    speaker: int | None = None

    def __str__(self) -> str:
        """``id|speaker|text``."""
        return "|".join(self.names)


def of_layout(layout: str) -> Columns:
    """The columns that a layout names: a key of `LAYOUTS`, or the columns themselves, such as ``id|-|text``.

    Raises:
        RecordingsError: a column is none of `ROLES`, ``id`` or ``text`` is missing, or a role stands twice.
    """
    roles = LAYOUTS.get(layout, layout).split("|")
    unknown = [one for one in roles if one not in ROLES]
    twice = [one for one, count in Counter(roles).items() if count > 1 and one not in ("-", "length")]
    lacking = [one for one in ("id", "text") if one not in roles]
    if unknown or twice or lacking:
        why = f"{', '.join(unknown)} is no column" if unknown else f"{', '.join(twice or lacking)} must be there once"
        raise RecordingsError(
            f"layout {layout!r}: {why}; name the columns with {', '.join(ROLES)}, such as `id|speaker|text|-`"
        )
    return _columns(roles)


def of_header(table: Table, is_audio: IsAudio) -> Columns:
    """The columns that the header names. Of several that can name the file, the one that names most audio files counts.

    Raises:
        RecordingsError: the header names no file or no text, or several texts or speakers.
    """
    roles = [role(name) for name in table.header]
    files = [place for place, found in enumerate(roles) if found == "id"]
    if len(files) > 1:
        best = max(files, key=lambda place: _share(table, place, is_audio))
        roles = ["-" if found == "id" and place != best else found for place, found in enumerate(roles)]
    for wanted in ("text", "normalised", "speaker"):
        named = [name for name, found in zip(table.header, roles, strict=True) if found == wanted]
        if len(named) > 1:
            raise RecordingsError(f"{table.file}: {' and '.join(named)} can both be the {wanted}; {_say(table)}")
    if "text" not in roles and "normalised" in roles:
        roles[roles.index("normalised")] = "text"
    if "id" not in roles or "text" not in roles:
        lacks = "file (file_name, audio_file, path)" if "id" not in roles else "text (text, transcription, sentence)"
        raise RecordingsError(f"{table.file}: the columns {', '.join(table.header)}: none is the {lacks}; {_say(table)}")
    return _columns(roles)


def of_content(table: Table, is_audio: IsAudio) -> Columns:
    """The columns by their content: names of files, few and short values, numbers, sentences.

    Raises:
        RecordingsError: the content allows several readings; the message lists the columns.
    """
    width = Counter(len(line.cells) for line in table.lines if not line.fault).most_common(1)[0][0]
    if width < 2:
        raise RecordingsError(f"{table.file}: most rows have one column only; a name and a text are needed")
    rows = [line.cells for line in table.lines if len(line.cells) == width]
    rows = rows[:: max(1, len(rows) // _SAMPLE)]
    cells = [[row[place].strip() for row in rows] for place in range(width)]
    file = max(range(width), key=lambda place: (sum(map(is_audio, cells[place])), -place))
    kinds = {place: "text" if width == 2 else _kind(cells[place]) for place in range(width) if place != file}
    if width == 2 and all(_kind(cells[place]) in ("number", "empty") for place in kinds):
        raise RecordingsError(f"{table.file}: no list of texts: the column beside the names holds numbers or nothing")
    roles = _roles(cells, file, kinds)
    if roles is None:
        raise RecordingsError(f"{table.file}: the columns can be read in several ways: {_listed(cells, kinds)}; {_say(table)}")
    return _columns(roles)


def _roles(cells: list[list[str]], file: int, kinds: dict[int, str]) -> list[str] | None:
    """The role of every column; None where several readings are possible."""
    texts = [place for place, kind in kinds.items() if kind == "text"]
    labels = [place for place, kind in kinds.items() if kind == "label"]
    if not texts and labels:  # texts of one word: they differ more often than speakers do
        ranked = sorted(labels, key=lambda place: len(set(cells[place])), reverse=True)
        if len(ranked) > 1 and len(set(cells[ranked[0]])) == len(set(cells[ranked[1]])):
            return None
        texts, labels = ranked[:1], ranked[1:]
    if not texts or len(texts) > 2 or (len(texts) == 2 and not _same_texts(cells[texts[0]], cells[texts[1]])):
        return None
    lengths = [str(len(text)) for text in cells[texts[0]]]
    numbers = [place for place, kind in kinds.items() if kind == "number"]
    others = [place for place in numbers if _unlike(cells[place], lengths)]
    labels += [place for place in others if _numbers_speakers(cells[place], place < texts[0])]
    speakers = [place for place in labels if len(set(cells[place])) > 1] or labels[:1]
    if len(speakers) > 1 or any(len(set(cells[place])) == len(cells[place]) > 2 for place in speakers):
        return None
    named = {file: "id", texts[0]: "text", **dict.fromkeys(texts[1:], "normalised"), **dict.fromkeys(speakers, "speaker")}
    named |= {place: "length" for place in numbers if place not in labels}
    return [named.get(place, "-") for place in range(len(cells))]


def _kind(cells: list[str]) -> str:
    """``empty``, ``number``, ``label`` (short values that come again, or single words) or ``text``."""
    filled = [cell for cell in cells if cell]
    if not filled:
        return "empty"
    if all(_NUMBER.fullmatch(cell) for cell in filled):
        return "number"
    short = all(len(cell) <= _LABEL_CHARS and len(cell.split()) <= _LABEL_WORDS for cell in filled)
    single = all(len(cell.split()) == 1 for cell in filled)
    return "label" if short and (single or _few(filled)) else "text"


def _few(cells: list[str]) -> bool:
    """Whether the values come again so often that they are labels and no texts: three rows a value, on average."""
    return len(set(cells)) * 3 <= len(cells)


def _numbers_speakers(cells: list[str], before_text: bool) -> bool:
    """Whether numbers stand for speakers, not for lengths: whole numbers, before the text or with values that come again."""
    whole = all(cell.isdecimal() for cell in cells)
    return whole and (before_text or _few(cells) or len(set(cells)) < 2 <= len(cells))


def _unlike(cells: list[str], lengths: list[str]) -> bool:
    """Whether most of the numbers are not the lengths of the texts."""
    return sum(cell == length for cell, length in zip(cells, lengths, strict=True)) * 2 < len(cells)


def _same_texts(raw: list[str], normalised: list[str]) -> bool:
    """Whether two columns hold one text in two forms: in half of the rows, they share a third of their words."""

    def alike(first: str, second: str) -> bool:
        one, two = (set(re.findall(r"\w+", text.casefold())) for text in (first, second))
        return not first or not second or len(one & two) * 3 >= min(len(one), len(two))

    return sum(map(alike, raw, normalised)) * 2 >= len(raw)


def _columns(roles: Sequence[str]) -> Columns:
    places = {one: place for place, one in enumerate(roles)}
    return Columns(tuple(roles), places["id"], places["text"], places.get("normalised"), places.get("speaker"))


def _share(table: Table, place: int, is_audio: IsAudio) -> int:
    sample = table.lines[:: max(1, len(table.lines) // _SAMPLE)]
    return sum(is_audio(line.cells[place]) for line in sample if place < len(line.cells))


def _listed(cells: list[list[str]], kinds: dict[int, str]) -> str:
    shown = (
        (place, kind, [cell[:_LABEL_CHARS] for cell in dict.fromkeys(cells[place])][:_SHOWN]) for place, kind in kinds.items()
    )
    return "; ".join(f"column {place + 1} looks like a {kind} ({', '.join(map(repr, some))})" for place, kind, some in shown)


def _say(table: Table) -> str:
    width = len(table.header) or max(len(line.cells) for line in table.lines)
    return f"say with `--layout` what each of the {width} columns is, such as `id|text{'|-' * (width - 2)}`"
