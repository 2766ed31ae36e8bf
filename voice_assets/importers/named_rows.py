"""The rows of a list with the audio files that they mean, and the recordings that follow. No file is given to two rows.

Not here: which column is which (``importers.columns``), finding a file by its name (``dataset.locator``).
"""

import posixpath
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from voice_assets.dataset.locator import Locator, Match
from voice_assets.dataset.names import parts_of, without_suffix
from voice_assets.importers.columns import Columns
from voice_assets.importers.errors import RecordingsError
from voice_assets.importers.items import Item, home_of, recording_name
from voice_assets.importers.lists import Line, Table
from voice_assets.importers.rejections import name_rejections
from voice_assets.runtime.files import shown

_SHOWN = 20

Locate = Callable[[str], Match]
"""Finds the file that a cell means."""


@dataclass(frozen=True)
class NamedRow:
    """A row: its list and line, the cell that names the audio, the audio, text, speaker, and why the row is unusable."""

    file: Path
    number: int
    cell: str
    match: Match
    text: str
    speaker: str = ""
    fault: str = ""


def named_rows(table: Table, found: Columns, locate: Locate) -> list[NamedRow]:
    """Every row of the table. A row with too few or too many columns has a fault."""
    return [_row(table.file, line, found, locate) for line in table.lines]


def with_owners(rows: Sequence[NamedRow]) -> list[NamedRow]:
    """The rows, with a fault for every row whose file belongs to another row: to the one spelt most like it, or the first."""
    owners: dict[str, NamedRow] = {}
    for row in sorted(rows, key=lambda row: len(row.match.differs)):
        if row.match.path and not row.fault:
            owners.setdefault(row.match.path, row)
    return [_owned(row, owners.get(row.match.path, row)) for row in rows]


def items_of(rows: Sequence[NamedRow], locator: Locator, speaker: str) -> tuple[list[Item], list[str]]:
    """The recordings of the rows, then those that no row names, with an empty text; and what a person should know.

    Raises:
        RecordingsError: the rows have several speakers and none is chosen, or no row has the chosen speaker.
    """
    rows = with_owners(rows)
    chosen = _chosen_speaker(rows, speaker)
    folders = {posixpath.dirname(row.match.path) for row in rows if row.match.path}
    places = folders or {posixpath.dirname(path) for path in locator.files}
    home = home_of(row.match.path for row in rows if row.match.path) if folders else home_of(locator.files)
    items = [_item(row, locator, home, chosen) for row in rows]
    named = {row.match.path for row in rows}
    loose = [path for path in locator.files if path not in named and posixpath.dirname(path) in places]
    items += [Item(recording_name(path, home), locator.folder / path, "") for path in loose]
    return items, [*_differences(rows), *([f"speaker {chosen!r}"] if chosen else [])]


def _row(file: Path, line: Line, found: Columns, locate: Locate) -> NamedRow:
    """One line. Without a header, the last columns may be missing where they hold no text that is needed."""
    cells = [cell.strip() for cell in line.cells]
    if line.fault:
        return NamedRow(file, line.number, "", Match(), "", fault=f"row: {line.fault}")
    needed = max(found.file, found.text) + 1
    speaker = cells[found.speaker] if found.speaker is not None and found.speaker < len(cells) else ""
    if not needed <= len(cells) <= len(found.names) or (found.speaker is not None and not speaker):
        count = f"{len(cells)} column{'s' if len(cells) > 1 else ''}"
        cell, rest = (cells[found.file], cells[found.file + 1 :]) if found.file < len(cells) else (cells[0], cells[1:])
        missing = "; the speaker is missing" if needed <= len(cells) <= len(found.names) else ""
        fault = f"row: line {line.number}: {count}; expected `{found}`{missing}"
        return NamedRow(file, line.number, cell, locate(cell), "|".join(rest), fault=fault)
    text = cells[found.text]
    if found.normalised is not None and found.normalised < len(cells):
        text = cells[found.normalised] or text
    cell = line.cells[found.file]
    return NamedRow(file, line.number, cell, locate(cell), text, speaker)


def _owned(row: NamedRow, owner: NamedRow) -> NamedRow:
    """The row, with a fault where another row means the same file."""
    if row.fault or owner is row or not row.match.path:
        return row
    name = recording_name(row.match.path, posixpath.dirname(row.match.path))
    where = "" if owner.file == row.file else f" of {owner.file.name}"
    fault = f"row: line {row.number}: {name!r} already has a row, line {owner.number}{where}"
    return replace(row, fault=fault)


def _chosen_speaker(rows: Sequence[NamedRow], speaker: str) -> str:
    file = rows[0].file
    counts = Counter(row.speaker for row in rows if row.speaker)
    named = ", ".join(f"{name!r} ({count})" for name, count in counts.most_common(_SHOWN))
    named += f" and {len(counts) - _SHOWN} more" if len(counts) > _SHOWN else ""
    if speaker and speaker not in counts:
        raise RecordingsError(f"{file}: no row has the speaker {speaker!r}; the speakers are: {named or 'not named'}")
    if len(counts) > 1 and not speaker:
        raise RecordingsError(f"{file}: {len(counts)} speakers, and a voice has one; choose one with `--speaker NAME`: {named}")
    return speaker or next(iter(counts), "")


def _item(row: NamedRow, locator: Locator, home: str, speaker: str) -> Item:
    """The recording of a row. A file that is not there gets the path that it would have."""
    path, fault = row.match.path, row.fault
    name = recording_name(path, home) if path else without_suffix("/".join(parts_of(row.cell))) or row.cell
    if not fault and row.speaker != speaker:
        fault = f"speaker: {row.speaker!r}, not {speaker!r}"
    if not fault and row.match.rivals:
        fault = f"row: line {row.number}: {row.cell!r} can mean several files: {' and '.join(map(shown, row.match.rivals))}"
    if not fault and not path and ".." in row.cell.replace("\\", "/").split("/"):
        name = row.cell
    elif not fault and not path and not name_rejections(name):
        near = locator.nearly(row.cell)
        fault = f"audio: line {row.number}: no audio file {row.cell!r}{f'; {near}' if near else ''}"
    return Item(name, locator.folder / (path or name), row.text, fault)


def _differences(rows: Sequence[NamedRow]) -> list[str]:
    """For each kind of difference between names and files: how many rows have it, and the first of them."""
    counts: Counter[str] = Counter()
    first: dict[str, NamedRow] = {}
    for row in rows:
        for kind in row.match.differs:
            counts[kind] += 1
            first.setdefault(kind, row)
    return [
        f"{count} name{'s differ' if count > 1 else ' differs'} from the audio file in {kind}, such as {first[kind].cell!r} in "
        f"line {first[kind].number} for {first[kind].match.path!r}"
        for kind, count in counts.items()
    ]
