"""The facts that the Whisper suites judge: transcripts present, transcripts missing, scores. Not here: judging (``rules``)."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

import pandas as pd

from voice_assets.asr.categories import worst_gap
from voice_assets.asr.low_clips import is_low, kept_low
from voice_assets.dataset.shards import shard_key, shard_of

Facts = dict[str, Any]


def shard_facts(clip_ids: Iterable[str], transcripts: pd.DataFrame) -> Facts:
    """Facts on whether ``transcripts`` (TRANSCRIPTS) has exactly the clips ``clip_ids``.

    Returns:
        ``clips``: expected clips. ``clips_missing``: expected clips without a scored transcript. ``clips_extra``: transcripts
        of other clips, and every further transcript of one clip.
    """
    expected = set(clip_ids)
    scored = transcripts.loc[transcripts["similarity"].notna(), "clip_id"]
    known = transcripts["clip_id"].isin(list(expected)) & ~transcripts["clip_id"].duplicated()
    return {
        "clips": len(expected),
        "clips_missing": len(expected - set(scored)),
        "clips_extra": int((~known).sum()),
    }


def shards_without_transcripts(clip_ids: Iterable[str], transcripts: pd.DataFrame, shards: int) -> list[str]:
    """The keys of the shards that have clips but no scored transcript. A shard without clips needs no transcript."""
    expected = set(clip_ids)
    scored = expected & set(transcripts.loc[transcripts["similarity"].notna(), "clip_id"])
    with_clips, with_transcripts = ({shard_of(clip_id, shards) for clip_id in ids} for ids in (expected, scored))
    return [shard_key(index, shards) for index in sorted(with_clips - with_transcripts)]


def keepers(kept: pd.DataFrame) -> str:
    """Who kept the clips ``kept``, each with the number of clips: ``Ann 2, Bob 1``. ``?``: the record names nobody."""
    if kept.empty:
        return ""
    counts = Counter(str(name) or "?" for name in kept["kept_by"])
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))


def _scores(transcripts: pd.DataFrame, by_category: pd.DataFrame, low_similarity: float) -> Facts:
    low = int(is_low(transcripts, low_similarity).sum())
    kept = kept_low(transcripts, low_similarity)
    gap, category = worst_gap(by_category)
    return {
        "mean_similarity": float(transcripts["similarity"].mean()) if len(transcripts) else 0.0,
        "low": low,
        "low_ratio": low / len(transcripts) if len(transcripts) else 0.0,
        "kept_low": len(kept),
        "kept_by": keepers(kept),
        "worst_category_gap": gap,
        "worst_category": category,
    }


def validation_facts(
    clip_ids: Iterable[str],
    transcripts: pd.DataFrame,
    by_category: pd.DataFrame,
    low_similarity: float,
    shards: int,
) -> Facts:
    """The facts of a whole validation.

    Args:
        clip_ids: every clip that must be scored.
        transcripts: TRANSCRIPTS of all shards.
        by_category: from ``categories.by_category``.
        low_similarity: a clip is low under this, unless a person kept it (``transcripts`` then has the columns KEPT).
        shards: how many shards the voice has; a clip's shard follows from its id.

    Returns:
        The facts of ``shard_facts``, and ``shards_missing`` (the number of ``shards_without_transcripts``), ``missing_shards``
        (their keys), ``mean_similarity`` (0.0 without clips), ``low``, ``low_ratio``, ``kept_low`` (clips under the limit that
        a person kept), ``kept_by`` (`keepers`), ``worst_category_gap``, ``worst_category`` (``""`` when no category scores
        under the rest).
    """
    expected = list(clip_ids)
    missing = shards_without_transcripts(expected, transcripts, shards)
    return {
        **shard_facts(expected, transcripts),
        "shards_missing": len(missing),
        "missing_shards": ", ".join(missing),
        **_scores(transcripts, by_category, low_similarity),
    }


def sample_facts(drawn: int, transcripts: pd.DataFrame, by_category: pd.DataFrame, low_similarity: float) -> Facts:
    """The facts of a sample of ``drawn`` clips: as `validation_facts`, but not on shards and extra clips."""
    scored = transcripts.loc[transcripts["similarity"].notna(), "clip_id"].nunique()
    return {"clips": drawn, "clips_missing": max(0, drawn - int(scored)), **_scores(transcripts, by_category, low_similarity)}
