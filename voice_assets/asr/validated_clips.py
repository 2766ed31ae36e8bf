"""Reading a table of validated clips, and checking that the file of each clip is still the validated file."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd

from voice_assets.asr.cached_transcriber import Record
from voice_assets.runtime.devices import cores
from voice_assets.runtime.files import sha256

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


def check_audio(dataset: Path, row: Record) -> Path:
    """The file of a clip. The file must lie in the data set and have the hash of the validation.

    Raises:
        ClipsError: names the clip, the file and both hashes.
    """
    file = (dataset / row["path"]).resolve()
    named = f"clip {row['clip_id']!r} ({row['path'] or 'no path'})"
    if not row["path"] or not file.is_relative_to(dataset.resolve()):
        raise ClipsError(f"{named}: not a file of the data set {dataset}")
    if not file.is_file():
        raise ClipsError(f"{named}: {file} is missing; the data set changed since it was validated. Validate again")
    found = sha256(file)
    if found != row["audio_sha256"]:
        raise ClipsError(
            f"{named}: the audio changed since it was validated: SHA-256 is {found}, in the table it is "
            f"{row['audio_sha256']}. Validate again"
        )
    return file


def check_all_audio(dataset: Path, rows: Sequence[Record]) -> None:
    """Check the file of every clip before the first clip is decoded, on all cores: hashing releases Python's lock.

    Raises:
        ClipsError: names the first clip whose file is not the validated file.
    """
    with ThreadPoolExecutor(cores()) as threads:
        for _ in threads.map(lambda row: check_audio(dataset, row), rows):
            pass
