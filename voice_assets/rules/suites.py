"""The rule files in ``data_checks/``: reading them, and putting a voice's thresholds in for their ``$parameters``.

This is the light half of the suites: JSON and dataclasses, so that a code location can list every rule while it loads.
Judging data by the rules is the other half, ``rules.runner``, and needs Great Expectations; nothing here imports it.

A suite is a file in Great Expectations' own schema (``gx.ExpectationSuite(**json)`` loads it). What we ask on top of that
schema is written in ``data_checks/README.md``; whatever does not keep to it is a `SuiteError` when the file is read,
because Great Expectations itself drops or passes silently what it does not understand.
"""

import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias, cast

import data_checks
from voice_assets.runtime.files import sha256

FOLDER = Path(data_checks.__file__).resolve().parent
"""Where the suites lie: beside the custom expectations, in the package ``data_checks``."""

Severity: TypeAlias = Literal["critical", "warning"]
Parameter: TypeAlias = str | int | float | bool

_SUITE_KEYS = {"name", "notes", "expectations"}
_RULE_KEYS = {"type", "kwargs", "meta", "notes", "severity"}
_META_KEYS = {"rule", "table", "id_column", "where", "explain_column", "empty_if_zero"}
_REFUSED_KWARGS = {
    "mostly": "it is inclusive and ignores nulls; use expect_column_share_below_to_be_between",
    "row_condition": "with no row left it passes; use meta.where",
    "condition_parser": "it belongs to row_condition; use meta.where",
    "ignore_row_if": "a rule judges every row",
    "result_format": "the runner sets it",
    "catch_exceptions": "the runner sets it",
    "batch_id": "the runner sets it",
}
_LIMITS = {"min_value", "max_value", "quantile_ranges"}
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_REFERENCE = re.compile(r"\$([A-Za-z_]\w*)")


class SuiteError(ValueError):
    """A suite that cannot be used as written. The message names the suite, the rule and what is wrong."""


@dataclass(frozen=True)
class Where:
    """The rows a rule is about: those whose ``column`` holds one of ``values``. None such: the rule cannot be judged."""

    column: str
    values: tuple[Parameter, ...]


