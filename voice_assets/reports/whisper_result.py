"""The contents of the report on a full validation: the result of each shard, and the values for all files. Writes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from voice_assets.asr.low_clips import is_low
from voice_assets.dataset.shards import parse_shard_key
from voice_assets.reports import transcripts_layout as layout
from voice_assets.reports import trend
from voice_assets.reports.verdicts import Verdict


@dataclass(frozen=True)
class ShardResult:
    """The result of one shard: its key, TRANSCRIPTS, the worker's log (None without a log) and the id of the run."""

    key: str
    transcripts: pd.DataFrame
    log: Path | None
    run_id: str

    @property
    def folder(self) -> str:
        """The shard's folder, ``shard_0`` for the key ``0-of-4``."""
        return f"shard_{parse_shard_key(self.key)[0]}"

    @property
    def unscored(self) -> int:
        """The number of clips without a similarity between 0 and 1. A shard with such a clip has failed."""
        return int((~self.transcripts["similarity"].between(0, 1)).sum())

    def line(self, low_similarity: float) -> str:
        """The shard in one line."""
        low = int(is_low(self.transcripts, low_similarity).sum())
        mean = f"{self.transcripts['similarity'].mean():.4f}" if len(self.transcripts) else "-"
        verdict = "FAIL" if self.unscored else "PASS"
        return f"shard {self.key}: {verdict} clips={len(self.transcripts)} mean={mean} low={low} run={self.run_id or '-'}"


@dataclass(frozen=True)
class Report:
    """The values for the files of a report.

    ``every``: TRANSCRIPTS of all shards. ``suspects``: ``transcripts_layout.with_diff`` of the clips with a suspicion, worst
    first. ``made``: the time, with the zone. ``past``: the validations so far, with this validation at the end. The other
    values as in ``reports.whisper.write``.
    """

    title: str
    dataset: Path
    place: str
    made: str
    shards: Sequence[ShardResult]
    low_similarity: float
    facts: layout.Facts
    by_category: pd.DataFrame
    verdicts: Sequence[Verdict] | None
    language: str
    every: pd.DataFrame
    suspects: pd.DataFrame
    past: Sequence[trend.Past]

    def low(self) -> pd.DataFrame:
        """The suspects that are low."""
        return self.suspects[self.suspects["suspicion"].str.startswith("low")]

    def others(self) -> pd.DataFrame:
        """The suspects that are not low."""
        return self.suspects[~self.suspects["suspicion"].str.startswith("low")]
