"""Real training of a tiny model: its request, its command line, its events.

The tiny model has one discriminator of six and narrow layers; everything else is what trains a production voice.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from voice_assets.piper.requests import TrainRequest
from voice_assets.runtime.requests import Request
from voice_assets.voices import Training
from voice_assets_tests import forked

VERSION = 4
TINY = {
    "discriminators": 1,
    "hidden_channels": 32,
    "inter_channels": 32,
    "filter_channels": 64,
    "n_layers": 1,
    "upsample_initial_channel": 32,
}
SETTINGS = {"batch_size": 4, "segment_size": 2048, "accelerator": "cpu", "num_workers": 0}


def request(dataset: Path, training_set: Path, work: Path, model: dict[str, Any] | None = None, **changes: Any) -> TrainRequest:
    """A request for the tiny model with other values; settings of the training go into their section."""
    settings = {name: changes.pop(name) for name in list(changes) if name in Training.model_fields}
    values = {
        "dataset": dataset,
        "training_set": training_set,
        "config": dataset / "config.json",
        "work": work,
        "version": VERSION,
        "cache": training_set.parent / "cache",
        "voice_name": "ivrvoice_ru",
        "espeak_voice": "ru",
        "sample_rate": 22050,
        "training": Training(**{**SETTINGS, **settings}),
        "epochs": settings.get("epochs", 2),
        "model_arguments": {**TINY, **(model or {})},
    }
    return TrainRequest(**{**values, **changes})


def command(worker: str, asked: Request, folder: Path) -> list[str]:
    """The worker's command line; its request is written into ``folder``."""
    return [sys.executable, "-m", f"voice_assets.workers.{worker}", str(asked.write(folder, worker))]


def run(line: list[str]) -> tuple[subprocess.CompletedProcess, list[dict[str, Any]]]:
    """The process when it has ended, and its events."""
    done = forked.run(line)
    return done, [json.loads(text) for text in done.stdout.splitlines()]


def run_anew(line: list[str]) -> tuple[subprocess.CompletedProcess, list[dict[str, Any]]]:
    """The same for a child of this process, and for a command line of a shell."""
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    return done, [json.loads(text) for text in done.stdout.splitlines()]


def train(dataset: Path, training_set: Path, work: Path, **changes: Any) -> tuple[subprocess.CompletedProcess, list[dict]]:
    """Train with a ``request`` of these values."""
    return run(command("train", request(dataset, training_set, work, **changes), work))


def of(kind: str, printed: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The events of one kind."""
    return [event for event in printed if event["event"] == kind]
