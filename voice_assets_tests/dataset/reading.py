"""Reading a test's data set whole, and changing one row of it."""

from pathlib import Path

import pandas as pd

from voice_assets.dataset.clips import read_shard
from voice_assets.dataset.faults import Limits


def read_all(dataset: Path, limits: Limits) -> pd.DataFrame:
    return read_shard(dataset, "0-of-1", limits).clips


def only(clips: pd.DataFrame, clip_id: str) -> pd.Series:
    found = clips[clips["clip_id"] == clip_id]
    assert len(found) == 1, f"{len(found)} rows of {clip_id}"
    return found.iloc[0]


def add_row(dataset: Path, line: str) -> None:
    with (dataset / "metadata_2col.csv").open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")
