"""Piper's data module for Lightning, bound to one training set.

Piper's own module splits the clips at random and trusts any file in its cache. Here the split is the training set's column,
and the clips are the prepared ones of the voice. Not here: checking the training set and writing its metadata
(``piper.data``), preparing clips (``piper.clip_cache``), reading one (``piper.clip_dataset``), their order (``piper.batches``).
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from voice_assets.dataset.config import PiperConfig
from voice_assets.piper import clip_cache, ranks
from voice_assets.piper.batches import clips_per_batch, order, validation_order
from voice_assets.piper.cache import writing
from voice_assets.piper.clip_dataset import clip_dataset
from voice_assets.piper.data import TrainingSetError, write_metadata
from voice_assets.runtime import files


def _in_order(length: int, order_of: Callable[[int], list[int]], first_epoch: int = 0) -> Any:
    """A sampler of ``length`` clips in the order that ``order_of`` gives for an epoch. Lightning sets the epoch.

    ``first_epoch`` is the epoch that this process begins with. Lightning sets that epoch too late: with ``num_workers`` the
    first batches are drawn before, and a resumed training would see the order of epoch 0 again.
    """
    from torch.utils.data import Sampler

    class InOrder(Sampler):
        epoch = first_epoch

        def set_epoch(self, epoch: int) -> None:
            self.epoch = epoch

        def __iter__(self) -> Iterator[int]:
            return iter(order_of(self.epoch))

        def __len__(self) -> int:
            return length

    return InOrder()


def _loader(module: Any, clips: Any, sampler: Any, batch_size: int) -> Any:
    from piper.train.vits.dataset import UtteranceCollate
    from torch.utils.data import DataLoader

    return DataLoader(
        clips,
        sampler=sampler,
        batch_size=batch_size,
        collate_fn=UtteranceCollate(is_multispeaker=False, segment_size=module.segment_size),
        num_workers=module.num_workers,
        persistent_workers=module.num_workers > 0,
    )


def _train_loader(module: Any, durations_s: list[float], seed: int, first_epoch: int) -> Any:
    """The loader of this rank's clips to train on, clips of like length together (``piper.batches``)."""
    rank, devices = ranks.rank(), ranks.devices()
    size = clips_per_batch(len(durations_s), module.batch_size, devices)
    if size == 0:
        raise TrainingSetError(
            f"{module.csv_path}: {len(durations_s)} clips to train on and {devices} devices: every device needs a clip of its "
            f"own; add clips, or set training.devices: {max(1, len(durations_s))} or fewer"
        )
    length = len(order(durations_s, size, seed, 0, rank, devices))
    sampler = _in_order(length, lambda epoch: order(durations_s, size, seed, epoch, rank, devices), first_epoch)
    return _loader(module, module.train_dataset, sampler, size)


def _validation_loader(module: Any, durations_s: list[float]) -> Any:
    """The loader of this rank's clips to validate on. The loader of another rank may have one clip more or less."""
    rank, devices = ranks.rank(), ranks.devices()
    if len(durations_s) < devices:
        raise TrainingSetError(
            f"{module.csv_path}: {len(durations_s)} clips are held out for validation and {devices} devices train: every "
            "device needs a clip to validate on; raise training.validation_ratio or lower training.devices"
        )
    clips = validation_order(durations_s, rank, devices)
    return _loader(module, module.val_dataset, _in_order(len(clips), lambda _: clips), module.batch_size)


def _split(module: Any, clips: Any, splits: list[str]) -> None:
    """Give ``module`` its clips by ``splits``, the training set's own column."""
    from torch.utils.data import Subset

    module.train_dataset = Subset(clips, [index for index, split in enumerate(splits) if split == "train"])
    module.val_dataset = Subset(clips, [index for index, split in enumerate(splits) if split == "validation"])
    module.test_dataset = Subset(clips, module.val_dataset.indices[:2])  # TensorBoard plays these clips, each epoch


def _pad_to_segment(batch: Any, frames: int) -> Any:
    """Pad the spectrograms of a batch of short clips to ``frames``. Piper pads only their audio, and the two must match."""
    from torch.nn.functional import pad

    missing = frames - batch.spectrograms.shape[-1]
    if missing > 0:
        batch.spectrograms = pad(batch.spectrograms, (0, missing))
    return batch


def _library_config(config: PiperConfig) -> str:
    """The ``config.json`` that Piper's own data module writes for this data set."""
    from piper.config import PhonemeType
    from piper.config import PiperConfig as LibraryConfig

    written = LibraryConfig(
        num_symbols=config.num_symbols,
        num_speakers=1,
        sample_rate=config.sample_rate,
        espeak_voice=config.espeak_voice,
        phoneme_id_map=config.phoneme_id_map,
        phoneme_type=PhonemeType.ESPEAK,
        piper_version="1.5.0",
    )
    return json.dumps(written.to_dict(), ensure_ascii=False, indent=2)


def _module_class(rows: pd.DataFrame, config: PiperConfig, cache: Path, seed: int, on_progress: clip_cache.Progress) -> Any:
    """Piper's data module as a class for the training set ``rows``, with its split and the prepared clips in ``cache``."""
    from piper.train.vits.dataset import VitsDataModule

    base: Any = VitsDataModule

    class FixedSplit(base):
        def prepare_data(self) -> None:
            with writing(cache):
                clip_cache.fill(rows, self.audio_dir, config, cache, on_progress)

        def setup(self, stage: str) -> None:  # noqa: ARG002 - Lightning's
            files_of_clips = clip_cache.files_of(rows, config, cache)
            _split(self, clip_dataset(files_of_clips, list(rows["text"])), list(rows["split"]))

        def train_dataloader(self) -> Any:
            first_epoch = self.trainer.fit_loop.epoch_progress.current.processed
            return _train_loader(self, list(rows["duration_s"].iloc[self.train_dataset.indices]), seed, first_epoch)

        def val_dataloader(self) -> Any:
            return _validation_loader(self, list(rows["duration_s"].iloc[self.val_dataset.indices]))

        def on_before_batch_transfer(self, batch: Any, dataloader_idx: int) -> Any:  # noqa: ARG002 - Lightning's
            return _pad_to_segment(batch, self.segment_size // self.hop_length)

    return FixedSplit


def data_module(
    rows: pd.DataFrame,
    dataset: Path,
    work: Path,
    cache: Path,
    config: PiperConfig,
    seed: int,
    on_progress: clip_cache.Progress = clip_cache.no_progress,
    **arguments: Any,
) -> Any:
    """Piper's data module on ``rows`` (``TRAINING_SET``) with exactly their split, clips of like length together.

    ``cache`` holds the prepared clips of the voice; what is missing is prepared, and ``on_progress`` gets the number of clips
    that are there and of all clips. ``work`` receives ``metadata.csv`` and the ``config.json`` of the voice.
    """
    files.write_text(work / "config.json", _library_config(config))
    return _module_class(rows, config, cache, seed, on_progress)(
        csv_path=write_metadata(rows, work / "metadata.csv"),
        cache_dir=cache,
        audio_dir=dataset,
        config_path=work / "config.json",
        espeak_voice=config.espeak_voice,
        sample_rate=config.sample_rate,
        num_symbols=config.num_symbols,
        validation_split=0.0,
        num_test_examples=0,
        **arguments,
    )
