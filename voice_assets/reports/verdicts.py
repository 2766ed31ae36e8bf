"""Verdicts in words: whether a suite passes, and what each of its rules says. For Markdown, HTML and text alike.

What belongs here: the words. What does not: judging (``rules.runner``, ``orchestration.checks.judge``) and laying out.

Everything fails closed: a rule has passed only when ``passed`` is True, and its failure blocks unless ``blocks`` is False.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Literal

from voice_assets.rules.wording import number

Verdict = Mapping[str, object]
"""One rule as ``orchestration.checks.judge`` gives it: rule, passed, blocks, observed, limit, message, and advisory: why a
failure does not block. Only ``rule`` must be there."""

Word = Literal["PASS", "FAIL", "WARNING", "NOT JUDGED"]

_NUMBERS = re.compile(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?")

RULE_HEADINGS = {"rule": "Rule", "verdict": "Verdict", "observed": "Observed", "limit": "Limit", "note": "Note"}


def rule_word(verdict: Verdict) -> Word:
    """What one rule says: PASS, FAIL, or WARNING for a failure that does not block."""
    if verdict.get("passed") is True:
        return "PASS"
    return "WARNING" if verdict.get("blocks") is False else "FAIL"


def passed(verdicts: Sequence[Verdict] | None) -> bool | None:
    """Whether no rule blocks; None when nothing was judged."""
    if not verdicts:
        return None
    return all(rule_word(one) != "FAIL" for one in verdicts)


def word(verdicts: Sequence[Verdict] | None) -> Word:
    """``passed`` in a word: PASS, FAIL or NOT JUDGED. Warnings pass; they are seen at their rules."""
    words: dict[bool | None, Word] = {True: "PASS", False: "FAIL", None: "NOT JUDGED"}
    return words[passed(verdicts)]


def rule_rows(verdicts: Sequence[Verdict] | None) -> list[dict[str, str]]:
    """The rules as rows of plain texts with the keys of ``RULE_HEADINGS``, in their order.

    The note is the message, and at a WARNING the reason why the voice lets it through. What was observed is rounded, but
    never onto its limit: 0.8999999 does not look like the 0.9 that it missed.
    """
    rows = []
    for one in verdicts or []:
        verdict, limit = rule_word(one), _text(one.get("limit"))
        reason = f"Advisory: {one['advisory']}." if verdict == "WARNING" and one.get("advisory") else ""
        note = " ".join(part for part in (_text(one.get("message")), reason) if part)
        observed = _text(one.get("observed"), limit)
        rows.append({"rule": str(one["rule"]), "verdict": verdict, "observed": observed, "limit": limit, "note": note})
    return rows


def _text(value: object, limit: str = "") -> str:
    if isinstance(value, (int, float)):
        return number(value, map(float, _NUMBERS.findall(limit)))
    return "" if value is None else str(value)
