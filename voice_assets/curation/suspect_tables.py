"""The tables of suspects in Whisper reports: the newest report, and the hypothesis of each suspect.

Not here: the decisions in these tables (``curation.decisions``), and writing the tables (``reports.whisper``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from voice_assets.curation.decisions import read_decisions
from voice_assets.curation.errors import FixError
from voice_assets.runtime.stamps import stamped
from voice_assets.runtime.tsv import read_table

REPORT_PREFIX = "validation_whisper_sharded_"
TABLES = ("low_similarity.tsv", "suspects.tsv")


@dataclass(frozen=True)
class ReportedHypothesis:
    """A clip in a report: the hypothesis, and the SHA-256 of the audio (empty where the report has none)."""

    hypothesis: str
    audio_sha256: str


Hypotheses = Mapping[str, ReportedHypothesis]
"""Clip id -> the hypothesis in a report."""


def newest_report(reports_dir: Path) -> Path | None:
    """The folder of the newest Whisper validation; None without one."""
    return next(reversed(stamped(reports_dir, REPORT_PREFIX)), None)


def suspect_files(report: Path | None) -> list[Path]:
    """The tables of suspects of a report, for a person to fill in.

    Raises:
        FixError: there is no report.
    """
    if report is None:
        raise FixError("there is no Whisper validation to take decisions from; name a file with --decisions")
    return [file for name in TABLES if (file := report / name).is_file()]


def reported_hypotheses(report: Path | None) -> Hypotheses:
    """The hypotheses of a report's suspects, by clip id; empty without a report.

    Raises:
        TsvError: a table cannot be read.
    """
    if report is None:
        return {}
    rows = [row for file in suspect_files(report) for _, row in read_table(file, ("clip_id", "hypothesis"))]
    return {row["clip_id"]: ReportedHypothesis(row["hypothesis"], row.get("audio_sha256", "")) for row in rows}


def older_decisions(reports_dir: Path) -> list[Path]:
    """The tables with decisions in older validations. By default, decisions are read from the newest report only."""
    older = stamped(reports_dir, REPORT_PREFIX)[:-1]
    return [file for report in older for file in suspect_files(report) if read_decisions(file)]
