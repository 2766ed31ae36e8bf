"""What happens around the steps of a training: random state, validation, tables, checkpoints, and the early end.

Belongs here: Lightning's callback that runs before and after batches, validations and epochs. Not here: the losses
(``piper.model``), starting Lightning (``piper.training``), and which checkpoints stay (``piper.retention``).
"""

import random
import resource
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pandas as pd

from voice_assets.piper import checkpoints as files_of
from voice_assets.piper import disk, ranks, retention
from voice_assets.piper.checkpoints import Checkpoint
from voice_assets.piper.errors import TrainingError
from voice_assets.piper.loss_tables import epoch_row, epochs_in, step_row, write_epoch
from voice_assets.piper.requests import TrainRequest
from voice_assets.runtime import files

if TYPE_CHECKING:
    from voice_assets.piper.convergence import Level

TRAINING, VALIDATION = 0, 1


class TrainingEvents(Protocol):
    """Receives the events of a running training."""

    def note(self, text: str, **facts: object) -> None:
        """Information for a person."""

    def preparing(self, done: int, total: int) -> None:
        """``done`` of ``total`` clips are prepared for training."""

    def step(self, epoch: int, step: int, steps: int, loss: float) -> None:
        """A training step is done: ``step`` (from 1) of ``steps`` in this epoch, with the generator loss."""

    def epoch(self, row: dict[str, Any]) -> None:
        """An epoch is done; ``row`` is a row of ``EPOCHS``."""

    def checkpoint(self, checkpoint: Checkpoint) -> None:
        """A checkpoint is complete on disk."""

    def removed(self, checkpoint: Checkpoint) -> None:
        """The file of a checkpoint is gone, for the reason ``checkpoint.removed``."""

    def fatal(self, message: str) -> None:
        """The training ends at once, for the reason in ``message``. Called from another thread than the other methods."""


def seed_random(*parts: int) -> None:
    """Seed torch (every device), NumPy and Python from ``parts``, which are at least 0.

    Each epoch starts from a random state of its own. So a training that resumes after an epoch continues exactly as one that
    was never interrupted, and nothing about random numbers has to be stored.
    """
    import torch

    state = np.random.SeedSequence(parts).generate_state(2)
    torch.manual_seed(int(state[0]))
    np.random.seed(int(state[1]))
    random.seed(int(state[1]))


def level_of(table: pd.DataFrame, window: int) -> "Level":
    """Whether the validation loss is level. Here alone the trainer asks for the definition."""
    from voice_assets.piper.convergence import level

    return level(table, window)


@dataclass
class Progress:
    """The state of a training that its callback keeps: the checkpoints ever written, and why it ended.

    Attributes:
        records: every checkpoint that was written, by epoch.
        ended: ``epochs`` or ``level``; empty while the training runs.
        reason: the arithmetic of ``level``.
    """

    records: list[Checkpoint] = field(default_factory=list)
    ended: str = ""
    reason: str = ""

    @property
    def present(self) -> list[Checkpoint]:
        """The checkpoints on disk, by epoch."""
        return [one for one in self.records if not one.removed]


class Store:
    """Writes tables and checkpoints of one training, removes the checkpoints that need not stay, and tells the events."""

    def __init__(self, request: TrainRequest, folder: Path, events: TrainingEvents, progress: Progress) -> None:
        self.request, self.folder, self.events, self.progress = request, folder, events, progress
        self.short = False

    def epoch(self, row: dict[str, Any], steps: Sequence[dict[str, Any]]) -> None:
        """Write a finished epoch, and decide whether the training has ended."""
        table = write_epoch(self.folder, row, steps)
        self.events.epoch(row)
        if row["epoch"] == self.request.epochs - 1:
            self.progress.ended = "epochs"
        elif self.request.stop_when_level and row["validated"]:
            found = level_of(table, self.request.training.level_epochs)
            if found.level:
                self.progress.ended, self.progress.reason = "level", found.reason

    def check_space(self) -> None:
        """Check that the disk has room for the next checkpoint, and say once when it has no room for all that will stay.

        Raises:
            TrainingError: no room for the next checkpoint. Training goes on from the checkpoint before.
        """
        present, quality = self.progress.present, self.request.training.quality
        size = max((one.size for one in present), default=None)
        disk.check_space([disk.next_checkpoint_needed(self.folder, quality, size)])
        if self.short:
            return
        projection = retention.projected(self.request.training, self.request.epochs)
        try:
            disk.check_space([disk.checkpoints_needed(self.folder, projection, len(present), quality, size)])
        except TrainingError as error:
            self.short = True
            self.events.note(f"the disk will be full before this training ends: {error}")

    def checkpoint(self, epoch: int, step: int, path: Path) -> None:
        """Record a checkpoint that is complete, then remove those that need not stay any more."""
        new = Checkpoint(epoch, step, path, path.stat().st_size, files.sha256(path))
        records = [one for one in self.progress.records if one.epoch != epoch]
        before = {one.epoch for one in records if one.removed}
        self.progress.records = files_of.marked([*records, new], self._unwanted([*records, new]))
        files_of.write_listing(self.folder, self.progress.records)
        self.events.checkpoint(new)
        for one in self.progress.records:
            if one.removed and one.epoch not in before:
                files_of.remove(one)
                self.events.removed(one)

    def _unwanted(self, records: Sequence[Checkpoint]) -> dict[int, str]:
        chosen = self.request.training
        if self.request.epochs <= chosen.epochs:  # the mini-training keeps all: its epochs are to be compared
            return {}
        present = [one.epoch for one in records if not one.removed]
        return retention.unwanted(epochs_in(self.folder), present, chosen.keep)


