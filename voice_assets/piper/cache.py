"""The disk space of a voice's prepared clips, and what a full disk says.

Not here: the cache of prepared clips (``piper.clip_cache``) and the free space of a disk (``piper.disk``).
"""

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from voice_assets.piper.disk import disk_of, free_bytes, gb
from voice_assets.piper.errors import TrainingError
from voice_assets.voice_faults import QUALITY_RATES

# Prepared clips of 16-bit recordings are 16-bit samples (``piper.prepared_clip``): 44 kB per second at 22,050 Hz.
CACHE_BYTES_PER_SAMPLE = 2
_DISK_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_TORCH_WRITER = re.compile(r"inline_container|PytorchStreamWriter")


def _full(error: OSError | RuntimeError) -> bool:
    """Whether an error means that a write failed. torch raises an error of its own without the system's error number."""
    return error.errno in _DISK_ERRORS if isinstance(error, OSError) else bool(_TORCH_WRITER.search(str(error)))


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Turn an error of writing into ``folder`` into a TrainingError.

    Raises:
        TrainingError: the cache cannot be written; the message names the cache and its disk. Files written before stay.
    """
    try:
        yield
    except (OSError, RuntimeError) as error:
        if not _full(error):
            raise
        reason = str(error).splitlines()[0]
        raise TrainingError(
            f"{folder}: not written ({reason}): is the disk full? The disk at {disk_of(folder)} has "
            f"{gb(free_bytes(folder))} free; make room and run again, the clips in the cache are kept"
        ) from error


def bytes_of(seconds_of_audio: float, quality: str) -> int:
    """Bytes that the cache of the audio will take: an estimate from :data:`CACHE_BYTES_PER_SAMPLE`."""
    return round(seconds_of_audio * QUALITY_RATES[quality] * CACHE_BYTES_PER_SAMPLE)
