"""Lists of clips as text: lines split into cells, whatever the separator and the quoting. No row is lost or swallowed.

Here: text, JSON lines and Parquet as one kind of table. Not here: what a column means (``importers.columns``).
"""

import csv
import gzip
import json
import re
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from voice_assets.dataset.encoding import EncodingError, decoded
from voice_assets.importers.errors import RecordingsError
from voice_assets.importers.header_names import IsAudio, is_header
from voice_assets.runtime.files import LFS_POINTER

SEPARATORS = {
    "|": "`|`",
    "\t": "tabs",
    ";": "semicolons",
    ",": "commas",
    ": ": "a colon after the name",
    " ": "a space after the name",
}
"""Separators in the order of trust, and their names for a message. The last two separate the name only."""
ONE_CUT = frozenset({": ", " "})
MOST_BYTES = 512 * 2**20
SAMPLE = 400
"""Lines in which a separator is looked for."""
_MOST_JOINED = 20
_NAME = re.compile(r"\S{1,200}")


@dataclass(frozen=True)
class Line:
    """One row of a list: the line on which it begins, from 1, its cells, and why it cannot be read, if it cannot."""

    number: int
    cells: tuple[str, ...]
    fault: str = ""


@dataclass(frozen=True)
class Table:
    """A list of clips.

    Attributes:
        file: where the list was read.
        form: how the list is written, in words, such as ``separated by commas``.
        lines: its rows, without the header.
        header: the names of the columns; empty when the list names none.
        hits: rows of the sample that name an audio file.
    """

    file: Path
    form: str
    lines: tuple[Line, ...]
    header: tuple[str, ...] = ()
    hits: int = 0


def read_list(file: Path, is_audio: IsAudio, separator: str = "") -> Table:
    """The rows of a list: Parquet, JSON lines, or text with any separator; plain or ``.gz``.

    ``separator``: one of `SEPARATORS`; empty to choose the one with which most rows name an audio file.

    Raises:
        RecordingsError: the file cannot be read, is no text, or is no list.
    """
    _expect_content(file)
    if file.suffix.lower() == ".parquet":
        return _parquet(file, is_audio)
    content, encoding = _content(file)
    if _is_json(file, content):
        return _records(file, "JSON", list(_json_records(content)), is_audio)
    lines = re.split(r"\r\n|\n|\r", content)
    separator = separator or _separator(lines, is_audio)
    if not separator:
        raise RecordingsError(f"{file}: no list of clips: no separator (`|`, tab, semicolon, comma) is in most of its lines")
    found, quoted = _split(lines, separator, is_audio)
    if not found:
        raise RecordingsError(f"{file}: no rows")
    form = f"separated by {SEPARATORS[separator]}{', quoted as CSV' if quoted else ''}"
    form += f", {encoding}" if encoding != "UTF-8" else ""
    return Table(file, form, tuple(found), hits=_hits(found, is_audio))


def with_header(table: Table) -> Table:
    """The table with its first row as the names of the columns."""
    return replace(table, header=tuple(cell.strip() for cell in table.lines[0].cells), lines=table.lines[1:])


def _expect_content(file: Path) -> None:
    """Raise RecordingsError when the file is empty, or stands for a file that was not fetched."""
    try:
        with file.open("rb") as opened:
            head = opened.read(len(LFS_POINTER))
    except OSError as error:
        raise RecordingsError(f"{file}: cannot be read: {error}") from error
    if not head:
        raise RecordingsError(f"{file}: empty: 0 bytes")
    if head == LFS_POINTER:
        raise RecordingsError(f"{file}: a Git-LFS pointer, not the list; run `git lfs pull` where the recordings come from")


def _content(file: Path) -> tuple[str, str]:
    """The file's text and the name of its encoding."""
    try:
        if file.stat().st_size > MOST_BYTES:
            raise RecordingsError(f"{file}: over {MOST_BYTES >> 20} MiB, which no list of clips has")
        data = file.read_bytes()
        if file.suffix.lower() == ".gz":
            with gzip.open(file) as packed:
                data = packed.read(MOST_BYTES)
        return decoded(data)
    except (OSError, EOFError, zlib.error) as error:
        raise RecordingsError(f"{file}: cannot be read: {error}") from error
    except EncodingError as error:
        raise RecordingsError(f"{file}: {error}") from error


