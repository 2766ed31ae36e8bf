"""The report on base validation: whether the data set has faults, which rows have them, and why.

Shows the given verdicts and the faults in the table. Decides PASS or FAIL itself only when no verdicts are given.
"""

import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import pandas as pd

from voice_assets.dataset.config import ConfigFacts
from voice_assets.dataset.faults import WARNINGS, Fault, Limits, faults, warnings
from voice_assets.quality.histogram import bins
from voice_assets.reports.markdown import escape, table
from voice_assets.reports.tsv import write_tsv
from voice_assets.reports.verdicts import RULE_HEADINGS, Verdict, Word, rule_rows, word
from voice_assets.runtime.files import write_text
from voice_assets.runtime.stamps import new_folder, utc_text

SHOWN = 50
"""The most faults that the Markdown lists, of all rules alternately: one kind of fault cannot hide the others."""
MOST_VALUES = 5
# Rules whose values are few different signs or code points, so that the commonest values say more than the first clip.
BY_VALUE = frozenset({"phonemes_known", "same_reading", "no_missing_yo", "no_signs"})
COUNT_HEADINGS = {"rule": "Rule", "clips": "Clips", "first": "First", "finding": "Finding of the first"}
FAULT_HEADINGS = {"row": "Row", "clip_id": "Clip", "rule": "Rule", "finding": "Finding", "text": "Text"}
TSV_COLUMNS = ("row", "clip_id", "level", "rule", "value", "finding", "text")
HISTOGRAM_BIN_S = 1.0
BAR = 40


def _lines(clips: pd.DataFrame, limits: Limits) -> list[dict[str, object]]:
    """One record per fault and per warning, in the order of the rows. Wavs that no row names (row 0) come last."""
    lines: list[dict[str, object]] = []
    ordered = clips.assign(last=clips["row"] == 0).sort_values(["last", "row", "clip_id"], kind="stable")
    for clip in cast(list[dict[str, Any]], ordered.to_dict("records")):
        named: list[tuple[str, Fault]] = [("fault", fault) for fault in faults(clip, limits)]
        named += [("warning", warning) for warning in warnings(clip)]
        for level, fault in named:
            lines.append({"row": clip["row"], "clip_id": clip["clip_id"], "level": level, **vars(fault), "text": clip["text"]})
    return lines


def _rare_first(lines: list[dict[str, object]]) -> list[dict[str, object]]:
    """Faults in the order of the rows, then warnings rule by rule, the rarest rule first: a common one hides no other."""
    clips = Counter(line["rule"] for line in lines if line["level"] == "warning")

    def place(line: dict[str, object]) -> tuple[bool, int, str]:
        warning = line["level"] == "warning"
        return (True, clips[line["rule"]], str(line["rule"])) if warning else (False, 0, "")

    return sorted(lines, key=place)


def _word(clips: pd.DataFrame, config: ConfigFacts, verdicts: Sequence[Verdict] | None, lines: list[dict[str, object]]) -> Word:
    """PASS, FAIL or NOT JUDGED: from the verdicts where they are given, else from the table and the config."""
    if verdicts is not None:
        return word(verdicts)
    sound = len(clips) > 0 and config.valid and not config.problems and not any(line["level"] == "fault" for line in lines)
    return "PASS" if sound else "FAIL"


def _counts(title: str, lines: list[dict[str, object]], level: str) -> list[str]:
    """For each rule, the number of clips that break the rule, the first of these clips, and what is wrong with it."""
    by_rule: dict[str, list[dict[str, object]]] = {}
    for line in lines:
        if line["level"] == level:
            by_rule.setdefault(str(line["rule"]), []).append(line)
    rows = [
        {
            "rule": rule,
            "clips": len(of_rule),
            "first": f"row {of_rule[0]['row']}, {of_rule[0]['clip_id']}",
            "finding": f"{of_rule[0]['finding']}{_commonest(rule, of_rule)}",
        }
        for rule, of_rule in sorted(by_rule.items(), key=lambda item: -len(item[1]))
    ]
    return [f"## {title}", "", *table(rows, COUNT_HEADINGS)]


def _commonest(rule: str, lines: list[dict[str, object]]) -> str:
    """The commonest values of a rule, and in how many clips each is; empty for one clip and for rules without such values."""
    if rule not in BY_VALUE or len(lines) < 2:
        return ""
    counts = Counter(value for line in lines for value in dict.fromkeys(str(line["value"]).split(" ")))
    more = f", and {len(counts) - MOST_VALUES} others" if len(counts) > MOST_VALUES else ""
    return f" — in all clips: {', '.join(f'{value} in {count}' for value, count in counts.most_common(MOST_VALUES))}{more}"


def _alternately(lines: list[dict[str, object]]) -> list[dict[str, object]]:
    """At most ``SHOWN`` faults, the first of every rule, then the second of every rule and so on; in the order of the rows."""
    seen: Counter[object] = Counter()
    turns = []
    for number, line in enumerate(lines):
        seen[line["rule"]] += 1
        turns.append((seen[line["rule"]], number))
    return [lines[number] for number in sorted(number for _, number in sorted(turns)[:SHOWN])]


