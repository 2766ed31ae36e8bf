"""Our own expectations, for rules that Great Expectations lacks or computes inexactly.

Importing this module registers the expectations; ``rules.runner`` imports it before building a suite. Only this module may
import Great Expectations at its top, because the classes need it: import this module inside functions only. Arithmetic
that the reports show too is in ``quality``.

Every expectation measures one number of a column and compares the number with ``min_value`` and ``max_value``. The limits
are inclusive unless ``strict_min`` or ``strict_max`` is true, as in the built-in expectations. A measurement is a dict:
``value``, and for rules about single rows ``count`` and ``rows`` (index labels of at most `NAMED` rows that a person should
check). A measurement raises for an empty column and for any value that is not a finite number; the runner turns the exception
into a failed result.
"""

import math
from collections.abc import Hashable
from typing import Any, Literal

import numpy as np
import pandas as pd
from great_expectations.core.metric_domain_types import MetricDomainTypes  # noqa: TID253
from great_expectations.core.suite_parameters import SuiteParameterDict  # noqa: TID253
from great_expectations.execution_engine import PandasExecutionEngine  # noqa: TID253
from great_expectations.expectations.expectation import ColumnAggregateExpectation  # noqa: TID253
from great_expectations.expectations.metrics.column_aggregate_metric_provider import (  # noqa: TID253
    ColumnAggregateMetricProvider,
    column_aggregate_value,
)
from great_expectations.expectations.metrics.metric_provider import metric_value  # noqa: TID253

from voice_assets.quality.histogram import DURATION_BIN_S, bins, edge_spikes
from voice_assets.quality.summary import percentile

NAMED = 20
"""Most rows that a measurement names."""

MEAN_DIGITS = 12
"""Decimals that a mean is rounded to before the comparison. The sum is exact, but a binary number cannot hold 0.9 exactly.
Without rounding, the mean of 0.85 and 0.95 is slightly under 0.9 and fails a limit of 0.9. No figure that we judge has 12
decimals."""

Measurement = dict[str, Any]


def _numbers(column: pd.Series) -> np.ndarray:
    """The column as floats. Raises unless the column has at least one value and all values are finite numbers."""
    if column.empty:
        raise ValueError(f"{column.name} has no rows, there is nothing to measure")
    if not pd.api.types.is_numeric_dtype(column.dtype):
        # NumPy would silently turn the text "0.9" into a number.
        raise TypeError(f"{column.name} holds {column.dtype}, not numbers")
    numbers = column.to_numpy(dtype="float64")
    if not np.isfinite(numbers).all():
        raise ValueError(f"{column.name} has {int((~np.isfinite(numbers)).sum())} values that are not finite numbers")
    return numbers


def _texts(column: pd.Series) -> pd.Series:
    """The column. Raises unless every value is a text."""
    if not all(isinstance(value, str) for value in column):
        raise TypeError(f"{column.name} holds values that are not texts")
    return column


def _measured(value: float, hit: pd.Series | None = None) -> Measurement:
    """A measurement. ``hit`` is a boolean series over the rows, true for the rows that a person should check."""
    if hit is None:
        return {"value": float(value)}
    rows: list[Hashable] = list(hit.index[hit][:NAMED])
    return {"value": float(value), "count": int(hit.sum()), "rows": rows}


class ColumnExactMean(ColumnAggregateMetricProvider):
    """Mean of a column, from a correctly rounded sum, rounded to `MEAN_DIGITS` decimals."""

    metric_name = "column.exact_mean"

    @column_aggregate_value(engine=PandasExecutionEngine)
    def _pandas(cls, column: pd.Series, **_: Any) -> Measurement:  # noqa: N805
        numbers = _numbers(column)
        return _measured(round(math.fsum(numbers) / len(numbers), MEAN_DIGITS))


class ColumnQuantile(ColumnAggregateMetricProvider):
    """A quantile of a column, as ``quality.summary.percentile`` computes it; ``rows`` are the rows at or over the quantile."""

    metric_name = "column.quantile"
    value_keys = ("quantile",)

    @column_aggregate_value(engine=PandasExecutionEngine)
    def _pandas(cls, column: pd.Series, quantile: float, **_: Any) -> Measurement:  # noqa: N805
        value = percentile(pd.Series(_numbers(column)), 100 * quantile)
        return _measured(value, column.ge(value))


class ColumnShareBelow(ColumnAggregateMetricProvider):
    """Rows under ``threshold`` / all rows. A division of two integers, so 2 of 100 equals 0.02 exactly.

    ``unless_column``: a row with a text there does not count as under the threshold; it still counts among all rows.
    """

    metric_name = "column.share_below"
    value_keys = ("threshold", "unless_column")

    @metric_value(engine=PandasExecutionEngine)
    def _pandas(
        cls,  # noqa: N805
        execution_engine: PandasExecutionEngine,
        metric_domain_kwargs: dict[str, Any],
        metric_value_kwargs: dict[str, Any],
        **_: Any,
    ) -> Measurement:
        rows, _domain, accessor = execution_engine.get_compute_domain(metric_domain_kwargs, MetricDomainTypes.COLUMN)
        column = rows[accessor["column"]]
        hit = pd.Series(_numbers(column) < metric_value_kwargs["threshold"], index=column.index)
        unless = metric_value_kwargs.get("unless_column")
        if unless is not None:
            hit &= _texts(rows[unless]).eq("")
        return _measured(int(hit.sum()) / len(hit), hit)


