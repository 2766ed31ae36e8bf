"""Recordings in a folder, in whatever layout: finds the layout, says why, and reads the recordings.

Here: which list or which texts are read, and which audio file a row means. Not here: lists (``importers.lists``), columns
(``importers.columns``), which recordings are fit for a voice (``importers.prepare``).
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from voice_assets.dataset.config import inside
from voice_assets.dataset.locator import Locator
from voice_assets.importers import columns
from voice_assets.importers.columns import LAYOUTS, Columns
from voice_assets.importers.errors import RecordingsError
from voice_assets.importers.header_names import IsAudio, is_header
from voice_assets.importers.items import Item
from voice_assets.importers.lists import Table, read_list, with_header
from voice_assets.importers.named_rows import NamedRow, items_of, named_rows
from voice_assets.importers.pairs import read_pairs, text_files

HEADER = ("header", "audiofolder")
SPECIAL = (*HEADER, "prompts", "pairs")
"""Layouts that are no plain columns: a header names the columns; `name: text` lines; a text file for every recording."""
LIST_SUFFIXES = (".csv", ".tsv", ".psv", ".txt", ".list", ".lst", ".jsonl", ".ndjson", ".json", ".parquet", ".data", ".gz", "")
_USUAL_NAMES = ("metadata.csv", "metadata.jsonl", "metadata.parquet", "metadata_2col.csv", "metadata.txt", "metadata.tsv")
_NOT_READ = frozenset({"reports"})
_TRIED, _NAMED = 200, 10


@dataclass(frozen=True)
class Recordings:
    """What was found: the recordings, and in words the layout, the reason for it and how names differ from their files."""

    items: list[Item]
    told: list[str]


@dataclass(frozen=True)
class _Candidate:
    """A list that can be read: its table, what its columns are, and its rows with their files."""

    table: Table
    columns: Columns
    layout: str
    rows: list[NamedRow]

    @property
    def found(self) -> frozenset[tuple[str, str]]:
        """(audio file, text) of every row that has a file."""
        return frozenset((row.match.path, row.text) for row in self.rows if row.match.path)


def read_folder(folder: Path, out: Path, layout: str = "", metadata: Path | None = None, speaker: str = "") -> Recordings:
    """The recordings of a folder. Audio under ``out`` is left out.

    Args:
        folder: the folder; its audio is found in any place below it.
        out: the data set that will be made.
        layout: a key of `LAYOUTS`, one of `SPECIAL`, columns such as ``id|-|text``, or empty to find the layout.
        metadata: the list of clips; None to find it.
        speaker: the speaker to take, in a list of several.

    Raises:
        RecordingsError: no audio, no list, a list that can be read in several ways, or several lists that differ.
    """
    if os.path.realpath(out) == os.path.realpath(folder):
        raise RecordingsError(f"{out}: the recordings are in this folder; choose another folder for the data set")
    locator = Locator(folder, without=out)
    if not locator.files:
        raise RecordingsError(f"{folder}: no audio files in it, nor in the folders below it")
    if layout and layout not in SPECIAL:
        columns.of_layout(layout)
    paired = text_files(folder, locator.files, out) if layout in ("", "pairs") and metadata is None else {}
    if layout == "pairs":
        return _pairs(folder, locator, paired)
    known: dict[str, bool] = {}

    def is_audio(cell: str) -> bool:
        if cell not in known:
            match = locator.locate(cell)
            known[cell] = bool(match.path or match.rivals)
        return known[cell]

    refused: dict[Path, str] = {}
    files = [metadata] if metadata is not None else _lists(folder, out, {text for texts in paired.values() for text in texts})
    candidates = [found for file in files if (found := _candidate(file, locator, is_audio, layout, refused))]
    if metadata is not None and not candidates:
        raise RecordingsError(refused[metadata])
    if paired and not any(one.found for one in candidates):
        return _pairs(folder, locator, paired)
    chosen = _choose(folder, candidates, refused)
    if paired and len(paired) > 1:
        raise RecordingsError(
            f"{folder}: two layouts are possible: {_words(chosen)}, and a text file for each of {len(paired)} recordings; "
            "choose with `--layout`: `pairs`, or the layout of the list"
        )
    others = ", ".join(one.table.file.name for one in candidates if one is not chosen and one.found)
    items, told = items_of(chosen.rows, locator, chosen.table.file, speaker)
    also = [f"not read, because every row of it is in {chosen.table.file.name}: {others}"] if others else []
    also += [f"not read: {reason}" for file, reason in refused.items() if file.name in _USUAL_NAMES]
    return Recordings(items, [f"{folder}: {_words(chosen)}", *also, *told])


def _pairs(folder: Path, locator: Locator, paired: dict[str, list[str]]) -> Recordings:
    if not paired:
        raise RecordingsError(f"{folder}: no text file (.txt, .lab) has the name of an audio file")
    items = read_pairs(folder, locator.files, paired)
    return Recordings(
        items, [f"{folder}: layout pairs: {len(paired)} of {len(items)} audio files have a text file of their name"]
    )


def _lists(folder: Path, out: Path, texts: set[str]) -> list[Path]:
    """The files of the folder, and of the folders in it, that can be a list of clips."""
    found = []
    for place in (folder, *(path for path in folder.iterdir() if path.is_dir() and path.name not in _NOT_READ)):
        made = os.path.realpath(place) == os.path.realpath(out)
        if made or place.name.startswith(".") or not inside(folder, place):
            continue
        names = [name for name in os.listdir(place) if os.path.splitext(name)[1].lower() in LIST_SUFFIXES]
        paths = [place / name for name in names if not name.startswith(".")]
        found += [path for path in paths if str(path.relative_to(folder)) not in texts and _readable(folder, path)]
    usual = {name: number for number, name in enumerate(_USUAL_NAMES)}
    return sorted(found, key=lambda path: (usual.get(path.name, len(usual)), len(path.parts), path))[:_TRIED]


def _readable(folder: Path, path: Path) -> bool:
    return path.is_file() and path.stat().st_size > 0 and inside(folder, path)


def _candidate(file: Path, locator: Locator, is_audio: IsAudio, layout: str, refused: dict[Path, str]) -> _Candidate | None:
    """The file as a list of clips; None, with the reason in ``refused``, when it is none."""
    try:
        table = read_list(file, is_audio, ": " if layout == "prompts" else "")
        table, found = _understood(table, is_audio, layout)
    except RecordingsError as error:
        refused[file] = str(error)
        return None
    return _Candidate(table, found, _layout_name(table, found), named_rows(table, found, locator))


def _understood(table: Table, is_audio: IsAudio, layout: str) -> tuple[Table, Columns]:
    """The table without its header, and its columns."""
    headed = bool(table.header)
    if not headed and (layout in HEADER or is_header(table.lines[0].cells, is_audio)):
        table, headed = with_header(table), True
    if not table.lines:
        raise RecordingsError(f"{table.file}: no rows")
    if layout and layout not in SPECIAL:
        return table, columns.of_layout(layout)
    if headed:
        return table, columns.of_header(table, is_audio)
    return table, columns.of_content(table, is_audio)


def _layout_name(table: Table, found: Columns) -> str:
    if table.header:
        return "audiofolder" if table.header[found.file] == "file_name" else "header"
    name = next((name for name, layout in LAYOUTS.items() if layout == str(found)), str(found))
    return "prompts" if name == "piper" and "colon" in table.form else name


def _choose(folder: Path, candidates: Sequence[_Candidate], refused: dict[Path, str]) -> _Candidate:
    """The list that has every row of the other lists.

    Raises:
        RecordingsError: there is no list, or none has the rows of all.
    """
    naming = [one for one in candidates if one.found]
    if not naming:
        usual = [one for one in candidates if one.table.file.name in _USUAL_NAMES] or list(candidates)
        if len(usual) == 1:
            return usual[0]
        first = [reason for file, reason in refused.items() if file.name in _USUAL_NAMES]
        if len(first) == 1:
            raise RecordingsError(first[0])
        seen = "".join(f"\n  {reason}" for reason in list(refused.values())[:_NAMED])
        raise RecordingsError(
            f"{folder}: no list of clips: no file names the audio, and no text file (.txt, .lab) has the name of an audio file"
            f"{seen}"
        )
    whole = frozenset().union(*(one.found for one in naming))
    complete = [one for one in naming if one.found == whole]
    if complete:
        return complete[0]
    listed = "".join(f"\n  {one.table.file.relative_to(folder)}: {_words(one)}" for one in naming[:_NAMED])
    raise RecordingsError(f"{folder}: {len(naming)} lists with different rows; choose one with `--metadata FILE`:{listed}")


def _words(one: _Candidate) -> str:
    """The layout of a list and the reason for it, in words."""
    named = sum(bool(row.match.path) for row in one.rows)
    head = f"the header names {', '.join(one.table.header)}" if one.table.header else "by its content"
    form = (
        f"{one.table.file.name} is {one.table.form}"
        if "separated" in one.table.form
        else f"{one.table.file.name}: {one.table.form}"
    )
    return f"layout {one.layout} (`{one.columns}`), {head}; {form}; {named} of {len(one.rows)} rows name an audio file"
