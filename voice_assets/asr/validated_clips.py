"""Reading a table of validated clips, and checking that the file of each clip is still the validated file."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from voice_assets.asr.cached_transcriber import Record
from voice_assets.runtime.hash_memory import sha256s

NEEDED = ("clip_id", "path", "text", "audio_sha256", "duration_s")


class ClipsError(ValueError):
    """A table of clips, or a clip's file, that cannot be used. The message names the table or the clip."""


def read_validated_clips(table: Path) -> list[Record]:
    """The rows of the Parquet file ``table``, with the columns `NEEDED`.

    Raises:
        ClipsError: there is no such table, the file is not Parquet, a column is missing, or a clip has two rows.
    """
    try:
        clips = pd.read_parquet(table)
    except (OSError, ValueError) as error:
        raise ClipsError(f"{table}: not a table that can be read: {error}") from error
    missing = [name for name in NEEDED if name not in clips.columns]
    if missing:
        raise ClipsError(f"{table}: the columns {', '.join(missing)} are missing")
    twice = clips.loc[clips["clip_id"].duplicated(), "clip_id"]
    if len(twice):
        raise ClipsError(f"{table}: the clip {twice.iloc[0]!r} has more than one row")
    return [{str(name): value for name, value in row.items()} for row in clips[list(NEEDED)].to_dict("records")]


def audio_file(dataset: Path, row: Record) -> Path:
    """The file of a clip. The file must lie in the data set.

    Raises:
        ClipsError: names the clip and the file.
    """
    file = (dataset / row["path"]).resolve()
    if not row["path"] or not file.is_relative_to(dataset.resolve()):
        raise ClipsError(f"{_named(row)}: not a file of the data set {dataset}")
    if not file.is_file():
        raise ClipsError(f"{_named(row)}: {file} is missing; the data set changed since it was validated. Validate again")
    return file


def validated_audio(dataset: Path, row: Record) -> bytes:
    """The bytes of a clip's file, which have the hash of the validation.

    Raises:
        ClipsError: names the clip, the file and both hashes.
    """
    data = audio_file(dataset, row).read_bytes()
    _expect_validated(row, hashlib.sha256(data).hexdigest())
    return data


def check_all_audio(dataset: Path, rows: Sequence[Record]) -> dict[str, Path]:
    """Check the file of every clip before the first clip is decoded. Returns the files by their hashes.

    A file that did not change since it was hashed is not read: `validated_audio` compares the bytes that are decoded.

    Raises:
        ClipsError: names the first clip whose file is not the validated file.
    """
    files = [audio_file(dataset, row) for row in rows]
    found = sha256s(files)
    for row, file in zip(rows, files, strict=True):
        _expect_validated(row, found.get(file, "not known: it cannot be read"))
    return {row["audio_sha256"]: file for row, file in zip(rows, files, strict=True)}


def _expect_validated(row: Record, found: str) -> None:
    if found != row["audio_sha256"]:
        raise ClipsError(
            f"{_named(row)}: the audio changed since it was validated: SHA-256 is {found}, in the table it is "
            f"{row['audio_sha256']}. Validate again"
        )


def _named(row: Record) -> str:
    return f"clip {row['clip_id']!r} ({row['path'] or 'no path'})"
