"""The report on the drift of a voice's validations: ``drift_<ts>/``.

The files: ``drift_report.md``, ``drift_report.html`` with players, ``clips.tsv`` (every clip that changed,
``drift_layout.CLIP_COLUMNS``) and ``drift.json`` (figures, counts, what differs, what is affected).
"""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from voice_assets.reports import drift_layout as layout
from voice_assets.reports import trend
from voice_assets.reports.drift_page import page
from voice_assets.reports.folder import new_report
from voice_assets.reports.markdown import escape, table
from voice_assets.reports.transcripts_layout import records
from voice_assets.reports.tsv import write_tsv
from voice_assets.reports.verdicts import RULE_HEADINGS, rule_rows, word
from voice_assets.runtime.files import write_text
from voice_assets.text.word_diff import NOTATION

SHOWN = 20
"""Clips of one section in the Markdown file; ``clips.tsv`` has all."""

_CLIP_HEADINGS = {
    "clip_id": "Clip", "similarity_before": "Before", "similarity": "Now", "diff_before": "Diff before", "diff": "Diff now",
    "changes": "Changes",
}  # fmt: skip


def _compared(contents: layout.Contents) -> list[str]:
    if contents.before is None:
        return ["## Compared with", "", layout.FIRST, ""]
    lines = ["## What changed", "", f"Before: {escape(str(contents.before))}.", f"Now: {escape(str(contents.now))}.", ""]
    return lines + (table(contents.differences, layout.DIFFERENCE_HEADINGS) if contents.differences else [layout.SAME, ""])


def _markdown(contents: layout.Contents, made: str) -> str:
    drift = contents.drift
    counts = [{"change": name, "clips": drift.counts[key], "key": key} for key, name in layout.SECTIONS.items()]
    lines = [f"# Drift: {escape(contents.title)}", "", f"**{word(contents.verdicts)}**", "", f"Written {made}.", ""]
    lines += table(counts, {"change": "Change", "clips": "Clips"})
    lines += _compared(contents)
    lines += ["## Affected results", "", *table(layout.affected_rows(contents), layout.AFFECTED_HEADINGS)]
    lines += ["## Rules of this validation", "", *table(rule_rows(contents.verdicts), RULE_HEADINGS)]
    lines += ["## Figures", "", *table(layout.figure_rows(drift.before, drift.now), layout.FIGURE_HEADINGS)]
    lines += ["## Trend", "", *table(list(reversed(trend.rows(contents.past))), trend.HEADINGS)]
    lines += [f"In the diffs, {NOTATION}. `clips.tsv` has all clips; `drift_report.html` has players.", ""]
    for change, name in layout.SECTIONS.items():
        clips = layout.with_diffs(layout.section_clips(drift, change).head(SHOWN), contents.language)
        lines += [f"## {name}", "", layout.meaning(change), "", *table(records(clips), _CLIP_HEADINGS)]
    return "\n".join(lines)


def _summary(contents: layout.Contents) -> dict[str, Any]:
    """The content of ``drift.json``."""
    return {
        "verdict": word(contents.verdicts),
        "before": asdict(contents.before) if contents.before else None,
        "now": asdict(contents.now),
        "figures": {"before": contents.drift.before, "now": contents.drift.now},
        "counts": contents.drift.counts,
        "differences": [dict(one) for one in contents.differences],
        "affected": {name: list(reasons) for name, reasons in contents.affected},
    }


def write(reports_dir: Path, contents: layout.Contents) -> Path:
    """Write one report and return its new folder ``<reports_dir>/drift_<ts>``. An error leaves no folder behind."""
    with new_report(reports_dir, "drift") as report:
        write_tsv(
            report.building / "clips.tsv", layout.with_diffs(contents.drift.clips, contents.language), layout.CLIP_COLUMNS
        )
        text = json.dumps(_summary(contents), ensure_ascii=False, indent=1)
        write_text(report.building / "drift.json", text + "\n")
        write_text(report.building / "drift_report.html", page(contents, report.final, report.made))
        write_text(report.building / "drift_report.md", _markdown(contents, report.made))
    return report.final
