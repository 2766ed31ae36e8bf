"""The schema of the suite files in ``data_checks/``, as pydantic models, and the function that parses such a file.

The schema is Great Expectations' own, with the additions of ``data_checks/README.md``. Great Expectations silently drops or
passes rules that it does not understand, so here every departure from the schema is a `SuiteError`.
"""

import json
import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

Severity: TypeAlias = Literal["critical", "warning"]
Parameter: TypeAlias = str | int | float | bool

_BANNED_ARGUMENTS = {
    "mostly": "mostly is inclusive and ignores nulls; use expect_column_share_below_to_be_between",
    "row_condition": "a rule with no row left passes; use meta.where",
    "condition_parser": "condition_parser belongs to row_condition; use meta.where",
    "ignore_row_if": "a rule judges every row",
    "result_format": "the runner sets it",
    "catch_exceptions": "the runner sets it",
    "batch_id": "the runner sets it",
}
_LIMITS = {"min_value", "max_value", "quantile_ranges"}


class SuiteError(ValueError):
    """A suite that cannot be used as written. The message names the suite, the rule, the value and the problem."""


def not_plain(value: object) -> str:
    """Why ``value`` is not allowed in a rule (``is nan, it must be finite``); empty when it is allowed."""
    if not isinstance(value, (str, int, float, bool)):
        return f"is {value!r}, it must be a number, a text or a boolean"
    if isinstance(value, float) and not math.isfinite(value):
        return f"is {value}, it must be finite"
    return ""


def _plain(value: object) -> object:
    reason = not_plain(value)
    if reason:
        raise ValueError(f"where: a value {reason}")
    return value


Plain = Annotated[Parameter, PlainValidator(_plain)]
_NAME_RULE = "lower-case letters, digits and _, starting with a letter"
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Where(_Model):
    """The rows that a rule judges: those whose ``column`` holds one of ``values``. Without such a row, the rule fails."""

    column: str = Field(description="a text")
    equals: Plain = Field("", description="a text, a number or a boolean")
    one_of: tuple[Plain, ...] = Field(
        (), alias="in", strict=False, min_length=1, description="a list of texts, numbers or booleans with at least one entry"
    )

    @model_validator(mode="after")
    def _expect_one(self) -> "Where":
        if ("equals" in self.model_fields_set) == ("one_of" in self.model_fields_set):
            raise ValueError("where takes either equals (one value) or in (a list of values)")
        return self

    @property
    def values(self) -> tuple[Parameter, ...]:
        """The values, from ``equals`` or ``in``."""
        return (self.equals,) if "equals" in self.model_fields_set else self.one_of


class Meta(_Model):
    """The properties of a rule that the runner needs and Great Expectations does not.

    Attributes:
        rule: the rule's name, unique in the suite, as people and Dagster know it.
        table: the table that the rule judges, a key of ``tables`` in ``rules.runner.run``.
        id_column: the column that names a row for people (a clip's id); None when rows have no name.
        where: the rows that the rule judges; None for all.
        explain_column: a column whose text, in the first row that breaks the rule, is added to the message of a failure.
        empty_if_zero: a column of the table ``facts``. Where it holds 0, an empty table is correct and the rule passes.
            None: an empty table cannot be judged.
    """

    rule: Name = Field(description=_NAME_RULE)
    table: Name = Field(description=_NAME_RULE)
    id_column: Name | None = Field(None, description=_NAME_RULE)
    where: Where | None = Field(None, description="a JSON object")
    explain_column: Name | None = Field(None, description=_NAME_RULE)
    empty_if_zero: Name | None = Field(None, description=_NAME_RULE)

    @field_validator("id_column", "where", "explain_column", "empty_if_zero", mode="before")
    @classmethod
    def _expect_value(cls, value: object, info: ValidationInfo) -> object:
        if value is None:
            raise ValueError(f"meta.{info.field_name} is None; leave the key out instead")
        return value


class Rule(_Model):
    """One expectation of a suite.

    Attributes:
        type: Great Expectations' name of the expectation.
        kwargs: its arguments.
        meta: see `Meta`.
        notes: one sentence that states the rule; every message begins with this sentence.
        severity: ``critical`` blocks the assets downstream, ``warning`` is shown and blocks nothing.
    """

    type: Name = Field(description="the name of an expectation")
    kwargs: dict[str, Any] = Field(description="a JSON object")
    meta: Meta = Field(description="a JSON object")
    notes: str = Field(description="a sentence that states the rule")
    severity: Severity = Field(description="critical or warning")

    @field_validator("notes")
    @classmethod
    def _expect_sentence(cls, notes: str) -> str:
        if not notes.strip():
            raise ValueError("notes must state the rule in a sentence")
        return notes.strip()

    @field_validator("kwargs")
    @classmethod
    def _expect_arguments(cls, kwargs: dict[str, Any]) -> dict[str, Any]:
        for key, reason in _BANNED_ARGUMENTS.items():
            if key in kwargs:
                raise ValueError(f"{key} is not allowed here: {reason}")
        for key, value in kwargs.items():
            if _has_null(value):
                raise ValueError(f"{key} holds a null; a limit that is null passes everything")
        return kwargs

    @model_validator(mode="after")
    def _expect_limit(self) -> "Rule":
        if self.type.endswith("_to_be_between") and not _LIMITS & set(self.kwargs):
            raise ValueError(f"{self.type} without a limit passes everything; give one of {', '.join(sorted(_LIMITS))}")
        return self

    @property
    def name(self) -> str:
        """``meta.rule``."""
        return self.meta.rule

    @property
    def table(self) -> str:
        """``meta.table``."""
        return self.meta.table

    @property
    def description(self) -> str:
        """``notes``."""
        return self.notes

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns whose values are judged, without the columns of ``meta``."""
        named = [self.kwargs[key] for key in ("column", "column_A", "column_B", "unless_column") if key in self.kwargs]
        return tuple(dict.fromkeys([*named, *self.kwargs.get("column_list", [])]))

    def expectation(self) -> dict[str, Any]:
        """The rule in the form that Great Expectations takes."""
        meta = {"rule": self.name, "table": self.table}
        kwargs = dict(self.kwargs)
        return {"type": self.type, "kwargs": kwargs, "meta": meta, "notes": self.notes, "severity": self.severity}

    def as_written(self) -> dict[str, Any]:
        """The rule as the file has it, as plain JSON values."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)


