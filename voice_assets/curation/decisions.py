"""Decisions of people about clips: in a TSV that a person filled in, and in the record of a data set.

Belongs here: reading and writing decisions. Does not belong here: checking them (``curation.changes``), carrying them out
(``curation.apply_decisions``) and showing them (``reports``).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from voice_assets.dataset.rows import RECORD as RECORD
from voice_assets.runtime.files import sha256
from voice_assets.runtime.tsv import read_table, write_cell, write_table

if TYPE_CHECKING:
    import pandas as pd

DECISIONS = {
    "drop": "the clip is left out",
    "use_hypothesis": "the text becomes Whisper's hypothesis",
    "replace": "the text becomes new_text",
    "keep": "a person listened to the clip: text and audio are correct",
}
JUDGED = ("clip_id", "reference", "audio_sha256")
"""The columns of TRANSCRIPTS that a decision to keep a clip is about: the clip, its text and its audio."""
RECORD_COLUMNS = ("version", "row", "clip_id", "decision", "old_text", "new_text", "audio_sha256", "by")
LATER_COLUMNS = frozenset({"by"})
"""The columns that older records lack; they are read as empty."""


@dataclass(frozen=True)
class Decision:
    """One decision about one clip, and its row in the file (``line``, from 1).

    ``action`` is a key of ``DECISIONS``, or an unknown word. ``reference`` is the text that was judged, ``hypothesis`` the text
    that Whisper wrote, and ``audio_sha256`` the hash of the decoded audio; None where the file has no such column.
    """

    file: str
    line: int
    clip_id: str
    action: str
    new_text: str = ""
    reference: str | None = None
    hypothesis: str | None = None
    audio_sha256: str | None = None

    @property
    def location(self) -> str:
        """File, row, clip and decision: the start of an error message."""
        return f"{self.file}: row {self.line}, clip {self.clip_id!r}, decision {self.action!r}"


def one_line(text: str) -> str:
    """``text`` on one line: any white space, including line ends, becomes a single space."""
    return " ".join(text.split())


def decisions_version(dataset: Path) -> str:
    """SHA-256 of the data set's record of decisions; empty without a record.

    Every asset that reads decisions has this hash among its settings: a version made by `keep` alone has the same texts and
    audio as the version before it.
    """
    record = dataset / RECORD
    return sha256(record) if record.is_file() else ""


def read_decisions(file: Path) -> list[Decision]:
    """The decisions of a TSV with the columns ``clip_id`` and ``decision``, and where needed ``new_text``.

    A row with an empty decision is skipped. A report's `low_similarity.tsv` with a filled-in column `decision` is such a file.

    Raises:
        TsvError: the file cannot be read as such a table.
    """
    decisions = []
    for line, row in read_table(file, ("clip_id", "decision")):
        action = re.sub(r"[\s-]+", "_", row["decision"].strip().lower())
        if action:
            text = one_line(row.get("new_text", ""))
            judged = {name: row.get(name) for name in ("reference", "hypothesis", "audio_sha256")}
            decisions.append(Decision(file.name, line, row["clip_id"], action, text, **judged))
    return decisions


def read_record(dataset: Path) -> list[dict[str, str]]:
    """The decisions in the data set's record (``RECORD_COLUMNS``), the oldest first; empty without a record.

    ``by`` is who decided; empty in a record of an older version.

    Raises:
        TsvError: the record cannot be read.
    """
    file = dataset / RECORD
    if not file.exists():
        return []
    needed = [name for name in RECORD_COLUMNS if name not in LATER_COLUMNS]
    return [dict.fromkeys(LATER_COLUMNS, "") | row for _, row in read_table(file, needed)]


def write_record(file: Path, lines: Iterable[Mapping[str, str]]) -> Path:
    """Write a record of decisions (``RECORD_COLUMNS``), the oldest first. ``read_record`` is the inverse."""
    return write_table(file, RECORD_COLUMNS, ([write_cell(line[name]) for name in RECORD_COLUMNS] for line in lines))


def kept(record: list[dict[str, str]]) -> Mapping[str, dict[str, str]]:
    """The clips whose newest decision is `keep`: clip id -> that line of the record."""
    newest = {line["clip_id"]: line for line in record}
    return {clip_id: line for clip_id, line in newest.items() if line["decision"] == "keep"}


def kept_ids(transcripts: "pd.DataFrame", record: list[dict[str, str]]) -> list[str]:
    """The ids of the clips of TRANSCRIPTS that a person kept and that have not changed since then (`kept_in`)."""
    kept_clips = kept(record)
    rows = transcripts[transcripts["clip_id"].isin(list(kept_clips))].to_dict("records")
    return [str(row["clip_id"]) for row in rows if kept_in({str(key): value for key, value in row.items()}, kept_clips)]


def kept_in(clip: Mapping[str, object], kept_clips: Mapping[str, dict[str, str]]) -> str:
    """The version in which a person kept this clip (a row of TRANSCRIPTS).

    Empty when no person kept the clip, or when its text or audio has changed since then.
    """
    return _kept_line(clip, kept_clips).get("version", "")


def _kept_line(clip: Mapping[str, object], kept_clips: Mapping[str, dict[str, str]]) -> dict[str, str]:
    """The line of the record that keeps this clip as it is; empty when there is none."""
    line = kept_clips.get(str(clip["clip_id"]))
    same = line is not None and line["old_text"] == clip["reference"] and line["audio_sha256"] == clip["audio_sha256"]
    return line if line is not None and same else {}


def with_kept(transcripts: "pd.DataFrame", record: list[dict[str, str]]) -> "pd.DataFrame":
    """``transcripts`` with the columns KEPT (``dataset.tables``), from a data set's record of decisions."""
    import pandas as pd

    kept_clips = kept(record)
    clips = zip(*(transcripts[name] for name in JUDGED), strict=True)
    lines = [_kept_line(dict(zip(JUDGED, clip, strict=True)), kept_clips) for clip in clips]
    columns = {"kept": [line.get("version", "") for line in lines], "kept_by": [line.get("by", "") for line in lines]}
    return transcripts.assign(**{name: pd.Series(texts, transcripts.index, "object") for name, texts in columns.items()})
