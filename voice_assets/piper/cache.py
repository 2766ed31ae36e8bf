"""The caches of a voice's training sets, a folder each, and how much room on disk a training takes.

What lies in a cache is Piper's business (``vits_data``); writing checkpoints is ``vits_training``'s.
"""

import errno
import os
import re
import shutil
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from voice_assets.piper.errors import TrainingError
from voice_assets.piper.model import QUALITY_RATES
from voice_assets.runtime.locks import LockError, SharedLock

COMPLETE = "COMPLETE"
_NAME = re.compile(r"[0-9a-f]{16}")
_CONTENT = re.compile(rf".*\.(pt|txt)|\.?{COMPLETE}(\..*)?", re.DOTALL)

# Per sample of audio: itself as float32, and 513 float32 of its spectrogram every 256 samples. At 22,050 Hz 265 kB a second.
CACHE_BYTES_PER_SAMPLE = 4 + 513 * 4 / 256
# Of every parameter of generator and discriminators (x_low 54 million, low and medium 70, high 83) the value and two of
# AdamW's as float32, rounded up; of `medium`, 846 MB were measured.
CHECKPOINT_BYTES = {"x_low": 650_000_000, "low": 850_000_000, "medium": 850_000_000, "high": 1_000_000_000}

_DISK_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_TORCH_WRITER = re.compile(r"inline_container|PytorchStreamWriter")


def folder_of(cache: Path, fingerprint: str) -> Path:
    """The cache of one training set (``vits_data.fingerprint``) among the voice's caches."""
    return cache / fingerprint[:16]


def drop_damaged(folder: Path) -> int:
    """Remove what a killed process left half written in a cache; Piper takes any file that exists. Returns how many."""
    damaged = [path for path in sorted(folder.glob("*.pt")) if not zipfile.is_zipfile(path)]
    for path in damaged:
        path.unlink()
    return len(damaged)


@contextmanager
def in_use(folder: Path) -> Iterator[None]:
    """Make a cache's folder, and keep :func:`drop_others` of other processes from the folder while the block runs."""
    with _lock_of(folder) as lock:
        with suppress(LockError):  # a disk without locks: then `drop_others` removes no folder there
            lock.share()
        folder.mkdir(parents=True, exist_ok=True)
        yield


def _lock_of(folder: Path) -> SharedLock:
    return SharedLock(folder.with_name(f".{folder.name}.lock"))


def _ours(folder: Path) -> bool:
    """A folder named by a fingerprint with nothing in it but what Piper and this project write into a cache."""
    if not _NAME.fullmatch(folder.name) or folder.is_symlink() or not folder.is_dir():
        return False
    return all(_CONTENT.fullmatch(path.name) and path.is_file() for path in folder.iterdir())


def drop_others(folder: Path) -> int:
    """Remove the voice's caches of other training sets than ``folder``'s, but none that a training uses. Returns how many."""
    dropped = 0
    for other in sorted(folder.parent.iterdir()):
        if other.name == folder.name or not _ours(other):
            continue
        with suppress(LockError), _lock_of(other) as lock:
            if lock.take_alone():
                shutil.rmtree(other, ignore_errors=True)
                lock.remove()
                dropped += 1
    return dropped


def _existing(path: Path) -> Path:
    """``path`` without links, or the nearest folder above it that is there."""
    whole = path.resolve()
    return next(place for place in (whole, *whole.parents) if place.exists())


def free_bytes(path: Path) -> int:
    """Bytes that may be written on the disk of ``path``, which need not exist yet."""
    return shutil.disk_usage(_existing(path)).free


def _disk(path: Path) -> Path:
    """Where the disk of ``path`` is mounted."""
    place = _existing(path)
    return next(folder for folder in (place, *place.parents) if os.path.ismount(folder))


def _full(error: OSError | RuntimeError) -> bool:
    """Whether an error says that a write failed: torch wraps the system's error into one of its own that does not."""
    return error.errno in _DISK_ERRORS if isinstance(error, OSError) else bool(_TORCH_WRITER.search(str(error)))


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Say in words when a cache cannot be written.

    Raises:
        TrainingError: naming the cache and its disk; what was written before is kept.
    """
    try:
        yield
    except (OSError, RuntimeError) as error:
        if not _full(error):
            raise
        reason = str(error).splitlines()[0]
        raise TrainingError(
            f"{folder}: not written ({reason}): is the disk full? The disk at {_disk(folder)} has "
            f"{_gb(free_bytes(folder))} free; make room and run again, what is in the cache is kept"
        ) from error


def space_needed(seconds_of_audio: float, epochs: int, quality: str) -> int:
    """Bytes a training will write: the cache of so many seconds, and a checkpoint for each epoch still to train.

    0 seconds where the cache is there. Estimated from :data:`CACHE_BYTES_PER_SAMPLE` and :data:`CHECKPOINT_BYTES`; logs
    are left out.
    """
    return round(seconds_of_audio * QUALITY_RATES[quality] * CACHE_BYTES_PER_SAMPLE) + epochs * CHECKPOINT_BYTES[quality]


def _gb(size: int) -> str:
    """Rounded down, so that what is too little never looks like enough."""
    return f"{size // 10**6 / 1000:.3f} GB"


def check_space(needed: Mapping[Path, int], free_at: Callable[[Path], int] = free_bytes) -> None:
    """Refuse to start what the disk cannot hold. ``needed``: folder, also one not made yet, to bytes; one disk's add up.

    Raises:
        TrainingError: naming the disk, what is needed and what is free.
    """
    disks: dict[Path, int] = defaultdict(int)
    for folder, size in needed.items():
        disks[_disk(folder)] += size
    for disk, size in disks.items():
        free = free_at(disk)
        if free < size:
            folders = ", ".join(str(folder) for folder in needed if _disk(folder) == disk)
            raise TrainingError(
                f"{folders}: training needs about {_gb(size)} here (spectrograms, and a checkpoint for each epoch still to "
                f"train), {_gb(free)} are free on the disk at {disk}; make room, or train fewer epochs"
            )
