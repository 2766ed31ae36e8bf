"""Running the training worker from an asset: its request, its lock, its devices, and the records of what it reports.

Not here: the assets (``defs.training``), and what a training is (``piper.training``).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import dagster as dg

from voice_assets.defs.checkpoints import CheckpointRecords
from voice_assets.defs.live_curve import LiveCurve
from voice_assets.defs.training_files import bring_here, known_versions, share, training_dir
from voice_assets.orchestration.dataset_files import have_clips, have_head
from voice_assets.orchestration.deployment_locks import DeploymentLock
from voice_assets.orchestration.describe import asset_key
from voice_assets.orchestration.history import History
from voice_assets.orchestration.inputs import ResolvedInputs
from voice_assets.orchestration.leases import leased_for_training
from voice_assets.orchestration.processes import run_worker
from voice_assets.orchestration.progress import Progress, progress
from voice_assets.orchestration.records import TABLE
from voice_assets.orchestration.results import opened, recorded_table
from voice_assets.piper.checkpoint_fit import start_problem
from voice_assets.piper.identity import identity_of_request, open_version
from voice_assets.piper.requests import TrainRequest
from voice_assets.piper.versions import version_dir
from voice_assets.runtime.files import sha256
from voice_assets.voices import Voice

TRAININGS = ("mini_training", "training")


@contextmanager
def only_training(instance: dg.DagsterInstance, voice: Voice) -> Iterator[None]:
    """Lock the voice's trainings: two runs must not write one folder, nor record checkpoints under the same epoch keys.

    Raises:
        dagster.Failure: another run holds the lock.
    """
    lock = DeploymentLock(instance, f"train {voice.name}", training_dir(voice) / "training.lock")
    with lock.held_by_run(f"trains {voice.name}"):
        yield


class TrainingRun:
    """One training, from an asset. The caller holds :func:`only_training`."""

    def __init__(self, context: dg.AssetExecutionContext, voice: Voice, inputs: ResolvedInputs, epochs: int):
        self.context, self.voice, self.inputs, self.epochs = context, voice, inputs, epochs
        self.training_set = inputs.one("training_set")
        have_head(voice)
        _expect_config(voice, self.training_set.metadata["config_sha256"])
        require_start(voice)

    def open_version(self) -> int:
        """The number of the training to run: a training of the same identity goes on, however many epochs it has."""
        import pandas as pd

        rows = pd.read_parquet(opened(self.training_set, TABLE))
        identity = identity_of_request(self.request(0, stop_when_level=False), rows)
        history = History(self.context.instance)
        ended = {version for name in TRAININGS for version in history.trainings(asset_key(self.voice, name))}
        return open_version(training_dir(self.voice), identity, ended | known_versions(self.voice, self.context.instance))

    def request(self, version: int, stop_when_level: bool) -> TrainRequest:
        """The training worker's request. The worker reads the recorded training set."""
        voice, start = self.voice, self.inputs.all("starting_checkpoint")
        return TrainRequest(
            dataset=voice.dataset,
            training_set=opened(self.training_set, TABLE),
            config=voice.dataset / "config.json",
            work=training_dir(voice),
            version=version,
            cache=training_dir(voice) / "cache",
            voice_name=voice.name,
            espeak_voice=voice.espeak_voice,
            sample_rate=voice.sample_rate,
            epochs=self.epochs,
            stop_when_level=stop_when_level,
            start=opened(start[0], "start") if start else None,
            training=voice.training,
        )

    def train(self, version: int, stop_when_level: bool) -> CheckpointRecords:
        """Let a worker train, or resume the training of a killed run, also of another machine. Returns its checkpoints."""
        context, voice = self.context, self.voice
        bring_here(voice, context.instance, version)
        folder = version_dir(training_dir(voice), version)
        asked = self.request(version, stop_when_level)
        have_clips(voice, recorded_table(self.training_set))
        with progress(context, "steps", every=20) as on_progress, leased_for_training(context, voice) as lease:
            records = CheckpointRecords(context, voice, version, self.inputs)
            listener = _Listener(context, records, LiveCurve(context, folder, voice.training), on_progress, self.epochs)
            environment = {"OMP_WAIT_POLICY": "PASSIVE", **lease.environment}
            run_worker("train", asked, folder / "train.log", listener, environment, lease.file_numbers)
        records.clear()
        share(folder, ended=True)
        return records


class _Listener:
    """Handles the events of the training worker."""

    def __init__(
        self,
        context: dg.AssetExecutionContext,
        records: CheckpointRecords,
        curve: LiveCurve,
        on_progress: Progress,
        epochs: int,
    ):
        self.context, self.records, self.curve, self.on_progress, self.epochs = context, records, curve, on_progress, epochs

    def __call__(self, event: dict[str, Any]) -> None:
        kind = event["event"]
        if kind == "progress":
            of_epochs = {"epoch": event["epoch"], "of_epochs": self.epochs, "loss": event["loss"]}
            self.tell(event, **of_epochs)
        elif kind == "preparing":
            self.tell(event, stage="preparing clips")
        elif kind == "epoch":
            self.epoch(event)
        elif kind == "checkpoint":
            self.records.checkpoint(event)
        elif kind == "removed":
            self.records.removed(event)
        elif kind == "note":
            self.context.log.info(event["message"])

    def tell(self, event: dict[str, Any], **figures: Any) -> None:
        """Pass the worker's progress on."""
        times = {name: event.get(name) for name in ("rate_per_s", "remaining_s")}
        self.on_progress(event["done"], event["total"], **times, **figures)

    def epoch(self, event: dict[str, Any]) -> None:
        """Log the losses of an epoch, show them beside the progress, and draw the curve."""
        row = {name: value for name, value in event.items() if name != "event"}
        self.context.log.info(f"epoch {row['epoch']}: " + ", ".join(f"{name} {value}" for name, value in row.items()))
        self.on_progress.epoch(row, self.curve.draw(row["epoch"]))


def require_start(voice: Voice) -> None:
    """Raise dagster.Failure when training cannot start from the checkpoint that the voice names."""
    problem = start_problem(voice.training, voice.dataset / "config.json", voice.sample_rate)
    if problem:
        raise dg.Failure(f"{voice.file}: training.checkpoint: {problem}", allow_retries=False)


def _expect_config(voice: Voice, validated: str) -> None:
    """Raise dagster.Failure when config.json is not the validated file. Its phoneme ids become part of the voice."""
    file = voice.dataset / "config.json"
    found = sha256(file) if file.is_file() else "none"
    if found != validated:
        raise dg.Failure(
            f"{file}: its SHA-256 is {found}, the validated file had {validated}; validate again", allow_retries=False
        )
