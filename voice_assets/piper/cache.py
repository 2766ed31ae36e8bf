"""The disk space that a training needs, and what a full disk says.

Not here: the cache of prepared clips (``piper.clip_cache``) and writing checkpoints (``piper.checkpoints``).
"""

import errno
import os
import re
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from voice_assets.piper.errors import TrainingError
from voice_assets.voice_faults import QUALITY_RATES

# Prepared clips of 16-bit recordings are 16-bit samples (``piper.prepared_clip``): 44 kB per second at 22,050 Hz.
CACHE_BYTES_PER_SAMPLE = 2
# Three float32 for each parameter of generator and discriminators (its value, two of AdamW), rounded up: 54 million parameters
# in x_low, 70 in low and medium, 83 in high. A checkpoint of `medium` has 846 MB (measured).
CHECKPOINT_BYTES = {"x_low": 650_000_000, "low": 850_000_000, "medium": 850_000_000, "high": 1_000_000_000}

_DISK_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_TORCH_WRITER = re.compile(r"inline_container|PytorchStreamWriter")


def _existing(path: Path) -> Path:
    """``path`` with links resolved, or the nearest folder above ``path`` that exists."""
    whole = path.resolve()
    return next(place for place in (whole, *whole.parents) if place.exists())


def free_bytes(path: Path) -> int:
    """Free bytes on the disk of ``path``; ``path`` need not exist yet."""
    return shutil.disk_usage(_existing(path)).free


def _disk(path: Path) -> Path:
    """The mount point of the disk of ``path``."""
    place = _existing(path)
    return next(folder for folder in (place, *place.parents) if os.path.ismount(folder))


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
            f"{folder}: not written ({reason}): is the disk full? The disk at {_disk(folder)} has "
            f"{_gb(free_bytes(folder))} free; make room and run again, the clips in the cache are kept"
        ) from error


def space_needed(seconds_of_audio: float, epochs: int, quality: str) -> int:
    """Bytes that a training will write: the cache of the audio, and a checkpoint for each of ``epochs``.

    An estimate from :data:`CACHE_BYTES_PER_SAMPLE` and :data:`CHECKPOINT_BYTES`, without logs. A complete cache needs nothing:
    pass 0 seconds.
    """
    return round(seconds_of_audio * QUALITY_RATES[quality] * CACHE_BYTES_PER_SAMPLE) + epochs * CHECKPOINT_BYTES[quality]


def _gb(size: int) -> str:
    """``size`` in GB, rounded down: 999 kB short of a limit must not read like the limit."""
    return f"{size // 10**6 / 1000:.3f} GB"


def check_space(needed: Mapping[Path, int], free_at: Callable[[Path], int] = free_bytes) -> None:
    """Check that the disks have room. ``needed``: folder (it need not exist yet) -> bytes; folders on one disk add up.

    Raises:
        TrainingError: a disk is too small; the message names the disk, the needed and the free space.
    """
    disks: dict[Path, int] = defaultdict(int)
    for folder, size in needed.items():
        disks[_disk(folder)] += size
    for disk, size in disks.items():
        free = free_at(disk)
        if free < size:
            folders = ", ".join(str(folder) for folder in needed if _disk(folder) == disk)
            raise TrainingError(
                f"{folders}: training needs about {_gb(size)} here (prepared clips, and a checkpoint for each epoch), "
                f"{_gb(free)} are free on the disk at {disk}; make room, or train fewer epochs"
            )
