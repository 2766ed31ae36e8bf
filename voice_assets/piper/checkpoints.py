"""The checkpoints of one training on disk: complete or absent, and a record of every one that was ever written.

Belongs here: the files ``checkpoints/epoch=<E>-step=<S>.ckpt`` and ``checkpoints.json``, which lists each with its size and
SHA-256, and for a removed one the reason. The step in a name is Lightning's count, which has two steps per batch: generator
and discriminator. Not here: what is inside a checkpoint (``piper.model``), when a checkpoint is written (``piper.recorder``)
and which ones stay (``piper.retention``).
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from voice_assets.piper.errors import TrainingError
from voice_assets.runtime import files

CHECKPOINT_NAME = re.compile(r"epoch=(0|[1-9][0-9]*)-step=(0|[1-9][0-9]*)\.ckpt")
LISTING = "checkpoints.json"
_HALF_WRITTEN = re.compile(r"\.(epochs|steps|checkpoints|training|identity|metadata|phonemes|config)\..+")
GONE = "its file is gone, and no training removed it"
DAMAGED = "damaged: the file is not the one that was written"


class CheckpointWriteError(TrainingError):
    """A checkpoint that could not be written, for example because the disk is full. No file is left under its name."""


@dataclass(frozen=True)
class Checkpoint:
    """One checkpoint; ``size`` in bytes. ``removed`` is the reason why its file is gone, and empty for a complete file."""

    epoch: int
    step: int
    path: Path
    size: int
    sha256: str
    removed: str = ""


def checkpoints_in(folder: Path) -> list[Checkpoint]:
    """The complete checkpoints of a training, by epoch. A checkpoint that ``checkpoints.json`` does not list is hashed."""
    return [one for one in records_in(folder) if not one.removed]


def records_in(folder: Path) -> list[Checkpoint]:
    """Every checkpoint that a training ever wrote, by epoch; removed ones have a reason.

    A file of another size than the listed one is damaged.
    """
    known = _listed(folder)
    found = {}
    for path in (folder / "checkpoints").glob("*.ckpt"):
        match = CHECKPOINT_NAME.fullmatch(path.name)
        if match is None or not path.is_file():
            continue
        size = path.stat().st_size
        record = known.get(path.name)
        if record is not None and not record.removed and record.size != size:
            record = replace(record, removed=DAMAGED)
        elif record is None or record.size != size:  # not listed yet, or an epoch that was trained again
            record = Checkpoint(int(match[1]), int(match[2]), path, size, files.sha256(path))
        found[path.name] = record
    lost = {name: replace(one, removed=one.removed or GONE) for name, one in known.items() if name not in found}
    return sorted([*found.values(), *lost.values()], key=lambda one: (one.epoch, one.step))


def _listed(folder: Path) -> dict[str, Checkpoint]:
    """The records in ``checkpoints.json``, by file name. Raises TrainingError when the file has other content."""
    listing = folder / LISTING
    if not listing.exists():
        return {}
    try:
        return dict(_record(folder, one) for one in json.loads(listing.read_text(encoding="utf-8")))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise TrainingError(
            f"{listing}: no list of checkpoints ({error!r}); remove this file: the checkpoints on disk are then listed anew, "
            "and why others were removed is forgotten"
        ) from error


def _record(folder: Path, one: dict[str, Any]) -> tuple[str, Checkpoint]:
    name, epoch, step = one["path"], int(one["epoch"]), int(one["step"])
    if name != f"epoch={epoch}-step={step}.ckpt":
        raise ValueError(f"{name!r} is not the checkpoint of epoch {epoch}, step {step}")
    path = folder / "checkpoints" / name
    return name, Checkpoint(epoch, step, path, int(one["size"]), str(one["sha256"]), str(one.get("removed", "")))


def write_listing(folder: Path, checkpoints: Iterable[Checkpoint]) -> None:
    """Write ``checkpoints.json``, so that :func:`checkpoints_in` need not hash these files again."""
    records = [{**asdict(one), "path": one.path.name} for one in checkpoints]
    files.write_text(folder / LISTING, json.dumps(records, indent=1))


def marked(records: Iterable[Checkpoint], reasons: Mapping[int, str]) -> list[Checkpoint]:
    """The records, with the reason for every epoch in ``reasons`` that is not removed yet."""
    return [one if one.removed else replace(one, removed=reasons.get(one.epoch, "")) for one in records]


def remove(checkpoint: Checkpoint) -> None:
    """Remove the file of a checkpoint whose record, with the reason, is already in ``checkpoints.json``.

    The record comes first: a process that is killed in between leaves the file, and :func:`tidy` finishes the removal.
    """
    checkpoint.path.unlink(missing_ok=True)


def tidy(folder: Path) -> list[Checkpoint]:
    """Finish what a killed process began in a version's folder. Returns the records, which are also written.

    Half-written files go. A checkpoint that was marked as removed goes, and a damaged one. The newest checkpoint, from which
    training resumes, is hashed: when it is not the recorded file, it goes too and the one before counts.
    """
    for left in [*folder.glob(".*"), *(folder / "checkpoints").glob(".epoch=*.ckpt")]:
        if left.parent != folder or _HALF_WRITTEN.fullmatch(left.name):
            left.unlink()
    known = _listed(folder)
    records = records_in(folder)
    for one in records:
        if one.removed and one.path.exists():
            remove(one)
    while whole := [one for one in records if not one.removed]:
        newest = whole[-1]
        listed = known.get(newest.path.name)
        if listed is None or listed.sha256 == files.sha256(newest.path):
            break
        records = [replace(listed, removed=DAMAGED) if one == newest else one for one in records]
        write_listing(folder, records)
        remove(newest)
    if records:
        write_listing(folder, records)
    return records


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