@dataclass(frozen=True)
class Rule:
    """One expectation of a suite.

    Attributes:
        name: ``meta.rule``, unique in the suite, as people and Dagster know it.
        description: ``notes``, one sentence.
        severity: ``critical`` blocks what comes after, ``warning`` is shown and does not.
        table: the table it judges, a key of ``tables`` in ``rules.runner.run``.
        type: Great Expectations' name of the expectation.
        kwargs: its arguments.
        id_column: the column that names a row for people (a clip's id); None when rows have no name.
        where: the rows it is about; None for all.
        explain_column: a column whose text belongs into the message of a failure.
        empty_if_zero: a column of the table ``facts``; where it holds 0, a table without rows is as it should be, and the
            rule holds. None: a table without rows cannot be judged.
    """

    name: str
    description: str
    severity: Severity
    table: str
    type: str
    kwargs: Mapping[str, Any] = field(hash=False)
    id_column: str | None = None
    where: Where | None = None
    explain_column: str | None = None
    empty_if_zero: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns whose values are judged, without ``where``, ``id_column`` and ``explain_column``."""
        named = [self.kwargs[key] for key in ("column", "column_A", "column_B") if key in self.kwargs]
        return tuple(dict.fromkeys([*named, *self.kwargs.get("column_list", [])]))

    def expectation(self) -> dict[str, Any]:
        """The rule as Great Expectations takes it."""
        meta = {"rule": self.name, "table": self.table}
        kwargs = dict(self.kwargs)
        return {"type": self.type, "kwargs": kwargs, "meta": meta, "notes": self.description, "severity": self.severity}


@dataclass(frozen=True)
class Suite:
    """A file of ``data_checks/`` as written, with ``$names`` where a voice's thresholds go.

    ``sha256`` is that of the file's bytes; ``raw`` are the expectations as JSON.
    """

    name: str
    rules: tuple[Rule, ...]
    sha256: str
    raw: tuple[Mapping[str, Any], ...] = field(repr=False, hash=False)

    @property
    def parameter_names(self) -> frozenset[str]:
        """Every name that stands behind a ``$`` anywhere in the rules."""
        return frozenset(_REFERENCE.findall(json.dumps(self.raw, ensure_ascii=False)))


@dataclass(frozen=True)
class BoundSuite:
    """A suite with all its parameters filled in: what is judged by.

    ``fingerprint`` is a SHA-256 over the file, the code of the custom expectations and the parameters: equal when two
    verdicts were given by the same rules.
    """

    name: str
    rules: tuple[Rule, ...]
    parameters: Mapping[str, Parameter] = field(hash=False)
    fingerprint: str


def suite_names(folder: Path = FOLDER) -> tuple[str, ...]:
    """The names of all suites, sorted: the file names without ``.json``."""
    return tuple(sorted(file.stem for file in folder.glob("*.json")))


def load_suite(name: str, folder: Path = FOLDER) -> Suite:
    """Read ``<folder>/<name>.json``.

    Raises:
        SuiteError: no such file, not JSON, or not as ``data_checks/README.md`` asks.
    """
    file = folder / f"{name}.json"
    try:
        content = file.read_bytes()
    except OSError as error:
        known = ", ".join(suite_names(folder)) or "none"
        raise SuiteError(f"suite {name}: cannot read {file}: {error.strerror}; suites there: {known}") from error
    suite = _parse(name, content)
    _expect_keys(f"suite {name}", suite, required=_SUITE_KEYS - {"notes"}, allowed=_SUITE_KEYS)
    if suite["name"] != name:
        raise SuiteError(f"suite {name}: its name is {suite['name']!r}, the file's is {name!r}")
    if not isinstance(suite["expectations"], list) or not suite["expectations"]:
        raise SuiteError(f"suite {name}: expectations must be a list of at least one rule; a suite of none passes everything")
    rules = tuple(_rule(name, number, raw) for number, raw in enumerate(suite["expectations"], start=1))
    _expect_unique(name, rules)
    return Suite(name, rules, hashlib.sha256(content).hexdigest(), tuple(suite["expectations"]))


def bind(suite: Suite, parameters: Mapping[str, Parameter]) -> BoundSuite:
    """Put ``parameters`` in for every ``$name`` of the suite: in its arguments, at any depth, and in its descriptions.

    A text that is nothing but ``$name`` becomes the value with its type; inside a longer text it becomes words.

    Raises:
        SuiteError: a name without a value, a value that no rule uses (a misspelt name), a value that is null, not finite
            or no plain number, text or boolean. Great Expectations passes silently with a null threshold.
    """
    for name, value in parameters.items():
        _expect_plain(suite, name, value)
    unused = sorted(set(parameters) - suite.parameter_names)
    if unused:
        known = ", ".join(f"${name}" for name in sorted(suite.parameter_names)) or "none"
        raise SuiteError(f"suite {suite.name}: no rule uses the parameter {', '.join(unused)}; its parameters are: {known}")
    filled = []
    for rule, raw in zip(suite.rules, suite.raw, strict=True):
        missing = sorted(set(_REFERENCE.findall(json.dumps(raw, ensure_ascii=False))) - set(parameters))
        if missing:
            raise SuiteError(f"suite {suite.name}: rule {rule.name}: the parameter {', '.join(missing)} has no value")
        filled.append(_fill(raw, parameters))
    rules = tuple(_rule(suite.name, number, raw) for number, raw in enumerate(filled, start=1))
    code = sha256(FOLDER / "expectations.py")
    said = json.dumps({"suite": suite.sha256, "code": code, "parameters": dict(parameters)}, sort_keys=True, ensure_ascii=False)
    return BoundSuite(suite.name, rules, dict(parameters), hashlib.sha256(said.encode()).hexdigest())


def _parse(name: str, content: bytes) -> dict[str, Any]:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in pairs]
        for key in keys:
            if keys.count(key) > 1:
                raise SuiteError(f"suite {name}: the key {key!r} is there twice in one object; JSON would keep the last only")
        return dict(pairs)

    def no_number(text: str) -> float:
        raise SuiteError(f"suite {name}: {text} is not a number to judge by")

    try:
        parsed = json.loads(content, object_pairs_hook=once, parse_constant=no_number)
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise SuiteError(f"suite {name}: not JSON: {error}") from error
    if not isinstance(parsed, dict):
        raise SuiteError(f"suite {name}: a suite is a JSON object")
    return parsed


def _expect_keys(place: str, found: object, required: set[str], allowed: set[str]) -> None:
    if not isinstance(found, dict):
        raise SuiteError(f"{place}: must be a JSON object, not {found!r}")
    for problem, keys in (("lacks", required - set(found)), ("has the unknown key", set(found) - allowed)):
        if keys:
            raise SuiteError(f"{place}: {problem} {', '.join(sorted(keys))}; allowed: {', '.join(sorted(allowed))}")


def _expect_unique(name: str, rules: tuple[Rule, ...]) -> None:
    first: dict[str, int] = {}
    for number, rule in enumerate(rules, start=1):
        if rule.name in first:
            raise SuiteError(f"suite {name}: rule {rule.name}: expectations {first[rule.name]} and {number} have the same name")
        first[rule.name] = number


def _expect_plain(suite: Suite, name: str, value: object) -> None:
    if not isinstance(value, (str, int, float, bool)):
        what = f"is {value!r}, it must be a number, a text or a boolean"
    elif isinstance(value, float) and not math.isfinite(value):
        what = f"is {value}, it must be finite"
    elif isinstance(value, str) and "$" in value:
        what = f"is {value!r}, a value has no $ in it"
    else:
        return
    users = [rule.name for rule, raw in zip(suite.rules, suite.raw, strict=True) if f"${name}" in json.dumps(raw)]
    raise SuiteError(f"suite {suite.name}: rule {', '.join(users) or '(none)'}: the parameter {name} {what}")


def _fill(value: Any, parameters: Mapping[str, Parameter]) -> Any:
    if isinstance(value, dict):
        return {key: _fill(one, parameters) for key, one in value.items()}
    if isinstance(value, list):
        return [_fill(one, parameters) for one in value]
    if not isinstance(value, str):
        return value
    whole = _REFERENCE.fullmatch(value)
    if whole:
        return parameters[whole[1]]
    return _REFERENCE.sub(lambda found: _in_words(parameters[found[1]]), value)


def _in_words(value: Parameter) -> str:
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def _rule(suite: str, number: int, raw: object) -> Rule:
    """One expectation of the file as a rule; ``number`` counts from 1 and stands in for a name it may not have."""
    place = f"suite {suite}: expectation {number}"
    _expect_keys(place, raw, required=_RULE_KEYS, allowed=_RULE_KEYS)
    content = cast("dict[str, Any]", raw)
    meta, kwargs = content["meta"], content["kwargs"]
    _expect_keys(f"{place}: meta", meta, required={"rule", "table"}, allowed=_META_KEYS)
    for key in sorted(_META_KEYS - {"where"}):
        if key in meta and not (isinstance(meta[key], str) and _NAME.fullmatch(meta[key])):
            raise SuiteError(f"{place}: meta.{key} is {meta[key]!r}, it must be lower-case letters, digits and _")
    place = f"suite {suite}: rule {meta['rule']}"
    if not isinstance(content["notes"], str) or not content["notes"].strip():
        raise SuiteError(f"{place}: notes must say in a sentence what the rule asks")
    if content["severity"] not in ("critical", "warning"):
        raise SuiteError(f"{place}: severity is {content['severity']!r}, it must be critical or warning")
    if not isinstance(content["type"], str) or not _NAME.fullmatch(content["type"]):
        raise SuiteError(f"{place}: type is {content['type']!r}, it must be the name of an expectation")
    _expect_arguments(place, content["type"], kwargs)
    return Rule(
        name=meta["rule"],
        description=content["notes"].strip(),
        severity=content["severity"],
        table=meta["table"],
        type=content["type"],
        kwargs=kwargs,
        id_column=meta.get("id_column"),
        where=_where(place, meta["where"]) if "where" in meta else None,
        explain_column=meta.get("explain_column"),
        empty_if_zero=meta.get("empty_if_zero"),
    )


def _expect_arguments(place: str, expectation: str, kwargs: object) -> None:
    if not isinstance(kwargs, dict):
        raise SuiteError(f"{place}: kwargs must be a JSON object, not {kwargs!r}")
    for key, reason in _REFUSED_KWARGS.items():
        if key in kwargs:
            raise SuiteError(f"{place}: {key} is not allowed here: {reason}")
    for key, value in kwargs.items():
        if _has_null(value):
            raise SuiteError(f"{place}: {key} holds a null; a limit that is null passes everything")
    if expectation.endswith("_to_be_between") and not _LIMITS & set(kwargs):
        raise SuiteError(f"{place}: {expectation} without a limit passes everything; give one of {', '.join(sorted(_LIMITS))}")


def _has_null(value: object) -> bool:
    if isinstance(value, dict):
        return any(_has_null(one) for one in value.values())
    if isinstance(value, list):
        return any(_has_null(one) for one in value)
    return value is None


def _where(place: str, raw: object) -> Where:
    _expect_keys(f"{place}: where", raw, required={"column"}, allowed={"column", "equals", "in"})
    content = cast("dict[str, Any]", raw)
    if ("equals" in content) == ("in" in content):
        raise SuiteError(f"{place}: where takes either equals (one value) or in (a list of values)")
    values = [content["equals"]] if "equals" in content else content["in"]
    if not isinstance(values, list) or not values or not all(isinstance(value, (str, int, float, bool)) for value in values):
        raise SuiteError(f"{place}: where: {values!r} must be a list of texts, numbers or booleans")
    if not isinstance(content["column"], str):
        raise SuiteError(f"{place}: where: column must be a text, not {content['column']!r}")
    return Where(content["column"], tuple(values))
