"""Piper's data module for Lightning, bound to one training set.

Piper's own module splits the clips at random and trusts any file in its cache. Here the split is the training set's column,
and the cache belongs to the training set's fingerprint. Not here: checking the training set and writing its metadata
(``piper.data``), the files of a cache (``piper.cache``), the order of the clips (``piper.batches``).
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from voice_assets.dataset.config import PiperConfig
from voice_assets.piper import cache as clip_cache
from voice_assets.piper.batches import order
from voice_assets.piper.data import TrainingSetError, write_metadata
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

    sampler = _by_length(durations_s, module.batch_size, seed)
    # Lightning sets the first epoch of a process too late: with `num_workers` the first batches are drawn before.
    sampler.set_epoch(module.trainer.fit_loop.epoch_progress.current.processed)
    return DataLoader(
        module.train_dataset,
        sampler=sampler,
        batch_size=module.batch_size,
        drop_last=len(durations_s) > module.batch_size,
        collate_fn=UtteranceCollate(is_multispeaker=False, segment_size=module.segment_size),
        num_workers=module.num_workers,
        persistent_workers=module.num_workers > 0,
    )


def _split(module: Any, splits: list[str]) -> None:
    """Replace Piper's random split by ``splits``, the training set's own column."""
    from torch.utils.data import Subset

    clips = module.train_dataset.dataset
    if len(clips) != len(splits):
        raise TrainingSetError(f"{module.csv_path}: Piper reads {len(clips)} clips, the training set has {len(splits)}")
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


def _module_class(rows: pd.DataFrame, cache: Path, seed: int) -> Any:
    """Piper's data module as a class for the training set ``rows``, with its split and its cache."""
    from piper.config import PiperConfig as LibraryConfig
    from piper.train.vits.dataset import VitsDataModule

    base: Any = VitsDataModule

    class FixedSplit(base):
        piper_config: Any

        def prepare_data(self) -> None:
            with clip_cache.writing(cache):
                if not (cache / clip_cache.COMPLETE).exists():
                    clip_cache.drop_damaged(cache)
                super().prepare_data()
                files.write_text(cache / clip_cache.COMPLETE, "every clip of the training set is in this cache\n")
            clip_cache.drop_others(cache)

        def setup(self, stage: str) -> None:
            if self.piper_config is None:  # Piper reads the config only in the process that prepared the data
                self.piper_config = LibraryConfig.from_dict(json.loads(self.config_path.read_text(encoding="utf-8")))
            super().setup(stage)
            _split(self, list(rows["split"]))

        def train_dataloader(self) -> Any:
            durations_s = [rows["duration_s"].iloc[index] for index in self.train_dataset.indices]
            return _train_loader(self, durations_s, seed)

        def on_before_batch_transfer(self, batch: Any, dataloader_idx: int) -> Any:  # noqa: ARG002 - Lightning's
            return _pad_to_segment(batch, self.segment_size // self.hop_length)

    return FixedSplit


def data_module(
    rows: pd.DataFrame, dataset: Path, work: Path, cache: Path, config: PiperConfig, seed: int, **arguments: Any
) -> Any:
    """Piper's data module on ``rows`` (``TRAINING_SET``) with exactly their split, clips of like length together.

    ``cache`` must belong to these rows (``piper.data.fingerprint``): Piper's key is the row number and 50 characters of text,
    so that a replaced recording would train on the old audio. Caches of other rows beside ``cache`` are removed. ``work``
    receives ``metadata.csv``, ``phonemes.json`` and the ``config.json`` of the voice.
    """
    work.mkdir(parents=True, exist_ok=True)
    cache.mkdir(parents=True, exist_ok=True)
    files.write_text(work / "phonemes.json", json.dumps(config.phoneme_id_map, ensure_ascii=False, indent=1))
    return _module_class(rows, cache, seed)(
        csv_path=write_metadata(rows, work / "metadata.csv"),
        cache_dir=cache,
        audio_dir=dataset,
        config_path=work / "config.json",
        phonemes_path=work / "phonemes.json",
        espeak_voice=config.espeak_voice,
        sample_rate=config.sample_rate,
        num_symbols=config.num_symbols,
        validation_split=0.0,
        num_test_examples=0,
        **arguments,
    )
