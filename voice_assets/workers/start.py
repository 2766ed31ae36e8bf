"""Make the start of a training from a published voice, of which only the ONNX exists.

The results are ``start.ckpt``, a checkpoint that a training can start from, and ``start.json``. The generator is rebuilt from
the ONNX, the voice speaks, the posterior encoder learns from that speech, and the decoder is tuned to the data set. A killed
process that is started again goes on where it was. The stages are in ``piper.warm_start``.

Events: started (source, clips, folder), note (message), progress (stage, done, total, rate_per_s, remaining_s, loss), stage
(name, seconds, figures of the stage), done (result, checkpoint, sha256), error (message, type).
"""

import sys
from collections.abc import Sequence
from typing import Any

import pandas as pd

from voice_assets.audio.recordings import AudioError
from voice_assets.dataset.config import ConfigError
from voice_assets.piper import data, model
from voice_assets.piper.errors import CheckpointError, TrainingError
from voice_assets.piper.onnx_voice import VoiceLoadError
from voice_assets.piper.warm_start import start
from voice_assets.piper.warm_start.learning import StartEvents
from voice_assets.piper.warm_start.requests import StartRequest
from voice_assets.runtime.locks import LockError
from voice_assets.workers import command_line, protocol
from voice_assets.workers.protocol import emit

EXPECTED = (
    AudioError,
    CheckpointError,
    ConfigError,
    LockError,
    TrainingError,
    VoiceLoadError,
    data.TrainingSetError,
    model.NotFiniteLossError,
    model.QualityError,
    OSError,
)


class Events(StartEvents):
    """Prints what happens as events. The rate of a stage counts from its first step in this process."""

    def __init__(self) -> None:
        self.running = ""
        self.counter = protocol.ProgressEvents(0)

    def note(self, text: str, **facts: object) -> None:
        """Print a ``note`` event."""
        emit("note", message=text, **facts)

    def progress(self, stage: str, done: int, total: int, loss: float | None = None) -> None:
        """Print a ``progress`` event."""
        if stage != self.running:
            self.running, self.counter = stage, protocol.ProgressEvents(total, done=done)
        shown = {} if loss is None else {"loss": round(loss, 4)}
        self.counter.step(done - self.counter.done, stage=stage, **shown)

    def stage(self, name: str, seconds: float, figures: dict[str, Any]) -> None:
        """Print a ``stage`` event."""
        emit("stage", name=name, seconds=seconds, **figures)


def work(request: StartRequest) -> None:
    """Make the start."""
    rows = pd.read_parquet(request.training_set)
    emit("started", source=request.source, clips=len(rows), folder=request.out)
    facts = start.make_start(request, rows, Events())
    emit("done", result=request.out / start.FACTS, checkpoint=request.out / start.CHECKPOINT, sha256=facts["sha256"])


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the worker. Returns the exit code of ``workers.protocol``."""
    return command_line.run("start", __doc__, StartRequest, work, EXPECTED, arguments)


if __name__ == "__main__":
    sys.exit(main())
