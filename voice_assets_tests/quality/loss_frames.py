"""Tables of CLIP_LOSSES of an even training, in which a test then changes one clip."""

import numpy as np
import pandas as pd

from voice_assets.dataset.tables import CLIP_LOSSES, frame


def losses_of(number: int, validation: float = 0.1, seed: int = 0) -> pd.DataFrame:
    """``number`` clips of 1 to 10 s. Short clips have higher mel losses, and validation clips have higher losses."""
    random = np.random.default_rng(seed)
    rows: list[dict[str, object]] = []
    for index in range(number):
        held_out = bool(validation) and index % round(1 / validation) == 3
        frames = int(random.integers(86, 862))
        rate = random.normal(5.0, 0.3)
        kl, gap = 2.0 + 0.5 * held_out + random.normal(0, 0.1), 1.0 + random.normal(0, 0.1)
        rows.append(
            {
                "clip_id": f"clip_{index:04d}",
                "path": f"wavs/clip_{index:04d}.wav",
                "text": f"text {index}",
                "audio_sha256": f"{index:064d}",
                "split": "validation" if held_out else "train",
                "duration_s": frames * 256 / 22050,
                "frames": frames,
                "phoneme_ids": round(frames / rate),
                "mel": 0.7 + 30 / frames + 0.3 * held_out + random.normal(0, 0.04),
                "kl": kl,
                "other_kl": kl + gap,
                "other_kl_spread": 0.2,
                "duration": 1.5 + 0.2 * held_out + random.normal(0, 0.1),
                "frames_per_id": rate,
                "longest_s": 0.2,
            }
        )
    return frame(rows, CLIP_LOSSES)


def changed(losses: pd.DataFrame, row: int, **values: object) -> pd.DataFrame:
    """A copy with other values in one row."""
    copy = losses.copy()
    for name, value in values.items():
        copy.loc[row, name] = value
    return copy
