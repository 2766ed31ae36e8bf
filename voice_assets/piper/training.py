"""The training loop: Lightning around Piper's model and data, every epoch kept, nothing half written, able to go on.

Files of one training, under ``<work>/lightning_logs/version_<N>/``: ``run.json`` (what it was started with),
``checkpoints/epoch=<E>-step=<S>.ckpt`` (every epoch, complete or absent), ``checkpoints.json`` (their sizes and
SHA-256), ``epochs.parquet`` (``EPOCHS``), TensorBoard's logs, ``metadata.csv`` and ``config.json``. The step in a name
is Lightning's count, which has two per batch: generator and discriminator. Printing belongs to ``workers.train``.
"""

import json
import re
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from voice_assets.dataset.config import PiperConfig, load_config
from voice_assets.dataset.tables import EPOCHS, frame
from voice_assets.piper import cache as vits_cache
from voice_assets.piper import data
from voice_assets.piper import model as vits
from voice_assets.piper.data_module import data_module
from voice_assets.piper.errors import TrainingError as TrainingError
from voice_assets.piper.versions import LOGS, version_dir
from voice_assets.runtime import files

CHECKPOINT_NAME = re.compile(r"epoch=(0|[1-9][0-9]*)-step=(0|[1-9][0-9]*)\.ckpt")


class CheckpointWriteError(TrainingError):
    """A checkpoint that could not be written, such as on a full disk. Nothing is left under its name."""


@dataclass(frozen=True)
class Options:
    """How to train. ``arguments`` override those of the quality (``VitsModel``'s, and ``discriminators``)."""

    epochs: int
    batch_size: int
    segment_size: int
    quality: str
    voice_name: str
    seed: int = 1234
    accelerator: str = "cpu"
    devices: int = 1
    precision: str = "32-true"
    num_workers: int = 0
    start_from: Path | None = None
    trusted: bool = False
    arguments: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Checkpoint:
    """One complete checkpoint; ``size`` in bytes."""

    epoch: int
    step: int
    path: Path
    size: int
    sha256: str


class TrainingEvents(Protocol):
    """Receives the events of a running training."""

    def note(self, text: str, **facts: object) -> None:
        """Something a person should know."""

    def step(self, epoch: int, step: int, steps: int, loss: float) -> None:
        """A training step is done: ``step`` of ``steps`` in this epoch, from 1, and its generator loss."""

    def epoch(self, row: dict[str, Any]) -> None:
        """An epoch is done: one row of ``EPOCHS``."""

    def checkpoint(self, checkpoint: Checkpoint) -> None:
        """A checkpoint is complete on disk."""


def checkpoints_in(folder: Path) -> list[Checkpoint]:
    """The complete checkpoints of a training, by epoch. Those that ``checkpoints.json`` does not know are hashed."""
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


def _remember(folder: Path, checkpoints: list[Checkpoint]) -> None:
    records = [{**asdict(one), "path": one.path.name} for one in checkpoints]
    files.write_text(folder / "checkpoints.json", json.dumps(records, indent=1))


def epochs_in(folder: Path) -> pd.DataFrame:
    """The ``EPOCHS`` table of a training; empty when no epoch is done."""
    path = folder / "epochs.parquet"
    return pd.read_parquet(path) if path.exists() else frame([], EPOCHS)


def rows_in(folder: Path) -> list[dict[str, Any]]:
    """The rows of :func:`epochs_in`."""
    return [{str(name): value for name, value in row.items()} for row in epochs_in(folder).to_dict("records")]


def epoch_row(epoch: int, losses: dict[str, list[dict[str, float]]], seconds: float) -> dict[str, Any]:
    """One row of ``EPOCHS`` from the losses of its steps. Means over steps, as Lightning's are."""

    def mean(phase: str, name: str) -> float:
        return sum(step[name] for step in losses[phase]) / len(losses[phase])

    return {
        "epoch": epoch,
        "loss": mean("training", "generator"),
        "loss_mel": mean("training", "mel"),
        "loss_disc": mean("training", "discriminator"),
        "validation_loss": mean("validation", "generator"),
        "validation_mel": mean("validation", "mel"),
        "seconds": seconds,
    }


