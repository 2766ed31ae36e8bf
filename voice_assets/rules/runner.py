"""Judges tables by a suite with Great Expectations. A rule that was not judged never passes.

Great Expectations drops rules that it does not understand, passes an empty table, ignores nulls and reports errors in two
shapes. So here every rule starts as failed. A rule passes only when Great Expectations returned one result with the rule's
name, for exactly the rows that were given, without an exception, and the result is ``True``. Every column that a rule reads
must have a value (for floats: a finite value) in every row. Great Expectations is imported inside functions only, because
the import takes 3 to 7 seconds and 150 MB.

``rules.suites`` reads suites, ``rules.wording`` words the results.
"""

import importlib
import logging
import math
import os
import threading
import warnings
from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from voice_assets.rules import wording
from voice_assets.rules.rows import (
    NAMED,
    ONE_ROW_TABLES,
    NothingToJudgeError,
    NotJudgedError,
    SelectedRows,
    native,
    select_rows,
)
from voice_assets.rules.suites import BoundSuite, Rule, Severity

_CUSTOM_EXPECTATIONS = "data_checks.expectations"
_DATASOURCE = "voice_assets"

# Great Expectations keeps its context in a global variable: two runs at once would mix up their tables.
_ONE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True)
class RuleResult:
    """The result of one rule. Plain Python types only.

    Attributes:
        rule: the rule's name.
        passed: True only when the rule was judged and holds.
        severity: the rule's own; ``critical`` whenever ``errored``, so that no broken rule passes as a warning.
        observed: for a rule about one figure (a mean, a share, a fact), the figure; for a rule about single rows, the number
            of rows that break the rule. A text for a fact that is not a number. None when nothing was measured.
        limit: the allowed values, such as ``<= 0.02`` or ``in {1}``.
        message: one sentence with ``observed`` and ``limit``.
        unexpected_count: rows that break the rule.
        failing: the names of up to `NAMED` of these rows.
        errored: the rule could not be judged.
    """

    rule: str
    passed: bool
    severity: Severity
    observed: str | float | None
    limit: str
    message: str
    unexpected_count: int
    failing: list[str]
    errored: bool


def run(bound: BoundSuite, tables: Mapping[str, pd.DataFrame]) -> list[RuleResult]:
    """Judge ``tables`` by every rule of the suite.

    Args:
        bound: the suite with its thresholds (`rules.suites.bind`).
        tables: table name -> rows. Tables that no rule reads are ignored.

    Returns:
        One result per rule, in the order of the file. A rule that cannot be judged is ``errored``; nothing is raised.
    """
    results = {rule.name: _errored(rule, NotJudgedError("Great Expectations gave no result")) for rule in bound.rules}
    try:
        with _ONE_AT_A_TIME, _great_expectations() as gx:
            for result in _judge(gx, bound, tables):
                results[result.rule] = result
    except Exception as error:  # noqa: BLE001 after any error no rule may look judged; each result gets the reason
        broken = NotJudgedError(f"the suite {bound.name} broke: {type(error).__name__}: {error}")
        return [_errored(rule, broken) for rule in bound.rules]
    return [results[rule.name] for rule in bound.rules]


def _judge(gx: Any, bound: BoundSuite, tables: Mapping[str, pd.DataFrame]) -> Iterator[RuleResult]:
    context = _context(gx)
    dropped = _dropped(gx, bound)
    if dropped:
        # When one rule is lost, any rule can be lost: no result of this suite counts.
        reason = NotJudgedError(f"Great Expectations did not accept the suite {bound.name}: {'; '.join(dropped)}")
        yield from (_errored(rule, reason) for rule in bound.rules)
        return
    groups: dict[Hashable, list[SelectedRows]] = {}
    for rule in bound.rules:
        try:
            selected = select_rows(rule, tables)
        except NotJudgedError as error:
            yield _errored(rule, error)
        except NothingToJudgeError as error:
            yield _empty_as_expected(rule, error)
        else:
            groups.setdefault((rule.table, rule.meta.where), []).append(selected)
    for group in groups.values():
        yield from _judge_group(gx, context, bound.name, group)


