"""Recordings in a folder, in whatever layout: finds the layout, says why, and reads the recordings.

Here: which list or which texts are read, and which audio file a row means. Not here: lists (``importers.lists``), columns
(``importers.columns``), which recordings are fit for a voice (``importers.prepare``).
"""

import os
import posixpath
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from voice_assets.dataset.locator import Locator, Match
from voice_assets.importers import columns
from voice_assets.importers.columns import LAYOUTS, Columns
from voice_assets.importers.errors import RecordingsError
from voice_assets.importers.header_names import IsAudio, is_header
from voice_assets.importers.items import Item
from voice_assets.importers.lists import SEPARATORS, Table, read_list, with_header
from voice_assets.importers.named_rows import NamedRow, items_of, named_rows
from voice_assets.importers.pairs import read_pairs, text_files
from voice_assets.runtime.files import shown

HEADER = ("header", "audiofolder")
SPECIAL = (*HEADER, "prompts", "pairs")
"""Layouts that are no plain columns: a header names the columns; `name: text` lines; a text file for every recording."""
LIST_SUFFIXES = (".csv", ".tsv", ".psv", ".txt", ".list", ".lst", ".jsonl", ".ndjson", ".json", ".parquet", ".data", ".gz", "")
_USUAL_NAMES = ("metadata.csv", "metadata.jsonl", "metadata.parquet", "metadata_2col.csv", "metadata.txt", "metadata.tsv")
_SPREADSHEETS = (".xlsx", ".xls", ".ods")
_TRIED, _NAMED = 200, 10
_FAR_MORE = 10
"""A layout that names so many times as many recordings as another is meant: the other is a note, or a few stray files."""


@dataclass(frozen=True)
class Recordings:
    """What was found: the recordings, and in words the layout, the reason for it and how names differ from their files.

    ``says_who_speaks``: the list has a column of speakers, so all recordings are of one speaker.
    """

    items: list[Item]
    told: list[str]
    says_who_speaks: bool = False


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


def read_folder(folder: Path, out: Path, layout: str = "", metadata: Sequence[Path] = (), speaker: str = "") -> Recordings:
    """The recordings of a folder. Audio under ``out`` is left out.

    Args:
        folder: the folder; its audio is found in any place below it.
        out: the data set that will be made.
        layout: a key of `LAYOUTS`, one of `SPECIAL`, columns such as ``id|-|text``, or empty to find the layout.
        metadata: the lists of clips; none to find the list.
        speaker: the speaker to take, in a list of several.

    Raises:
        RecordingsError: no audio, no list, a list that can be read in several ways, or several lists that differ.
    """
    if os.path.realpath(out) == os.path.realpath(folder):
        raise RecordingsError(f"{out}: the recordings are in this folder; choose another folder for the data set")
    locator = Locator(folder, without=out)
    if not locator.files:
        links = "".join(f"; {line}" for line in _left_out(locator))
        raise RecordingsError(f"{folder}: no audio files in it, nor in the folders below it{links}")
    if layout and layout not in SPECIAL:
        columns.of_layout(layout)
    paired = text_files(locator.files, locator.others) if layout in ("", "pairs") and not metadata else {}
    if layout == "pairs":
        return _pairs(folder, locator, paired)
    refused: dict[Path, str] = {}
    files = metadata or _lists(locator, {text for texts in paired.values() for text in texts})
    candidates = [found for file in files if (found := _candidate(file, locator, layout, refused))]
    if metadata:
        return _chosen(folder, locator, candidates, refused, speaker)
    if len(paired) > _FAR_MORE * max((len(one.found) for one in candidates), default=0):
        return _pairs(folder, locator, paired, candidates)
    chosen = _choose(locator, candidates, refused)
    if len(paired) > 1 and len(chosen.found) <= _FAR_MORE * len(paired):
        raise RecordingsError(
            f"{folder}: two layouts are possible: {_words(chosen)}, and a text file for each of {len(paired)} recordings; "
            "choose with `--layout`: `pairs`, or the layout of the list"
        )
    items, told = items_of(chosen.rows, locator, speaker)
    told = [f"{folder}: {_words(chosen)}", *_left_out(locator), *_not_read(chosen, candidates, refused), *told]
    return Recordings(items, told, chosen.columns.speaker is not None)


def _chosen(
    folder: Path, locator: Locator, candidates: Sequence[_Candidate], refused: dict[Path, str], speaker: str
) -> Recordings:
    """The rows of all lists that a person chose."""
    for reason in refused.values():
        raise RecordingsError(reason)
    items, told = items_of([row for one in candidates for row in one.rows], locator, speaker)
    said = all(one.columns.speaker is not None for one in candidates)
    return Recordings(items, [*(f"{folder}: {_words(one)}" for one in candidates), *told], said)