def _recorder(folder: Path, events: TrainingEvents, done: list[Checkpoint]) -> Any:
    """Lightning's callback that tells the events, writes the epochs table and keeps every epoch's checkpoint."""
    from lightning.pytorch.callbacks import Checkpoint as CheckpointCallback

    class Recorder(CheckpointCallback):
        started = 0.0

        def on_train_epoch_start(self, trainer: Any, model: Any) -> None:  # noqa: ARG002 - Lightning's
            self.started = time.monotonic()
            model.losses["training"].clear()
            model.losses["validation"].clear()

        def on_train_batch_end(self, trainer: Any, model: Any, outputs: Any, batch: Any, batch_idx: int) -> None:  # noqa: ARG002
            loss = model.losses["training"][-1]["generator"]
            if trainer.is_global_zero:
                events.step(trainer.current_epoch, batch_idx + 1, trainer.num_training_batches, loss)

        def on_train_epoch_end(self, trainer: Any, model: Any) -> None:
            epoch = trainer.current_epoch
            row = epoch_row(epoch, model.losses, time.monotonic() - self.started)
            path = folder / "checkpoints" / f"epoch={epoch}-step={trainer.global_step}.ckpt"
            if trainer.is_global_zero:
                before = [one for one in rows_in(folder) if one["epoch"] < epoch]
                with files.replacing(folder / "epochs.parquet") as temporary:
                    frame([*before, row], EPOCHS).to_parquet(temporary)
                events.epoch(row)
            trainer.save_checkpoint(path, weights_only=False)  # every rank must call it
            if trainer.is_global_zero:
                done.append(Checkpoint(epoch, trainer.global_step, path, path.stat().st_size, files.sha256(path)))
                _remember(folder, done)
                events.checkpoint(done[-1])

    return Recorder()


def _checkpoint_writer() -> Any:
    """Lightning's checkpoint plugin that writes straight to disk and renames: complete or absent, and no copy in memory."""
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
                    f"{path}: not written ({reason}): is the disk full? The epochs before it are kept; make room and run again"
                ) from error

    return WholeOrNothing()


def _claim(folder: Path, facts: dict[str, Any]) -> None:
    """Write what the training is made of, or compare with what it was: one version never mixes two."""
    record = folder / "run.json"
    if not record.exists():
        files.write_text(record, json.dumps(facts, indent=1, sort_keys=True))
        return
    before = json.loads(record.read_text(encoding="utf-8"))
    changed = [f"{key} was {before.get(key)!r}, now {value!r}" for key, value in facts.items() if before.get(key) != value]
    if changed:
        raise TrainingError(f"{folder}: this version was started with other settings; take a new one: {'; '.join(changed)}")


def _facts(options: Options, digest: str) -> dict[str, Any]:
    keys = ("batch_size", "segment_size", "quality", "voice_name", "seed", "precision", "arguments")
    facts = {key: getattr(options, key) for key in keys}
    return {**facts, "training_set": digest, "start_from": str(options.start_from) if options.start_from else None}


def _model(options: Options, config: PiperConfig, events: TrainingEvents, *, fresh: bool) -> Any:
    arguments = vits.quality_arguments(options.quality, config.sample_rate)
    arguments |= {"num_symbols": config.num_symbols, "batch_size": options.batch_size, "segment_size": options.segment_size}
    model = vits.guarded_model(**{**arguments, **options.arguments})
    if fresh and options.start_from is not None:
        count = vits.start_from(model, options.start_from, trusted=options.trusted)
        events.note(f"started from {options.start_from}: {count} of {len(model.state_dict())} tensors taken", tensors=count)
    return model