def _context(gx: Any) -> Any:
    """A context in memory. The default context makes a folder for HTML pages under /tmp; this context makes no pages.

    Nor does it write itself as YAML after every change, four times for each group of rules: a quarter of the whole time.
    """
    types = importlib.import_module("great_expectations.data_context.types.base")
    stores = types.InMemoryStoreBackendDefaults(init_temp_docs_sites=False)
    config = types.DataContextConfig(store_backend_defaults=stores, analytics_enabled=False)
    context = gx.get_context(mode="ephemeral", project_config=config)
    context.variables.progress_bars = {"globally": False}
    context.variables.save = lambda: None
    return context


def _dropped(gx: Any, bound: BoundSuite) -> list[str]:
    """Why Great Expectations would drop rules of the suite: unknown types, invalid arguments. Empty when it drops none."""
    reasons = [f"rule {rule.name}: {rule.type}: {reason}" for rule in bound.rules if (reason := _build_error(rule))]
    if reasons:
        return reasons
    built = gx.ExpectationSuite(name=bound.name, expectations=[rule.expectation() for rule in bound.rules])
    kept = [expectation.meta["rule"] for expectation in built.expectations]
    asked = [rule.name for rule in bound.rules]
    return [] if kept == asked else [f"the file has the rules {', '.join(asked)}; built were {', '.join(kept) or 'none'}"]


def _build_error(rule: Rule) -> str:
    """Great Expectations' own message when it cannot build this rule; empty when it can."""
    configuration = importlib.import_module("great_expectations.expectations.expectation_configuration")
    try:
        configuration.ExpectationConfiguration(**rule.expectation()).to_domain_obj()
    except Exception as error:  # noqa: BLE001 it raises many classes here; its own suite only logs them or raises them again
        return " ".join(str(error).split()) or type(error).__name__
    return ""


def _judge_group(gx: Any, context: Any, suite: str, group: list[SelectedRows]) -> Iterator[RuleResult]:
    """Judge the rules that read the same rows of the same table, in one call of Great Expectations."""
    try:
        found = _validate(gx, context, suite, group)
    except Exception as error:  # noqa: BLE001 any crash of Great Expectations fails these rules, with its message
        reason = NotJudgedError(f"Great Expectations broke: {type(error).__name__}: {error}")
        yield from (_errored(one.rule, reason) for one in group)
        return
    for one in group:
        results = found.get(one.rule.name, [])
        try:
            if len(results) != 1:
                raise NotJudgedError(f"Great Expectations gave {len(results)} results, expected one")
            yield _result(one, results[0])
        except NotJudgedError as error:
            yield _errored(one.rule, error)


def _validate(gx: Any, context: Any, name: str, group: list[SelectedRows]) -> dict[str, list[Any]]:
    """Great Expectations' results by rule name."""
    rows = group[0].rows
    # get_batch hashes the whole frame, so it gets the judged columns only. A row count needs at least one column.
    columns = list(dict.fromkeys(column for one in group for column in one.rule.columns)) or list(rows.columns[:1])
    suite = gx.ExpectationSuite(name=name, expectations=[one.rule.expectation() for one in group])
    asset = context.data_sources.add_pandas(_DATASOURCE).add_dataframe_asset(name)
    try:
        batch = asset.add_batch_definition_whole_dataframe("rows").get_batch({"dataframe": rows[columns].copy()})
        outcome = batch.validate(suite, result_format={"result_format": "SUMMARY", "partial_unexpected_count": NAMED})
    finally:
        # Without this, the global context keeps the frame in memory until the next run.
        context.data_sources.delete(_DATASOURCE)
    found: dict[str, list[Any]] = {}
    for result in outcome.results:
        found.setdefault(result.expectation_config.meta["rule"], []).append(result)
    return found


def _result(one: SelectedRows, result: Any) -> RuleResult:
    error = _exception(result.exception_info)
    if error:
        raise NotJudgedError(error)
    outcome = result.result or {}
    # `is True`, because a NaN is truthy.
    succeeded = result.success is True or (isinstance(result.success, np.bool_) and bool(result.success))
    if "unexpected_count" in outcome:
        return _row_result(one, outcome, succeeded)
    return _figure_result(one, outcome, succeeded)


def _exception(info: Any) -> str:
    """The message of an exception, from a flat dict or one dict per metric; empty when there was no exception."""
    if not isinstance(info, dict):
        return ""
    for found in [info, *info.values()]:
        if isinstance(found, dict) and found.get("raised_exception"):
            return f"{found.get('exception_message') or 'an exception without a message'}"
    return ""