class ColumnShareRepeated(ColumnAggregateMetricProvider):
    """Rows whose value an *earlier* row has / all rows: of two equal rows one counts, of three equal rows two."""

    metric_name = "column.share_repeated"

    @column_aggregate_value(engine=PandasExecutionEngine)
    def _pandas(cls, column: pd.Series, **_: Any) -> Measurement:  # noqa: N805
        if column.empty or column.isna().any():
            raise ValueError(f"{column.name} has no rows, or rows without a value: repeats cannot be counted")
        hit = column.duplicated(keep="first")
        return _measured(int(hit.sum()) / len(hit), hit)


class ColumnEdgeSpike(ColumnAggregateMetricProvider):
    """The count of the histogram's first or last bin relative to its neighbours; see ``quality.histogram.edge_spikes``."""

    metric_name = "column.edge_spike"
    value_keys = ("edge", "bin_width")

    @column_aggregate_value(engine=PandasExecutionEngine)
    def _pandas(cls, column: pd.Series, edge: str, bin_width: float, **_: Any) -> Measurement:  # noqa: N805
        numbers = _numbers(column)
        first, last = edge_spikes(numbers.tolist(), bin_width)
        counted = bins(numbers.tolist(), bin_width)
        count = counted[0].count if edge == "start" else counted[-1].count
        # The bin's rows are the shortest or the longest. The rank finds them without computing the bin's bounds again.
        at_edge = column.rank(method="first", ascending=edge == "start").le(count)
        return _measured(first if edge == "start" else last, at_edge)


Number = float | int | SuiteParameterDict | None


class _Limits(ColumnAggregateExpectation):
    """The limits and the comparison of all our expectations. Abstract: without ``_validate``, it is not registered."""

    min_value: Number = None
    max_value: Number = None
    strict_min: bool = False
    strict_max: bool = False

    def _within(self, metrics: dict[str, Any]) -> dict[str, Any]:
        """Great Expectations' result for the one measurement: success, ``observed_value``, and the rows it names."""
        measured: Measurement = metrics[self.metric_dependencies[0]]
        value, low, high = measured["value"], self.min_value, self.max_value
        if low is None and high is None:
            raise ValueError(f"{self.expectation_type} has neither min_value nor max_value")
        above = low is None or (value > low if self.strict_min else value >= low)
        below = high is None or (value < high if self.strict_max else value <= high)
        details = {"count": measured.get("count", 0), "rows": measured.get("rows", [])}
        return {"success": above and below, "result": {"observed_value": value, "details": details}}


_LIMIT_KEYS = ("min_value", "max_value", "strict_min", "strict_max")


class ExpectColumnExactMeanToBeBetween(_Limits):
    """Expect the mean of a column, see `ColumnExactMean`, to be within limits."""

    metric_dependencies = ("column.exact_mean",)
    success_keys = _LIMIT_KEYS

    def _validate(self, metrics: dict[str, Any], **_: Any) -> dict[str, Any]:
        return self._within(metrics)


class ExpectColumnQuantileToBeBetween(_Limits):
    """Expect one quantile of a column, see `ColumnQuantile`, to be within limits."""

    quantile: float | SuiteParameterDict

    metric_dependencies = ("column.quantile",)
    success_keys = ("quantile", *_LIMIT_KEYS)

    def _validate(self, metrics: dict[str, Any], **_: Any) -> dict[str, Any]:
        return self._within(metrics)


class ExpectColumnShareBelowToBeBetween(_Limits):
    """Expect the share of rows under ``threshold``, see `ColumnShareBelow`, to be within limits."""

    threshold: float | SuiteParameterDict
    unless_column: str | None = None

    metric_dependencies = ("column.share_below",)
    success_keys = ("threshold", "unless_column", *_LIMIT_KEYS)

    def _validate(self, metrics: dict[str, Any], **_: Any) -> dict[str, Any]:
        return self._within(metrics)


class ExpectColumnShareRepeatedToBeBetween(_Limits):
    """Expect the share of rows that repeat an earlier value, see `ColumnShareRepeated`, to be within limits."""

    metric_dependencies = ("column.share_repeated",)
    success_keys = _LIMIT_KEYS

    def _validate(self, metrics: dict[str, Any], **_: Any) -> dict[str, Any]:
        return self._within(metrics)


class ExpectColumnEdgeSpikeToBeBetween(_Limits):
    """Expect the spike at one end of a column's histogram, see `ColumnEdgeSpike`, to be within limits."""

    edge: Literal["start", "end"]
    bin_width: float = DURATION_BIN_S

    metric_dependencies = ("column.edge_spike",)
    success_keys = ("edge", "bin_width", *_LIMIT_KEYS)

    def _validate(self, metrics: dict[str, Any], **_: Any) -> dict[str, Any]:
        return self._within(metrics)
