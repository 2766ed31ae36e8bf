"""A rule's limit and result in words, for a voice engineer. Judges nothing."""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from voice_assets.rules.suites import Rule
from voice_assets.runtime.plain_text import plain

_SUBJECTS: dict[str, str] = {
    "expect_column_exact_mean_to_be_between": "the mean {column} of {rows}",
    "expect_column_quantile_to_be_between": "quantile {quantile} of {column} over {rows}",
    "expect_column_share_below_to_be_between": "the share of {rows} with {column} < {threshold}",
    "expect_column_share_repeated_to_be_between": "the share of {rows} that repeat an earlier {column}",
    "expect_column_edge_spike_to_be_between": "of {rows}, the {column} bin at the {edge} divided by its neighbours",
    "expect_column_min_to_be_between": "the lowest {column} of {rows}",
    "expect_column_max_to_be_between": "the highest {column} of {rows}",
    "expect_table_row_count_to_be_between": "the number of {table}",
}
_ONE_ROW_SUBJECTS = {"expect_column_min_to_be_between": "{column}", "expect_column_max_to_be_between": "{column}"}
_NOUNS = {"stats": "clips", "transcripts": "clips", "facts": "facts", "config": "config"}
_SHOWN = 5
_LONGEST = 60

_NOT_JUDGED = "the rule could not be judged, so it counts as failed: "
_UNJUDGED = re.compile(rf"{re.escape(_NOT_JUDGED)}(.*?)\.?(?: \(observed .*\))?\s*$", re.DOTALL)


def number(value: float | int, against: Iterable[float] = ()) -> str:
    """A number as a short text that never equals a different number in ``against``.

    ``0.89996`` becomes ``0.9`` alone, and ``0.89996`` beside a limit of 0.9.
    """
    if isinstance(value, bool) or not math.isfinite(value):
        return str(value)
    if float(value).is_integer() and abs(value) < 1e15:
        return str(int(value))
    others = [float(other) for other in against]
    for digits in (4, 6, 9, 12):
        text = f"{value:.{digits}g}"
        if float(text) == value or float(text) not in others:
            return text
    return repr(float(value))


def rows_in_words(rule: Rule, count: int) -> str:
    """The number of rows that the rule judged, with a noun: ``100 clips``."""
    return f"{count} {_NOUNS.get(rule.table, rule.table)}"


def bounds(kwargs: Mapping[str, Any]) -> str:
    """``min_value`` and ``max_value`` with their strictness: ``>= 0.9``, ``< 0.02``, ``0.2 to 15``; empty without both."""
    low, high = kwargs.get("min_value"), kwargs.get("max_value")
    lower = "" if low is None else f"{'>' if kwargs.get('strict_min') else '>='} {_plain(low)}"
    upper = "" if high is None else f"{'<' if kwargs.get('strict_max') else '<='} {_plain(high)}"
    if lower and upper:
        strict = kwargs.get("strict_min") or kwargs.get("strict_max")
        return f"{lower} and {upper}" if strict else f"{_plain(low)} to {_plain(high)}"
    return lower or upper


def _plain(value: Any) -> str:
    if isinstance(value, (int, float)):
        return number(value)
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _set(values: Iterable[Any]) -> str:
    return "{" + ", ".join(_plain(value) for value in values) + "}"


_CONDITIONS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "expect_column_values_to_be_in_set": lambda kwargs: f"in {_set(kwargs['value_set'])}",
    "expect_column_values_to_not_be_in_set": lambda kwargs: f"not in {_set(kwargs['value_set'])}",
    "expect_column_values_to_be_unique": lambda _: "unique",
    "expect_column_pair_values_to_be_equal": lambda kwargs: f"== {kwargs['column_B']}",
}


def limit(rule: Rule, other: object = None) -> str:
    """The values that the rule allows, such as ``<= 0.02``, ``in {1}`` or ``0.2 to 15``; its arguments for an unknown type.

    ``other`` is the value of the second column, where a rule compares the two columns of a single row.
    """
    if other is not None:
        return f"== {_plain(other)} ({rule.kwargs['column_B']})"
    if rule.type in _CONDITIONS:
        return _CONDITIONS[rule.type](rule.kwargs)
    between = bounds(rule.kwargs)
    if between:
        return between
    others = ", ".join(
        f"{key}={value!r}" for key, value in rule.kwargs.items() if key not in ("column", "column_A", "column_B")
    )
    return others or rule.type


def aggregate_message(rule: Rule, observed: float, rows: int) -> str:
    """One sentence about a figure of a whole column: ``…: the mean similarity of 100 clips is 0.83 (allowed: >= 0.9).``."""
    subject = _SUBJECTS.get(rule.type, "{column} of {rows}")
    if "unless_column" in rule.kwargs:
        subject += " that are not {unless_column}"
    if rows == 1:
        subject = _ONE_ROW_SUBJECTS.get(rule.type, subject)
    limits = [value for key in ("min_value", "max_value") if isinstance(value := rule.kwargs.get(key), (int, float))]
    named = {"column": rule.type, **rule.kwargs, "rows": rows_in_words(rule, rows), "table": _NOUNS.get(rule.table, rule.table)}
    return _sentence(rule, f"{subject.format(**named)} is {number(observed, limits)} (allowed: {limit(rule)})")


def value_message(rule: Rule, observed: object, other: object) -> str:
    """One sentence about the only row of a table of facts: ``…: clips_missing is 3 (allowed: in {0}).``; see `limit`."""
    return _sentence(rule, f"{rule.columns[0]} is {_plain(observed)} (allowed: {limit(rule, other)})")


def rows_message(rule: Rule, unexpected: int, rows: int, examples: list[tuple[str, object]]) -> str:
    """One sentence about rows that break a rule, with the first few rows and their values."""
    result = f"{unexpected} of {rows_in_words(rule, rows)} break the rule, none may (allowed: {rule.columns[0]} {limit(rule)})"
    if unexpected:
        shown = ", ".join(f"{name} has {_plain(value)}" for name, value in examples[:_SHOWN])
        result = f"{result}: {shown}" + (f" and {unexpected - _SHOWN} more" if unexpected > _SHOWN else "")
    return _sentence(rule, result)


def explained(message: str, column: str, explanation: str) -> str:
    """A message with the text of the column that explains a failure; unchanged where there is no such text."""
    return f"{message.rstrip('.')}; {column}: {plain(explanation)}." if explanation else message


def error_message(rule: Rule, reason: str) -> str:
    """One sentence for a rule that could not be judged and therefore counts as failed."""
    return _sentence(rule, f"{_NOT_JUDGED}{reason}")


def unjudged_because(text: str) -> str:
    """The reason in a text that holds an `error_message`; empty for every other text."""
    found = _UNJUDGED.search(text)
    return found[1] if found else ""


def unjudged_together(rules: Iterable[tuple[str, str]]) -> str:
    """Why several rules could not be judged, from (rule, reason): each reason once, with its rules."""
    by_reason: dict[str, list[str]] = {}
    for rule, reason in rules:
        by_reason.setdefault(reason, []).append(rule)
    reasons = "; ".join(f"{reason}: {', '.join(named)}" for reason, named in by_reason.items())
    return f"could not be judged, so they count as failed: {reasons}"


def nothing_message(rule: Rule, reason: str) -> str:
    """One sentence for a rule whose table is empty, as expected."""
    return _sentence(rule, f"nothing to judge: {reason}")


def _sentence(rule: Rule, result: str) -> str:
    return f"{rule.description.rstrip('.')}: {plain(result)}."
