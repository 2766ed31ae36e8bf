"""Expectations with typical mistakes. Import this module inside tests only: it loads Great Expectations."""

import math
from typing import Any

import numpy as np
import pandas as pd
from great_expectations.execution_engine import PandasExecutionEngine  # noqa: TID253
from great_expectations.expectations.expectation import ColumnAggregateExpectation  # noqa: TID253
from great_expectations.expectations.metrics.column_aggregate_metric_provider import (  # noqa: TID253
    ColumnAggregateMetricProvider,
    column_aggregate_value,
)


class TrialCount(ColumnAggregateMetricProvider):
    metric_name = "column.trial_count"

    @column_aggregate_value(engine=PandasExecutionEngine)
    def _pandas(cls, column: pd.Series, **_: Any) -> int:  # noqa: N805
        if column.iloc[0] == 13:
            raise RuntimeError("the metric found 13")
        return len(column)


class Trial(ColumnAggregateExpectation):
    """Abstract: each subclass below returns another wrong result."""

    metric_dependencies = ("column.trial_count",)
    success_keys = ()


class ExpectColumnTrialToRaise(Trial):
    def _validate(self, metrics: dict[str, Any], **_: Any) -> dict[str, Any]:
        raise RuntimeError("the expectation broke")


class ExpectColumnTrialNanSuccess(Trial):
    def _validate(self, metrics: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {"success": math.nan, "result": {"observed_value": 1}}


class ExpectColumnTrialTextSuccess(Trial):
    def _validate(self, metrics: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {"success": "no", "result": {"observed_value": 1}}


class ExpectColumnTrialNoValue(Trial):
    def _validate(self, metrics: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {"success": True, "result": {"observed_value": None}}


class ExpectColumnTrialNanValue(Trial):
    def _validate(self, metrics: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {"success": True, "result": {"observed_value": math.nan}}


class ExpectColumnTrialSomeRows(Trial):
    def _validate(self, metrics: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {"success": True, "result": {"element_count": 2, "missing_count": 1, "unexpected_count": 0}}


class ExpectColumnTrialBadRows(Trial):
    def _validate(self, metrics: dict[str, Any], **_: Any) -> dict[str, Any]:
        counts = {"element_count": 2, "missing_count": 0, "unexpected_count": 1, "partial_unexpected_index_list": [1]}
        return {"success": True, "result": counts}


class ExpectColumnTrialNumpySuccess(Trial):
    def _validate(self, metrics: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {"success": np.True_, "result": {"observed_value": np.int64(metrics["column.trial_count"])}}
