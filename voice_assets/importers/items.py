"""What an importer finds: recordings with their texts, and whose recordings they are. Values only."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Item:
    """One recording of a collection: its name there, its audio file (which may be missing), and its text.

    ``fault``: why the collection's own listing makes the recording unusable, ``kind: detail``. The recording is dropped with
    this reason.
    """

    name: str
    audio: Path
    text: str
    fault: str = ""


@dataclass(frozen=True)
class About:
    """What goes into the data set beside the clips: names for ``config.json``, the source, the licence and the credit."""

    dataset: str
    region: str
    quality: str
    source: str
    license: str
    credit: str
    license_file: Path | None = None
