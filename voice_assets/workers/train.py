"""Train a voice with Piper: ``python -m voice_assets.workers.train --help``.

Events: ``started``, ``note``, ``progress`` (a step), ``epoch`` (a row of ``EPOCHS``), ``checkpoint`` (epoch, step, path,
size, sha256; the file is complete), ``done``. The result is ``training.json`` in the version's folder. Started again
after it was killed, it goes on after the last complete checkpoint and tells of the former epochs again. The training
itself is in ``piper.training``.
"""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from voice_assets.dataset.config import ConfigError, load_config
from voice_assets.piper import data, model, training
from voice_assets.piper.curves import loss_facts
from voice_assets.runtime import files
from voice_assets.workers.protocol import Progress, emit, follow_parent, is_copy, run

EXPECTED = (
    model.NotFiniteLossError,
    model.QualityError,
    model.CheckpointError,
    ConfigError,
    data.TrainingSetError,
    training.TrainingError,
    OSError,
)


class Events(training.Listener):
    """Prints what the training tells as events."""

    def __init__(self, epochs: int) -> None:
        self.epochs = epochs
        self.progress: Progress | None = None

    def note(self, text: str, **facts: object) -> None:
        """As a ``note`` event."""
        emit("note", message=text, **facts)

    def step(self, epoch: int, step: int, steps: int, loss: float) -> None:
        """As a ``progress`` event; the rate counts from the first step this process makes."""
        if self.progress is None:
            self.progress = Progress(self.epochs * steps, done=epoch * steps + step)
        count = epoch * steps + step - self.progress.done
        self.progress.step(count, epoch=epoch, step=step, steps=steps, loss=round(loss, 4))

    def epoch(self, row: dict[str, Any]) -> None:
        """As an ``epoch`` event."""
        emit("epoch", **row)

    def checkpoint(self, checkpoint: training.Checkpoint) -> None:
        """As a ``checkpoint`` event."""
        emit("checkpoint", **asdict(checkpoint))


def parser() -> argparse.ArgumentParser:
    """The command line."""
    line = argparse.ArgumentParser(prog="python -m voice_assets.workers.train", description=__doc__)
    line.add_argument("--dataset", type=Path, required=True, help="folder that the training set's paths are relative to")
    line.add_argument("--training-set", type=Path, required=True, help="Parquet file with the columns of TRAINING_SET")
    line.add_argument("--config", type=Path, help="the data set's config.json (default: in the data set)")
    line.add_argument("--work", type=Path, required=True, help="lightning_logs/version_<N> is made in here")
    line.add_argument("--version", type=int, required=True, help="number of this training; an existing one goes on")
    line.add_argument("--cache", type=Path, help="phonemes and spectrograms, a folder per training set (default: WORK/cache)")
    line.add_argument("--voice-name", required=True, help="name of the voice")
    line.add_argument("--espeak-voice", help="must be what config.json says (default: that)")
    line.add_argument("--sample-rate", type=int, help="in Hz; must be what config.json says (default: that)")
    line.add_argument("--quality", choices=list(model.QUALITY_RATES), default="medium", help="size of the model")
    line.add_argument("--epochs", type=int, default=2, help="epochs in all, those already trained included")
    line.add_argument("--batch-size", type=int, default=16, help="clips per step")
    line.add_argument("--segment-size", type=int, default=8192, help="audio samples the decoder sees per clip and step")
    line.add_argument("--accelerator", default="auto", help="Lightning's: auto, cpu, gpu")
    line.add_argument("--devices", type=int, default=1, help="how many of them")
    line.add_argument("--precision", default="32-true", help="Lightning's, such as 16-mixed")
    line.add_argument("--num-workers", type=int, default=0, help="processes that load data")
    line.add_argument("--seed", type=int, default=1234)
    line.add_argument("--resume", type=Path, help="weights to start a new version from, with a fresh optimizer, from epoch 0")
    line.add_argument("--trust-checkpoint", action="store_true", help="let --resume hold Python objects, which can run code")
    line.add_argument("--with-parent", type=int, metavar="PID", help="die when this process is no longer the parent")
    line.add_argument("--model-args", type=json.loads, default={}, help=argparse.SUPPRESS)
    return line


def _agree(arguments: argparse.Namespace, config_path: Path) -> None:
    """What the caller believes of the data set and what its config says must be one thing."""
    config = load_config(config_path)
    for name, asked, found in (
        ("espeak voice", arguments.espeak_voice, config.espeak_voice),
        ("sample rate", arguments.sample_rate, config.sample_rate),
    ):
        if asked is not None and asked != found:
            raise ConfigError(f"{config_path}: its {name} is {found!r}, the voice's is {asked!r}")


def main(arguments: argparse.Namespace) -> None:
    """Train and write ``training.json``."""
    follow_parent(arguments.with_parent)
    config_path = arguments.config or arguments.dataset / "config.json"
    _agree(arguments, config_path)
    folder = training.version_dir(arguments.work, arguments.version)
    rows = pd.read_parquet(arguments.training_set)
    emit("started", clips=len(rows), epochs=arguments.epochs, folder=folder)
    names = ("epochs", "batch_size", "segment_size", "quality", "voice_name", "seed", "accelerator", "devices", "precision")
    options = training.Options(
        **{name: getattr(arguments, name) for name in names},
        num_workers=arguments.num_workers,
        start_from=arguments.resume,
        trusted=arguments.trust_checkpoint,
        arguments=arguments.model_args,
    )
    cache = arguments.cache or arguments.work / "cache"
    epochs, checkpoints = training.train(
        rows, arguments.dataset, config_path, arguments.work, arguments.version, cache, options, Events(arguments.epochs)
    )
    if is_copy():  # the first process knows all checkpoints, and writes the result
        return
    facts = loss_facts(epochs, arguments.epochs)
    listing = [{**asdict(one), "path": str(one.path)} for one in checkpoints]
    files.write_text(folder / "training.json", json.dumps({**facts, "checkpoints": listing}, indent=1))
    emit("done", folder=folder, result=folder / "training.json", **facts)


if __name__ == "__main__":
    namespace = parser().parse_args()
    sys.exit(run(lambda: main(namespace), *EXPECTED))
