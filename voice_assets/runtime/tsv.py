"""Tables as tab-separated text (TSV): the one pair of functions that writes and reads a cell, and whole tables.

Does not belong here: turning numbers into text (``reports.tsv``), and what the columns mean. Standard library only.

A cell is safe to open in a spreadsheet, is always one line, and gives back exactly the text that was written:

* A control character is its Unicode picture: a tab is ``␉``, a line feed ``␊``, NEL ``␤``.
* ``␦`` and four hexadecimal digits are a code point that has no picture or cannot be in a file (the other C1 controls,
  U+2028, U+2029, a byte order mark, half of a surrogate pair), or a picture that was in the text already.
* A ``'`` is put before a text that a spreadsheet would run as a formula, also where such a text begins with quotes already.
  A spreadsheet reads the ``'`` as "this is text".
"""

import csv
import io
import re
import sys
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path

from voice_assets.runtime.files import replacing

FORMULA_STARTS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
"""A spreadsheet runs a cell that starts with one of these; some also take the full-width forms."""

_ESCAPE = "␦"
_PICTURES = {chr(code): chr(0x2400 + code) for code in range(0x20)} | {"\x7f": "␡", "\x85": "␤"}
_CONTROLS = {picture: control for control, picture in _PICTURES.items()}
_TO_CHANGE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff\u2400-\u241f␡␤␦]")
_TO_RESTORE = re.compile(_ESCAPE + r"([0-9A-F]{4})|[\u2400-\u241f␡␤]")
_FORMULA = re.compile(rf"'*[{re.escape(''.join(FORMULA_STARTS))}]")


class TsvError(ValueError):
    """A table that cannot be read. The message names the file, the row and what is wrong."""


def visible(text: str) -> str:
    """``text`` on one line. Control characters become pictures, or ``␦`` and a code point."""
    return _TO_CHANGE.sub(lambda found: _PICTURES.get(found[0]) or f"{_ESCAPE}{ord(found[0]):04X}", text)


def write_cell(text: str) -> str:
    """The cell for ``text``: one line, and no formula. ``read_cell`` is the exact inverse, for any text."""
    shown = visible(text)
    return f"'{shown}" if _FORMULA.match(shown) else shown


def read_cell(cell: str) -> str:
    """The text that ``write_cell`` turned into ``cell``.

    Files from before the ``␦`` escapes read the same, with two losses: a text that began with a quote and a formula sign
    lost the quote, and U+2028 and U+2029 come back as NEL.
    """
    plain = cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
    return _TO_RESTORE.sub(lambda found: chr(int(found[1], 16)) if found[1] else _CONTROLS[found[0]], plain)


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Path:
    """Write a header line and ``rows``, atomically, as UTF-8 with LF line ends. Returns ``path``.

    ``rows`` hold cells, so ``write_cell`` must have made each of them. A cell with a quotation mark is quoted as in CSV.
    """
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter="\t", lineterminator="\n")
        writer.writerow([write_cell(name) for name in columns])
        writer.writerows(rows)
    return path


def read_table(
    file: Path, needed: Sequence[str], *, most_columns: int = sys.maxsize, most_rows: int = sys.maxsize
) -> list[tuple[int, dict[str, str]]]:
    """The rows of a TSV with a header line, each as (line in the file, column -> text). Empty rows are left out.

    A file that a spreadsheet wrote is read too: byte order mark, CRLF line ends, quoted cells with line ends inside. Each row
    takes the memory of all columns, however short it is: a file from anywhere needs limits.

    Raises:
        TsvError: the file is missing or not UTF-8, a column of ``needed`` is missing, a quotation mark is never closed, a row
            has more cells than there are columns, or there are more columns or rows than ``most_columns``, ``most_rows``.
    """
    try:
        content = file.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise TsvError(f"{file}: cannot be read as UTF-8 text: {error}") from error
    reader = csv.DictReader(io.StringIO(content, newline=""), delimiter="\t", strict=True)
    try:
        missing = [name for name in needed if name not in (reader.fieldnames or [])]
        if missing:
            raise TsvError(f"{file}: no column {', '.join(missing)}; the first line must name the columns, separated by tabs")
        if len(reader.fieldnames or []) > most_columns:
            raise TsvError(f"{file}: {len(reader.fieldnames or [])} columns, and at most {most_columns} are allowed")
        rows = [(reader.line_num, row) for row in islice(reader, min(most_rows + 1, sys.maxsize))]
        if len(rows) > most_rows:
            raise TsvError(f"{file}: over {most_rows} rows; a table of this kind is shorter")
    except csv.Error as error:
        raise TsvError(f"{file}: row {reader.line_num}: {error}; a cell with a quotation mark must be quoted") from error
    for line, row in rows:
        if None in row:
            raise TsvError(f"{file}: row {line}, clip {row.get('clip_id')!r}: more cells than there are columns")
    return [(line, {name: read_cell(cell or "") for name, cell in row.items()}) for line, row in rows if any(row.values())]
