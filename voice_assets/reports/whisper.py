"""The report on a full validation: ``validation_whisper_sharded_<ts>/``, in the layout the scripts before it had.

``SUMMARY.txt``, ``runner.log``, ``low_similarity.tsv``, ``whisper_report.html``, and under ``shard_reports/shard_<n>/`` the
worker's ``validator_whisper.log`` and ``validation_<ts>.md`` and ``.tsv``. Judging belongs to the suites.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from voice_assets import files
from voice_assets.reports import transcripts_layout as layout
from voice_assets.reports.markdown import table
from voice_assets.reports.tsv import write_tsv
from voice_assets.reports.verdicts import RULE_HEADINGS, Verdict, rule_rows, word
from voice_assets.reports.whisper_page import page
from voice_assets.speech.sharding import parse_shard_key


@dataclass(frozen=True)
class ShardResult:
    """One shard's result: its key, TRANSCRIPTS, the worker's log, how long it took (where known) and the run that made it."""

    key: str
    transcripts: pd.DataFrame
    log: Path | None = None
    seconds: float | None = None
    run_id: str = ""

    @property
    def folder(self) -> str:
        """The shard's folder, ``shard_0`` for the key ``0-of-4``."""
        return f"shard_{parse_shard_key(self.key)[0]}"

    @property
    def unscored(self) -> int:
        """Clips without a similarity between 0 and 1: a shard with any has failed."""
        return int((~self.transcripts["similarity"].between(0, 1)).sum())

    def line(self, low_similarity: float) -> str:
        """The shard in one line."""
        low = len(layout.low_clips(self.transcripts, low_similarity))
        mean = f"{self.transcripts['similarity'].mean():.4f}" if len(self.transcripts) else "-"
        took = "" if self.seconds is None else f" seconds={self.seconds:.0f}"
        verdict = "FAIL" if self.unscored else "PASS"
        return f"shard {self.key}: {verdict} clips={len(self.transcripts)} mean={mean} low={low}{took} run={self.run_id or '-'}"


def _text_table(rows: Sequence[dict[str, object]] | Sequence[dict[str, str]], headings: dict[str, str]) -> list[str]:
    cells = [list(headings.values())]
    for row in rows:
        values = [row[key] for key in headings]
        cells.append([f"{value:.4f}" if isinstance(value, float) else " ".join(str(value).split()) for value in values])
    widths = [max(len(line[index]) for line in cells) for index in range(len(headings))]
    return ["  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() for line in cells]


def _summary(
    title: str,
    dataset: Path,
    shards: Sequence[ShardResult],
    low_similarity: float,
    facts: layout.Facts,
    by_category: pd.DataFrame,
    verdicts: Sequence[Verdict] | None,
) -> str:
    failed = [shard.key for shard in shards if shard.unscored]
    lines = [f"{word(verdicts)}  Whisper validation of {title}", f"Data set: {dataset}", ""]
    lines += [f"{name}: {value}" for name, value in layout.summary(facts)]
    lines += [f"A clip is low under a similarity of {low_similarity:g}", "", "Rules"]
    lines += _text_table(rule_rows(verdicts), RULE_HEADINGS)
    lines += ["", "Shards", *(shard.line(low_similarity) for shard in shards)]
    lines += [
        f"Failed shards: {', '.join(failed) or 'none'}",
        "",
        "Categories (a clip can be in several; judged from 10 clips on)",
    ]
    lines += _text_table(layout.category_rows(by_category), layout.CATEGORY_HEADINGS)
    return "\n".join(lines) + "\n"


def _shard_markdown(shard: ShardResult, title: str, low_similarity: float) -> str:
    low = layout.low_clips(shard.transcripts, low_similarity)
    rows = [{str(key): value for key, value in row.items()} for row in low.to_dict("records")]
    shown = {"clip_id": "Clip", "similarity": "Similarity", "cer": "CER", "reference": "Reference", "hypothesis": "Hypothesis"}
    lines = [f"# Shard {shard.key}: {title}", "", "**FAIL**" if shard.unscored else "**PASS**", ""]
    lines += [f"{len(shard.transcripts)} clips, {shard.unscored} without a score. A shard passes when every clip has a score;"]
    lines += ["whether the data set passes is in `SUMMARY.txt`.", ""]
    lines += [f"## Problem rows: {len(rows)} under {low_similarity:g}", "", *table(rows, shown)]
    return "\n".join(lines)


def _write_shard(folder: Path, shard: ShardResult, title: str, low_similarity: float, stamp: str) -> None:
    folder.mkdir(parents=True)
    files.write_text(folder / f"validation_{stamp}.md", _shard_markdown(shard, title, low_similarity))
    low = layout.low_clips(shard.transcripts, low_similarity)
    write_tsv(folder / f"validation_{stamp}.tsv", low, layout.COLUMNS)
    if shard.log is not None:
        shutil.copyfile(shard.log, folder / "validator_whisper.log")


def write(
    reports_dir: Path,
    title: str,
    dataset: Path,
    shards: Sequence[ShardResult],
    low_similarity: float,
    facts: layout.Facts,
    by_category: pd.DataFrame,
    verdicts: Sequence[Verdict] | None,
) -> Path:
    """Write one report and return its new folder ``<reports_dir>/validation_whisper_sharded_<ts>``, complete or not at all.

    Args:
        reports_dir: where reports on this data set lie.
        title: the voice's name for people.
        dataset: the data set's folder, for the players.
        shards: the results, one a shard.
        low_similarity: a clip is low, and a problem row, under this.
        facts: from ``speech.validation.facts``.
        by_category: from ``speech.categories.by_category``.
        verdicts: one mapping per rule (``reports.verdicts.Verdict``); None when nothing was judged.

    Raises:
        FileNotFoundError: a shard's log is gone.
        ShardError: a shard's key is none.
    """
    building = files.new_folder(reports_dir, ".validation_whisper_sharded_")
    folder = reports_dir / building.name.removeprefix(".")
    stamp = building.name.removeprefix(".validation_whisper_sharded_")
    every = (
        pd.concat([shard.transcripts for shard in shards], ignore_index=True)
        if shards
        else pd.DataFrame(columns=list(layout.COLUMNS))
    )
    low = layout.low_clips(every, low_similarity)
    try:
        for shard in shards:
            _write_shard(building / "shard_reports" / shard.folder, shard, title, low_similarity, stamp)
        summary = _summary(title, dataset, shards, low_similarity, facts, by_category, verdicts)
        files.write_text(building / "runner.log", "".join(f"{shard.line(low_similarity)}\n" for shard in shards))
        write_tsv(building / "low_similarity.tsv", low, layout.COLUMNS)
        html = page(title, dataset, folder, every, low, low_similarity, facts, by_category, verdicts)
        files.write_text(building / "whisper_report.html", html)
        files.write_text(building / "SUMMARY.txt", summary)
        building.rename(folder)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return folder
