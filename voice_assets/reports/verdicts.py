"""Verdicts in words: whether a suite passes, and the result of each rule. For Markdown, HTML and text.

Belongs here: the words. Does not belong here: judging (``rules.runner``, ``orchestration.checks.judge``) and layout.

A rule has passed only when ``passed`` is True. A failure blocks unless ``blocks`` is False.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Literal

from voice_assets.rules.wording import number, unjudged_because, unjudged_together

Verdict = Mapping[str, object]
"""One rule's verdict from ``orchestration.checks.judge``: rule, passed, blocks, observed, limit, message, advisory (why a
failure does not block) and waiver (who lets this failure pass, until when and why). Only ``rule`` is required."""

Word = Literal["PASS", "FAIL", "WARNING", "WAIVED", "NOT JUDGED"]

_NUMBERS = re.compile(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?")

RULE_HEADINGS = {"rule": "Rule", "verdict": "Verdict", "observed": "Observed", "limit": "Limit", "note": "Note"}


def rule_word(verdict: Verdict) -> Word:
    """The verdict of one rule: PASS, FAIL, or WARNING or WAIVED for a failure that does not block."""
    if verdict.get("passed") is True:
        return "PASS"
    if verdict.get("blocks") is False and verdict.get("waiver"):
        return "WAIVED"
    return "WARNING" if verdict.get("blocks") is False else "FAIL"


def worst_word(verdicts: Sequence[Verdict]) -> Word | None:
    """The verdict over rules that shows every failure: PASS only when all passed. None without rules."""
    words = {rule_word(one) for one in verdicts}
    order: tuple[Word, ...] = ("FAIL", "WARNING", "WAIVED", "PASS")
    return next((one for one in order if one in words), None)


def passed(verdicts: Sequence[Verdict] | None) -> bool | None:
    """True when no rule blocks; None when nothing was judged."""
    if not verdicts:
        return None
    return all(rule_word(one) != "FAIL" for one in verdicts)


def word(verdicts: Sequence[Verdict] | None) -> Word:
    """``passed`` in a word: PASS, FAIL or NOT JUDGED. A suite with warnings only is PASS; the table of rules shows warnings."""
    words: dict[bool | None, Word] = {True: "PASS", False: "FAIL", None: "NOT JUDGED"}
    return words[passed(verdicts)]


def rule_rows(verdicts: Sequence[Verdict] | None) -> list[dict[str, str]]:
    """The rules as rows of plain texts with the keys of ``RULE_HEADINGS``, in the order of the verdicts.

    Rules that could not be judged are one row, after those that failed: the cause comes first, and the rules that follow
    from it do not hide it.

    The note is the message; for a WARNING or WAIVED, the note also gives the reason why the failure does not block. The
    observed value is rounded, but never to its limit: 0.8999999 is not shown as 0.9 when the limit is 0.9.
    """
    unjudged = [one for one in verdicts or [] if rule_word(one) == "FAIL" and _because(one)]
    if len(unjudged) < 2:
        return [_row(one) for one in verdicts or []]
    judged = [one for one in verdicts or [] if one not in unjudged]
    failed = [one for one in judged if rule_word(one) == "FAIL"]
    return [*map(_row, failed), _folded(unjudged), *(_row(one) for one in judged if one not in failed)]


def _because(one: Verdict) -> str:
    """Why the rule could not be judged; empty when it was judged."""
    return unjudged_because(_text(one.get("message")))


def _row(one: Verdict) -> dict[str, str]:
    verdict, limit = rule_word(one), _text(one.get("limit"))
    note = " ".join(part for part in (_text(one.get("message")), _reason(one, verdict)) if part)
    observed = _text(one.get("observed"), limit)
    return {"rule": str(one["rule"]), "verdict": verdict, "observed": observed, "limit": limit, "note": note}


def _folded(rules: Sequence[Verdict]) -> dict[str, str]:
    """The one row of the rules that could not be judged."""
    note = unjudged_together((str(one["rule"]), _because(one)) for one in rules)
    return {"rule": f"{len(rules)} rules", "verdict": "FAIL", "observed": "", "limit": "", "note": note}


def _reason(one: Verdict, verdict: Word) -> str:
    """Why a failure does not block; empty for every other verdict."""
    if verdict == "WAIVED":
        return f"{str(one['waiver'])[:1].upper()}{str(one['waiver'])[1:]}."
    return f"Advisory: {one['advisory']}." if verdict == "WARNING" and one.get("advisory") else ""


def _text(value: object, limit: str = "") -> str:
    if isinstance(value, (int, float)):
        return number(value, map(float, _NUMBERS.findall(limit)))
    return "" if value is None else str(value)
