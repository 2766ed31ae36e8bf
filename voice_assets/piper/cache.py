"""The caches of a voice's training sets, one folder each.

Not here: filling a cache (``piper.data_module``) and the free space of a disk (``piper.disk``).
"""

import errno
import re
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from voice_assets.piper.disk import disk_of, free_bytes, gb
from voice_assets.piper.errors import TrainingError
from voice_assets.runtime.locks import LockError, SharedLock
from voice_assets.voice_faults import QUALITY_RATES

COMPLETE = "COMPLETE"
_NAME = re.compile(r"[0-9a-f]{16}")
_CONTENT = re.compile(rf".*\.(pt|txt)|\.?{COMPLETE}(\..*)?", re.DOTALL)

# Each sample of audio as float32, and every 256 samples 513 float32 of the spectrogram: 265 kB per second at 22,050 Hz.
CACHE_BYTES_PER_SAMPLE = 4 + 513 * 4 / 256
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
            f"{gb(free_bytes(folder))} free; make room and run again, the files in the cache are kept"
        ) from error


def bytes_of(seconds_of_audio: float, quality: str) -> int:
    """Bytes that the cache of the audio will take, an estimate from :data:`CACHE_BYTES_PER_SAMPLE`."""
    return round(seconds_of_audio * QUALITY_RATES[quality] * CACHE_BYTES_PER_SAMPLE)
