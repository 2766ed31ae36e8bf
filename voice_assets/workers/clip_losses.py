"""Compute the loss of every clip of a training set under one checkpoint.

Writes one Parquet file with the columns of CLIP_LOSSES (``dataset.tables``), whole or not at all. The clips must be those of
the training, and its cache is used. Nothing is trained. The losses are in ``piper.clip_losses``.

Events: started (clips, checkpoint, device), progress (done, total, rate_per_s, remaining_s), done (result, epoch, step,
clips, seconds, and the medians train_mel, validation_mel, train_kl, validation_kl), error (message, type).
"""

import sys
import time
from collections.abc import Sequence

import pandas as pd

from voice_assets.dataset.config import ConfigError, load_config
from voice_assets.piper import clip_cache, clip_losses, data
from voice_assets.piper.errors import CheckpointError, TrainingError
from voice_assets.piper.requests import ClipLossRequest
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


def work(request: ClipLossRequest) -> None:
    """Compute the losses and write the table."""
    began = time.monotonic()
    config, rows = load_config(request.config), pd.read_parquet(request.training_set)
    data.check_training_set(rows, request.dataset)
    device = clip_losses.device_name(request.accelerator)
    emit("started", clips=len(rows), checkpoint=request.checkpoint, device=device)
    progress = ProgressEvents(len(rows), work=float(rows["duration_s"].sum()))
    with clip_cache.in_use(request.cache):
        tensors = clip_losses.tensors_of(rows, request.dataset, config, request.cache)
        model = clip_losses.load(request.checkpoint, config, trusted=request.trust_checkpoint)
        table = clip_losses.clip_losses(model, rows, tensors, device=device, told=progress.step)
    with files.replacing(request.out) as temporary:
        table.to_parquet(temporary, index=False)
    seconds = round(time.monotonic() - began, 1)
    emit("done", result=request.out, epoch=model.epoch, step=model.step, clips=len(table), seconds=seconds, **medians(table))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the worker. Returns the exit code of ``workers.protocol``."""
    return command_line.run("clip_losses", __doc__, ClipLossRequest, work, EXPECTED, arguments)


if __name__ == "__main__":
    sys.exit(main())
