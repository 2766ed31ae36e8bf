"""The quality report of a data set: ``quality_<ts>/``, for a person to read, to listen to and to fill in.

Belongs here: the files of the report. Does not belong here: computing the figures (``quality.summary``, ``quality.suspects``,
``quality.sampling``) and judging them (the suite ``quality_report``).
"""

import json
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from voice_assets.quality import suspects as suspicion
from voice_assets.reports.folder import new_report
from voice_assets.reports.quality_layout import HISTOGRAMS, Figures, chart_bins
from voice_assets.reports.quality_markdown import markdown
from voice_assets.reports.quality_page import Players, report_page
from voice_assets.reports.tsv import write_tsv
from voice_assets.reports.verdicts import Verdict, passed
from voice_assets.runtime.files import write_text

SAMPLE_COLUMNS = ("clip_id", "path", "text", "duration_s", "chars_per_s", "rms_db", "verdict", "comment")


def write(
    reports_dir: Path,
    title: str,
    stats: pd.DataFrame,
    facts: Figures,
    suspects: pd.DataFrame,
    samples: pd.DataFrame,
    dataset: Path,
    verdicts: Sequence[Verdict] | None = None,
) -> Path:
    """Write one quality report and return its new folder ``<reports_dir>/quality_<ts>``. An error leaves no folder behind.

    Args:
        reports_dir: the folder of the reports on this data set.
        title: the voice's name for people.
        stats: CLIP_STATS of all clips.
        facts: from ``quality.summary.facts``; finite numbers.
        suspects: from ``quality.suspects.rank``.
        samples: rows of ``stats`` for a person to listen to (``quality.sampling.sample``).
        dataset: the data set's folder, for the players.
        verdicts: one mapping per rule (``reports.verdicts.Verdict``); None when nothing was judged yet.

    Raises:
        ValueError: a figure is not finite, which JSON does not allow.
    """
    with new_report(reports_dir, "quality") as report:
        write_tsv(report.building / "samples.tsv", samples.assign(verdict="", comment=""), SAMPLE_COLUMNS)
        write_tsv(report.building / "suspects.tsv", suspects, suspicion.COLUMNS)
        write_text(report.building / "stats.json", stats_json(title, stats, facts, verdicts, report.made))
        write_text(report.building / "quality_report.md", markdown(title, stats, facts, suspects, verdicts, report.made))
        players = Players(dataset, report.final)
        page = report_page(title, stats, facts, suspects, samples, players, verdicts, report.made)
        write_text(report.building / "quality_report.html", page)
    return report.final


def stats_json(title: str, stats: pd.DataFrame, facts: Figures, verdicts: Sequence[Verdict] | None, made: str) -> str:
    """The figures, the histograms and the verdicts as JSON, for programs. Raises ValueError for a figure that is not finite."""
    histograms = {
        column: [{"start": one.start, "end": one.end, "count": one.count} for one in chart_bins(stats, column, width)]
        for column, width, *_ in HISTOGRAMS
    }
    content = {
        "voice": title,
        "written": made,
        "passed": passed(verdicts),
        "facts": dict(facts),
        "histograms": histograms,
        "rules": verdicts,
    }
    return json.dumps(content, ensure_ascii=False, indent=2, allow_nan=False) + "\n"
