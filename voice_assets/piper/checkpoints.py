"""The checkpoints of one training on disk: every epoch, complete or absent, listed with size and SHA-256.

Belongs here: the files ``checkpoints/epoch=<E>-step=<S>.ckpt`` and ``checkpoints.json``. The step in a name is Lightning's
count, which has two steps per batch: generator and discriminator. Not here: what is inside a checkpoint (``piper.model``)
and when a checkpoint is written (``piper.training``).
"""

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from voice_assets.piper.errors import TrainingError
from voice_assets.runtime import files

CHECKPOINT_NAME = re.compile(r"epoch=(0|[1-9][0-9]*)-step=(0|[1-9][0-9]*)\.ckpt")


class CheckpointWriteError(TrainingError):
    """A checkpoint that could not be written, for example because the disk is full. No file is left under its name."""


@dataclass(frozen=True)
class Checkpoint:
    """One complete checkpoint; ``size`` in bytes."""

    epoch: int
    step: int
    path: Path
    size: int
    sha256: str


def checkpoints_in(folder: Path) -> list[Checkpoint]:
    """The complete checkpoints of a training, by epoch. A checkpoint that ``checkpoints.json`` does not list is hashed."""
    listing = folder / "checkpoints.json"
    known = {one["path"]: one for one in json.loads(listing.read_text(encoding="utf-8"))} if listing.exists() else {}
    found = []
    for path in (folder / "checkpoints").glob("*.ckpt"):
        match = CHECKPOINT_NAME.fullmatch(path.name)
        if match is None or not path.is_file():
            continue
        size = path.stat().st_size
        record = known.get(path.name)
        digest = record["sha256"] if record is not None and record["size"] == size else files.sha256(path)
        found.append(Checkpoint(int(match[1]), int(match[2]), path, size, digest))
    return sorted(found, key=lambda one: (one.epoch, one.step))


def write_listing(folder: Path, checkpoints: list[Checkpoint]) -> None:
    """Write ``checkpoints.json``, so that :func:`checkpoints_in` need not hash these files again."""
    records = [{**asdict(one), "path": one.path.name} for one in checkpoints]
    files.write_text(folder / "checkpoints.json", json.dumps(records, indent=1))


def checkpoint_writer() -> Any:
    """Lightning's checkpoint plugin that writes to disk and then renames the file, without a copy in memory."""
    import torch
    from lightning.fabric.plugins.io.torch_io import TorchCheckpointIO

    class WholeOrNothing(TorchCheckpointIO):
        def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:  # noqa: ARG002
            try:
                with files.replacing(Path(path)) as temporary:
                    torch.save(checkpoint, temporary)
            except (OSError, RuntimeError) as error:
                reason = str(error).splitlines()[0]
                raise CheckpointWriteError(
                    f"{path}: not written ({reason}): is the disk full? Earlier epochs are kept; make room and run again"
                ) from error

    return WholeOrNothing()
