"""What Piper trains on: the metadata it reads, its cache, and a split that never moves.

Piper's data module reads a CSV, computes phonemes and spectrograms into a cache and splits at random. Here that is
bound to the training set: the CSV is written from it, the cache belongs to its hash, the split is its own column.
The model is in ``vits``.
"""

import csv
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from voice_assets.dataset.config import PiperConfig
from voice_assets.piper import cache as vits_cache
from voice_assets.piper.batches import order
from voice_assets.runtime import files


class TrainingSetError(ValueError):
    """A training set that cannot be trained on. The message names file, clip and value."""


def check_training_set(rows: pd.DataFrame, dataset: Path) -> None:
    """Every row has its audio, unchanged since it was accepted, and both sides of the split have rows.

    Raises:
        TrainingSetError: naming the clip and the file.
    """
    for split in ("train", "validation"):
        if not (rows["split"] == split).any():
            raise TrainingSetError(f"{dataset}: none of the {len(rows)} clips of the training set is for {split}")
    for clip, path, digest in zip(rows["clip_id"], rows["path"], rows["audio_sha256"], strict=True):
        audio = dataset / path
        if not audio.is_file():
            raise TrainingSetError(f"{audio}: no such file, clip {clip} of the training set")
        found = files.sha256(audio)
        if found != digest:
            raise TrainingSetError(
                f"{audio}: changed since clip {clip} was accepted: SHA-256 {found[:12]}…, was {digest[:12]}…"
            )


def fingerprint(rows: pd.DataFrame, config: PiperConfig) -> str:
    """SHA-256 of all that decides what the cache holds: clips in order, texts, audio, rate, espeak voice, phoneme ids."""
    clips = rows[["clip_id", "path", "text", "audio_sha256", "split"]].values.tolist()
    facts = [clips, config.sample_rate, config.espeak_voice, config.phoneme_id_map]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def write_metadata(rows: pd.DataFrame, path: Path) -> Path:
    """Write Piper's ``audio|text`` rows. Quoted where needed, as ``csv.reader(delimiter="|")`` reads them back."""
    with files.replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter="|", lineterminator="\n").writerows(rows[["path", "text"]].values.tolist())
    return path


def _by_length(durations_s: list[float], batch_size: int, seed: int) -> Any:
    """A sampler that goes through ``piper.batches.order``, another one each epoch; Lightning tells it the epoch."""
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


def data_module(
    rows: pd.DataFrame, dataset: Path, work: Path, cache: Path, config: PiperConfig, seed: int, **arguments: Any
) -> Any:
    """Piper's data module on ``rows`` (``TRAINING_SET``) with exactly their split, clips of like length together.

    ``cache`` must belong to these rows (:func:`fingerprint`): Piper's key is the row number and 50 characters of text,
    so a replaced recording would train on the old audio. Caches of other rows beside it are removed. ``work`` receives
    ``metadata.csv``, ``phonemes.json`` and the ``config.json`` of the voice.
    """
    from piper.config import PiperConfig as LibraryConfig
    from piper.train.vits.dataset import UtteranceCollate, VitsDataModule
    from torch.nn.functional import pad
    from torch.utils.data import DataLoader, Subset

    base: Any = VitsDataModule

    class FixedSplit(base):
        train_dataset: Any
        piper_config: Any

        def prepare_data(self) -> None:
            with vits_cache.writing(cache):
                if not (cache / vits_cache.COMPLETE).exists():
                    vits_cache.drop_damaged(cache)
                super().prepare_data()
                files.write_text(cache / vits_cache.COMPLETE, "every clip of the training set is in this cache\n")
            vits_cache.drop_others(cache)

        def setup(self, stage: str) -> None:
            if self.piper_config is None:  # not the process that prepared the data: Piper forgets that there may be others
                self.piper_config = LibraryConfig.from_dict(json.loads(self.config_path.read_text(encoding="utf-8")))
            super().setup(stage)
            full = self.train_dataset.dataset
            if len(full) != len(rows):
                raise TrainingSetError(f"{self.csv_path}: Piper reads {len(full)} clips, the training set has {len(rows)}")
            self.train_dataset = Subset(full, [i for i, split in enumerate(rows["split"]) if split == "train"])
            self.val_dataset = Subset(full, [i for i, split in enumerate(rows["split"]) if split == "validation"])
            self.test_dataset = Subset(full, self.val_dataset.indices[:2])  # what TensorBoard lets one hear, each epoch

        def train_dataloader(self) -> Any:
            indices = self.train_dataset.indices
            sampler = _by_length([rows["duration_s"].iloc[index] for index in indices], self.batch_size, seed)
            return DataLoader(
                self.train_dataset,
                sampler=sampler,
                batch_size=self.batch_size,
                drop_last=len(indices) > self.batch_size,
                collate_fn=UtteranceCollate(is_multispeaker=False, segment_size=self.segment_size),
                num_workers=self.num_workers,
                persistent_workers=self.num_workers > 0,
            )

        def on_before_batch_transfer(self, batch: Any, dataloader_idx: int) -> Any:  # noqa: ARG002 - Lightning's
            # Piper pads audio to a segment, spectrograms not: a batch of only shorter clips would not line up.
            short = self.segment_size // self.hop_length - batch.spectrograms.shape[-1]
            if short > 0:
                batch.spectrograms = pad(batch.spectrograms, (0, short))
            return batch

    work.mkdir(parents=True, exist_ok=True)
    cache.mkdir(parents=True, exist_ok=True)
    files.write_text(work / "phonemes.json", json.dumps(config.phoneme_id_map, ensure_ascii=False, indent=1))
    return FixedSplit(
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
