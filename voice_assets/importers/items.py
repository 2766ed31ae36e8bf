"""The findings of an importer: recordings with their texts, and the source and licence of the recordings. Values only."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Item:
    """One recording of a collection: its name in the collection, its audio file (the file may be missing) and its text.

    ``fault``: why the recording is unusable according to the collection's list, ``kind: detail``. The recording is dropped with
    this reason.
    """

    name: str
    audio: Path
    text: str
    fault: str = ""


@dataclass(frozen=True)
class About:
    """Facts on the data set: names for ``config.json``, the source, the licence and the credit."""

    dataset: str
    region: str
    quality: str
    source: str
    license: str
    credit: str
    license_file: Path | None = None
