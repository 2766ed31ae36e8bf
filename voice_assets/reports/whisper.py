"""The report on a full validation: ``validation_whisper_sharded_<ts>/``, in the layout of the former scripts.

The files: ``SUMMARY.txt``, ``runner.log``, ``low_similarity.tsv``, ``suspects.tsv`` (suspects that are not low),
``whisper_report.html``, and under ``shard_reports/shard_<n>/`` the worker's ``validator_whisper.log`` and
``validation_<ts>.md`` and ``.tsv``. The suites judge; this module does not.

The two tables of suspects have the empty columns ``decision`` (drop, use_hypothesis, replace, keep) and ``new_text`` (for
replace). A person fills in these columns, and `voice-assets fix` carries the decisions out. The column ``diff`` is a word diff
of the normalised texts (``text.word_diff``). ``suspicion`` lists the reasons (``transcripts_layout.SUSPICIONS``). ``kept``
names the version of the data set in which a person listened to the clip and kept it, ``kept_by`` the person. A kept clip does
not count as low, and training uses the clip.
"""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from voice_assets.asr.categories import by_category as categories_of
from voice_assets.asr.categories import with_categories
from voice_assets.curation.decisions import read_record, with_kept
from voice_assets.dataset.tables import TRANSCRIPTS, frame
from voice_assets.reports import transcripts_layout as layout
from voice_assets.reports import trend
from voice_assets.reports.folder import new_report
from voice_assets.reports.markdown import escape, table
from voice_assets.reports.tsv import write_tsv
from voice_assets.reports.verdicts import RULE_HEADINGS, Verdict, rule_rows, word
from voice_assets.reports.whisper_page import page
from voice_assets.reports.whisper_result import Report
from voice_assets.reports.whisper_result import ShardResult as ShardResult
from voice_assets.runtime.files import write_text
from voice_assets.runtime.plain_text import plain
from voice_assets.text.word_diff import NOTATION