def _left_out(locator: Locator) -> list[str]:
    """The links that nobody follows, as one line; none without such links."""
    links = locator.links_out
    if not links:
        return []
    named = ", ".join(map(shown, links[:_NAMED]))
    return [
        f"not followed: {len(links)} link{'s lead' if len(links) > 1 else ' leads'} out of the folder ({named}); copy what the "
        "data set needs into the folder, for instance with `cp -rL`"
    ]


def _not_read(chosen: _Candidate, candidates: Sequence[_Candidate], refused: dict[Path, str]) -> list[str]:
    """The lists that are left out, and why: their rows are in the chosen list, or a list with a usual name is broken."""
    others = ", ".join(one.table.file.name for one in candidates if one is not chosen and one.found)
    same = [f"not read, because every row of it is in {chosen.table.file.name}: {others}"] if others else []
    return same + [f"not read: {reason}" for file, reason in refused.items() if file.name in _USUAL_NAMES]


def _pairs(folder: Path, locator: Locator, paired: dict[str, list[str]], lists: Sequence[_Candidate] = ()) -> Recordings:
    """The audio files with a text file of their name. ``lists``: lists that name only few recordings and are not read."""
    if not paired:
        raise RecordingsError(f"{folder}: no text file (.txt, .lab) has the name of an audio file")
    items = read_pairs(folder, locator.files, paired)
    told = [f"{folder}: layout pairs: {len(paired)} of {len(items)} audio files have a text file of their name"]
    told += [f"not read: {one.table.file}: it names only {len(one.found)} of the recordings" for one in lists if one.found]
    places = sorted({posixpath.dirname(file) or "." for file in paired})
    if len(places) > 1:
        named = ", ".join(map(shown, places[:_NAMED]))
        told.append(f"the audio is in {len(places)} folders ({named}); if each is a speaker, import one of them only")
    return Recordings(items, told)


def _lists(locator: Locator, texts: set[str]) -> list[Path]:
    """The files that can be a list of clips: those with a usual name first, then those near the top."""
    usual = {name: number for number, name in enumerate(_USUAL_NAMES)}
    paths = [PurePosixPath(file) for file in locator.others if file not in texts]
    lists = [path for path in paths if path.suffix.lower() in LIST_SUFFIXES]
    lists.sort(key=lambda path: (usual.get(path.name, len(usual)), len(path.parts), path))
    return [locator.folder / path for path in lists[:_TRIED]]


def _candidate(file: Path, locator: Locator, layout: str, refused: dict[Path, str]) -> _Candidate | None:
    """The file as a list of clips; None, with the reason in ``refused``, when it is none."""
    below = file.is_relative_to(locator.folder)
    beside = file.relative_to(locator.folder).parent.as_posix() if below else "."

    def locate(cell: str) -> Match:
        return locator.locate(cell, "" if beside == "." else beside)

    def is_audio(cell: str) -> bool:
        match = locate(cell)
        return bool(match.path or match.rivals)

    try:
        table = read_list(file, is_audio, ": " if layout == "prompts" else "")
        table, found = _understood(table, is_audio, layout)
    except RecordingsError as error:
        refused[file] = str(error)
        return None
    return _Candidate(table, found, _layout_name(table, found), named_rows(table, found, locate))


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
    return "prompts" if name == "piper" and SEPARATORS[": "] in table.form else name


def _choose(locator: Locator, candidates: Sequence[_Candidate], refused: dict[Path, str]) -> _Candidate:
    """The list that has every row of the other lists.

    Raises:
        RecordingsError: there is no list, or none has the rows of all.
    """
    folder, naming = locator.folder, [one for one in candidates if one.found]
    if not naming:
        usual = [one for one in candidates if one.table.file.name in _USUAL_NAMES] or list(candidates)
        if len(usual) == 1:
            return usual[0]
        first = [reason for file, reason in refused.items() if file.name in _USUAL_NAMES]
        if len(first) == 1:
            raise RecordingsError(first[0])
        seen = "".join(f"\n  {reason}" for reason in list(refused.values())[:_NAMED])
        sheets = [file for file in locator.others if file.lower().endswith(_SPREADSHEETS)]
        seen += "".join(f"\n  {folder / file}: a spreadsheet; save the list as CSV" for file in sheets[:_NAMED])
        raise RecordingsError(
            f"{folder}: no list of clips: no file names the audio, and no text file (.txt, .lab) has the name of an audio file"
            f"{seen}"
        )
    whole = frozenset().union(*(one.found for one in naming))
    complete = [one for one in naming if one.found == whole]
    if complete:
        return complete[0]
    listed = "".join(f"\n  {one.table.file.relative_to(folder)}: {_words(one)}" for one in naming[:_NAMED])
    raise RecordingsError(
        f"{folder}: {len(naming)} lists with different rows; choose with `--metadata FILE` (one, or several):{listed}"
    )


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
