"""The contents of a drift report, and the values that its Markdown, HTML and JSON share. Writes nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from voice_assets.asr.drift import CHANGES, Drift, Figures, clips_with
from voice_assets.reports.transcripts_layout import records
from voice_assets.reports.trend import Past
from voice_assets.reports.verdicts import Verdict
from voice_assets.text.word_diff import diff, marked

FIRST = "There is no earlier validation that passed and still has its tables, so this one is compared with nothing."
MOST_NAMES = 6
"""Most names of affected results in one cell. A training can have written a thousand checkpoints."""
SAME = "Nothing that is recorded differs: same data, model, code, settings and limits."
DIFFERENCE_HEADINGS = {"kind": "Kind", "what": "What", "before": "Before", "now": "Now"}
FIGURE_HEADINGS = {"figure": "Figure", "before": "Before", "now": "Now", "change": "Change"}
AFFECTED_HEADINGS = {"result": "Made before", "reason": "What speaks against it now"}
SECTIONS = {
    "newly_low": "Newly low",
    "worse": "Worse",
    "fixed": "Fixed",
    "better": "Better",
    "added": "Added",
    "removed": "Removed",
    "text_changed": "Other text",
    "audio_changed": "Other audio",
}
"""The sections of clips, the most important first: change -> heading. A clip is in the section of its first change only."""

CLIP_COLUMNS = (
    "clip_id", "changes", "similarity_before", "similarity", "difference", "diff_before", "diff", "text_diff",
    "reference_before", "reference", "hypothesis_before", "hypothesis", "kept", "kept_by", "path", "audio_sha256_before",
    "audio_sha256",
)  # fmt: skip
"""The columns of ``clips.tsv``. ``diff`` compares reference and hypothesis, ``text_diff`` the reference before and now."""


@dataclass(frozen=True)
class Validation:
    """One of the two validations: the time as text, the id of its run, its report in the data set."""

    time: str
    run_id: str
    report: str

    def __str__(self) -> str:
        return f"{self.time}, run {self.run_id[:8]}, {self.report or 'no report'}"


@dataclass(frozen=True)
class Contents:
    """The values for the files of a report.

    Attributes:
        title: the voice's name for people.
        dataset: the data set's folder, for the players.
        place: where the data set is, for people.
        language: Whisper's code, for the word diffs.
        drift: from ``asr.drift.compare``.
        before: the last validation that passed; None when there is none.
        now: the validation that the report is about.
        verdicts: the recorded verdicts of ``now``.
        differences: one mapping per thing that differs, with the keys of `DIFFERENCE_HEADINGS`.
        affected: what was made before and has something against it now, with the reasons: (name, reasons).
        past: the validations so far, the oldest first, with ``now`` at the end.
    """

    title: str
    dataset: Path
    place: str
    language: str
    drift: Drift
    before: Validation | None
    now: Validation
    verdicts: Sequence[Verdict]
    differences: Sequence[Mapping[str, str]]
    affected: Sequence[tuple[str, Sequence[str]]]
    past: Sequence[Past]


def figure_rows(before: Figures | None, now: Figures) -> list[dict[str, str]]:
    """The figures of both validations as texts, and their change; ``before`` may be missing."""
    forms = {
        "Clips": ("clips", "{:.0f}", "{:+.0f}"),
        "Mean similarity": ("mean_similarity", "{:.4f}", "{:+.4f}"),
        "Mean CER": ("mean_cer", "{:.4f}", "{:+.4f}"),
        "Low clips": ("low", "{:.0f}", "{:+.0f}"),
        "Low share": ("low_ratio", "{:.2%}", "{:+.2%}"),
        "Under the limit, but kept": ("kept_low", "{:.0f}", "{:+.0f}"),
    }
    return [
        {
            "figure": name,
            "before": "–" if before is None else form.format(before[key]),
            "now": form.format(now[key]),
            "change": "–" if before is None else change.format(now[key] - before[key]),
        }
        for name, (key, form, change) in forms.items()
    ]


def affected_rows(contents: Contents) -> list[dict[str, str]]:
    """One row per reason, with the names of what was made before; ``drift.json`` has the names that are left out."""
    by_reason: dict[str, list[str]] = {}
    for name, reasons in contents.affected:
        for reason in reasons:
            by_reason.setdefault(reason, []).append(name)
    return [{"result": _some(names), "reason": reason} for reason, names in by_reason.items()]


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return ", ".join(names[:MOST_NAMES]) + more


def with_diffs(clips: pd.DataFrame, language: str) -> pd.DataFrame:
    """``Drift.clips`` with the columns ``diff_before``, ``diff`` and ``text_diff`` as texts; the last only where it differs."""
    rows = records(clips)
    columns = {
        "diff_before": [_marked(row["reference_before"], row["hypothesis_before"], language) for row in rows],
        "diff": [_marked(row["reference"], row["hypothesis"], language) for row in rows],
        "text_diff": [
            _marked(row["reference_before"], row["reference"], language) if "text_changed" in row["changes"].split() else ""
            for row in rows
        ],
    }
    return clips.assign(**{name: pd.Series(texts, clips.index, "object") for name, texts in columns.items()})


def _marked(reference: str, hypothesis: str, language: str) -> str:
    return marked(diff(reference, hypothesis, language)) if reference or hypothesis else ""


def section_clips(drift: Drift, change: str) -> pd.DataFrame:
    """The clips of one section: those with ``change`` that are in no section before it."""
    rows = clips_with(drift, change)
    earlier = set(list(SECTIONS)[: list(SECTIONS).index(change)])
    free = [not earlier & set(words.split()) for words in rows["changes"]]
    return rows[pd.Series(free, rows.index, dtype=bool)]


def meaning(change: str) -> str:
    """What a change means, as a sentence."""
    text = CHANGES[change]
    return f"{text[0].upper()}{text[1:]}."
