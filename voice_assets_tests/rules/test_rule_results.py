"""The result of a rule: verdict, figure, limit, message and failing rows."""

import json
from pathlib import Path

import numpy as np
import pandas as pd

from voice_assets.rules.runner import RuleResult
from voice_assets_tests.rules.trial_suites import IN_SET, LOUD, MAXIMUM, MONO, clips, judge, rule


def test_one_result_per_rule_in_the_order_of_the_file(tmp_path: Path) -> None:
    facts = rule("fact", IN_SET, table="facts", column="missing", value_set=[0])
    absent = rule("absent", IN_SET, table="nowhere", column="x", value_set=[0])
    tables = {"clips": clips(channels=[1, 1], level=[-20.0, -20.0]), "facts": pd.DataFrame([{"missing": 0}])}
    results = judge(tmp_path, tables, LOUD, absent, facts, MONO)
    assert [(result.rule, result.passed) for result in results] == [
        ("loud", True),
        ("absent", False),
        ("fact", True),
        ("mono", True),
    ]


def test_a_broken_row_is_named_with_both_numbers(tmp_path: Path) -> None:
    [result] = judge(tmp_path, {"clips": clips(channels=[1, 2, 1])}, MONO)
    assert not result.passed
    assert not result.errored
    assert (result.observed, result.unexpected_count, result.limit, result.failing) == (1, 1, "in {1}", ["c1.wav"])
    assert result.message == "The rule mono: 1 of 3 clips break the rule, none may (allowed: channels in {1}): c1.wav has 2."


def test_at_most_20_rows_are_named_and_all_are_counted(tmp_path: Path) -> None:
    [result] = judge(tmp_path, {"clips": clips(channels=[2] * 57)}, MONO)
    assert result.unexpected_count == result.observed == 57
    assert result.failing == [f"c{number}.wav" for number in range(20)]
    assert "and 52 more" in result.message


def test_a_row_without_a_name_is_named_by_its_line(tmp_path: Path) -> None:
    table = pd.DataFrame({"clip_id": ["", "b", ""], "channels": [2, 1, 2]})
    assert judge(tmp_path, {"clips": table}, MONO)[0].failing == ["row 1", "row 3"]
    assert judge(tmp_path, {"clips": table.assign(row=[11, 12, 13])}, MONO)[0].failing == ["row 11", "row 13"]


def test_the_index_of_a_table_does_not_matter(tmp_path: Path) -> None:
    table = clips(channels=[1, 2, 1]).set_index(pd.Index([5, 5, 5]))
    assert judge(tmp_path, {"clips": table}, MONO)[0].failing == ["c1.wav"]


def test_the_observed_value_of_a_fact_is_its_number(tmp_path: Path) -> None:
    fact = rule("done", IN_SET, table="facts", column="missing", value_set=[0])
    [result] = judge(tmp_path, {"facts": pd.DataFrame([{"missing": 3}])}, fact)
    assert (result.observed, result.limit, result.passed) == (3, "in {0}", False)
    assert result.message == "The rule done: missing is 3 (allowed: in {0})."


def test_two_facts_are_compared_and_both_are_shown(tmp_path: Path) -> None:
    pair = rule("whole", "expect_column_pair_values_to_be_equal", table="facts", column_A="done", column_B="planned")
    [result] = judge(tmp_path, {"facts": pd.DataFrame([{"done": 1, "planned": 2}])}, pair)
    assert (result.passed, result.observed, result.limit) == (False, 1, "== 2 (planned)")
    [result] = judge(tmp_path, {"facts": pd.DataFrame([{"done": 2, "planned": 2}])}, pair)
    assert result.passed


def test_the_explaining_column_is_in_the_message_of_a_failure_only(tmp_path: Path) -> None:
    gap = rule("gap", MAXIMUM, table="facts", column="gap", max_value=0.15, meta={"explain_column": "worst"})
    [result] = judge(tmp_path, {"facts": pd.DataFrame([{"gap": 0.2, "worst": "numbers"}])}, gap)
    assert result.message == "The rule gap: gap is 0.2 (allowed: <= 0.15); worst: numbers."
    [result] = judge(tmp_path, {"facts": pd.DataFrame([{"gap": 0.1, "worst": "numbers"}])}, gap)
    assert result.passed
    assert "numbers" not in result.message


def test_the_explanation_is_that_of_the_first_row_that_breaks_the_rule(tmp_path: Path) -> None:
    fine = rule("fine", IN_SET, column="structure", value_set=[""], meta={"explain_column": "findings", "id_column": "clip_id"})
    table = clips(structure=["", "bad", "bad"], findings=["none", "the \x1b second", "the third"])
    [result] = judge(tmp_path, {"clips": table}, fine)
    assert result.message.endswith(r"; findings: the \x1b second.")
    [result] = judge(tmp_path, {"clips": table[:1]}, fine)
    assert "findings" not in result.message


def test_a_figure_is_observed_exactly(tmp_path: Path) -> None:
    [result] = judge(tmp_path, {"clips": clips(level=[-31.0, -30.5])}, LOUD)
    assert (result.passed, result.observed, result.limit) == (False, -30.75, ">= -30")
    assert "the mean level of 2 clips is -30.75" in result.message


def test_every_value_of_a_result_is_plain_python(tmp_path: Path) -> None:
    tables = {
        "clips": clips(channels=np.array([1, 2]), level=np.array([-20.0, -20.0])),
        "facts": pd.DataFrame([{"n": np.int64(3)}]),
    }
    quantile = rule(
        "q",
        "expect_column_quantile_values_to_be_between",
        column="channels",
        quantile_ranges={"quantiles": [0.5], "value_ranges": [[0, 9]]},
    )
    facts = rule("n", IN_SET, table="facts", column="n", value_set=[3])
    longest = rule("longest", MAXIMUM, column="level", max_value=0)
    for result in judge(tmp_path, tables, MONO, LOUD, quantile, facts, longest):
        assert type(result.passed) is bool
        assert type(result.observed) in (int, float)
        assert type(result.unexpected_count) is int
        assert {type(name) for name in result.failing} <= {str}
        json.dumps(result.__dict__)


def test_the_built_in_quantile_is_read(tmp_path: Path) -> None:
    def quantile(highest: int) -> RuleResult:
        ranges = {"quantiles": [0.95], "value_ranges": [[0, highest]]}
        limits = rule("q", "expect_column_quantile_values_to_be_between", column="n", quantile_ranges=ranges)
        return judge(tmp_path, {"clips": clips(n=list(range(101)))}, limits)[0]

    assert (quantile(95).passed, quantile(95).observed) == (True, 95)
    assert (quantile(94).passed, quantile(94).observed) == (False, 95)


def test_nullable_and_string_columns_are_judged_too(tmp_path: Path) -> None:
    table = clips(channels=pd.Series([1, 2], dtype="Int64"), format=pd.Series(["WAV", "MP3"], dtype="string"))
    wav = rule("wav", IN_SET, column="format", value_set=["WAV"])
    mono, named = judge(tmp_path, {"clips": table}, MONO, wav)
    assert (mono.errored, mono.failing) == (False, ["c1.wav"])
    assert (named.errored, named.failing) == (False, ["c1.wav"])