def _row_result(one: SelectedRows, outcome: dict[str, Any], succeeded: bool) -> RuleResult:
    """The result of a rule about single rows."""
    rule, count = one.rule, len(one.rows)
    judged = int(outcome.get("element_count", 0)) - int(outcome.get("missing_count") or 0)
    if judged != count:
        raise NotJudgedError(f"Great Expectations judged {judged} of {wording.rows_in_words(rule, count)}")
    unexpected = int(outcome["unexpected_count"])
    passed = succeeded and unexpected == 0
    positions = list(outcome.get("partial_unexpected_index_list") or [])[:NAMED]
    names = one.names(positions)
    if rule.table in ONE_ROW_TABLES:
        names = []  # the row of a table of facts has no name
        value = native(one.rows.at[0, rule.columns[0]])
        observed: str | float = value if isinstance(value, (int, float)) and not isinstance(value, bool) else str(value)
        message = wording.value_message(rule, value, one.other())
    else:
        observed = unexpected
        values = [native(one.rows.at[position, rule.columns[0]]) for position in positions]
        message = wording.rows_message(rule, unexpected, count, list(zip(names, values, strict=True)))
    return _judged(one, passed, observed, message, unexpected, names, positions)


def _figure_result(one: SelectedRows, outcome: dict[str, Any], succeeded: bool) -> RuleResult:
    """The result of a rule about one figure of the whole column or table."""
    observed = native(outcome.get("observed_value"))
    if isinstance(observed, dict) and len(observed.get("values", ())) == 1:  # the built-in quantile expectation's shape
        observed = native(observed["values"][0])
    if not isinstance(observed, (int, float)) or isinstance(observed, bool) or not math.isfinite(observed):
        raise NotJudgedError(f"{one.rule.type} measured {observed!r}, which is not a number")
    details = outcome.get("details") or {}
    rows, unexpected = (details.get("rows", []), int(details.get("count", 0))) if not succeeded else ([], 0)
    message = wording.aggregate_message(one.rule, observed, len(one.rows))
    return _judged(one, succeeded, observed, message, unexpected, one.names(rows[:NAMED]))


def _judged(
    one: SelectedRows,
    passed: bool,
    observed: str | float,
    message: str,
    unexpected: int,
    failing: list[str],
    positions: Sequence[int] = (),
) -> RuleResult:
    """The result, with the explanation of the first row that breaks the rule; ``positions``: the rows that do."""
    rule = one.rule
    if rule.meta.explain_column and not passed:
        first = positions[0] if positions and rule.table not in ONE_ROW_TABLES else 0
        message = wording.explained(message, rule.meta.explain_column, str(one.rows.at[first, rule.meta.explain_column]))
    limit = wording.limit(rule, one.other())
    return RuleResult(rule.name, passed, rule.severity, observed, limit, message, unexpected, failing, errored=False)


def _empty_as_expected(rule: Rule, reason: NothingToJudgeError) -> RuleResult:
    message = wording.nothing_message(rule, str(reason))
    return RuleResult(rule.name, True, rule.severity, 0, wording.limit(rule), message, 0, [], errored=False)


def _errored(rule: Rule, error: NotJudgedError) -> RuleResult:
    return RuleResult(
        rule=rule.name,
        passed=False,
        severity="critical",
        observed=None,
        limit=wording.limit(rule),
        message=wording.error_message(rule, str(error)),
        unexpected_count=error.count,
        failing=error.failing,
        errored=True,
    )


@contextmanager
def _great_expectations() -> Iterator[Any]:
    """Great Expectations with our expectations registered: logs nothing, stays offline, and restores the logging setup."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    showwarning = warnings.showwarning
    logger = logging.getLogger("great_expectations")
    level = logger.level
    try:
        gx = importlib.import_module("great_expectations")
        importlib.import_module(_CUSTOM_EXPECTATIONS)
        # Great Expectations logs a stack trace for every rule that it drops; our results hold the reason instead.
        logger.setLevel(logging.CRITICAL + 1)
        yield gx
    finally:
        logger.setLevel(level)
        if warnings.showwarning is not showwarning:
            # The import sends every warning of the process to the log, where nobody reads warnings.
            logging.captureWarnings(False)
