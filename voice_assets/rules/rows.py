"""Selects the rows that a rule judges, and checks that they can be judged. pandas only; ``rules.runner`` judges.

Great Expectations passes an empty table, skips nulls and gives no defined result for NaN. So a rule reaches Great Expectations
only when its table exists, each of its columns exists once, at least one row is left, and every cell that the rule reads has
a value (for floats: a finite value).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from voice_assets.rules import wording
from voice_assets.rules.suites import Rule

ONE_ROW_TABLES = ("facts", "config")
"""Tables that hold exactly one row. With more rows, a rule about the highest value would hide the other values."""

NAMED = 20
"""Most failing rows that a result names."""


class NotJudgedError(ValueError):
    """A rule that could not be judged. ``rules.runner`` turns this into a failed result with the reason."""

    def __init__(self, reason: str, failing: Sequence[str] = (), count: int = 0) -> None:
        super().__init__(reason)
        self.failing = list(failing)
        self.count = count


class NothingToJudgeError(ValueError):
    """The table has no row, and the facts say that none is expected. ``rules.runner`` turns this into a passed result."""


@dataclass(frozen=True)
class SelectedRows:
    """A rule and the rows that it judges: numbered from 0, with all columns of the table."""

    rule: Rule
    rows: pd.DataFrame

    def names(self, positions: Sequence[int]) -> list[str]:
        """The names of the rows at these positions, for people."""
        return _names(self.rule, self.rows, positions)

    def other(self) -> object:
        """The value of the rule's second column, for a table with one row; None for other tables and other rules."""
        if self.rule.table not in ONE_ROW_TABLES or "column_B" not in self.rule.kwargs:
            return None
        return native(self.rows.at[0, self.rule.kwargs["column_B"]])


def select_rows(rule: Rule, tables: Mapping[str, pd.DataFrame]) -> SelectedRows:
    """The rows that a rule judges.

    Raises:
        NotJudgedError: the table or a column is missing, there is no row, or a value is missing or not finite.
        NothingToJudgeError: there is no row, and the fact that the rule names for it is 0.
    """
    if rule.table not in tables:
        raise NotJudgedError(f"there is no table {rule.table}; there are: {', '.join(sorted(tables)) or 'none'}")
    table = tables[rule.table].reset_index(drop=True)
    _expect_columns(rule, table)
    if table.empty:
        _expect_none(rule, tables)
        raise NotJudgedError(f"the table {rule.table} has no rows")
    if rule.table in ONE_ROW_TABLES and len(table) != 1:
        raise NotJudgedError(f"the table {rule.table} has {len(table)} rows, it must have one")
    if rule.meta.where is not None:
        _expect_values(rule, table, rule.meta.where.column)
        column, values = rule.meta.where.column, rule.meta.where.values
        table = table[table[column].isin(list(values))].reset_index(drop=True)
        if table.empty:
            asked = " or ".join(repr(value) for value in values)
            raise NotJudgedError(f"no row of {rule.table} has {column} = {asked}, so there is no row to judge")
    for column in rule.columns:
        _expect_values(rule, table, column)
    return SelectedRows(rule, table)


def _expect_none(rule: Rule, tables: Mapping[str, pd.DataFrame]) -> None:
    """Raise `NothingToJudgeError` where the facts say that no rows are expected in the rule's table."""
    facts, column = tables.get("facts"), rule.meta.empty_if_zero
    if column is None or facts is None or len(facts) != 1 or list(facts.columns).count(column) != 1:
        return
    value = native(facts[column].iloc[0])
    if isinstance(value, int) and not isinstance(value, bool) and value == 0:
        raise NothingToJudgeError(f"the table {rule.table} has no rows, and {column} is 0")


def _expect_columns(rule: Rule, table: pd.DataFrame) -> None:
    also = [rule.meta.where.column] if rule.meta.where else []
    also += [column for column in (rule.meta.id_column, rule.meta.explain_column) if column]
    for column in [*rule.columns, *also]:
        found = list(table.columns).count(column)
        if found != 1:
            there = ", ".join(str(name) for name in table.columns) or "none"
            times = "lacks the column" if not found else f"has {found} columns named"
            raise NotJudgedError(f"the table {rule.table} {times} {column}; its columns are: {there}")


def _expect_values(rule: Rule, table: pd.DataFrame, column: str) -> None:
    bad = _without_value(table[column])
    positions = np.flatnonzero(bad).tolist()
    if positions:
        names = _names(rule, table, positions[:NAMED])
        shown = ", ".join(names[:5]) + (" …" if len(positions) > 5 else "")
        count = wording.rows_in_words(rule, len(table))
        reason = f"{column} has no value (null, NaN or infinite) in {len(positions)} of {count}: {shown}"
        raise NotJudgedError(reason, names, len(positions))


def _without_value(series: pd.Series) -> np.ndarray:
    """True where a cell is null (None, NaN, NA) or an infinite number, also in a column of mixed types."""
    missing = series.isna().to_numpy(dtype=bool)
    if pd.api.types.is_float_dtype(series.dtype):
        return missing | np.isinf(series.to_numpy(dtype="float64", na_value=np.nan))
    if series.dtype == object:
        return missing | np.array(
            [isinstance(value, (float, np.floating)) and math.isinf(value) for value in series], dtype=bool
        )
    return missing


def _names(rule: Rule, rows: pd.DataFrame, positions: Sequence[int]) -> list[str]:
    """The names of these rows, for people: the value of the id column, or the row's number where no id is given."""
    names = []
    for position in positions:
        name = str(rows.at[position, rule.meta.id_column]) if rule.meta.id_column else ""
        line = str(rows.at[position, "row"]) if "row" in rows.columns else str(position + 1)
        names.append(name or f"row {line}")
    return names


def native(value: Any) -> Any:
    """NumPy's scalars as Python's own; all other values unchanged."""
    return value.item() if isinstance(value, np.generic) else value
