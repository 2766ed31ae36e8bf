"""Errors that Great Expectations passes silently: dropped rules, missing values or columns, texts instead of numbers."""

import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from voice_assets_tests.rules.trial_suites import BETWEEN, IN_SET, LOUD, MAXIMUM, MEAN, MONO, clips, expect_error, judge, rule


@pytest.mark.parametrize(
    "broken",
    [
        rule("broken", "expect_column_values_to_be_in_sett", column="channels", value_set=[1]),
        rule("broken", MEAN, column="channels", min_value=0, max_vlue=3),
        rule("broken", "expect_column_share_below_to_be_between", column="channels", max_value=1),
        rule("broken", "expect_column_share_below_to_be_between", column="channels", max_value=1, threshold="much"),
    ],
    ids=["unknown type", "unknown argument", "missing argument", "argument of the wrong type"],
)
def test_a_rule_that_is_dropped_fails_the_whole_suite(tmp_path: Path, broken: dict[str, Any]) -> None:
    results = judge(tmp_path, {"clips": clips(channels=[1])}, MONO, broken)
    for result in results:
        expect_error(result, "rule broken", broken["type"])


@pytest.mark.parametrize("limits", [LOUD, rule("range", BETWEEN, column="level", max_value=0)], ids=["mean", "every row"])
@pytest.mark.parametrize(
    "level",
    [
        [-20.0, math.nan],
        [math.nan, math.nan],
        [-20.0, math.inf],
        [-20.0, -math.inf],
        pd.Series([-20.0, None], dtype=object),
        pd.Series([-20.0, math.nan], dtype=object),
        pd.Series([-20.0, -math.inf], dtype=object),
        pd.Series([-20, None], dtype="Int64"),
        pd.Series([-20.0, None], dtype="Float64"),
    ],
    ids=["NaN", "all NaN", "inf", "-inf", "None object", "NaN object", "-inf object", "NA Int64", "NA Float64"],
)
def test_a_column_with_a_missing_value_cannot_be_judged(tmp_path: Path, limits: dict[str, Any], level: Any) -> None:
    [result] = judge(tmp_path, {"clips": clips(level=level)}, limits)
    expect_error(result, "level has no value", "c1.wav")
    assert result.failing[-1] == "c1.wav"
    assert result.unexpected_count == len(result.failing)


@pytest.mark.parametrize("missing", [None, math.nan, pd.NA])
def test_a_text_column_with_a_missing_value_cannot_be_judged(tmp_path: Path, missing: Any) -> None:
    known = rule("known", "expect_column_values_to_not_be_in_set", column="structure", value_set=["duplicate"])
    [result] = judge(tmp_path, {"clips": clips(structure=["", missing])}, known)
    expect_error(result, "structure has no value", "c1.wav")


def test_a_missing_value_in_the_second_column_of_a_pair_cannot_be_judged(tmp_path: Path) -> None:
    pair = rule("whole", "expect_column_pair_values_to_be_equal", column_A="a", column_B="b")
    [result] = judge(tmp_path, {"clips": clips(a=[1.0, math.nan], b=[1.0, math.nan])}, pair)
    expect_error(result, "a has no value")
    [result] = judge(tmp_path, {"clips": clips(a=[1.0, 2.0], b=[1.0, math.nan])}, pair)
    expect_error(result, "b has no value")


def test_a_missing_value_in_another_column_does_not_matter(tmp_path: Path) -> None:
    assert judge(tmp_path, {"clips": clips(channels=[1, 1], level=[math.nan, -20.0])}, MONO)[0].passed


def test_a_missing_table_column_or_name_column_is_an_error(tmp_path: Path) -> None:
    expect_error(judge(tmp_path, {"stats": clips(channels=[1])}, MONO)[0], "no table clips", "stats")
    expect_error(judge(tmp_path, {"clips": clips(chanels=[1])}, MONO)[0], "lacks the column channels", "chanels")
    expect_error(judge(tmp_path, {"clips": pd.DataFrame({"channels": [1]})}, MONO)[0], "lacks the column clip_id")


def test_a_column_that_is_there_twice_is_an_error(tmp_path: Path) -> None:
    table = pd.DataFrame([["a", 1, 2]], columns=["clip_id", "channels", "channels"])
    expect_error(judge(tmp_path, {"clips": table}, MONO)[0], "2 columns named channels")


@pytest.mark.parametrize("type_", [BETWEEN, MEAN, MAXIMUM, "expect_column_quantile_to_be_between"])
def test_texts_instead_of_numbers_are_an_error(tmp_path: Path, type_: str) -> None:
    extra = {"quantile": 0.5} if "quantile" in type_ else {}
    [result] = judge(tmp_path, {"clips": clips(level=["1", "2"])}, rule("range", type_, column="level", max_value=9, **extra))
    expect_error(result, "could not be judged")


def test_a_text_does_not_equal_the_number_that_it_spells(tmp_path: Path) -> None:
    assert not judge(tmp_path, {"clips": clips(channels=["1"])}, MONO)[0].passed


@pytest.mark.parametrize("table", ["facts", "config"])
def test_a_table_of_facts_has_one_row(tmp_path: Path, table: str) -> None:
    fact = rule("fact", "expect_column_min_to_be_between", table=table, column="n", max_value=0)
    assert judge(tmp_path, {table: pd.DataFrame({"n": [0]})}, fact)[0].passed
    [result] = judge(tmp_path, {table: pd.DataFrame({"n": [0, 7]})}, fact)
    expect_error(result, f"the table {table} has 2 rows, it must have one")


def test_a_warning_that_fails_warns_and_one_that_errors_is_critical(tmp_path: Path) -> None:
    warning = rule("mono", IN_SET, severity="warning", column="channels", value_set=[1])
    [failed] = judge(tmp_path, {"clips": clips(channels=[2])}, warning)
    assert (failed.passed, failed.errored, failed.severity) == (False, False, "warning")
    expect_error(judge(tmp_path, {"clips": clips(channels=[None])}, warning)[0])


def test_one_rule_that_errors_does_not_hide_the_others(tmp_path: Path) -> None:
    text = rule("text", BETWEEN, column="text", min_value=1)
    broken, fine = judge(tmp_path, {"clips": clips(channels=[1, 1], text=["a", "b"])}, text, MONO)
    expect_error(broken)
    assert fine.passed
