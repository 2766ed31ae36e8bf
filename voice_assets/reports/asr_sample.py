"""The report on the sample that Whisper transcribed: ``asr_sample_<ts>/`` with ``asr_sample.tsv`` and ``asr_sample.md``."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from voice_assets.reports import transcripts_layout as layout
from voice_assets.reports.folder import new_report
from voice_assets.reports.markdown import escape, table
from voice_assets.reports.tsv import write_tsv
from voice_assets.reports.verdicts import RULE_HEADINGS, Verdict, rule_rows, word
from voice_assets.runtime.files import write_text
from voice_assets.text.word_diff import NOTATION

SHOWN = 20
"""Clips listed in the Markdown file, worst first; the TSV has all clips."""


def _markdown(
    title: str,
    transcripts: pd.DataFrame,
    facts: layout.Facts,
    by_category: pd.DataFrame,
    verdicts: Sequence[Verdict] | None,
    made: str,
) -> str:
    worst = layout.records(transcripts.head(SHOWN))
    shown = {
        "clip_id": "Clip",
        "similarity": "Similarity",
        "reference": "Reference",
        "hypothesis": "Hypothesis",
        "diff": "Diff",
    }
    figures = [{"name": name, "value": value} for name, value in layout.summary(facts)]
    lines = [f"# ASR sample: {escape(title)}", "", f"**{word(verdicts)}**", "", f"Written {made}.", ""]
    lines += table(figures, {"name": "Figure", "value": "Value"})
    lines += ["## Rules", "", *table(rule_rows(verdicts), RULE_HEADINGS)]
    lines += ["## Categories", "", layout.CATEGORY_NOTE, ""]
    lines += table(layout.category_rows(by_category), layout.CATEGORY_HEADINGS)
    lines += [
        f"## The {len(worst)} worst clips",
        "",
        f"`asr_sample.tsv` has all clips. In the diff, {NOTATION}.",
        "",
        *table(worst, shown),
    ]
    return "\n".join(lines)


def write(
    reports_dir: Path,
    title: str,
    transcripts: pd.DataFrame,
    facts: layout.Facts,
    by_category: pd.DataFrame,
    verdicts: Sequence[Verdict] | None,
    *,
    language: str,
    low_similarity: float,
) -> Path:
    """Write one report and return its new folder ``<reports_dir>/asr_sample_<ts>``. An error leaves no folder behind.

    Args:
        reports_dir: the folder of the reports on this data set.
        title: the voice's name for people.
        transcripts: TRANSCRIPTS of the sample.
        facts: from ``asr.validation.sample_facts``.
        by_category: from ``asr.categories.by_category``.
        verdicts: one mapping per rule (``reports.verdicts.Verdict``); None when nothing was judged.
        language: Whisper's code, for the word diff.
        low_similarity: a clip is low under this.
    """
    worst_first = layout.with_diff(transcripts, low_similarity, language)
    with new_report(reports_dir, "asr_sample") as report:
        write_tsv(report.building / "asr_sample.tsv", worst_first, layout.COLUMNS)
        text = _markdown(title, worst_first, facts, by_category, verdicts, report.made)
        write_text(report.building / "asr_sample.md", text)
    return report.final
