"""Compute the loss of every clip of a training set under one checkpoint.

Writes one Parquet file with the columns of CLIP_LOSSES (``dataset.tables``), whole or not at all. The clips must be those of
the training, and its cache is used. Nothing is trained. A killed worker that is started again goes on with the clips that are
not done. The losses are in ``piper.clip_losses``.

Events: started (clips, from_before, checkpoint, device; ``from_before`` clips were done by a killed worker), progress (done,
total, rate_per_s, remaining_s), done (result, epoch, step, clips, seconds, and the medians train_mel, validation_mel, train_kl,
validation_kl), error (message, type).
"""

import sys
import time
from collections.abc import Callable, Sequence

import pandas as pd

from voice_assets.dataset.config import ConfigError, load_config
from voice_assets.piper import clip_cache, clip_losses, data
from voice_assets.piper.errors import CheckpointError, TrainingError
from voice_assets.piper.requests import ClipLossRequest
from voice_assets.piper.unfinished_losses import Unfinished
from voice_assets.runtime import files
from voice_assets.workers import command_line
from voice_assets.workers.protocol import ProgressEvents, emit

EXPECTED = (CheckpointError, ConfigError, TrainingError, data.TrainingSetError, clip_losses.ClipLossError, OSError)


def medians(table: pd.DataFrame) -> dict[str, float]:
    """The median mel and KL loss of each split, such as ``validation_mel``. NaN where a split has no loss."""
    return {
        f"{split}_{name}": float(table.loc[table["split"] == split, name].median())
        for name in ("mel", "kl")
        for split in ("train", "validation")
    }


def _tell(rows: pd.DataFrame, unfinished: Unfinished, done: clip_losses.Found) -> Callable[[clip_losses.Found], None]:
    """A function that records each finished batch and prints its ``progress`` event."""
    durations_s = {str(name): float(seconds) for name, seconds in zip(rows["clip_id"], rows["duration_s"], strict=True)}
    left_s = sum(seconds for name, seconds in durations_s.items() if name not in done)
    progress = ProgressEvents(len(rows), done=len(done), work=left_s)

    def told(found: clip_losses.Found) -> None:
        unfinished.add(found)
        progress.step(len(found), sum(durations_s[name] for name in found))

    return told


def work(request: ClipLossRequest) -> None:
    """Compute the losses and write the table."""
    began = time.monotonic()
    config, rows = load_config(request.config), pd.read_parquet(request.training_set)
    data.check_training_set(rows, request.dataset)
    device = clip_losses.device_name(request.accelerator)
    model = clip_losses.load(request.checkpoint, config, trusted=request.trust_checkpoint)
    digest = data.fingerprint(rows, config)
    unfinished = Unfinished(request.out, files.sha256(request.checkpoint), digest)
    done = unfinished.read()
    emit("started", clips=len(rows), from_before=len(done), checkpoint=request.checkpoint, device=device)
    with clip_cache.in_use(request.cache):
        tensors = clip_losses.tensors_of(rows, request.dataset, config, request.cache)
        told = _tell(rows, unfinished, done)
        table = clip_losses.clip_losses(model, rows, tensors, device=device, done=done, told=told)
    with files.replacing(request.out) as temporary:
        table.to_parquet(temporary, index=False)
    unfinished.remove()
    facts = {"epoch": model.epoch, "step": model.step, "clips": len(table), "seconds": round(time.monotonic() - began, 1)}
    emit("done", result=request.out, **facts, **medians(table))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the worker. Returns the exit code of ``workers.protocol``."""
    return command_line.run("clip_losses", __doc__, ClipLossRequest, work, EXPECTED, arguments)


if __name__ == "__main__":
    sys.exit(main())
