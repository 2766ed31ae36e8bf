"""Which clips a voice is trained on. A pure function of tables; the split itself is in ``splits``."""

from collections.abc import Collection

import pandas as pd

from voice_assets.dataset.tables import TRAINING_SET
from voice_assets.piper.splits import hash_fraction, split_all


def accept(
    clips: pd.DataFrame,
    transcripts: pd.DataFrame,
    low_similarity: float,
    validation_ratio: float,
    max_clips: int | None,
    kept: Collection[str],
) -> pd.DataFrame:
    """The TRAINING_SET of ``clips`` that Whisper, or a person, heard as they read.

    Args:
        clips: CLIPS, every row of it sound.
        transcripts: TRANSCRIPTS of the same audio.
        low_similarity: clips under this similarity are left out, unless they are ``kept``.
        validation_ratio: share held out, by a hash of the clip's name.
        max_clips: keep at most this many, those whose names hash lowest, so that a larger limit keeps a smaller one's
            clips; None keeps all.
        kept: ids of clips that somebody listened to and decided to keep as they are.

    Returns:
        TRAINING_SET, by clip id: the same clips in other shards are the same training set.

    Raises:
        ValueError: a clip was transcribed from other audio than ``clips`` names, or not at all.
        splits.SplitError: one side of the split would be empty.
    """
    heard = clips.merge(
        transcripts[["clip_id", "audio_sha256", "similarity"]], on="clip_id", how="left", suffixes=("", "_heard")
    )
    other = heard[heard["audio_sha256"] != heard["audio_sha256_heard"]]
    if len(other):
        raise ValueError(f"{len(other)} clips were not transcribed as they are now, the first is {other['clip_id'].iloc[0]}")
    accepted = heard[(heard["similarity"] >= low_similarity) | heard["clip_id"].isin(list(kept))]
    if max_clips is not None and len(accepted) > max_clips:
        order = accepted["clip_id"].map(lambda clip_id: hash_fraction(f"limit:{clip_id}"))
        accepted = accepted.loc[sorted(order.nsmallest(max_clips).index)]
    split = split_all(list(accepted["clip_id"]), validation_ratio)
    chosen = accepted.assign(split=split)[list(TRAINING_SET)]
    return chosen.sort_values("clip_id", kind="stable", ignore_index=True)
