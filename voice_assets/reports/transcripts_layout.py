"""What the two reports on transcripts have in common: columns, headings, and which clips and figures they show."""

from collections.abc import Mapping

import pandas as pd

from voice_assets.speech.tables import TRANSCRIPTS

Facts = Mapping[str, object]

# Reference and hypothesis beside each other, the score first: what one scans.
COLUMNS = ("clip_id", "similarity", "cer", "reference", "hypothesis", "decoding", "duration_s", "path", "audio_sha256")
assert set(COLUMNS) == set(TRANSCRIPTS)

CATEGORY_HEADINGS = {
    "category": "Category",
    "clips": "Clips",
    "mean_similarity": "Mean similarity",
    "low": "Low",
    "low_ratio": "Low share",
    "gap_to_rest": "Under the rest by",
}


def category_rows(by_category: pd.DataFrame) -> list[dict[str, object]]:
    """The categories as rows of plain values."""
    return [{str(key): value for key, value in row.items()} for row in by_category.to_dict("records")]


def by_similarity(transcripts: pd.DataFrame) -> pd.DataFrame:
    """TRANSCRIPTS, the worst first; ties in the order of the clip ids, so that two reports on one result are equal."""
    return transcripts.sort_values(["similarity", "clip_id"], kind="stable")


def low_clips(transcripts: pd.DataFrame, low_similarity: float) -> pd.DataFrame:
    """The clips under ``low_similarity``, and those without a score, worst first."""
    return by_similarity(transcripts[~(transcripts["similarity"] >= low_similarity)])


def summary(facts: Facts) -> list[tuple[str, str]]:
    """The facts in words: (name, value) each; only those that ``facts`` has."""
    lines = {
        "clips": "{clips} expected, {clips_missing} missing",
        "clips_extra": "{clips_extra}",
        "shards_missing": "{shards_missing}",
        "mean_similarity": "{mean_similarity:.4f}",
        "low": "{low} ({low_ratio:.2%})",
        "worst_category": "{worst_category}, {worst_category_gap:.3f} under the rest",
    }
    names = ("Clips", "Clips nobody asked for", "Shards missing", "Mean similarity", "Low clips", "Worst category")
    named = zip(names, lines.items(), strict=True)
    return [(name, text.format(**facts)) for name, (key, text) in named if facts.get(key, "") != ""]
