"""Train a voice with Piper.

The result is ``training.json`` in the version's folder. A killed training that is started again continues after the last
complete checkpoint, and prints the events of its earlier epochs again. The training itself is in ``piper.training``.

Events: started (clips, epochs, folder), note (message), preparing (clips prepared for training: done, total, rate_per_s,
remaining_s), progress (one step: done, total, rate_per_s, remaining_s, epoch,
step, steps, loss), epoch (a row of EPOCHS, ``dataset.tables``), checkpoint (epoch, step, path, size, sha256; the file is
complete), removed (epoch, step, path, size, sha256, reason; the file of this checkpoint is gone, see ``training.keep``), done
(folder, result, ended, facts of the losses), error (message, type).

A training ends when ``epochs`` epochs are done, or earlier when its validation loss is level and ``stop_when_level`` is true;
``ended`` in ``training.json`` says which.
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import pandas as pd

from voice_assets.dataset.config import ConfigError, load_config
from voice_assets.piper import data, model
from voice_assets.piper.checkpoints import Checkpoint
from voice_assets.piper.curves import loss_facts
from voice_assets.piper.errors import CheckpointError, TrainingError
from voice_assets.piper.recorder import TrainingEvents
from voice_assets.piper.requests import TrainRequest
from voice_assets.piper.training import train
from voice_assets.piper.versions import version_dir
from voice_assets.runtime import files
from voice_assets.workers import command_line
from voice_assets.workers.protocol import ProgressEvents, emit, is_copy

EXPECTED = (
    model.NotFiniteLossError,
    model.QualityError,
    CheckpointError,
    ConfigError,
    data.TrainingSetError,
    TrainingError,
    OSError,
)


class Events(TrainingEvents):
    """Prints what happens in the training as events."""

    def __init__(self, epochs: int) -> None:
        self.epochs = epochs
        self.progress: ProgressEvents | None = None
        self.clips: ProgressEvents | None = None

    def note(self, text: str, **facts: object) -> None:
        """Print a ``note`` event."""
        emit("note", message=text, **facts)

    def preparing(self, done: int, total: int) -> None:
        """Print a ``preparing`` event. The rate counts from the clips that an earlier process prepared."""
        if self.clips is None:
            self.clips = ProgressEvents(total, done, event="preparing")
        self.clips.step(done - self.clips.done)

    def step(self, epoch: int, step: int, steps: int, loss: float) -> None:
        """Print a ``progress`` event. The rate counts from the first step of this process."""
        if self.progress is None:
            self.progress = ProgressEvents(self.epochs * steps, done=epoch * steps + step)
        count = epoch * steps + step - self.progress.done
        self.progress.step(count, epoch=epoch, step=step, steps=steps, loss=round(loss, 4))

    def epoch(self, row: dict[str, Any]) -> None:
        """Print an ``epoch`` event."""
        emit("epoch", **row)

    def checkpoint(self, checkpoint: Checkpoint) -> None:
        """Print a ``checkpoint`` event."""
        emit("checkpoint", **_facts(checkpoint))

    def removed(self, checkpoint: Checkpoint) -> None:
        """Print a ``removed`` event."""
        emit("removed", **_facts(checkpoint), reason=checkpoint.removed)

    def fatal(self, message: str) -> None:
        """Print an ``error`` event and the line on stderr that ends a worker's log. Called from a thread of supervision."""
        sys.stderr.write(message + "\n")
        emit("error", message=message, type=TrainingError.__name__)


def _facts(checkpoint: Checkpoint) -> dict[str, Any]:
    return {name: value for name, value in asdict(checkpoint).items() if name != "removed"}


def _check_config(request: TrainRequest) -> None:
    """Check that the request and the data set's configuration name the same espeak voice and sample rate."""
    config = load_config(request.config)
    for name, asked, found in (
        ("espeak voice", request.espeak_voice, config.espeak_voice),
        ("sample rate", request.sample_rate, config.sample_rate),
    ):
        if asked != found:
            raise ConfigError(f"{request.config}: its {name} is {found!r}, in the voice it is {asked!r}")


def work(request: TrainRequest) -> None:
    """Train and write ``training.json``."""
    _check_config(request)
    folder, epochs = version_dir(request.work, request.version), request.epochs
    rows = pd.read_parquet(request.training_set)
    emit("started", clips=len(rows), epochs=epochs, folder=folder)
    trained = train(request, rows, Events(epochs))
    if is_copy():  # the first process knows all checkpoints, and writes the result
        return
    facts = {**loss_facts(trained.epochs, epochs), "ended": trained.ended, "reason": trained.reason}
    listing = [{**asdict(one), "path": str(one.path)} for one in trained.checkpoints]
    content = {
        **facts,
        "checkpoints": [one for one in listing if not one["removed"]],
        "removed": [one for one in listing if one["removed"]],
    }
    files.write_text(folder / "training.json", json.dumps(content, indent=1))
    emit("done", folder=folder, result=folder / "training.json", **facts)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the worker. Returns the exit code of ``workers.protocol``."""
    return command_line.run("train", __doc__, TrainRequest, work, EXPECTED, arguments)


if __name__ == "__main__":
    sys.exit(main())