def _separator(lines: Sequence[str], is_audio: IsAudio) -> str:
    """The separator with which most lines name an audio file; where none does, the first that most lines have."""
    filled = [line for line in lines if line.strip()]
    sample = filled[:: max(1, len(filled) // SAMPLE)][:SAMPLE]
    cells = {separator: [_cells(line, separator) for line in sample] for separator in SEPARATORS}
    hits = {one: sum(len(row) > 1 and any(map(is_audio, row[:4])) for row in rows) for one, rows in cells.items()}
    if max(hits.values(), default=0):
        return max(hits, key=lambda one: hits[one])
    usual = [one for one in SEPARATORS if one not in ONE_CUT]
    return next((one for one in usual if sum(len(row) > 1 for row in cells[one]) * 2 > len(sample)), "")


def _cells(line: str, separator: str) -> list[str]:
    """The cells of a line, without regard to quotation marks that a list with one cut cannot have."""
    if separator in ONE_CUT:
        return [part.strip() for part in line.strip().split(separator.rstrip() or None, 1)]
    return _csv_cells(line, separator)[0] if '"' in line else line.split(separator)


def _csv_cells(text: str, separator: str) -> tuple[list[str], bool]:
    """The cells of a CSV row, and whether a quotation is still open. Text that is not sound CSV is split as it is."""
    physical = (f"{line}\n" for line in text.split("\n"))
    try:
        rows = list(csv.reader(physical, delimiter=separator, skipinitialspace=separator != "|", strict=True))
    except csv.Error as error:
        return text.split(separator), "unexpected end" in str(error)
    return (rows[0], False) if len(rows) == 1 else (text.split(separator), False)


def _split(lines: Sequence[str], separator: str, is_audio: IsAudio) -> tuple[list[Line], bool]:
    """The rows, and whether they are quoted as CSV."""
    if separator in ONE_CUT:
        filled = ((number, line) for number, line in enumerate(lines, 1) if line.strip() and not line.lstrip().startswith(";"))
        return [Line(number, tuple(_cells(line, separator))) for number, line in filled], False
    both = list(_both_readings(lines, separator, is_audio))
    sure = any('"' in cell or separator in cell or "\n" in cell for _, _, quoted in both if quoted for cell in quoted)
    every = len(both) > 1 and all(quoted for _, _, quoted in both)
    any_quoted = any(quoted for _, _, quoted in both)
    as_csv = any_quoted and (separator != "|" or sure or every)
    rows = [(number, (quoted or plain) if as_csv else plain) for number, plain, quoted in both]
    if separator != "|" and not as_csv and len({len(cells) for _, cells in rows}) > 1:
        columns = len(rows[0][1]) if is_header(rows[0][1], is_audio) else 2
        rows = [(number, separator.join(cells).split(separator, columns - 1)) for number, cells in rows]
    return [Line(number, tuple(cells)) for number, cells in rows], as_csv


def _both_readings(lines: Sequence[str], separator: str, is_audio: IsAudio) -> Iterator[tuple[int, list[str], list[str]]]:
    """(line, plain cells, cells as CSV) of every row. The third is empty where the row is not sound CSV with quotation marks.

    A quotation that is open at the end of a line goes on in the next line, but not in a line that is a row itself: a list may
    hold a single quotation mark, and no row is lost to it.
    """
    place = 0
    while place < len(lines):
        number, line = place + 1, lines[place]
        place += 1
        if not line.strip():
            continue
        plain = line.split(separator)
        if '"' not in line:
            yield number, plain, []
            continue
        cells, is_open = _csv_cells(line, separator)
        end, last = place, min(len(lines), place + _MOST_JOINED)
        while is_open and end < last and not _is_row(lines[end], separator, is_audio, line.startswith('"')):
            end += 1
            cells, is_open = _csv_cells("\n".join(lines[number - 1 : end]), separator)
        if is_open or cells == plain:
            yield number, plain, []
        else:
            yield number, plain, cells
            place = end


def _is_row(line: str, separator: str, is_audio: IsAudio, quoted: bool) -> bool:
    """Whether a line begins like a row: with a name. With `|`, any word is a name, because texts have no `|`.

    ``quoted``: the row before has its name in quotation marks, so another row does too.
    """
    name, found, _ = line.partition(separator)
    if quoted:
        return bool(found) and re.fullmatch(r'"[^"]+"', name) is not None
    return bool(found) and (is_audio(name.strip('"')) or (separator == "|" and _NAME.fullmatch(name.strip()) is not None))


def _is_json(file: Path, content: str) -> bool:
    """Whether a list holds JSON objects: by its suffix, or by its first line."""
    first = content.lstrip().partition("\n")[0]
    return file.suffix.lower() in (".json", ".jsonl", ".ndjson") or bool(re.fullmatch(r'\{\s*".*\}\s*', first))


def _json_records(content: str) -> Iterator[tuple[int, Any]]:
    """(line, value) of every object of JSON lines, or of one JSON array. A line that is not JSON gives its error as text."""
    if content.lstrip()[:1] == "[":
        try:
            values = json.loads(content)
        except (ValueError, RecursionError):
            values = []
        yield from enumerate(values, start=1)
        return
    for number, line in enumerate(re.split(r"\r\n|\n|\r", content), start=1):
        if line.strip():
            try:
                yield number, json.loads(line)
            except (ValueError, RecursionError) as error:
                yield number, f"not JSON: {error}"


def _parquet(file: Path, is_audio: IsAudio) -> Table:
    """The columns of a Parquet file that are text or numbers."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        schema = pq.read_schema(file)
        flat = [field.name for field in schema if not pa.types.is_nested(field.type) and not pa.types.is_binary(field.type)]
        rows = pq.read_table(file, columns=flat).to_pylist()
    except (OSError, pa.ArrowException) as error:
        raise RecordingsError(f"{file}: cannot be read as Parquet: {error}") from error
    inside = [name for name in schema.names if name not in flat]
    if inside and not any(re.fullmatch(r"(audio_)?(file(_?name)?|path)", name) for name in flat):
        raise RecordingsError(
            f"{file}: the column {inside[0]} holds the audio itself; write the audio to files first, with a metadata.csv of "
            "`file_name,text` beside them"
        )
    return _records(file, "Parquet", list(enumerate(rows, start=1)), is_audio)


def _records(file: Path, form: str, records: Sequence[tuple[int, Any]], is_audio: IsAudio) -> Table:
    """A table from objects: the keys are the columns."""
    header = list(Counter(str(key) for _, record in records if isinstance(record, dict) for key in record))
    if not header:
        raise RecordingsError(f"{file}: no list of clips: no {form} objects with keys such as file_name and text")
    lines = []
    for number, record in records:
        if isinstance(record, dict):
            cells = tuple("" if record.get(key) is None else str(record[key]) for key in header)
            half = next((character for cell in cells for character in cell if "\ud800" <= character <= "\udfff"), "")
            fault = f"line {number}: half a character, U+{ord(half):04X}, which UTF-8 cannot encode" if half else ""
            lines.append(Line(number, tuple(cell.encode("utf-8", "replace").decode() for cell in cells), fault))
        else:
            why = record if isinstance(record, str) else "not an object with keys"
            lines.append(Line(number, tuple("" for _ in header), f"line {number}: {why}"))
    names = tuple(key.encode("utf-8", "replace").decode() for key in header)
    return Table(file, form, tuple(lines), names, _hits(lines, is_audio))


def _hits(lines: Sequence[Line], is_audio: IsAudio) -> int:
    sample = lines[:: max(1, len(lines) // SAMPLE)][:SAMPLE]
    return sum(any(map(is_audio, line.cells)) for line in sample)
