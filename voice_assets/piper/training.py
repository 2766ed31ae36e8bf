"""The training loop: Lightning with Piper's model and data. Every epoch is kept, and a killed training can go on.

Files of one training, under ``<work>/lightning_logs/version_<N>/``: ``run.json`` (what decides the result),
the checkpoints (``piper.checkpoints``), ``epochs.parquet`` (``EPOCHS``), TensorBoard's logs, ``metadata.csv`` and
``config.json``. Printing events belongs to ``workers.train``.
"""

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from voice_assets.dataset.config import PiperConfig, load_config
from voice_assets.dataset.tables import EPOCHS, frame
from voice_assets.piper import cache as clip_cache
from voice_assets.piper import data, ranks
from voice_assets.piper import model as vits
from voice_assets.piper.checkpoints import Checkpoint, checkpoint_writer, checkpoints_in, write_listing
from voice_assets.piper.data_module import data_module
from voice_assets.piper.errors import TrainingError
from voice_assets.piper.requests import TrainRequest
from voice_assets.piper.supervision import supervised
from voice_assets.piper.versions import LOGS, version_dir
from voice_assets.runtime import files


class TrainingEvents(Protocol):
    """Receives the events of a running training."""

    def note(self, text: str, **facts: object) -> None:
        """Information for a person."""

    def step(self, epoch: int, step: int, steps: int, loss: float) -> None:
        """A training step is done: ``step`` (from 1) of ``steps`` in this epoch, with the generator loss."""

    def epoch(self, row: dict[str, Any]) -> None:
        """An epoch is done; ``row`` is a row of ``EPOCHS``."""

    def checkpoint(self, checkpoint: Checkpoint) -> None:
        """A checkpoint is complete on disk."""

    def fatal(self, message: str) -> None:
        """The training ends at once, for the reason in ``message``. Called from another thread than the other methods."""


def epochs_in(folder: Path) -> pd.DataFrame:
    """The ``EPOCHS`` table of a training; empty when no epoch is done."""
    path = folder / "epochs.parquet"
    return pd.read_parquet(path) if path.exists() else frame([], EPOCHS)


def rows_in(folder: Path) -> list[dict[str, Any]]:
    """The rows of :func:`epochs_in`."""
    return [{str(name): value for name, value in row.items()} for row in epochs_in(folder).to_dict("records")]


def epoch_row(
    epoch: int, losses: dict[str, list[dict[str, float]]], seconds: float, clips: Sequence[int] | None = None
) -> dict[str, Any]:
    """One row of ``EPOCHS``: the means over the losses of the steps of all ranks. Every rank must call this.

    ``clips`` is the number of clips in each validation step: the last one is often smaller, and with several devices each rank
    has a smaller last one. All training steps have the same number.
    """
    training, validation = ranks.means_over_ranks(losses["training"]), ranks.means_over_ranks(losses["validation"], clips)
    return {
        "epoch": epoch,
        "loss": training["generator"],
        "loss_mel": training["mel"],
        "loss_disc": training["discriminator"],
        "validation_loss": validation["generator"],
        "validation_mel": validation["mel"],
        "seconds": seconds,
    }


def _recorder(folder: Path, events: TrainingEvents, done: list[Checkpoint]) -> Any:
    """Lightning's callback that reports events, writes the epochs table and saves the checkpoint of every epoch."""
    from lightning.pytorch.callbacks import Checkpoint as CheckpointCallback

    class Recorder(CheckpointCallback):
        def __init__(self) -> None:
            self.started = 0.0
            self.clips: list[int] = []

        def on_train_epoch_start(self, trainer: Any, model: Any) -> None:  # noqa: ARG002 - Lightning's
            self.started = time.monotonic()
            model.losses["training"].clear()
            model.losses["validation"].clear()
            self.clips.clear()

        def on_validation_batch_end(self, trainer: Any, model: Any, outputs: Any, batch: Any, *_: Any) -> None:  # noqa: ARG002
            self.clips.append(len(batch.audio_lengths))

        def on_train_batch_end(self, trainer: Any, model: Any, outputs: Any, batch: Any, batch_idx: int) -> None:  # noqa: ARG002
            loss = model.losses["training"][-1]["generator"]
            if trainer.is_global_zero:
                events.step(trainer.current_epoch, batch_idx + 1, trainer.num_training_batches, loss)

        def on_train_epoch_end(self, trainer: Any, model: Any) -> None:
            epoch = trainer.current_epoch
            row = epoch_row(epoch, model.losses, time.monotonic() - self.started, self.clips)
            path = folder / "checkpoints" / f"epoch={epoch}-step={trainer.global_step}.ckpt"
            if trainer.is_global_zero:
                before = [one for one in rows_in(folder) if one["epoch"] < epoch]
                with files.replacing(folder / "epochs.parquet") as temporary:
                    frame([*before, row], EPOCHS).to_parquet(temporary)
                events.epoch(row)
            trainer.save_checkpoint(path, weights_only=False)  # every rank must save
            if trainer.is_global_zero:
                done.append(Checkpoint(epoch, trainer.global_step, path, path.stat().st_size, files.sha256(path)))
                write_listing(folder, done)
                events.checkpoint(done[-1])

    return Recorder()


def _claim(folder: Path, facts: dict[str, Any]) -> None:
    """Write ``run.json``, or compare it with ``facts``: one version never mixes two trainings."""
    record = folder / "run.json"
    if not record.exists():
        files.write_text(record, json.dumps(facts, indent=1, sort_keys=True))
        return
    before = json.loads(record.read_text(encoding="utf-8"))
    changed = [f"{key} was {before.get(key)!r}, now {value!r}" for key, value in facts.items() if before.get(key) != value]
    if changed:
        raise TrainingError(f"{folder}: this version was started with other settings; take a new version: {'; '.join(changed)}")


