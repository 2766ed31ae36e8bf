"""What a person decided about suspects: the decisions in a TSV, and those that a data set remembers.

Belongs here: reading decisions and saying what is wrong with the file. What does not: carrying them out
(``curation.apply_decisions``) and showing them (``reports``).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from voice_assets.runtime.files import sha256
from voice_assets.runtime.tsv import read_table, write_cell, write_table

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


def one_line(text: str) -> str:
    """``text`` with white space of any kind, line ends among it, as single spaces."""
    return " ".join(text.split())


def decisions_version(dataset: Path) -> str:
    """SHA-256 of the decisions that a data set remembers; empty where there are none.

    A setting of every asset that heeds decisions: a version made of nothing but `keep` has the texts and the audio of the
    version before it.
    """
    record = dataset / RECORD
    return sha256(record) if record.is_file() else ""


def read_decisions(file: Path) -> list[Decision]:
    """The decisions of a TSV with the columns ``clip_id`` and ``decision``, and where needed ``new_text``.

    Rows whose decision is empty are none. A `low_similarity.tsv` with its decision column filled in is such a file.

    Raises:
        TsvError: the file cannot be read as such a table.
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
        TsvError: the record is there and cannot be read.
    """
    file = dataset / RECORD
    return [row for _, row in read_table(file, RECORD_COLUMNS)] if file.exists() else []


def write_record(file: Path, lines: Iterable[Mapping[str, str]]) -> Path:
    """Write what a data set remembers (``RECORD_COLUMNS``), oldest first; ``read_record`` is the inverse."""
    return write_table(file, RECORD_COLUMNS, ([write_cell(line[name]) for name in RECORD_COLUMNS] for line in lines))


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