def _trainer(work: Path, version: int, options: Options, recorder: Any) -> Any:
    import lightning
    from lightning.pytorch.loggers import TensorBoardLogger

    # Generator and discriminator never both get gradients in one backward pass, which plain DDP would wait for.
    precision: Any = options.precision
    strategy = "ddp_find_unused_parameters_true" if options.devices > 1 else "auto"
    return lightning.Trainer(
        max_epochs=options.epochs,
        accelerator=options.accelerator,
        devices=options.devices,
        strategy=strategy,
        precision=precision,
        logger=TensorBoardLogger(work, name=LOGS, version=version),
        callbacks=[recorder],
        plugins=[_checkpoint_writer()],
        num_sanity_val_steps=0,  # its losses are of an untrained model and would count as epoch 0's
        log_every_n_steps=5,
        enable_progress_bar=False,
        enable_model_summary=False,
    )


def _data(rows: pd.DataFrame, dataset: Path, folder: Path, cache: Path, config: PiperConfig, options: Options) -> Any:
    return data_module(
        rows,
        dataset,
        folder,
        cache,
        config,
        options.seed,
        voice_name=options.voice_name,
        batch_size=options.batch_size,
        segment_size=options.segment_size,
        num_workers=options.num_workers,
    )


def train(
    rows: pd.DataFrame,
    dataset: Path,
    config_path: Path,
    work: Path,
    version: int,
    cache: Path,
    options: Options,
    events: TrainingEvents,
) -> tuple[pd.DataFrame, list[Checkpoint]]:
    """Train, or go on after the last complete checkpoint of this version. Returns its epochs and checkpoints.

    Epochs and checkpoints of a former process are told to ``events`` again first, so that nobody misses one.
    ``cache`` holds one folder per training set, by hash; those of others are removed when this one's is complete. In the
    processes that Lightning starts for further devices, the result is not complete: it is the first one's.

    Raises:
        dataset.config.ConfigError, TrainingError, data.TrainingSetError, vits.QualityError, vits.CheckpointError,
        vits.NotFiniteLossError, OSError.
    """
    import lightning

    config = load_config(config_path)
    data.check_training_set(rows, dataset)
    folder = version_dir(work, version)
    digest = data.fingerprint(rows, config)
    _claim(folder, _facts(options, digest))
    done = checkpoints_in(folder)
    _tell_again(folder, done, events)
    if not done or done[-1].epoch < options.epochs - 1:
        lightning.seed_everything(options.seed, workers=True, verbose=False)
        own_cache = vits_cache.folder_of(cache, digest)
        if _rank() == 0:  # the other processes start when the first one is at work already
            _make_room(rows, folder, own_cache, options, done)
        with vits_cache.in_use(own_cache):
            module = _data(rows, dataset, folder, own_cache, config, options)
            model = _model(options, config, events, fresh=not done)
            trainer = _trainer(work, version, options, _recorder(folder, events, done))
            trainer.fit(model, datamodule=module, ckpt_path=done[-1].path if done else None, weights_only=True)
    return epochs_in(folder), done


def _rank() -> int:
    """Which of the processes of one training this is, as Lightning tells it; 0 the first and most often the only one."""
    from lightning.pytorch.utilities import rank_zero

    only: Any = rank_zero.rank_zero_only  # type: ignore[attr-defined]
    return int(only.rank)


def _make_room(rows: pd.DataFrame, folder: Path, cache: Path, options: Options, done: list[Checkpoint]) -> None:
    """Remove half a checkpoint that a killed process left in the version, then see whether there is room for the rest."""
    for left in (folder / "checkpoints").glob(".epoch=*.ckpt"):
        left.unlink()
    seconds = 0.0 if (cache / vits_cache.COMPLETE).exists() else float(rows["duration_s"].sum())
    epochs = options.epochs - (done[-1].epoch + 1 if done else 0)
    needed = {
        cache: vits_cache.space_needed(seconds, 0, options.quality),
        folder: vits_cache.space_needed(0, epochs, options.quality),
    }
    vits_cache.check_space(needed)


def _tell_again(folder: Path, done: list[Checkpoint], events: TrainingEvents) -> None:
    if not done:
        return
    _remember(folder, done)
    events.note(f"going on after epoch {done[-1].epoch} of {folder}", epoch=done[-1].epoch)
    for row in rows_in(folder):
        if row["epoch"] <= done[-1].epoch:
            events.epoch(row)
    for checkpoint in done:
        events.checkpoint(checkpoint)
