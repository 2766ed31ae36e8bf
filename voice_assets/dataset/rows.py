"""The rows of ``metadata_2col.csv``: the name and text of each row, and the fault of the row itself.

Reads the metadata file only; ``dataset.clips`` looks for the audio.

Piper's trainer reads this file with ``csv.reader(delimiter="|")`` and default quoting. A row here is a physical line
split at ``|``. Where the two readings differ, the row is at fault, because Piper would train on another text than the
written one.
"""

import csv
import posixpath
import re
from dataclasses import dataclass, replace
from pathlib import Path

from voice_assets.dataset.encoding import not_utf8

COLUMN_COUNT = 2
RECORD = "fix_decisions.tsv"
"""The file in a data set with every decision that led to this version, the oldest first (``curation.decisions``)."""
_BOM = "\ufeff"

STRUCTURE = {
    "bad_columns": "the line is not `name|text`: empty, too few or too many columns, a quotation mark or a BOM, in a quotation",
    "empty_name": "the first column, the clip's name, is empty",
    "empty_text": "the second column, the text, is empty",
    "duplicate": "an earlier row names the same clip",
    "unsafe_path": "the name leads out of the data set, or cannot be a file's name",
    "missing_wav": "the audio file that the row names does not exist",
    "unreadable_wav": "the audio file is empty, truncated or not audio",
    "extra_wav": "an audio file that no row names",
}


_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs"}
LONGEST_NAME = 1000
"""Characters of a line in which a separator is looked for."""


class MetadataError(ValueError):
    """The metadata file cannot be read. The message names the file and the place in the file."""


@dataclass(frozen=True)
class Row:
    """One line of the metadata.

    ``number`` counts lines from 1. ``clip_id`` and ``text`` are as written. ``structure`` is a code of `STRUCTURE`, or empty.
    ``message`` describes the fault in words.
    """

    number: int
    clip_id: str
    text: str
    structure: str = ""
    message: str = ""


def clip_name(clip_id: str) -> str:
    """One name for all spellings that Piper resolves to the same file: ``a``, ``a.wav``, ``./a``, ``wavs/a.wav``."""
    path = posixpath.normpath(clip_id) if clip_id else ""
    return path.removeprefix("wavs/").removesuffix(".wav")


def unsafe(clip_id: str) -> str:
    """Why a clip's name is not safe as a path inside the data set; empty when the name is safe."""
    if re.search(r"[\x00-\x1f\x7f]", clip_id):
        return "has a control character"
    if clip_id.startswith(("/", "~")) or re.match(r"[A-Za-z]:", clip_id):
        return "is an absolute path"
    if "\\" in clip_id:
        return "has a backslash, which some systems take for a folder"
    if ".." in clip_id.split("/"):
        return "leads out of the data set with `..`"
    return ""


def _columns_fault(line: str, fields: list[str]) -> str:
    if not line:
        return "the line is empty; Piper stops at it"
    if len(fields) != COLUMN_COUNT:
        count = f"{len(fields)} column{'s' if len(fields) > 1 else ''} instead of {COLUMN_COUNT} (`name|text`)"
        return f"{count}{_other_layout(line) if len(fields) == 1 else ''}; `voice-assets import` reads other layouts"
    quoted = "name" if fields[0].startswith('"') else "text" if fields[1].startswith('"') else ""
    if quoted:
        return (
            f'the {quoted} begins with `"`: Piper reads the file as CSV, drops the quotation marks and takes the rows that '
            "follow as one text, up to the closing quotation mark"
        )
    return ""


def _other_layout(line: str) -> str:
    """What a line without `|` looks separated by, in words; empty when it looks like no list."""
    found = re.match(r"""\s*(?:"[^"]*"|[^\s,;"]+)\s*?([,;\t])""", line[:LONGEST_NAME])
    return f": the line has no `|` and looks separated by {_SEPARATORS[found[1]]}" if found else ""


def _row(number: int, line: str, first_rows: dict[str, int]) -> Row:
    """One line as a row. ``first_rows`` maps each clip's name to the row that named it first; this call may add an entry."""
    fields = line.split("|")
    clip_id, text = fields[0], "|".join(fields[1:])
    fault = _columns_fault(line, fields)
    if fault:
        return Row(number, clip_id, text, "bad_columns", fault)
    if not clip_id.strip():
        return Row(number, clip_id, text, "empty_name", "the clip has no name")
    reason = unsafe(clip_id)
    if reason:
        return Row(number, clip_id, text, "unsafe_path", f"the name {clip_id!r} {reason}")
    first = first_rows.setdefault(clip_name(clip_id), number)
    if first != number:
        return Row(number, clip_id, text, "duplicate", f"row {first} already names this clip")
    if not text.strip():
        return Row(number, clip_id, text, "empty_text", "the clip has no text")
    return Row(number, clip_id, text)


def parse_rows(content: str) -> list[Row]:
    """The rows of a metadata file's content. Line ends are LF, CRLF and CR, as in Python's text mode and so in Piper.

    A byte order mark is a fault of row 1: Piper would read the mark as the first letter of the first clip's name.
    """
    has_bom = content.startswith(_BOM)
    lines = re.split(r"\r\n|\n|\r", content.removeprefix(_BOM))
    if lines[-1] == "":
        lines.pop()
    first_rows: dict[str, int] = {}
    rows = [_row(number, line, first_rows) for number, line in enumerate(lines, start=1)]
    _mark_swallowed(rows, lines)
    if has_bom and rows:
        message = "the file begins with a byte order mark (BOM), which Piper reads as a part of this clip's name"
        rows[0] = Row(1, rows[0].clip_id, rows[0].text, "bad_columns", message)
    return rows


def _mark_swallowed(rows: list[Row], lines: list[str]) -> None:
    """Give a fault to every row that Piper's CSV reader takes as a part of an earlier row, or never reaches."""
    if not any(line.startswith('"') or '|"' in line for line in lines):
        return
    reader = csv.reader((f"{line}\n" for line in lines), delimiter="|")
    first = 0
    while first < len(rows):
        try:
            next(reader)
            last, cause = (
                reader.line_num,
                f"row {first + 1} begins a quotation that goes on here: Piper takes this row as its text",
            )
        except csv.Error as error:
            last, cause = len(rows), f"Piper's reader stops at row {first + 1} ({error}) and never reaches this row"
        for place in range(first + 1, last):
            if not rows[place].structure:
                rows[place] = replace(rows[place], structure="bad_columns", message=cause)
        first = last


def read_rows(metadata: Path) -> list[Row]:
    """Every line of ``metadata``, in order, faulty lines included.

    Raises:
        MetadataError: the file is missing, not a file, empty, or not UTF-8 (the message names line and byte).
    """
    if not metadata.is_file():
        raise MetadataError(f"{metadata}: no such file; a Piper data set lists its clips in this file, one `name|text` a line")
    data = metadata.read_bytes()
    try:
        content = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MetadataError(f"{metadata}: {not_utf8(data, error.start)}") from error
    if not content.removeprefix(_BOM).strip():
        raise MetadataError(f"{metadata}: the file is empty; it must list the clips, one `name|text` a line")
    return parse_rows(content)