def _memory_mb() -> dict[str, float]:
    """The most memory of this process so far, and of tensors on its first GPU."""
    import torch

    gpu = torch.cuda.max_memory_allocated() if torch.cuda.is_available() else 0
    return {"memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6, "gpu_memory_mb": gpu / 1e6}


class Hooks:
    """What the callback does at each of Lightning's events. It runs in the process of every device; the first one writes."""

    def __init__(self, request: TrainRequest, folder: Path, events: TrainingEvents, progress: Progress) -> None:
        super().__init__()
        self.request, self.folder, self.events, self.progress = request, folder, events, progress
        self.store = Store(request, folder, events, progress)
        self.steps: list[dict[str, Any]] = []
        self.clips: list[int] = []  # of each validation step: the last one is often smaller
        self.started = 0.0

    def on_train_epoch_start(self, trainer: Any, model: Any) -> None:
        """Clear the losses of the epoch before, and say whether this epoch is validated."""
        self.started = time.monotonic()
        self.steps, self.clips = [], []
        model.losses["training"].clear()
        model.losses["validation"].clear()
        due = retention.validated(trainer.current_epoch, self.request.training, self.request.epochs)
        trainer.check_val_every_n_epoch = 1 if due else trainer.current_epoch + 2  # Lightning: does it divide epoch + 1?

    def on_train_batch_start(self, trainer: Any, model: Any, batch: Any, batch_idx: int) -> None:  # noqa: ARG002 - Lightning's
        """Seed the epoch. Not earlier: starting the loader draws random numbers, in the first epoch of a process sooner."""
        if batch_idx == 0:
            seed_random(self.request.training.seed, TRAINING, trainer.current_epoch, trainer.global_rank)

    def on_validation_start(self, trainer: Any, model: Any) -> None:  # noqa: ARG002 - Lightning's
        """Try every epoch with the same noise and the same segments: the curve shows the model, not the draw."""
        seed_random(self.request.training.seed, VALIDATION, trainer.global_rank)

    def on_validation_batch_end(self, trainer: Any, model: Any, outputs: Any, batch: Any, *_: Any) -> None:  # noqa: ARG002
        """Count the clips of the step."""
        self.clips.append(len(batch.audio_lengths))

    def on_train_batch_end(self, trainer: Any, model: Any, outputs: Any, batch: Any, batch_idx: int) -> None:  # noqa: ARG002
        """Keep the losses of the step."""
        losses, epoch = model.losses["training"][-1], trainer.current_epoch
        place = {"epoch": epoch, "step": batch_idx + 1, "global_step": trainer.global_step}
        rate = trainer.optimizers[0].param_groups[0]["lr"]
        self.steps.append(step_row(losses, **place, learning_rate=rate, seconds=time.monotonic() - self.started))
        if trainer.is_global_zero:
            self.events.step(epoch, batch_idx + 1, trainer.num_training_batches, losses["generator"])

    def on_train_epoch_end(self, trainer: Any, model: Any) -> None:
        """Lower the learning rates, write the tables, decide whether training ends, and save the checkpoint that is due."""
        epoch = trainer.current_epoch
        for scheduler in model.lr_schedulers():  # once per epoch, as VITS does; nobody else does it with manual steps
            scheduler.step()
        row = self._row(epoch, model.losses)  # in every rank: the means are over the steps of all ranks
        if trainer.is_global_zero:
            self.store.epoch(row, self.steps)
        self.progress.ended = trainer.strategy.broadcast(self.progress.ended)  # every device ends after the same epoch
        if self.progress.ended or retention.saved(epoch, self.request.training, self.request.epochs):
            self._save(trainer, epoch)
        trainer.should_stop = self.progress.ended == "level"

    def _row(self, epoch: int, losses: dict[str, list[dict[str, float]]]) -> dict[str, Any]:
        due = retention.validated(epoch, self.request.training, self.request.epochs)
        tried = ranks.means_over_ranks(losses["validation"], self.clips) if due else None
        seconds = time.monotonic() - self.started
        return epoch_row(epoch, ranks.means_over_ranks(losses["training"]), tried, seconds=seconds, **_memory_mb())

    def _save(self, trainer: Any, epoch: int) -> None:
        path = self.folder / "checkpoints" / f"epoch={epoch}-step={trainer.global_step}.ckpt"
        if trainer.is_global_zero:
            self.store.check_space()
        trainer.save_checkpoint(path, weights_only=False)  # every device must save
        if trainer.is_global_zero:
            self.store.checkpoint(epoch, trainer.global_step, path)


def recorder(request: TrainRequest, folder: Path, events: TrainingEvents, progress: Progress) -> Any:
    """Lightning's callback for one training. Lightning runs a checkpoint's callback after the model's own hooks."""
    from lightning.pytorch.callbacks import Checkpoint as CheckpointCallback

    return type("Recorder", (Hooks, CheckpointCallback), {})(request, folder, events, progress)
