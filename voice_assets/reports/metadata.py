"""Tables as Markdown for the metadata of a materialisation: few rows, and cells cut to a readable length."""

from typing import TYPE_CHECKING, Any

from voice_assets.reports.markdown import table
from voice_assets.reports.verdicts import RULE_HEADINGS, rule_rows

if TYPE_CHECKING:
    import pandas as pd

PREVIEW_ROWS = 10
PREVIEW_CHARACTERS = 80
CAME_FROM_HEADINGS = {
    "asset": "Asset",
    "verdict": "Verdict",
    "version": "Data version",
    "runs": "Run",
    "report": "Report",
}
VERDICT_COLUMNS = ("verdict", "rule", "observed", "limit")


def preview(frame: "pd.DataFrame", columns: list[str]) -> str:
    """The first rows of ``columns`` as a Markdown table."""
    records = [{name: _short(row[name]) for name in columns} for row in frame.head(PREVIEW_ROWS).to_dict("records")]
    return "\n".join(table(records, {name: name for name in columns}))


def verdict_table(verdicts: list[dict[str, Any]]) -> str:
    """The verdicts of a suite as a Markdown table, with the words of the reports."""
    rows = [{key: _short(text) for key, text in row.items()} for row in rule_rows(verdicts)]
    return "\n".join(table(rows, {key: RULE_HEADINGS[key] for key in VERDICT_COLUMNS}))


def came_from(rows: list[dict[str, Any]]) -> str:
    """What a materialisation came from as a Markdown table, a row per asset; see ``CAME_FROM_HEADINGS`` for the keys."""
    return "\n".join(table(rows, CAME_FROM_HEADINGS))


def _short(value: object) -> str:
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    return text if len(text) <= PREVIEW_CHARACTERS else text[: PREVIEW_CHARACTERS - 1] + "…"
