"""Artificial ``CLIP_STATS`` for tests."""

import numpy as np
import pandas as pd

from voice_assets.dataset import tables

SEGMENT_S = 8192 / 22050
"""A training segment of the default length."""


def stats_of(count: int, seed: int = 1) -> pd.DataFrame:
    """``count`` ordinary clips of one even voice; every text and every recording is different."""
    random = np.random.default_rng(seed)
    rows = []
    for index in range(count):
        text = f"{chr(1072 + index % 32)}{index:04d} " + "слово " * int(random.integers(2, 12))
        duration = sum(letter.isalnum() for letter in text) / 14.0 + 0.1
        rows.append(
            {
                "clip_id": f"clip_{index:04d}",
                "path": f"wavs/clip_{index:04d}.wav",
                "text": text.strip(),
                "normalised_text": text.strip(),
                "text_length": len(text.strip()),
                "duration_s": duration,
                "samples_sha256": f"{index:064x}",
                "peak_db": -3.0 + random.normal(0, 0.5),
                "rms_db": -20.0 + random.normal(0, 0.5),
                "clipped_ratio": 0.0,
                "dc_offset": random.normal(0, 1e-4),
                "leading_silence_s": 0.05,
                "trailing_silence_s": 0.05,
                "first_speech_s": 0.06,
                "kept_s": min(duration, 1.0),
                "speech_ratio": 0.9 + random.normal(0, 0.02),
                "chars_per_s": 14.0 * 2 ** random.normal(0, 0.05),
            }
        )
    return tables.frame(rows, tables.CLIP_STATS)


def changed(stats: pd.DataFrame, row: int, **values: object) -> pd.DataFrame:
    """A copy of ``stats`` with some values of one row replaced."""
    copy = stats.copy()
    for column, value in values.items():
        copy.loc[row, column] = value
    return copy
