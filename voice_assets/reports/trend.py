"""The validations of one voice over time: two drawings and a table. The caller chooses the validations."""

import time
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from markupsafe import Markup

from voice_assets.reports import html, plots
from voice_assets.runtime.stamps import utc_text

MOST = 20
"""How many of the newest validations are shown. More points are too close together to read."""


class Past(NamedTuple):
    """One validation: when it ended (seconds since the epoch), mean similarity, share of low clips, clips."""

    time: float
    mean_similarity: float
    low_ratio: float
    clips: int


HEADINGS = {"when": "When", "clips": "Clips", "mean": "Mean similarity", "change": "Change", "low": "Low share"}


def newest(history: Sequence[Past], now: Past) -> list[Past]:
    """The last ``MOST`` validations that scored a clip, oldest first, with ``now`` at the end."""
    return [one for one in (*sorted(history), now) if one.clips][-MOST:]


def present(facts: Mapping[str, object], clips: int) -> Past:
    """The validation with these ``facts`` (``asr.validation.validation_facts``), with the current time as its end."""
    return Past(time.time(), float(str(facts["mean_similarity"])), float(str(facts["low_ratio"])), clips)


def rows(past: Sequence[Past]) -> list[dict[str, str | int]]:
    """Validations as rows of texts with the keys of ``HEADINGS``, oldest first. ``change``: since the validation before."""
    changes = ["", *(f"{new.mean_similarity - old.mean_similarity:+.4f}" for old, new in pairwise(past))]
    return [
        {
            "when": utc_text(one.time),
            "clips": one.clips,
            "mean": f"{one.mean_similarity:.4f}",
            "change": change,
            "low": f"{one.low_ratio:.2%}",
        }
        for one, change in zip(past, changes, strict=False)
    ]


def section(past: Sequence[Past]) -> Markup:
    """The trend for a page: a table, and from two validations on, lines of the mean similarity and the share of low clips."""
    drawings = []
    if len(past) > 1:
        names = [utc_text(one.time) for one in past]
        mean = plots.history([one.mean_similarity for one in past], names, "mean similarity", (0.0, 1.0))
        low = plots.history([100 * one.low_ratio for one in past], names, "low clips, %", (0.0, 100.0))
        drawings = [
            html.figures(
                html.figure("Mean similarity", mean, "Of all clips, over the last validations. Higher is better."),
                html.figure("Low clips", low, "Share of all clips, in per cent. Lower is better."),
            )
        ]
    note = "" if drawings else "The charts appear from the second validation on."
    newest_first = list(reversed(rows(past)))
    return html.section("Trend", *drawings, html.paragraph(note, "soft"), html.table(newest_first, HEADINGS))
