"""Piper's data module for Lightning, bound to one training set.

Piper's own module splits the clips at random and trusts any file in its cache. Here the split is the training set's column,
and the clips are the prepared ones of the voice. Not here: checking the training set and writing its metadata
(``piper.data``), preparing clips (``piper.clip_cache``), reading one (``piper.clip_dataset``), their order (``piper.batches``).
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from voice_assets.dataset.config import PiperConfig
from voice_assets.piper import clip_cache
from voice_assets.piper.batches import order
from voice_assets.piper.cache import writing
from voice_assets.piper.clip_dataset import clip_dataset
from voice_assets.piper.data import write_metadata
from voice_assets.runtime import files


def _by_length(durations_s: list[float], batch_size: int, seed: int) -> Any:
    """A sampler in the order of ``piper.batches.order``. Lightning sets the epoch, and each epoch has another order."""
    from torch.utils.data import Sampler

    class ByLength(Sampler):
        epoch = 0

        def set_epoch(self, epoch: int) -> None:
            self.epoch = epoch

        def __iter__(self) -> Iterator[int]:
            return iter(order(durations_s, batch_size, seed, self.epoch))

        def __len__(self) -> int:
            return len(durations_s)

    return ByLength()


def _train_loader(module: Any, durations_s: list[float], seed: int) -> Any:
    """The loader of the clips to train on, clips of like length together."""
    from piper.train.vits.dataset import UtteranceCollate
    from torch.utils.data import DataLoader

    return DataLoader(
        module.train_dataset,
        sampler=_by_length(durations_s, module.batch_size, seed),
        batch_size=module.batch_size,
        drop_last=len(durations_s) > module.batch_size,
        collate_fn=UtteranceCollate(is_multispeaker=False, segment_size=module.segment_size),
        num_workers=module.num_workers,
        persistent_workers=module.num_workers > 0,
    )


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
            durations_s = [rows["duration_s"].iloc[index] for index in self.train_dataset.indices]
            return _train_loader(self, durations_s, seed)

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
