"""Files of a data set that a run is about to read. In a folder they are there; of a store, a machine fetches what it lacks.

Not here: what is fetched and when a copy is good (``dataset.mirror``), and reading the files.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import dagster as dg

from voice_assets.voices import Voice

if TYPE_CHECKING:
    import pandas as pd


@contextmanager
def reading(voice: Voice) -> Iterator[None]:
    """Turn an error of the data set or its store into a dagster.Failure that names the voice file, and the URL of a store."""
    from voice_assets.dataset.clips import DatasetError
    from voice_assets.runtime.remote import RemoteError

    try:
        yield
    except (DatasetError, RemoteError) as error:
        said = str(error).replace(str(voice.dataset), voice.dataset_place)
        raise dg.Failure(f"{voice.file}: dataset: {said}", allow_retries=False) from error


def bring_clips(voice: Voice, clips: "pd.DataFrame") -> list[str]:
    """Have the validated audio of ``clips`` on this machine; the table has the columns ``path`` and ``audio_sha256``.

    Returns the paths of the clips whose bytes the store no longer has; of a data set in a folder none.

    Raises:
        dagster.Failure: the store cannot be reached or refuses.
    """
    if not voice.dataset_url:
        return []
    from voice_assets.dataset.mirror import Mirror

    with reading(voice):
        return Mirror(voice.dataset_url, voice.dataset).bring(dict(zip(clips["path"], clips["audio_sha256"], strict=True)))


def have_clips(voice: Voice, clips: "pd.DataFrame") -> None:
    """``bring_clips``, for assets that read all of them.

    Raises:
        dagster.Failure: also when the store no longer has the bytes of a clip.
    """
    if gone := bring_clips(voice, clips):
        raise dg.Failure(
            f"{voice.dataset_url}/{gone[0]}: {len(gone)} of {len(clips)} clips are gone or changed since they were validated; "
            "validate again, or put the files back",
            allow_retries=False,
        )


def have_head(voice: Voice) -> None:
    """Have today's ``config.json`` and ``metadata_2col.csv`` on this machine, as far as there are any.

    Raises:
        dagster.Failure: the store cannot be reached or refuses.
    """
    if not voice.dataset_url:
        return
    from voice_assets.dataset.mirror import Mirror

    with reading(voice):
        Mirror(voice.dataset_url, voice.dataset).bring_head()
