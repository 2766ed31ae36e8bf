"""What a person decided about suspects: the decisions in a TSV, and those that a data set remembers.

Belongs here: reading decisions and saying what is wrong with the file. What does not: carrying them out
(``curation.apply_decisions``) and showing them (``reports``).
"""

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from voice_assets.runtime.files import sha256

if TYPE_CHECKING:
    import pandas as pd

DECISIONS = {
    "drop": "the clip is left out",
    "use_hypothesis": "the text becomes what Whisper heard",
    "replace": "the text becomes new_text",
    "keep": "somebody listened: the clip is right as it is",
}
RECORD = "fix_decisions.tsv"
"""The file in a data set that remembers every decision it was made by, those of earlier versions first."""
RECORD_COLUMNS = ("version", "row", "clip_id", "decision", "old_text", "new_text", "audio_sha256")

# reports.tsv writes ' before a text that a spreadsheet would take for a formula, and shows controls as pictures.
_ESCAPED = re.compile(r"'(?=[=+\-@])")
_CONTROLS = {0x2400 + code: chr(code) for code in range(0x20)} | {0x2421: "\x7f", 0x2424: "\n"}


class DecisionsError(ValueError):
    """Decisions that cannot be read or carried out. One line a problem, naming file, row, clip and decision."""


@dataclass(frozen=True)
class Decision:
    """One decision: where it stands (``file`` and ``line``, from 1), about which clip, what, and what the file says of it.

    ``reference`` is the text that was judged, ``hypothesis`` what was heard and ``audio_sha256`` the audio it was heard of;
    None when the file does not say.
    """

    file: str
    line: int
    clip_id: str
    word: str
    new_text: str = ""
    reference: str | None = None
    hypothesis: str | None = None
    audio_sha256: str | None = None

    @property
    def place(self) -> str:
        """How errors name it."""
        return f"{self.file}: row {self.line}, clip {self.clip_id!r}, decision {self.word!r}"


def written(text: str) -> str:
    """The text of a cell, safe to open in a spreadsheet: `'` before what would be a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text


def plain(cell: str) -> str:
    """The text that a cell of ``reports.tsv`` or of ``written`` was made of."""
    return _ESCAPED.sub("", cell, count=1) if cell.startswith("'") else cell


def one_line(text: str) -> str:
    """``text`` on one line: pictures of controls are controls again, white space of any kind is one space."""
    return " ".join(text.translate(_CONTROLS).split())


def decisions_version(dataset: Path) -> str:
    """SHA-256 of the decisions that a data set remembers; empty where there are none.

    A setting of every asset that heeds decisions: a version made of nothing but `keep` has the texts and the audio of the
    version before it.
    """
    record = dataset / RECORD
    return sha256(record) if record.is_file() else ""


def read_table(file: Path, needed: tuple[str, ...]) -> list[tuple[int, dict[str, str]]]:
    """The rows of a TSV with a header line, each with its line in the file; cells as ``plain`` text, empty lines left out.

    Raises:
        DecisionsError: no such file, not UTF-8, a column of ``needed`` is missing, a quotation mark is never closed, or a row
            has more cells than there are columns.
    """
    try:
        content = file.read_text(encoding="utf-8-sig")  # spreadsheets write a byte order mark
    except (OSError, UnicodeDecodeError) as error:
        raise DecisionsError(f"{file}: cannot be read as UTF-8 text: {error}") from error
    reader = csv.DictReader(io.StringIO(content, newline=""), delimiter="\t", strict=True)
    try:
        missing = [name for name in needed if name not in (reader.fieldnames or [])]
        if missing:
            raise DecisionsError(f"{file}: no column {', '.join(missing)}; its first line must name the columns, tabs between")
        rows = [(reader.line_num, row) for row in reader]
    except csv.Error as error:
        raise DecisionsError(f"{file}: row {reader.line_num}: {error}; a cell with a quotation mark must be quoted") from error
    for line, row in rows:
        if None in row:
            raise DecisionsError(f"{file}: row {line}, clip {row.get('clip_id')!r}: more cells than there are columns")
    return [(line, {name: plain(cell or "") for name, cell in row.items()}) for line, row in rows if any(row.values())]


def read_decisions(file: Path) -> list[Decision]:
    """The decisions of a TSV with the columns ``clip_id`` and ``decision``, and where needed ``new_text``.

    Rows whose decision is empty are none. A `low_similarity.tsv` with its decision column filled in is such a file.

    Raises:
        DecisionsError: see ``read_table``.
    """
    decisions = []
    for line, row in read_table(file, ("clip_id", "decision")):
        word = re.sub(r"[\s-]+", "_", row["decision"].strip().lower())
        if word:
            text = one_line(row.get("new_text", ""))
            judged = {name: row.get(name) for name in ("reference", "hypothesis", "audio_sha256")}
            decisions.append(Decision(file.name, line, row["clip_id"], word, text, **judged))
    return decisions


def read_record(dataset: Path) -> list[dict[str, str]]:
    """What the data set remembers (``RECORD_COLUMNS``), oldest first; nothing where it was never fixed.

    Raises:
        DecisionsError: the record is there and cannot be read.
    """
    file = dataset / RECORD
    return [row for _, row in read_table(file, RECORD_COLUMNS)] if file.exists() else []


def kept(record: list[dict[str, str]]) -> Mapping[str, dict[str, str]]:
    """Clips whose newest decision is `keep`: clip id -> that line of the record."""
    newest = {line["clip_id"]: line for line in record}
    return {clip_id: line for clip_id, line in newest.items() if line["decision"] == "keep"}


def kept_ids(transcripts: "pd.DataFrame", record: list[dict[str, str]]) -> list[str]:
    """The clips of TRANSCRIPTS that somebody heard and kept, as they are now (`kept_in`)."""
    kept_clips = kept(record)
    rows = transcripts[transcripts["clip_id"].isin(list(kept_clips))].to_dict("records")
    return [str(row["clip_id"]) for row in rows if kept_in({str(key): value for key, value in row.items()}, kept_clips)]


def kept_in(clip: Mapping[str, object], kept_clips: Mapping[str, dict[str, str]]) -> str:
    """The version in which somebody heard and kept this clip (a row of TRANSCRIPTS).

    Empty when nobody did, or when text or audio changed since.
    """
    line = kept_clips.get(str(clip["clip_id"]))
    same = line is not None and line["old_text"] == clip["reference"] and line["audio_sha256"] == clip["audio_sha256"]
    return line["version"] if line is not None and same else ""
