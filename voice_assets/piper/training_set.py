"""The clips that a voice is trained on, chosen from tables. Not here: the split (``piper.splits``), files (``piper.data``)."""

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
    """The TRAINING_SET: the clips whose hypothesis is similar to the reference, and the clips that a person kept.

    Args:
        clips: CLIPS without faulty rows.
        transcripts: TRANSCRIPTS of the same audio.
        low_similarity: clips under this similarity are left out, unless they are ``kept``.
        validation_ratio: the share that is held out, by a hash of the clip's name.
        max_clips: the most clips; those with the lowest hashes stay, so a larger limit keeps the clips of a smaller. None keeps
            all.
        kept: ids of clips that a person listened to and kept.

    Returns:
        TRAINING_SET, by clip id: the same clips in other shards give the same training set.

    Raises:
        ValueError: a clip was not transcribed, or its audio changed since.
        splits.SplitError: one side of the split would be empty.
    """
    joined = clips.merge(
        transcripts[["clip_id", "audio_sha256", "similarity"]], on="clip_id", how="left", suffixes=("", "_transcribed")
    )
    other = joined[joined["audio_sha256"] != joined["audio_sha256_transcribed"]]
    if len(other):
        raise ValueError(
            f"the audio of {len(other)} clips changed after they were transcribed, the first is {other['clip_id'].iloc[0]}"
        )
    accepted = joined[(joined["similarity"] >= low_similarity) | joined["clip_id"].isin(list(kept))]
    if max_clips is not None and len(accepted) > max_clips:
        order = accepted["clip_id"].map(lambda clip_id: hash_fraction(f"limit:{clip_id}"))
        accepted = accepted.loc[sorted(order.nsmallest(max_clips).index)]
    split = split_all(list(accepted["clip_id"]), validation_ratio)
    chosen = accepted.assign(split=split)[list(TRAINING_SET)]
    return chosen.sort_values("clip_id", kind="stable", ignore_index=True)
