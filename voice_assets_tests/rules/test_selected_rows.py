"""The rows that a rule judges, and tables without a row to judge."""

import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from voice_assets.rules.runner import RuleResult
from voice_assets_tests.rules.trial_suites import IN_SET, LOUD, MONO, clips, expect_error, judge, rule


def test_a_rule_judges_its_rows_only(tmp_path: Path) -> None:
    table = clips(channels=[1, 2, 0], structure=["", "", "missing_wav"])
    meta = {"where": {"column": "structure", "equals": ""}}
    [result] = judge(tmp_path, {"clips": table}, rule("mono", IN_SET, column="channels", value_set=[1], meta=meta))
    assert result.failing == ["c1.wav"]
    assert "1 of 2 clips" in result.message


def test_no_row_to_judge_is_an_error(tmp_path: Path) -> None:
    table = clips(channels=[1, 1], structure=["missing_wav", "extra_wav"])
    meta = {"where": {"column": "structure", "in": ["", "duplicate"]}}
    [result] = judge(tmp_path, {"clips": table}, rule("mono", IN_SET, column="channels", value_set=[1], meta=meta))
    expect_error(result, "no row of clips has structure = '' or 'duplicate'")


def test_a_null_in_the_column_that_chooses_rows_is_an_error(tmp_path: Path) -> None:
    table = clips(channels=[1, 2], structure=["", None])
    meta = {"where": {"column": "structure", "equals": ""}}
    [result] = judge(tmp_path, {"clips": table}, rule("mono", IN_SET, column="channels", value_set=[1], meta=meta))
    expect_error(result, "structure has no value", "c1.wav")


def test_rules_about_different_rows_do_not_mix(tmp_path: Path) -> None:
    table = clips(n=[1, 2, 3], kind=["a", "b", "b"])
    wheres = [{"where": {"column": "kind", "equals": kind}} for kind in "ab"]
    of = [rule(f"zero_{number}", IN_SET, column="n", value_set=[0], meta=where) for number, where in enumerate(wheres)]
    first, second = judge(tmp_path, {"clips": table}, *of)
    assert (first.failing, second.failing) == (["c0.wav"], ["c1.wav", "c2.wav"])


@pytest.mark.parametrize(
    "limits",
    [
        MONO,
        LOUD,
        rule("unique", "expect_column_values_to_be_unique", column="channels"),
        rule("count", "expect_table_row_count_to_be_between", min_value=0),
        rule("increasing", "expect_column_values_to_be_increasing", column="channels"),
    ],
    ids=lambda limits: limits["meta"]["rule"],
)
def test_an_empty_table_fails_every_rule(tmp_path: Path, limits: dict[str, Any]) -> None:
    full = clips(channels=[1], level=[-20.0])
    assert judge(tmp_path, {"clips": full}, limits)[0].passed
    [result] = judge(tmp_path, {"clips": full.iloc[:0]}, limits)
    expect_error(result, "the table clips has no rows")


def _on_no_rows(folder: Path, **facts: list[object]) -> RuleResult:
    limits = rule("mono", IN_SET, column="channels", value_set=[1], meta={"empty_if_zero": "clips"})
    tables = {"clips": clips(channels=[1]).iloc[:0]} | ({"facts": pd.DataFrame(facts)} if facts else {})
    return judge(folder, tables, limits)[0]


def test_a_table_that_is_empty_as_expected_passes(tmp_path: Path) -> None:
    result = _on_no_rows(tmp_path, clips=[0])
    assert (result.passed, result.errored, result.observed) == (True, False, 0)
    assert "nothing to judge: the table clips has no rows, and clips is 0" in result.message


@pytest.mark.parametrize(
    "facts", [{}, {"other": [0]}, {"clips": [1]}, {"clips": [None]}, {"clips": [math.nan]}, {"clips": [0, 0]}]
)
def test_a_table_that_is_empty_without_a_reason_is_an_error(tmp_path: Path, facts: dict[str, list[object]]) -> None:
    expect_error(_on_no_rows(tmp_path, **facts), "the table clips has no rows")


def test_rows_are_judged_whatever_the_facts_say(tmp_path: Path) -> None:
    limits = rule("mono", IN_SET, column="channels", value_set=[1], meta={"empty_if_zero": "clips"})
    tables = {"clips": clips(channels=[2]), "facts": pd.DataFrame({"clips": [0]})}
    assert not judge(tmp_path, tables, limits)[0].passed
