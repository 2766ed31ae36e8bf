"""Which clips count as low: the one definition for facts, categories, reports and comparisons. The rules count the same."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def is_low(transcripts: "pd.DataFrame", low_similarity: float) -> "pd.Series":
    """For each clip of TRANSCRIPTS, whether the similarity is under ``low_similarity`` and nobody kept the clip.

    A person keeps a clip by a decision (``curation.decisions``); the column ``kept`` says so, where ``transcripts`` has one.
    A clip without a score is not low: every clip must be scored, which is another rule.
    """
    low = transcripts["similarity"] < low_similarity
    return low & (transcripts["kept"] == "") if "kept" in transcripts.columns else low


def kept_low(transcripts: "pd.DataFrame", low_similarity: float) -> "pd.DataFrame":
    """The clips under ``low_similarity`` that do not count as low, because a person kept them."""
    return transcripts[(transcripts["similarity"] < low_similarity) & ~is_low(transcripts, low_similarity)]
