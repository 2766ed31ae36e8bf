"""Making a data set in a test, with the options that `voice-assets import` has by default, and reading it back."""

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from voice_assets.dataset.faults import Limits
from voice_assets.importers.items import About, Item
from voice_assets.importers.prepare import prepare
from voice_assets.importers.written_files import Summary

ABOUT = About("trial", "RU", "medium", "a test", "CC0-1.0", "nobody")


def make(items: Iterable[Item], out: Path, limits: Limits, about: About = ABOUT, **options: Any) -> Summary:
    return prepare(items, out, limits, about, **{"digits": "sure", "latin": False, **options})


def metadata(out: Path) -> list[list[str]]:
    with (out / "metadata_2col.csv").open(encoding="utf-8") as file:
        return list(csv.reader(file, delimiter="|"))
