"""The caches of a voice's training sets, one folder each, and the disk space that a training needs.

Not here: filling a cache (``piper.data_module``) and writing checkpoints (``piper.checkpoints``).
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
from voice_assets.runtime.locks import LockError, SharedLock
from voice_assets.voice_faults import QUALITY_RATES

COMPLETE = "COMPLETE"
_NAME = re.compile(r"[0-9a-f]{16}")
_CONTENT = re.compile(rf".*\.(pt|txt)|\.?{COMPLETE}(\..*)?", re.DOTALL)

# Each sample of audio as float32, and every 256 samples 513 float32 of the spectrogram: 265 kB per second at 22,050 Hz.
CACHE_BYTES_PER_SAMPLE = 4 + 513 * 4 / 256
# Three float32 for each parameter of generator and discriminators (its value, two of AdamW), rounded up: 54 million parameters
# in x_low, 70 in low and medium, 83 in high. A checkpoint of `medium` has 846 MB (measured).
CHECKPOINT_BYTES = {"x_low": 650_000_000, "low": 850_000_000, "medium": 850_000_000, "high": 1_000_000_000}

_DISK_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_TORCH_WRITER = re.compile(r"inline_container|PytorchStreamWriter")


def folder_of(cache: Path, fingerprint: str) -> Path:
    """The cache of one training set (``piper.data.fingerprint``) among the voice's caches."""
    return cache / fingerprint[:16]


def drop_damaged(folder: Path) -> int:
    """Remove files that a killed process left half written; Piper would read them. Returns the number of removed files."""
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
    """Whether a folder is a cache: named by a fingerprint, with only the files that Piper and this project write there."""
    if not _NAME.fullmatch(folder.name) or folder.is_symlink() or not folder.is_dir():
        return False
    return all(_CONTENT.fullmatch(path.name) and path.is_file() for path in folder.iterdir())


def drop_others(folder: Path) -> int:
    """Remove the voice's other caches beside ``folder``, except caches in use. Returns the number of removed caches."""
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
            f"{_gb(free_bytes(folder))} free; make room and run again, the files in the cache are kept"
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
                f"{folders}: training needs about {_gb(size)} here (spectrograms, and a checkpoint for each epoch), "
                f"{_gb(free)} are free on the disk at {disk}; make room, or train fewer epochs"
            )