class SuiteFile(_Model):
    """A whole file. ``notes`` are for readers of the file only."""

    name: str = Field(description="a text")
    notes: Any = None
    expectations: list[Rule] = Field(
        min_length=1, description="a list of at least one rule; a suite without rules passes everything"
    )

    @field_validator("name")
    @classmethod
    def _expect_name(cls, name: str, info: ValidationInfo) -> str:
        if name != info.context:
            raise ValueError(f"its name is {name!r}, the file's is {info.context!r}")
        return name

    @field_validator("expectations")
    @classmethod
    def _expect_unique(cls, rules: list[Rule]) -> list[Rule]:
        first: dict[str, int] = {}
        for number, rule in enumerate(rules, start=1):
            if rule.name in first:
                raise ValueError(f"rule {rule.name}: expectations {first[rule.name]} and {number} have the same name")
            first[rule.name] = number
        return rules


def parse_suite(name: str, content: bytes) -> SuiteFile:
    """Parse a suite from a file's bytes; ``name`` is the file's name without ``.json``.

    Raises:
        SuiteError: not JSON, or against the schema; one line per problem.
    """
    return suite_from(name, _parse_json(name, content))


def suite_from(name: str, content: object) -> SuiteFile:
    """The suite from parsed JSON. Raises like `parse_suite`."""
    try:
        return SuiteFile.model_validate(content, context=name)
    except ValidationError as error:
        problems = [_problem(name, content, one) for one in error.errors()]
        raise SuiteError("\n".join(dict.fromkeys(problems))) from error


def _parse_json(name: str, content: bytes) -> object:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in pairs]
        for key in keys:
            if keys.count(key) > 1:
                raise SuiteError(f"suite {name}: the key {key!r} is there twice in one object; JSON keeps only the last value")
        return dict(pairs)

    def no_number(text: str) -> float:
        raise SuiteError(f"suite {name}: {text} is not a number that a rule can use")

    try:
        return json.loads(content, object_pairs_hook=once, parse_constant=no_number)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise SuiteError(f"suite {name}: not JSON: {error}") from error


def _has_null(value: object) -> bool:
    if isinstance(value, dict):
        return any(_has_null(one) for one in value.values())
    if isinstance(value, list):
        return any(_has_null(one) for one in value)
    return value is None


def _problem(suite: str, content: object, error: Mapping[str, Any]) -> str:
    """One of pydantic's errors as a line: the suite, the rule, the key, the value found and the value needed."""
    loc: tuple[str | int, ...] = error["loc"]
    model: type[BaseModel] = SuiteFile
    place, keys = f"suite {suite}", [str(part) for part in loc]
    if len(loc) > 1 and isinstance(content, dict):  # ("expectations", number, key, ...)
        place, model, keys = f"{place}: {_rule_of(content['expectations'], int(loc[1]))}", Rule, keys[2:]
    if error["type"] == "value_error":
        return f"{place}: {error['ctx']['error']}"
    if not keys:
        return f"{place}: {'a suite is' if model is SuiteFile else 'must be'} a JSON object, not {error['input']!r}"
    *parents, last = keys
    fields = (_NESTED[parents[-1]] if parents else model).model_fields
    if error["type"] in ("missing", "extra_forbidden"):
        allowed = ", ".join(sorted(field.alias or name for name, field in fields.items()))
        parent = f": {parents[-1]}" if parents else ""
        problem = "lacks" if error["type"] == "missing" else "has the unknown key"
        return f"{place}{parent}: {problem} {last}; allowed: {allowed}"
    asked = next(field.description for name, field in fields.items() if last in (name, field.alias))
    return f"{place}: {'.'.join(keys)} is {error['input']!r}, it must be {asked}"


_NESTED: dict[str, type[BaseModel]] = {"meta": Meta, "where": Where}


def _rule_of(expectations: list[Any], index: int) -> str:
    """``rule mean_similarity``, or ``expectation 3`` where the rule has no usable name."""
    raw = expectations[index]
    meta = raw.get("meta") if isinstance(raw, dict) else None
    name = meta.get("rule") if isinstance(meta, dict) else None
    return f"rule {name}" if isinstance(name, str) and name.isidentifier() else f"expectation {index + 1}"