def _facts(request: TrainRequest, digest: str) -> dict[str, Any]:
    """The content of ``run.json``: everything that decides the result of a training."""
    chosen = request.training
    return {
        **chosen.model_dump(include={"batch_size", "segment_size", "quality", "seed", "precision"}),
        "voice_name": request.voice_name,
        "arguments": request.model_arguments,
        "training_set": digest,
        "start_from": str(chosen.checkpoint) if chosen.checkpoint else None,
    }


def _model(request: TrainRequest, config: PiperConfig, events: TrainingEvents, *, fresh: bool) -> Any:
    chosen = request.training
    arguments = vits.quality_arguments(chosen.quality, config.sample_rate)
    arguments |= {"num_symbols": config.num_symbols, "batch_size": chosen.batch_size, "segment_size": chosen.segment_size}
    model = vits.guarded_model(**{**arguments, **request.model_arguments})
    if fresh and chosen.checkpoint is not None:
        taken = vits.start_from(
            model, chosen.checkpoint, vits.wanted(model, config, chosen.quality), trusted=chosen.trust_checkpoint
        )
        events.note(f"started from {chosen.checkpoint}: {taken}", tensors=taken.copied)
    return model


def _trainer(request: TrainRequest, callbacks: list[Any]) -> Any:
    import lightning
    from lightning.pytorch.loggers import TensorBoardLogger

    chosen = request.training
    precision: Any = chosen.precision
    return lightning.Trainer(
        max_epochs=chosen.epochs,
        **ranks.trainer_arguments(chosen),
        precision=precision,
        logger=TensorBoardLogger(request.work, name=LOGS, version=request.version),
        callbacks=callbacks,
        plugins=[checkpoint_writer(), *ranks.environment(chosen)],
        num_sanity_val_steps=0,  # the losses of the untrained model would count to epoch 0
        log_every_n_steps=5,
        enable_progress_bar=False,
        enable_model_summary=False,
    )


def _data(request: TrainRequest, rows: pd.DataFrame, folder: Path, cache: Path, config: PiperConfig) -> Any:
    chosen = request.training
    return data_module(
        rows,
        request.dataset,
        folder,
        cache,
        config,
        chosen.seed,
        voice_name=request.voice_name,
        batch_size=chosen.batch_size,
        segment_size=chosen.segment_size,
        num_workers=chosen.num_workers,
    )


def train(request: TrainRequest, rows: pd.DataFrame, events: TrainingEvents) -> tuple[pd.DataFrame, list[Checkpoint]]:
    """Train on ``rows`` (``TRAINING_SET``), or go on after the last complete checkpoint of this version.

    Returns the version's epochs and checkpoints. The epochs and checkpoints of an earlier process are first told to ``events``
    again. The request's ``cache`` holds one folder per training set, by hash; the folders of other training sets are removed
    when this one is complete. In the processes of further devices the result is incomplete.

    Raises:
        dataset.config.ConfigError, TrainingError, data.TrainingSetError, vits.QualityError, CheckpointError,
        vits.NotFiniteLossError, OSError.
    """
    import lightning

    config = load_config(request.config)
    data.check_training_set(rows, request.dataset)
    folder = version_dir(request.work, request.version)
    digest = data.fingerprint(rows, config)
    _claim(folder, _facts(request, digest))
    done = checkpoints_in(folder)
    _tell_again(folder, done, events)
    if not done or done[-1].epoch < request.training.epochs - 1:
        lightning.seed_everything(request.training.seed, workers=True, verbose=False)
        own_cache = clip_cache.folder_of(request.cache, digest)
        if ranks.rank() == 0:  # the other processes start when the first one is about to train
            _make_room(request, rows, folder, own_cache, done)
        with clip_cache.in_use(own_cache):
            module = _data(request, rows, folder, own_cache, config)
            model = _model(request, config, events, fresh=not done)
            if request.training.devices > 1 and ranks.rank() == 0:
                module.prepare_data()  # Lightning prepares in one process too, but the others would wait and give up
            with supervised(request.training, events.fatal) as supervision:
                trainer = _trainer(request, [supervision.callback, _recorder(folder, events, done)])
                trainer.fit(model, datamodule=module, ckpt_path=done[-1].path if done else None, weights_only=True)
    return epochs_in(folder), done


def _make_room(request: TrainRequest, rows: pd.DataFrame, folder: Path, cache: Path, done: list[Checkpoint]) -> None:
    """Remove the half-written checkpoint of a killed process, then check that the disk has room for the rest."""
    for left in (folder / "checkpoints").glob(".epoch=*.ckpt"):
        left.unlink()
    quality = request.training.quality
    seconds = 0.0 if (cache / clip_cache.COMPLETE).exists() else float(rows["duration_s"].sum())
    epochs = request.training.epochs - (done[-1].epoch + 1 if done else 0)
    needed = {
        cache: clip_cache.space_needed(seconds, 0, quality),
        folder: clip_cache.space_needed(0, epochs, quality),
    }
    clip_cache.check_space(needed)


def _tell_again(folder: Path, done: list[Checkpoint], events: TrainingEvents) -> None:
    if not done:
        return
    write_listing(folder, done)
    events.note(f"going on after epoch {done[-1].epoch} of {folder}", epoch=done[-1].epoch)
    for row in rows_in(folder):
        if row["epoch"] <= done[-1].epoch:
            events.epoch(row)
    for checkpoint in done:
        events.checkpoint(checkpoint)
