"""The clips of a subject, as the page shows them: audio, texts, signals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd


@dataclass(frozen=True)
class Item:
    """One clip to listen to.

    Attributes:
        id: names the clip within its subject.
        root: the folder that the audio must be in, every link followed.
        path: the audio file, relative to ``root``.
        duration_s: length of the audio.
        reference: what the text says.
        hypothesis: what the recogniser wrote; None when nothing transcribed this audio for this text.
        signals: (name, value) each, as people read them.
    """

    id: str
    root: Path
    path: str
    duration_s: float
    reference: str
    hypothesis: str | None
    signals: Sequence[tuple[str, str]]


def clip_items(samples: pd.DataFrame, dataset: Path, hypotheses: Mapping[str, str]) -> tuple[Item, ...]:
    """Clips of a data set.

    Args:
        samples: rows of CLIP_STATS.
        dataset: the data set's folder.
        hypotheses: by clip id, of exactly this text and audio.
    """
    return tuple(
        Item(
            id=str(row["clip_id"]),
            root=dataset,
            path=str(row["path"]),
            duration_s=float(row["duration_s"]),
            reference=str(row["text"]),
            hypothesis=hypotheses.get(str(row["clip_id"])),
            signals=(
                ("Level", f"{row['rms_db']:.1f} dBFS"),
                ("Peak", f"{row['peak_db']:.1f} dBFS"),
                ("Clipped", f"{row['clipped_ratio']:.2%}"),
                ("Speech", f"{row['speech_ratio']:.0%} of the clip"),
                ("Silence before", f"{row['leading_silence_s']:.2f} s"),
                ("Silence after", f"{row['trailing_silence_s']:.2f} s"),
                ("Speaking rate", f"{row['chars_per_s']:.1f} letters/s"),
            ),
        )
        for row in samples.to_dict("records")
    )


def spoken_items(samples: pd.DataFrame, folder: Path) -> tuple[Item, ...]:
    """Sentences that a voice spoke.

    Args:
        samples: rows of SAMPLES.
        folder: the folder with the audio files.
    """
    return tuple(
        Item(
            id=str(row["sample"]),
            root=folder,
            path=str(row["sample"]),
            duration_s=float(row["duration_s"]),
            reference=str(row["text"]),
            hypothesis=str(row["hypothesis"]),
            signals=(
                ("Level", f"{row['level_db']:.1f} dBFS"),
                ("Similarity", f"{row['similarity']:.3f}"),
                ("CER", f"{row['cer']:.3f}"),
                ("Predicted MOS", f"{row['mos']:.2f}"),
            ),
        )
        for row in samples.to_dict("records")
    )
