"""The findings of an importer: recordings with their texts, and the source and licence of the recordings. Values only."""

import posixpath
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from voice_assets.dataset.names import without_suffix


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


def home_of(paths: Iterable[str]) -> str:
    """The deepest folder that holds all these audio files; the paths are relative to the folder of all recordings."""
    return posixpath.commonpath({posixpath.dirname(path) for path in paths})


def recording_name(path: str, home: str) -> str:
    """The recording's name: the path below ``home``, without suffix, composed (NFC)."""
    inside = path.removeprefix(f"{home}/") if home else path
    return unicodedata.normalize("NFC", without_suffix(inside)).strip()


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
