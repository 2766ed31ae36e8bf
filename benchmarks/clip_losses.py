"""Planted faults in the training data, and what the loss of each clip says of them: `make bench-clip-loss`."""

import random
import shutil
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.clips import debian_clips
from voice_assets.audio import recordings
from voice_assets.dataset.tables import TRAINING_SET, frame
from voice_assets.piper.splits import split_all
from voice_assets.runtime import files

RATE = 22050
KINDS = ("text", "speaker", "shifted", "noise")


def noisy(samples: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """``samples`` with white noise as loud as the speech: 0 dB."""
    level = np.sqrt(np.mean(samples.astype(np.float64) ** 2))
    return np.clip(samples + level * rng.normal(size=len(samples)), -32768, 32767).astype(np.int16)


def shifted(samples: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    import librosa

    steps = rng.choice([-5, -4, 4, 5])
    found = librosa.effects.pitch_shift(samples.astype(np.float32) / 32768, sr=RATE, n_steps=float(steps))
    return np.clip(found * 32768, -32768, 32767).astype(np.int16)


def plant(source: Path, out: Path, share: float, seed: int) -> tuple[pd.DataFrame, dict[str, str]]:
    shutil.copytree(source, out, dirs_exist_ok=True)
    lines = [line.split("|") for line in (out / "metadata_2col.csv").read_text(encoding="utf-8").splitlines()]
    names = [name.removesuffix(".wav") for name, _ in lines]
    texts = dict(zip(names, (text for _, text in lines), strict=True))
    order = list(names)
    rng, numbers = random.Random(seed), np.random.default_rng(seed)
    rng.shuffle(order)
    each = round(len(order) * share)
    kinds = {name: kind for index, kind in enumerate(KINDS) for name in order[index * each : (index + 1) * each]}
    others = [clip for language in ("en", "fr") for clip in debian_clips(language)]
    for name, kind in kinds.items():
        path = out / "wavs" / f"{name}.wav"
        samples = recordings.decode(path, RATE)
        if kind == "text":
            texts[name] = rng.choice(
                [
                    text
                    for other, text in texts.items()
                    if text != texts[name] and abs(len(text) - len(texts[name])) < 0.3 * len(texts[name])
                ]
                or list(texts.values())
            )
        elif kind == "speaker":
            wanted = len(samples) / RATE
            samples = recordings.decode(
                rng.choice(sorted(others, key=lambda clip: abs(clip.duration_s - wanted))[:20]).path, RATE
            )
        elif kind == "shifted":
            samples = shifted(samples, numbers)
        else:
            samples = noisy(samples, numbers)
        recordings.write_wav(path, samples, RATE)
    splits = split_all(names, 0.1)
    rows = []
    for name, split in zip(names, splits, strict=True):
        path = out / "wavs" / f"{name}.wav"
        rows.append(
            {
                "clip_id": name,
                "path": f"wavs/{name}.wav",
                "text": texts[name],
                "audio_sha256": files.sha256(path),
                "duration_s": recordings.probe(path).duration_s,
                "split": split,
            }
        )
    return frame(rows, TRAINING_SET), kinds
