"""Rules in words: different numbers never look equal; limits and sentences."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_assets.rules import wording
from voice_assets.rules.suite_file import Meta, Rule


def rule(type_: str, table: str = "clips", **kwargs: Any) -> Rule:
    meta = Meta(rule="trial", table=table)
    return Rule(type=type_, kwargs=kwargs, meta=meta, notes="Clips are fine.", severity="critical")


@pytest.mark.parametrize(
    ("value", "against", "expected"),
    [
        (0.9, [0.9], "0.9"),
        (0.89996, [], "0.9"),
        (0.89996, [0.9], "0.89996"),
        (0.9000000001, [0.9], "0.9000000001"),
        (0.1 + 0.2, [0.3], "0.30000000000000004"),
        (18377, [], "18377"),
        (18377.0, [], "18377"),
        (-40.0, [], "-40"),
        (1e-5, [0.001], "1e-05"),
        (float("inf"), [], "inf"),
        (True, [], "True"),
    ],
)
def test_a_number_is_short_and_differs_from_its_limit(value: float, against: list[float], expected: str) -> None:
    assert wording.number(value, against) == expected


@given(st.floats(allow_nan=False, allow_infinity=False, width=32), st.floats(allow_nan=False, allow_infinity=False, width=32))
def test_two_numbers_that_differ_never_look_the_same(value: float, other: float) -> None:
    if value != other:
        assert float(wording.number(value, [other])) != other


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ({"min_value": 0.9}, ">= 0.9"),
        ({"min_value": 0, "strict_min": True}, "> 0"),
        ({"max_value": 0.15}, "<= 0.15"),
        ({"max_value": 300, "strict_max": True}, "< 300"),
        ({"min_value": 0.2, "max_value": 15.0}, "0.2 to 15"),
        ({"min_value": 0, "max_value": 1, "strict_max": True}, ">= 0 and < 1"),
        ({}, ""),
    ],
)
def test_bounds(limits: dict[str, Any], expected: str) -> None:
    assert wording.bounds(limits) == expected


@pytest.mark.parametrize(
    ("judged", "expected"),
    [
        (rule("expect_column_values_to_be_in_set", column="a", value_set=["WAV", 1, False]), "in {'WAV', 1, False}"),
        (rule("expect_column_values_to_not_be_in_set", column="a", value_set=["x"]), "not in {'x'}"),
        (rule("expect_column_values_to_be_unique", column="a"), "unique"),
        (rule("expect_column_values_to_match_regex", column="a", regex="^c"), "regex='^c'"),
        (rule("expect_column_values_to_be_increasing", column="a"), "expect_column_values_to_be_increasing"),
    ],
)
def test_limits(judged: Rule, expected: str) -> None:
    assert wording.limit(judged) == expected


def test_a_message_shows_five_rows_and_counts_the_rest() -> None:
    judged = rule("expect_column_values_to_be_in_set", column="n", value_set=[0])
    message = wording.rows_message(judged, 7, 9, [(f"c{number}", number) for number in range(7)])
    assert message == (
        "Clips are fine: 7 of 9 clips break the rule, none may (allowed: n in {0}): "
        "c0 has 0, c1 has 1, c2 has 2, c3 has 3, c4 has 4 and 2 more."
    )


def test_a_long_or_odd_value_cannot_break_the_message() -> None:
    judged = rule("expect_column_values_to_be_in_set", column="t", value_set=[""])
    message = wording.rows_message(judged, 1, 1, [("c0", "\n\0" + "x" * 500)])
    assert "\\n\\x00xxx" in message
    assert "\n" not in message
    assert len(message) < 200


def test_a_hostile_name_of_a_clip_is_written_out() -> None:
    judged = rule("expect_column_values_to_be_in_set", column="n", value_set=[0])
    assert r"\x1b[2J has 1" in wording.rows_message(judged, 1, 1, [("\x1b[2J", 1)])


def test_the_message_of_a_share_names_the_rows() -> None:
    low = rule(
        "expect_column_share_below_to_be_between", "transcripts", column="s", threshold=0.8, max_value=0.02, strict_max=True
    )
    message = wording.aggregate_message(low, 0.03, 100)
    assert message == "Clips are fine: the share of 100 clips with s < 0.8 is 0.03 (allowed: < 0.02)."
