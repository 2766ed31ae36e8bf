"""``whisper_report.html``: the figures of a validation, and every low clip to be heard beside both texts."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from voice_assets.reports import html
from voice_assets.reports import transcripts_layout as layout
from voice_assets.reports.verdicts import Verdict, word

MOST_PLAYERS = 500
"""Clips with a player: a page with more is slow to open, and all are in ``low_similarity.tsv``."""


def _low_rows(low: pd.DataFrame, dataset: Path, folder: Path) -> list[dict[str, object]]:
    rows = []
    for row in low.head(MOST_PLAYERS).to_dict("records"):
        player = html.audio(html.relative_url(dataset / str(row["path"]), folder)) if row["path"] else ""
        rows.append(
            {
                **{name: row[name] for name in ("clip_id", "similarity", "cer", "reference", "hypothesis", "decoding")},
                "player": player,
            }
        )
    return rows


def page(
    title: str,
    dataset: Path,
    folder: Path,
    transcripts: pd.DataFrame,
    low: pd.DataFrame,
    low_similarity: float,
    facts: layout.Facts,
    by_category: pd.DataFrame,
    verdicts: Sequence[Verdict] | None,
) -> str:
    """The whole page, for a place in ``folder``.

    Args:
        title: the voice's name for people.
        dataset: the data set's folder, for the players.
        folder: where the page will lie.
        transcripts: TRANSCRIPTS of all shards.
        low: the low ones, worst first.
        low_similarity: the limit they are under.
        facts: from ``speech.validation.facts``.
        by_category: from ``speech.categories.by_category``.
        verdicts: one mapping per rule (``reports.verdicts.Verdict``), or None.
    """
    headings = {
        "clip_id": "Clip", "player": "Listen", "similarity": "Similarity", "cer": "CER", "reference": "Reference",
        "hypothesis": "Whisper heard", "decoding": "Pass",
    }  # fmt: skip
    second = int((transcripts["decoding"] == "full").sum())
    figures = [(name, value, "") for name, value in layout.summary(facts)]
    body = html.join([
        html.verdict_badge(word(verdicts)),
        html.tiles([*figures, ("Kept from the second look", str(second), "decoded again: full window and beam")]),
        html.section("Rules", html.rule_table(verdicts)),
        html.section(
            "Categories",
            html.paragraph("A clip can be in several. A category is judged from 10 clips on.", "soft"),
            html.table(layout.category_rows(by_category), layout.CATEGORY_HEADINGS),
        ),
        html.section(
            f"Low clips: {len(low)} under {low_similarity:g}",
            html.paragraph("Text or cut may be wrong, or Whisper misheard: listen. All are in low_similarity.tsv.", "soft"),
            html.table(_low_rows(low, dataset, folder), headings),
        ),
    ])  # fmt: skip
    return html.page(f"Whisper validation: {title}", body, f"Data set {dataset}")
