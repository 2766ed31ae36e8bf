"""Turns decisions into changes of the metadata: checks every decision, and changes the text. Opens no file.

Not here: reading the decisions (``curation.decisions``) and writing the new version (``curation.apply_decisions``).
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from voice_assets.curation.decisions import DECISIONS, Decision, one_line
from voice_assets.curation.errors import FixError
from voice_assets.curation.suspect_tables import Hypotheses
from voice_assets.dataset.clips import METADATA
from voice_assets.dataset.faults import Limits, text_facts, text_faults, warnings
from voice_assets.dataset.readings import Spoken
from voice_assets.dataset.rows import Row, parse_rows

MAX_PROBLEMS = 50
"""Problems that one error lists."""

Speak = Callable[[Sequence[str]], list[Spoken]]
"""Texts -> for each text, what espeak says (``dataset.readings.spoken_facts``)."""


@dataclass(frozen=True)
class Change:
    """A decision that can be carried out, its row, and the new text (the old one for `keep` and `drop`).

    ``audio_sha256`` is the hash of the clip's audio, empty where the clip has none. ``warnings`` are those of the new text.
    """

    decision: Decision
    row: Row
    new_text: str
    audio_sha256: str
    warnings: tuple[str, ...] = ()

    @property
    def drops(self) -> bool:
        """Whether the clip is left out."""
        return self.decision.action == "drop"


def counts(changes: Sequence[Change]) -> str:
    """The number of changes for each kind of decision, in words: ``drop 1, keep 2``."""
    found = Counter(change.decision.action for change in changes)
    return ", ".join(f"{action} {found[action]}" for action in DECISIONS if found[action])


def _hypothesis(decision: Decision, audio_sha256: str, known: Hypotheses) -> str:
    """The hypothesis from the decision's own file, else from the report, on one line."""
    hypothesis = decision.hypothesis
    if hypothesis is None and decision.clip_id in known:
        _expect_audio(decision, known[decision.clip_id].audio_sha256, audio_sha256)
        hypothesis = known[decision.clip_id].hypothesis
    if hypothesis is None:
        raise FixError(f"{decision.location}: no hypothesis is known; use the report's file, or decide `replace` with a text")
    if not one_line(hypothesis):
        raise FixError(f"{decision.location}: the hypothesis is empty; decide `drop`, or decide `replace` with a text")
    return one_line(hypothesis)


def _new_text(decision: Decision, row: Row, audio_sha256: str, known: Hypotheses) -> str:
    """The text that the decision asks for.

    Raises:
        FixError: the decision names no text.
    """
    if decision.action == "replace":
        if not decision.new_text:
            raise FixError(f"{decision.location}: new_text is empty; write the text there, or decide `drop`")
        return decision.new_text
    return _hypothesis(decision, audio_sha256, known) if decision.action == "use_hypothesis" else row.text


def _expect_audio(decision: Decision, judged: str | None, now: str) -> None:
    """Raise `FixError` where the audio is no longer the one that was judged."""
    if judged and judged != now:
        is_now = f"{now[:12]}…" if now else "gone"
        raise FixError(
            f"{decision.location}: was made about the audio {judged[:12]}…, now it is {is_now}; validate again first"
        )


def _row_of(decision: Decision, by_id: Mapping[str, list[Row]], seen: dict[str, Decision]) -> Row:
    """The row that a decision is about.

    Raises:
        FixError: unknown decision or clip, a second decision about one clip, or a text that changed since it was judged.
    """
    if decision.action not in DECISIONS:
        raise FixError(f"{decision.location}: no such decision; the decisions are {', '.join(DECISIONS)}")
    rows = by_id.get(decision.clip_id, [])
    if not rows:
        raise FixError(f"{decision.location}: {METADATA} has no such clip")
    if len(rows) > 1:
        raise FixError(f"{decision.location}: {METADATA} has this clip in {len(rows)} rows; base validation must pass first")
    first = seen.setdefault(decision.clip_id, decision)
    if first is not decision:
        raise FixError(f"{decision.location}: decided before, {first.action!r} in row {first.line} of {first.file}")
    row = rows[0]
    if decision.reference is not None and one_line(decision.reference) != one_line(row.text):
        raise FixError(
            f"{decision.location}: was made about the text {decision.reference!r}, now it is {row.text!r}; validate again first"
        )
    return row


