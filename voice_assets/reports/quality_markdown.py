"""``quality_report.md``: the quality report as text, for a terminal, a mail or a merge request."""

from collections.abc import Sequence

import pandas as pd

from voice_assets.reports.markdown import escape, table
from voice_assets.reports.quality_layout import HISTOGRAMS, Figures, chart_bins, summary
from voice_assets.reports.verdicts import RULE_HEADINGS, Verdict, rule_rows, word

BAR_CHARACTERS = 40
"""Length of the longest bar of a histogram."""

FIRST_SUSPECTS = 20
"""Suspects in the list; ``suspects.tsv`` has all suspects."""

SUSPECT_HEADINGS = {"clip_id": "Clip", "suspicion": "Suspicion", "reasons": "Why", "text": "Text"}


def _text_histogram(stats: pd.DataFrame, column: str, width: float) -> list[str]:
    drawn = chart_bins(stats, column, width)
    most = max(one.count for one in drawn)
    labels = [f"{one.start:g} to {one.end:g}" for one in drawn]
    wide = max(len(label) for label in labels)
    bars = ["█" * round(one.count / most * BAR_CHARACTERS) or ("▏" if one.count else "") for one in drawn]
    lines = [f"{label:>{wide}} {one.count:>7} {bar}".rstrip() for label, one, bar in zip(labels, drawn, bars, strict=True)]
    return ["```text", *lines, "```"]


def markdown(
    title: str, stats: pd.DataFrame, facts: Figures, suspects: pd.DataFrame, verdicts: Sequence[Verdict] | None, made: str
) -> str:
    """The text of ``quality_report.md``: the summary, the rules, histograms as text and the first suspects."""
    figures = [{"figure": name, "value": value} for name, value in summary(facts)]
    lines = [f"# Quality of the data set: {escape(title)}", "", f"**{word(verdicts)}**", "", f"Written {made}.", ""]
    lines += table(figures, {"figure": "Figure", "value": "Value"})
    lines += ["## Rules", "", *table(rule_rows(verdicts), RULE_HEADINGS)]
    for column, width, unit, name, note in HISTOGRAMS:
        lines += [f"## {name} ({unit})", "", note, "", *_text_histogram(stats, column, width), ""]
    shown = suspects.head(FIRST_SUSPECTS).to_dict("records")
    lines += [f"## Suspects: the first {len(shown)} of {len(suspects)}", ""]
    lines += ["`suspects.tsv` has all suspects. Listen to them in `quality_report.html`.", ""]
    lines += table(({str(key): value for key, value in row.items()} for row in shown), SUSPECT_HEADINGS)
    return "\n".join(lines)
