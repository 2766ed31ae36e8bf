"""The hand-over checklist of the plan, generated: every criterion and task with its evidence, or "missing".

Pure: values in, Markdown out. Not here: collecting the values, and judging (the verdicts are those that were recorded).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from voice_assets.reports.markdown import escape, table
from voice_assets.reports.verdicts import Verdict, rule_rows, rule_word

State = Literal["done", "warning", "missing"]
WORDS: Mapping[State, str] = {"done": "done", "warning": "done, with a warning", "missing": "missing"}
HEADINGS = {"state": "State", "text": "Line of the plan", "evidence": "Evidence"}


@dataclass(frozen=True)
class Line:
    """One line of the checklist."""

    phase: str
    text: str
    state: State
    evidence: str


@dataclass(frozen=True)
class Criterion:
    """A success criterion of the plan, and the rules of one suite that stand for it."""

    phase: str
    text: str
    suite: str
    rules: tuple[str, ...]


PHASE_1, PHASE_2A, PHASE_2B = "Phase 1: quality", "Phase 2a: ASR sample", "Phase 2b: Whisper validation"
PHASE_3, PHASE_4, PHASE_5, HANDOFF = "Phase 3: mini-train", "Phase 4: training", "Phase 5: deployment", "Hand-off"
PUSHED = "Tag pushed"
CRITERIA = (
    Criterion("Stage 1", "Structure and format validated", "base_validation", ("config_valid", "wavs_present", "two_columns")),
    Criterion(PHASE_1, "Script completes without errors", "quality_report", ("all_clips_measured",)),
    Criterion(
        PHASE_1,
        "Duration histogram without spikes at the ends",
        "quality_report",
        ("no_duration_spike_start", "no_duration_spike_end"),
    ),
    Criterion(PHASE_1, "Text length p95 under the limit", "quality_report", ("text_length_p95",)),
    Criterion(PHASE_1, "Duplicate normalised texts under the limit", "quality_report", ("duplicate_texts",)),
    Criterion(PHASE_1, "People heard the samples", "quality_report", ("listening",)),
    Criterion(PHASE_2A, "Mean similarity", "asr_sample_report", ("mean_similarity",)),
    Criterion(PHASE_2A, "Low similarity count", "asr_sample_report", ("low_similarity",)),
    Criterion(PHASE_2A, "No systematic errors", "asr_sample_report", ("no_failing_category",)),
    Criterion(PHASE_2B, "No failed shards", "whisper_validation", ("all_shards_done", "every_clip_scored")),
    Criterion(PHASE_2B, "Low similarity issues", "whisper_validation", ("low_similarity",)),
    Criterion(PHASE_2B, "Mean similarity", "whisper_validation", ("mean_similarity",)),
    Criterion(PHASE_3, "Training runs to its end, nothing crashes", "mini_training", ("ran_to_the_end", "nothing_nan")),
    Criterion(PHASE_3, "Loss decreases from epoch 0 to epoch 1", "mini_training", ("loss_falls",)),
    Criterion(PHASE_3, "Export to ONNX succeeds", "onnx_voice", ("loads", "same_audio")),
    Criterion(PHASE_3, "Generated samples are intelligible", "voice_samples", ("sample_count", "audible", "intelligible")),
    Criterion(PHASE_4, "Validation loss converged", "training", ("ran_to_the_end_or_level", "loss_level")),
    Criterion(PHASE_4, "Samples sound natural and clear", "voice_samples", ("natural", "second_opinion")),
    Criterion(PHASE_4, "People heard the samples of the epoch", "voice_samples", ("listening",)),
    Criterion(PHASE_4, "No overfitting", "training", ("gap_in_bounds",)),
    Criterion(PHASE_4, "Final checkpoint exported to ONNX", "onnx_voice", ("loads", "config_complete")),
)


def plan_lines(verdicts: Mapping[str, Sequence[Verdict]], reports: Mapping[str, str]) -> list[Line]:
    """The success criteria of the phases 1 to 4.

    Args:
        verdicts: the verdicts that were recorded for the released voice, by suite.
        reports: the path of the report, by asset.
    """
    return [_line(one, verdicts.get(one.suite, ()), reports.get(one.suite, "")) for one in CRITERIA]


def _line(criterion: Criterion, verdicts: Sequence[Verdict], report: str) -> Line:
    found = [one for one in verdicts if _name(one) in criterion.rules]
    if {_name(one) for one in found} != set(criterion.rules):
        lacking = [rule for rule in criterion.rules if rule not in {_name(one) for one in found}]
        return Line(criterion.phase, criterion.text, "missing", f"no verdict of {criterion.suite}/{', '.join(lacking)}")
    words = {rule_word(one) for one in found}
    state: State = "done" if words == {"PASS"} else "missing" if "FAIL" in words else "warning"
    said = "; ".join(f"{one['rule']}: {_said(one)}" for one in found)
    return Line(criterion.phase, criterion.text, state, f"{said}{f' ({report})' if report else ''}")


def _name(verdict: Verdict) -> str:
    """The rule, without the partition of a failure."""
    return str(verdict["rule"]).partition("[")[0]


def _said(verdict: Verdict) -> str:
    """``PASS: The mean similarity is at least 0.9: 0.97``, and why a failure does not block."""
    note = next(row["note"] for row in rule_rows([verdict]))
    return f"{rule_word(verdict)}: {note or 'no message'}".rstrip(".")


@dataclass(frozen=True)
class Delivered:
    """What the release made, each in words; empty for what is missing.

    Attributes:
        archived: kind (checkpoint, config, logs) -> the files.
        status_page, package, usage, tag: paths, and the tag with its commit.
        push_with: the command that pushes the tag; empty where there is no tag.
        reports: stage -> the path of its report; empty for a stage without.
        clients: what each program said that spoke the voice from the package.
        clients_passed: whether all of them spoke it as it was spoken here.
    """

    archived: Mapping[str, str]
    status_page: str
    package: str
    usage: str
    tag: str
    push_with: str
    reports: Mapping[str, str]
    clients: Sequence[str]
    clients_passed: bool


def release_lines(made: Delivered) -> list[Line]:
    """The tasks of phase 5 and the hand-off checklist."""
    clients: State = "done" if made.clients_passed and made.clients else "warning" if made.clients else "missing"
    return [
        *(_made(PHASE_5, f"Archive: {kind}", where) for kind, where in made.archived.items()),
        _made(PHASE_5, "PROJECT_STATUS.md updated with the final report paths", made.status_page),
        _made(PHASE_5, "Deployment package (ONNX, config, samples, README)", made.package),
        _made(PHASE_5, "Release tagged in Git", made.tag),
        _made(PHASE_5, PUSHED, "", f"push it: {made.push_with}" if made.push_with else ""),
        *(_made(HANDOFF, f"Report archived: {stage}", where) for stage, where in made.reports.items()),
        Line(HANDOFF, "Final ONNX model tested with production programs", clients, "; ".join(made.clients)),
        _made(HANDOFF, "Model location and usage examples documented", made.usage),
    ]


def pushed(lines: Sequence[Line], where: str) -> list[Line]:
    """``lines`` after the tag was pushed; ``where``: the tag and the address."""
    return [replace(line, state="done", evidence=where) if line.text == PUSHED else line for line in lines]


def _made(phase: str, text: str, evidence: str, otherwise: str = "") -> Line:
    return Line(phase, text, "done" if evidence else "missing", evidence or otherwise)


def checklist(title: str, version: str, lines: Sequence[Line]) -> str:
    """``HANDOVER.md``."""
    missing = sum(line.state == "missing" for line in lines)
    summary = f"{len(lines) - missing} of {len(lines)} lines have their evidence."
    parts = [f"# Hand-over of {escape(title)} {version}\n\n{summary} Generated by the release; do not edit.\n"]
    for phase in dict.fromkeys(line.phase for line in lines):
        rows = [
            {"state": WORDS[line.state], "text": line.text, "evidence": line.evidence} for line in lines if line.phase == phase
        ]
        parts.append(f"## {phase}\n\n" + "\n".join(table(rows, HEADINGS)))
    return "\n".join(parts)