def _text_problems(row: Row, text: str, spoken: Spoken, limits: Limits) -> tuple[list[str], list[str]]:
    """The faults that base validation would find in ``text``, and its warnings."""
    (parsed,) = parse_rows(f"{row.clip_id}|{text}\n")
    if parsed.structure:
        return [parsed.message], []
    clip = {**text_facts(text, limits.language), **spoken, "text": text, "structure": ""}
    return [fault.finding for fault in text_faults(clip, limits)], [fault.finding for fault in warnings(clip)]


def plan_changes(
    rows: Sequence[Row],
    decisions: Sequence[Decision],
    known: Hypotheses,
    limits: Limits,
    speak: Speak,
    audio: Callable[[Row], str],
) -> list[Change]:
    """The decisions as changes, in the order of the rows.

    Args:
        rows: of the metadata.
        decisions: at most one per clip.
        known: clip id -> the report's hypothesis, for decisions that name none.
        limits: the limits for a text.
        speak: says the new texts.
        audio: gives the SHA-256 of a row's audio, empty where the row has no audio.

    Raises:
        FixError: some decisions cannot be carried out. The error lists them, one line each.
    """
    by_id: dict[str, list[Row]] = {}
    for row in rows:
        by_id.setdefault(row.clip_id, []).append(row)
    changes: list[Change] = []
    problems: list[str] = []
    seen: dict[str, Decision] = {}
    for decision in decisions:
        try:
            row = _row_of(decision, by_id, seen)
            now = audio(row)
            _expect_audio(decision, decision.audio_sha256, now)
            changes.append(Change(decision, row, _new_text(decision, row, now, known), now))
        except FixError as error:
            problems.append(str(error))
    changes, text_problems = _checked_texts(changes, limits, speak)
    problems += text_problems
    if problems:
        more = [f"and {len(problems) - MAX_PROBLEMS} more"] if len(problems) > MAX_PROBLEMS else []
        raise FixError("\n".join([*problems[:MAX_PROBLEMS], *more]))
    return sorted(changes, key=lambda change: change.row.number)


def _checked_texts(changes: Sequence[Change], limits: Limits, speak: Speak) -> tuple[list[Change], list[str]]:
    """The changes with the warnings of their new texts, and a line for each text that would not pass base validation."""
    checked, problems = [], []
    texts = [change.new_text if change.new_text != change.row.text else "" for change in changes]
    for change, text, spoken in zip(changes, texts, speak(texts), strict=True):
        faults, warned = _text_problems(change.row, text, spoken, limits) if text else ([], [])
        if faults:
            problems.append(f"{change.decision.location}: {text!r} would not pass base validation: {'; '.join(faults)}")
        checked.append(replace(change, warnings=tuple(warned)))
    return checked, problems


def changed_metadata(content: str, changes: Sequence[Change]) -> str:
    """The metadata with the changes made. Every other line stays the same, byte for byte, with its line end.

    Raises:
        FixError: no clip would be left.
    """
    by_row = {change.row.number: change for change in changes}
    lines = []
    for number, line in enumerate(re.findall(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+\Z", content), start=1):
        change = by_row.get(number)
        if change is None or (change.new_text == change.row.text and not change.drops):
            lines.append(line)
        elif not change.drops:
            end = line[len(line.rstrip("\r\n")) :]
            lines.append(f"{change.row.clip_id}|{change.new_text}{end}")
    if not "".join(lines).strip():
        raise FixError("no clip would be left: every clip is dropped")
    return "".join(lines)
