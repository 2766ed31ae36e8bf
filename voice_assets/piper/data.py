"""A training set on disk: its audio is checked, its content has a fingerprint, its rows become Piper's metadata file.

Not here: which clips are accepted (``piper.training_set``), and reading the clips while training (``piper.data_module``).
"""

import csv
import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

from voice_assets.dataset.config import PiperConfig
from voice_assets.runtime import files

if TYPE_CHECKING:
    import pandas as pd


class TrainingSetError(ValueError):
    """A training set that training cannot use. The message names file, clip and value."""


def check_training_set(rows: "pd.DataFrame", dataset: Path) -> None:
    """Check that each clip has its accepted audio, and that both sides of the split have clips.

    Raises:
        TrainingSetError: audio is missing or changed, or a side is empty. The message names the clip and the file.
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


def fingerprint(rows: "pd.DataFrame", config: PiperConfig) -> str:
    """SHA-256 of everything that decides the content of the cache: clips in order, texts, audio, rate, espeak voice, ids."""
    clips = rows[["clip_id", "path", "text", "audio_sha256", "split"]].values.tolist()
    facts = [clips, config.sample_rate, config.espeak_voice, config.phoneme_id_map]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def write_metadata(rows: "pd.DataFrame", path: Path) -> Path:
    """Write Piper's ``audio|text`` rows, quoted where ``csv.reader(delimiter="|")`` needs quotes."""
    with files.replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter="|", lineterminator="\n").writerows(rows[["path", "text"]].values.tolist())
    return path
