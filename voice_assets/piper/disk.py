"""The disk space of a training: what it will need, compared with what is free, before the start and before each checkpoint.

Not here: which checkpoints stay (``piper.retention``) and the files of a cache (``piper.cache``).
"""

import os
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from voice_assets.piper.errors import TrainingError
from voice_assets.piper.retention import Projection, projected
from voice_assets.voice_training import Training

# Three float32 for each parameter of generator and discriminators (its value, two of AdamW), rounded up: 54 million parameters
# in x_low, 70 in low and medium, 83 in high. A checkpoint of `medium` has 846 MB (measured).
CHECKPOINT_BYTES = {"x_low": 650_000_000, "low": 850_000_000, "medium": 850_000_000, "high": 1_000_000_000}
# TensorBoard's curves and its two spoken clips, the tables of losses. 0.2 MB were measured with clips of 1 to 6 s; long clips
# and thousands of steps take more.
LOG_BYTES_PER_EPOCH = 1_000_000


@dataclass(frozen=True)
class Need:
    """Bytes that will be written into a folder, which need not exist yet, and what they are."""

    folder: Path
    size: int
    what: str


def _existing(path: Path) -> Path:
    """``path`` with links resolved, or the nearest folder above ``path`` that exists."""
    whole = path.resolve()
    return next(place for place in (whole, *whole.parents) if place.exists())


def free_bytes(path: Path) -> int:
    """Free bytes on the disk of ``path``; ``path`` need not exist yet."""
    return shutil.disk_usage(_existing(path)).free


def disk_of(path: Path) -> Path:
    """The mount point of the disk of ``path``."""
    place = _existing(path)
    return next(folder for folder in (place, *place.parents) if os.path.ismount(folder))


def gb(size: int) -> str:
    """``size`` in GB, rounded down: 999 kB short of a limit must not read like the limit."""
    return f"{size // 10**6 / 1000:.3f} GB"


def checkpoints_needed(folder: Path, projection: Projection, present: int, quality: str, size: int | None = None) -> Need:
    """The space of the checkpoints that are still to come, at least of one.

    Args:
        folder: the folder of the training.
        projection: how many there will be at most (``retention.projected``).
        present: how many are on disk.
        quality: Piper's quality, for the size of a checkpoint that none is known of.
        size: bytes of a checkpoint of this training, when one is known.
    """
    each = size or CHECKPOINT_BYTES[quality]
    more = max(1, projection.total - present)
    words = f"{more} checkpoints of {gb(each)} (training.keep: {projection}; on disk: {present})"
    return Need(folder, more * each, words)


def next_checkpoint_needed(folder: Path, quality: str, size: int | None = None) -> Need:
    """The space of one checkpoint more; arguments as in :func:`checkpoints_needed`."""
    each = size or CHECKPOINT_BYTES[quality]
    return Need(folder, each, "the next checkpoint, which must be whole before an older one goes")


def logs_needed(folder: Path, epochs: int) -> Need:
    """The space of the logs and tables of so many epochs."""
    return Need(folder, epochs * LOG_BYTES_PER_EPOCH, f"logs of {epochs} epochs")


def whole_training(folder: Path, training: Training, epochs: int, cache_bytes: int) -> list[Need]:
    """What a training of ``epochs`` epochs needs from its start on; ``cache_bytes`` are the prepared clips."""
    return [
        checkpoints_needed(folder, projected(training, epochs), 0, training.quality),
        logs_needed(folder, epochs),
        Need(folder, cache_bytes, "prepared clips"),
    ]


def check_space(needs: Iterable[Need], free_at: Callable[[Path], int] = free_bytes) -> None:
    """Check that the disks have room. Needs on one disk add up.

    Raises:
        TrainingError: a disk is too small; the message names the disk, the arithmetic, the free space and the way out.
    """
    disks: dict[Path, list[Need]] = {}
    for need in needs:
        if need.size:
            disks.setdefault(disk_of(need.folder), []).append(need)
    for disk, wanted in disks.items():
        free, size = free_at(disk), sum(need.size for need in wanted)
        if free < size:
            folders = ", ".join(dict.fromkeys(str(need.folder) for need in wanted))
            parts = " + ".join(f"{gb(need.size)} for {need.what}" for need in wanted)
            raise TrainingError(
                f"{folders}: training needs about {gb(size)} here ({parts}), {gb(free)} are free on the disk at {disk}; make "
                "room, or keep fewer checkpoints (training.keep)"
            )
