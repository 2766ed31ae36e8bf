"""The training of a voice: Lightning with Piper's model and data, from the start or from the last whole checkpoint.

One function serves the mini-training and the whole training: the request says up to which epoch. Files of one training, under
``<work>/lightning_logs/version_<N>/``: ``identity.json`` (``piper.identity``), checkpoints (``piper.checkpoints``),
``epochs.parquet`` and ``steps.parquet`` (``piper.loss_tables``), TensorBoard's log, ``metadata.csv`` and ``config.json``.
Not here: what happens around the steps (``piper.recorder``), and printing events (``workers.train``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from voice_assets.dataset.config import PiperConfig, load_config
from voice_assets.piper import cache as space
from voice_assets.piper import clip_cache, data, disk, ranks, retention
from voice_assets.piper import model as vits
from voice_assets.piper.checkpoints import Checkpoint, checkpoint_writer, records_in, tidy
from voice_assets.piper.data_module import data_module
from voice_assets.piper.event_log import event_log
from voice_assets.piper.identity import claim, identity_of_request
from voice_assets.piper.loss_tables import cut_after, epochs_in, rows_of
from voice_assets.piper.recorder import Progress, TrainingEvents, level_of, recorder
from voice_assets.piper.requests import TrainRequest
from voice_assets.piper.supervision import supervised
from voice_assets.piper.versions import version_dir


@dataclass(frozen=True)
class Trained:
    """A training that has ended.

    Attributes:
        epochs: ``EPOCHS``.
        checkpoints: every checkpoint that was ever written, by epoch; a removed one says why.
        ended: ``epochs`` (all that were asked for are done) or ``level`` (the validation loss is level).
        reason: the arithmetic of ``level``; empty for ``epochs``.
    """

    epochs: pd.DataFrame
    checkpoints: Sequence[Checkpoint]
    ended: str
    reason: str


def train(request: TrainRequest, rows: pd.DataFrame, events: TrainingEvents) -> Trained:
    """Train on ``rows`` (``TRAINING_SET``), or go on after the last whole checkpoint of this version.

    The epochs and checkpoints of an earlier process are first told to ``events`` again. The request's ``cache`` holds the
    prepared clips of the voice; clips that this training set lacks are removed. In the processes of further devices the result
    is incomplete.

    Raises:
        dataset.config.ConfigError, TrainingError, data.TrainingSetError, vits.QualityError, CheckpointError,
        vits.NotFiniteLossError, OSError.
    """
    config = load_config(request.config)
    data.check_training_set(rows, request.dataset)
    folder = version_dir(request.work, request.version)
    claim(folder, identity_of_request(request, rows))
    progress = _progress(folder)
    if ranks.rank() == 0:
        _tell_again(folder, progress, events)
    _find_end(request, folder, progress)
    if not progress.ended:
        _fit(request, rows, config, events, progress)
    return Trained(epochs_in(folder), progress.records, progress.ended, progress.reason)


def _progress(folder: Path) -> Progress:
    """What an earlier process left, cleaned up. Lightning starts the other processes when the first one already trains."""
    if ranks.rank() != 0:
        return Progress(records_in(folder))
    progress = Progress(tidy(folder))
    cut_after(folder, progress.present[-1].epoch if progress.present else -1)
    return progress


def _find_end(request: TrainRequest, folder: Path, progress: Progress) -> None:
    """Say in ``progress`` why nothing is left to train, if so."""
    if not progress.present:
        return
    if progress.present[-1].epoch >= request.epochs - 1:
        progress.ended = "epochs"
    elif request.stop_when_level:
        found = level_of(epochs_in(folder), request.training.level_epochs)
        if found.level:
            progress.ended, progress.reason = "level", found.reason


def _fit(request: TrainRequest, rows: pd.DataFrame, config: PiperConfig, events: TrainingEvents, progress: Progress) -> None:
    """Train from the last checkpoint to the end."""
    import lightning

    lightning.seed_everything(request.training.seed, verbose=False)  # the first weights; each epoch has its own seed
    folder, present = version_dir(request.work, request.version), progress.present
    if ranks.rank() == 0:
        disk.check_space(_needs(request, rows, folder, config, present))
    with clip_cache.in_use(request.cache, clip_cache.files_of(rows, config, request.cache)):
        module = _data(request, rows, folder, config, events)
        model = _model(request, config, events, fresh=not present)
        if request.training.devices > 1 and ranks.rank() == 0:
            module.prepare_data()  # Lightning prepares in one process too, but the others would wait and give up
        try:
            with supervised(request.training, events.fatal) as supervision:
                trainer = _trainer(request, [supervision.callback, recorder(request, folder, events, progress)], present)
                trainer.fit(model, datamodule=module, ckpt_path=present[-1].path if present else None, weights_only=True)
        except vits.NotFiniteLossError as error:
            raise vits.NotFiniteLossError(f"{error}. {_advice(request, progress.present)}") from error


def _advice(request: TrainRequest, present: Sequence[Checkpoint]) -> str:
    """What to do after a loss that is not finite."""
    chosen = request.training
    stays = f"The checkpoints up to epoch {present[-1].epoch} stay; going on" if present else "No epoch was done; starting"
    clip = "set training.grad_clip" if chosen.grad_clip is None else f"lower training.grad_clip (now {chosen.grad_clip})"
    return (
        f"{stays} again with the same settings repeats the same steps. Lower training.learning_rate (now "
        f"{chosen.learning_rate}) or {clip}, which starts a new training; it can start from a checkpoint (training.checkpoint)"
    )


def _model(request: TrainRequest, config: PiperConfig, events: TrainingEvents, *, fresh: bool) -> Any:
    chosen = request.training
    arguments = vits.quality_arguments(chosen.quality, config.sample_rate) | {"num_symbols": config.num_symbols}
    arguments |= chosen.model_dump(include=set(MODEL_SETTINGS))
    model = vits.guarded_model(**{**arguments, **request.model_arguments})
    start = request.start or chosen.checkpoint
    if fresh and start is not None:
        wanted = vits.wanted(model, config, chosen.quality, chosen.take)
        trusted = chosen.trust_checkpoint and request.start is None
        taken = vits.start_from(model, start, wanted, trusted=trusted)
        events.note(f"started from {start}: {taken}", tensors=taken.copied)
    return model


MODEL_SETTINGS = (
    "batch_size",
    "segment_size",
    "accumulate",
    "learning_rate",
    "learning_rate_d",
    "lr_decay",
    "lr_decay_d",
    "grad_clip",
    "c_mel",
    "c_kl",
    "use_mrd",
)
"""The settings that are arguments of the model. ``accumulate`` is ours; Piper itself ignores ``grad_clip``."""


def _trainer(request: TrainRequest, callbacks: list[Any], present: Sequence[Checkpoint]) -> Any:
    import lightning

    chosen = request.training
    precision: Any = chosen.precision
    trainer = lightning.Trainer(
        max_epochs=request.epochs,
        **ranks.trainer_arguments(chosen),
        precision=precision,
        logger=event_log(request.work, request.version, present[-1].step if present else 0, lambda: int(trainer.global_step)),
        callbacks=callbacks,
        plugins=[checkpoint_writer(), *ranks.environment(chosen)],
        inference_mode=False,  # Piper keeps the windows that a validation makes first, and training could not use them
        num_sanity_val_steps=0,  # the losses of the untrained model would count to epoch 0
        log_every_n_steps=5,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    return trainer


def _data(request: TrainRequest, rows: pd.DataFrame, folder: Path, config: PiperConfig, events: TrainingEvents) -> Any:
    chosen = request.training
    return data_module(
        rows,
        request.dataset,
        folder,
        request.cache,
        config,
        chosen.seed,
        events.preparing,
        voice_name=request.voice_name,
        batch_size=chosen.batch_size,
        segment_size=chosen.segment_size,
        num_workers=chosen.num_workers,
    )


def _needs(
    request: TrainRequest, rows: pd.DataFrame, folder: Path, config: PiperConfig, present: Sequence[Checkpoint]
) -> list[disk.Need]:
    """The disk space that the rest of the training needs."""
    chosen = request.training
    seconds = clip_cache.missing_s(rows, config, request.cache)
    size = max((one.size for one in present), default=None)
    projection = retention.projected(chosen, request.epochs)
    return [
        disk.checkpoints_needed(folder, projection, len(present), chosen.quality, size),
        disk.logs_needed(folder, request.epochs - (present[-1].epoch + 1 if present else 0)),
        disk.Need(request.cache, space.bytes_of(seconds, chosen.quality), "prepared clips"),
    ]


def _tell_again(folder: Path, progress: Progress, events: TrainingEvents) -> None:
    if not progress.records:
        return
    if progress.present:
        epoch = progress.present[-1].epoch
        events.note(f"going on after epoch {epoch} of {folder}", epoch=epoch)
    for row in rows_of(epochs_in(folder)):
        events.epoch(row)
    for checkpoint in progress.records:
        (events.removed if checkpoint.removed else events.checkpoint)(checkpoint)