def _figures(clips: pd.DataFrame, lines: list[dict[str, object]]) -> list[str]:
    faulty = {(line["row"], line["clip_id"]) for line in lines if line["level"] == "fault"}
    read = clips[clips["sample_rate"] > 0]
    rows: list[tuple[str, object]] = [
        ("rows in the metadata", int((clips["row"] > 0).sum())),
        ("wavs that no row names", int((clips["structure"] == "extra_wav").sum())),
        ("rows with a fault", len(faulty)),
        ("audio read, hours", float(read["duration_s"].sum()) / 3600),
    ]
    for name, column in (("duration, s", "duration_s"), ("text length, characters", "text_length")):
        values = read[column]
        if len(values):
            spread = ", ".join(f"{label} {float(values.quantile(q)):.4g}" for label, q in _QUANTILES)
            rows.append((name, spread))
    figures = [{"figure": name, "value": value} for name, value in rows]
    return table(figures, {"figure": "Figure", "value": "Value"})


_QUANTILES = (("shortest", 0.0), ("p5", 0.05), ("median", 0.5), ("p95", 0.95), ("longest", 1.0))


def _histogram(clips: pd.DataFrame) -> list[str]:
    """The durations in bins of one second, as a bar chart in text."""
    values = [float(seconds) for seconds in clips.loc[clips["sample_rate"] > 0, "duration_s"]]
    if not values:
        return []
    found = bins(values, HISTOGRAM_BIN_S)
    most = max(part.count for part in found)
    bars = [f"{part.start:6.1f} s  {'#' * -(-part.count * BAR // most):<{BAR}} {part.count}" for part in found]
    return ["## Durations", "", "```", *bars, "```", ""]


def _limits(limits: Limits) -> str:
    return (
        f"Limits: {limits.min_duration_s} to {limits.max_duration_s} s, {limits.min_text_chars} to {limits.max_text_chars} "
        f"characters, mono PCM16 WAV at {limits.sample_rate} Hz, at least {limits.min_script_share} of the letters in the "
        f"script of `{limits.language}`, espeak voice `{limits.espeak_voice}`."
    )


def _markdown(
    title: str,
    dataset: Path | str,
    clips: pd.DataFrame,
    config: ConfigFacts,
    verdicts: Sequence[Verdict] | None,
    limits: Limits,
    tsv: str,
    made: str,
) -> str:
    lines = _lines(clips, limits)
    found = [line for line in lines if line["level"] == "fault"]
    parts = [f"# Validation of {escape(title)}: {_word(clips, config, verdicts, lines)}", ""]
    parts += [f"Written {made}. Data set `{dataset}`. {_limits(limits)}", "", *_figures(clips, lines)]
    if verdicts is not None:
        parts += ["## Rules", "", *table(rule_rows(verdicts), RULE_HEADINGS)]
    if config.problems:
        parts += ["## config.json", "", *(f"- {escape(problem)}" for problem in config.problems), ""]
    parts += _counts("Faults", lines, "fault")
    parts += _counts("Warnings", lines, "warning")
    warned = {str(line["rule"]) for line in lines if line["level"] == "warning"}
    parts += [*(f"- {rule}: {meaning}" for rule, (_, meaning) in WARNINGS.items() if rule in warned), ""] if warned else []
    parts += _histogram(clips)
    if found:
        shown = _alternately(found)
        first = (
            f"All {len(found)} faults"
            if len(shown) == len(found)
            else f"The first faults of each rule, {len(shown)} of {len(found)}"
        )
        parts += ["## Rows", "", f"{first}; `{tsv}` has all of them.", ""]
        parts += table(shown, FAULT_HEADINGS)
    return "\n".join(parts).rstrip() + "\n"


def write(
    folder: Path,
    voice_title: str,
    dataset: Path | str,
    clips: pd.DataFrame,
    config_facts: ConfigFacts,
    verdicts: Sequence[Verdict] | None,
    limits: Limits,
) -> tuple[Path, Path]:
    """Write ``validation_<ts>.md`` and ``validation_<ts>.tsv`` into ``folder``. Returns both paths.

    ``clips``: the table ``CLIPS`` of all shards. ``verdicts``: one mapping per rule (``reports.verdicts.Verdict``); with
    ``None``, the table and the config decide between PASS and FAIL. The TSV has one line per fault, then one per warning.
    """
    building = new_folder(folder, ".validation_")
    name = building.name.removeprefix(".")
    try:
        tsv = write_tsv(building / f"{name}.tsv", _rare_first(_lines(clips, limits)), TSV_COLUMNS)
        text = _markdown(voice_title, dataset, clips, config_facts, verdicts, limits, tsv.name, utc_text())
        markdown = write_text(building / f"{name}.md", text)
        tsv = tsv.rename(folder / tsv.name)
        return markdown.rename(folder / markdown.name), tsv
    finally:
        shutil.rmtree(building, ignore_errors=True)
