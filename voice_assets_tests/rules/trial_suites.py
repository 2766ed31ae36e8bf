"""Small suites and tables for the tests of this folder, and functions that judge the tables by the suites."""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from voice_assets.rules.runner import RuleResult, run
from voice_assets.rules.suites import BoundSuite, bind, load_suite

IN_SET = "expect_column_values_to_be_in_set"
BETWEEN = "expect_column_values_to_be_between"
MAXIMUM = "expect_column_max_to_be_between"
MEAN = "expect_column_exact_mean_to_be_between"


def rule(name: str, type_: str, table: str = "clips", severity: str = "critical", **kwargs: Any) -> dict[str, Any]:
    meta = {"rule": name, "table": table, **kwargs.pop("meta", {})}
    if table == "clips":
        meta.setdefault("id_column", "clip_id")
    return {"type": type_, "kwargs": kwargs, "meta": meta, "notes": f"The rule {name}.", "severity": severity}


def bound(folder: Path, *rules: dict[str, Any]) -> BoundSuite:
    (folder / "trial.json").write_text(json.dumps({"name": "trial", "expectations": rules}), encoding="utf-8")
    return bind(load_suite("trial", folder), {})


def judge(folder: Path, tables: dict[str, pd.DataFrame], *rules: dict[str, Any]) -> list[RuleResult]:
    return run(bound(folder, *rules), tables)


def clips(**columns: Any) -> pd.DataFrame:
    rows = len(next(iter(columns.values())))
    return pd.DataFrame({"clip_id": [f"c{number}.wav" for number in range(rows)], **columns})


def expect_error(result: RuleResult, *words: str) -> None:
    assert (result.passed, result.errored, result.severity) == (False, True, "critical")
    assert [word for word in words if word not in result.message] == [], result.message


MONO = rule("mono", IN_SET, column="channels", value_set=[1])
LOUD = rule("loud", MEAN, column="level", min_value=-30)
