"""The facts that the Whisper suites judge: what is there, what is missing, how well it scored. Judging is the suites'."""

from collections.abc import Iterable
from typing import Any

import pandas as pd

from voice_assets.asr.categories import worst_gap

Facts = dict[str, Any]


def shard_facts(clip_ids: Iterable[str], transcripts: pd.DataFrame) -> Facts:
    """Whether ``transcripts`` (TRANSCRIPTS) are exactly those of ``clip_ids``.

    ``clips`` expected, ``clips_missing`` without a transcript (or without a score), ``clips_extra``: transcripts of clips
    that are not expected, and every further transcript of one clip.
    """
    expected = set(clip_ids)
    scored = transcripts.loc[transcripts["similarity"].notna(), "clip_id"]
    known = transcripts["clip_id"].isin(list(expected)) & ~transcripts["clip_id"].duplicated()
    return {
        "clips": len(expected),
        "clips_missing": len(expected - set(scored)),
        "clips_extra": int((~known).sum()),
    }


def _scores(transcripts: pd.DataFrame, by_category: pd.DataFrame, low_similarity: float) -> Facts:
    low = int((transcripts["similarity"] < low_similarity).sum())
    gap, category = worst_gap(by_category)
    return {
        "mean_similarity": float(transcripts["similarity"].mean()) if len(transcripts) else 0.0,
        "low": low,
        "low_ratio": low / len(transcripts) if len(transcripts) else 0.0,
        "worst_category_gap": gap,
        "worst_category": category,
    }


def facts(
    clip_ids: Iterable[str],
    transcripts: pd.DataFrame,
    by_category: pd.DataFrame,
    low_similarity: float,
    shards_expected: int,
    shards_found: int,
) -> Facts:
    """The facts of a whole validation.

    Args:
        clip_ids: every clip that must be scored.
        transcripts: TRANSCRIPTS of all shards.
        by_category: from ``categories.by_category``.
        low_similarity: a clip is low under this.
        shards_expected: how many shards there are.
        shards_found: how many came.

    Returns:
        What ``shard_facts`` gives, and ``shards_missing``, ``mean_similarity`` (0.0 without clips), ``low``, ``low_ratio``,
        ``worst_category_gap``, ``worst_category`` (``""`` when no category lies under the rest).
    """
    return {
        **shard_facts(clip_ids, transcripts),
        "shards_missing": max(0, shards_expected - shards_found),
        **_scores(transcripts, by_category, low_similarity),
    }


def sample_facts(drawn: int, transcripts: pd.DataFrame, by_category: pd.DataFrame, low_similarity: float) -> Facts:
    """The facts of a sample of ``drawn`` clips: as `facts`, without shards and without clips to name."""
    scored = transcripts.loc[transcripts["similarity"].notna(), "clip_id"].nunique()
    return {"clips": drawn, "clips_missing": max(0, drawn - int(scored)), **_scores(transcripts, by_category, low_similarity)}