def _text_table(rows: Sequence[Mapping[str, object]], headings: dict[str, str]) -> list[str]:
    cells = [list(headings.values())]
    for row in rows:
        values = [row[key] for key in headings]
        cells.append([f"{value:.4f}" if isinstance(value, float) else plain(" ".join(str(value).split())) for value in values])
    widths = [max(len(line[index]) for line in cells) for index in range(len(headings))]
    return ["  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() for line in cells]


def _summary(report: Report) -> str:
    failed = [shard.key for shard in report.shards if shard.unscored]
    lines = [f"{word(report.verdicts)}  Whisper validation of {plain(report.title)}", f"Data set: {plain(report.place)}"]
    lines += [f"Written: {report.made}", ""]
    lines += [f"{name}: {plain(value)}" for name, value in layout.summary(report.facts)]
    lines += [f"A clip is low under a similarity of {report.low_similarity:g}"]
    lines += [f"Other suspects: {_counts(report.others())}", "", "Rules"]
    lines += _text_table(rule_rows(report.verdicts), RULE_HEADINGS)
    lines += ["", "Shards", *(shard.line(report.low_similarity) for shard in report.shards)]
    lines += [f"Failed shards: {', '.join(failed) or 'none'}", ""]
    lines += ["Categories", layout.CATEGORY_NOTE]
    lines += _text_table(layout.category_rows(report.by_category), layout.CATEGORY_HEADINGS)
    lines += ["", "Last validations, the newest at the end", *_text_table(trend.rows(report.past), trend.HEADINGS), ""]
    lines += ["What to do: listen to the clips in whisper_report.html. Fill in the column `decision` of low_similarity.tsv and"]
    lines += ["suspects.tsv (drop, use_hypothesis, replace with new_text, keep). Then run `voice-assets fix VOICE`."]
    lines += [f"In the column `diff`, {NOTATION}."]
    return "\n".join(lines) + "\n"


def _as_one_set(shards: Sequence[ShardResult], language: str, dataset: Path) -> tuple[pd.DataFrame, list[ShardResult]]:
    """TRANSCRIPTS and KEPT of all shards, with categories computed over all clips, and the shards with the same columns."""
    every = pd.concat([frame([], TRANSCRIPTS), *(one.transcripts for one in shards)], ignore_index=True)
    every = with_kept(with_categories(every, language), read_record(dataset))
    parts, start = [], 0
    for shard in shards:
        end = start + len(shard.transcripts)
        parts.append(replace(shard, transcripts=every.iloc[start:end].reset_index(drop=True)))
        start = end
    return every, parts


def _counts(suspects: pd.DataFrame) -> str:
    """The number of suspects, and the number for each suspicion."""
    words = [word for line in suspects["suspicion"] for word in line.split()]
    parts = [f"{words.count(name)} {name}" for name in layout.SUSPICIONS if name in words]
    return f"{len(suspects)} ({', '.join(parts)})" if parts else "0"


def _shard_markdown(shard: ShardResult, report: Report, low: pd.DataFrame) -> str:
    shown = {"clip_id": "Clip", "similarity": "Similarity", "cer": "CER", "diff": "Diff", "reference": "Reference"}
    by_category = categories_of(shard.transcripts, report.low_similarity)
    lines = [f"# Shard {shard.key}: {escape(report.title)}", "", "**FAIL**" if shard.unscored else "**PASS**", ""]
    lines += [f"{len(shard.transcripts)} clips, {shard.unscored} without a score. A shard passes when every clip has a score."]
    lines += ["`SUMMARY.txt` says whether the data set passes.", ""]
    lines += [f"## Problem rows: {len(low)} under {report.low_similarity:g}", "", f"In the diff, {NOTATION}.", ""]
    lines += table(layout.records(low), shown)
    lines += ["## Categories of this shard", "", *table(layout.category_rows(by_category), layout.CATEGORY_HEADINGS)]
    return "\n".join(lines)


def _write_shard(folder: Path, shard: ShardResult, report: Report, stamp: str) -> None:
    folder.mkdir(parents=True)
    low = layout.low_clips(shard.transcripts, report.low_similarity)
    low = layout.with_diff(low, report.low_similarity, report.language)
    write_text(folder / f"validation_{stamp}.md", _shard_markdown(shard, report, low))
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
    *,
    language: str,
    history: Sequence[trend.Past] = (),
    place: str = "",
) -> Path:
    """Write one report. Returns its new folder ``<reports_dir>/validation_whisper_sharded_<ts>``. An error leaves no folder.

    Args:
        reports_dir: the folder of the reports on this data set.
        title: the voice's name for people.
        dataset: the data set's folder, for the players and for its record of earlier decisions.
        shards: one result per shard.
        low_similarity: a clip under this similarity is low, and a problem row.
        facts: from ``asr.validation.validation_facts``.
        by_category: from ``asr.categories.by_category``.
        verdicts: one mapping per rule (``reports.verdicts.Verdict``); None when nothing was judged.
        language: Whisper's code, for the word diff and the categories.
        history: the validations before this one, in any order.
        place: where the data set is, for people; by default its folder.

    Raises:
        ShardError: a shard's key is invalid.
        TsvError: the data set's record of decisions cannot be read.
    """
    with new_report(reports_dir, "validation_whisper_sharded") as new:
        every, shards = _as_one_set(shards, language, dataset)
        chosen = every[layout.suspicions(every, low_similarity) != ""]
        suspects = layout.with_diff(chosen, low_similarity, language)
        report = Report(
            title=title,
            dataset=dataset,
            place=place or str(dataset),
            made=new.made,
            shards=shards,
            low_similarity=low_similarity,
            facts=facts,
            by_category=by_category,
            verdicts=verdicts,
            language=language,
            every=every,
            suspects=suspects,
            past=trend.newest(history, trend.present(facts, len(every))),
        )
        for shard in shards:
            _write_shard(new.building / "shard_reports" / shard.folder, shard, report, new.stamp)
        write_text(new.building / "runner.log", "".join(f"{shard.line(low_similarity)}\n" for shard in shards))
        write_tsv(new.building / "low_similarity.tsv", report.low(), layout.COLUMNS)
        write_tsv(new.building / "suspects.tsv", report.others(), layout.COLUMNS)
        write_text(new.building / "whisper_report.html", page(report, new.final))
        write_text(new.building / "SUMMARY.txt", _summary(report))
    return new.final
