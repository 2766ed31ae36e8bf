"""The common parts of the two reports on transcripts: columns, headings, and the selection of clips and figures."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from voice_assets.dataset.tables import KEPT
from voice_assets.text.word_diff import diff, marked

Facts = Mapping[str, object]

# People read the score first, then the diff, then both texts. A person fills in decision and new_text; `voice-assets fix`
# reads these two columns.
COLUMNS = (
    "clip_id", "similarity", "suspicion", "diff", "decision", "new_text", "kept", "kept_by", "reference", "hypothesis",
    "cer", "wer", "first_word_wrong", "last_word_wrong", "other_words", "other_numbers", "repeated", "hallucination",
    "categories",
    "decoding_pass", "duration_s",
    "path", "audio_sha256",
)  # fmt: skip
SUSPICIONS = {
    "low": "the similarity is under the limit, or there is none",
    "hallucination": "words over silence or noise, or a phrase that Whisper is known to invent",
    "repeated": "the hypothesis loops or has the text twice, or each half of the audio has the whole text",
    "numbers": "no decoding pass heard the numbers of the text",
    "cut": "the first or the last word is wrong: the cut may be bad",
    "words": "the hypothesis has quite different, missing or added words, or no decoding pass heard a negation or short word",
}
"""The reasons that make a clip a suspect. The page shows a clip in the section of its first reason."""

CATEGORY_HEADINGS = {
    "category": "Category",
    "clips": "Clips",
    "mean_similarity": "Mean similarity",
    "low": "Low",
    "low_ratio": "Low share",
    "gap_to_rest": "Under the rest by",
}
CATEGORY_NOTE = "A clip can be in several categories. A category is judged when it has at least 10 clips."


def category_rows(by_category: pd.DataFrame) -> list[dict[str, object]]:
    """The categories as rows of plain values."""
    return records(by_category)


def by_similarity(transcripts: pd.DataFrame) -> pd.DataFrame:
    """TRANSCRIPTS, the worst first. Equal scores are in the order of the clip ids, so that reports on one result are equal."""
    return transcripts.sort_values(["similarity", "clip_id"], kind="stable")


def low_clips(transcripts: pd.DataFrame, low_similarity: float) -> pd.DataFrame:
    """The clips under ``low_similarity`` and the clips without a score, worst first."""
    return by_similarity(transcripts[~(transcripts["similarity"] >= low_similarity)])


def suspicions(transcripts: pd.DataFrame, low_similarity: float) -> pd.Series:
    """For each clip the names of ``SUSPICIONS`` that hold, separated by spaces; empty when none holds."""
    reasons = {
        "low": ~(transcripts["similarity"] >= low_similarity),
        "hallucination": transcripts["hallucination"] != "",
        "repeated": transcripts["repeated"],
        "numbers": transcripts["other_numbers"],
        "cut": transcripts["first_word_wrong"] | transcripts["last_word_wrong"],
        "words": transcripts["other_words"],
    }
    rows = zip(*(reasons[name].to_numpy(dtype=bool) for name in SUSPICIONS), strict=True)
    words = [" ".join(name for name, holds in zip(SUSPICIONS, row, strict=True) if holds) for row in rows]
    return pd.Series(words, index=transcripts.index, dtype="object")


def with_diff(transcripts: pd.DataFrame, low_similarity: float, language: str) -> pd.DataFrame:
    """``COLUMNS`` of ``transcripts``, worst first. The clips that a person kept (the columns KEPT) come last."""
    table = by_similarity(transcripts.assign(**dict.fromkeys(KEPT.keys() - set(transcripts.columns), ""))).reset_index(
        drop=True
    )
    texts = zip(table["reference"], table["hypothesis"], strict=True)
    table = table.assign(
        suspicion=suspicions(table, low_similarity),
        diff=pd.Series([marked(diff(reference, hypothesis, language)) for reference, hypothesis in texts], dtype="object"),
        decision="",
        new_text="",
    )
    kept_last = (table["kept"] != "").sort_values(kind="stable").index
    return table.loc[kept_last, list(COLUMNS)].reset_index(drop=True)


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of ``table`` as plain mappings."""
    return [{str(key): value for key, value in row.items()} for row in table.to_dict("records")]


def summary(facts: Facts) -> list[tuple[str, str]]:
    """The facts as texts: (name, value) each. Facts that are missing or empty are left out."""
    lines = {
        "clips": "{clips} expected, {clips_missing} missing",
        "clips_extra": "{clips_extra}",
        "shards_missing": "{shards_missing}",
        "mean_similarity": "{mean_similarity:.4f}",
        "low": "{low} ({low_ratio:.2%}" + (", without {kept_low} kept: {kept_by})" if facts.get("kept_low") else ")"),
        "worst_category": "{worst_category}, {worst_category_gap:.3f} under the rest",
    }
    names = ("Clips", "Unexpected clips", "Shards missing", "Mean similarity", "Low clips", "Worst category")
    named = zip(names, lines.items(), strict=True)
    return [(name, text.format(**facts)) for name, (key, text) in named if facts.get(key, "") != ""]
