"""Verdicts in words: a failure blocks unless its verdict says otherwise, and a suite without verdicts is not PASS."""

import pytest

from voice_assets.reports.verdicts import RULE_HEADINGS, Verdict, passed, rule_rows, rule_word, word

GOOD: Verdict = {"rule": "good", "passed": True, "blocks": False}
WARNS: Verdict = {"rule": "warns", "passed": False, "blocks": False, "advisory": "old recordings"}
BLOCKS: Verdict = {"rule": "blocks", "passed": False, "blocks": True, "advisory": "old recordings"}
WAIVED: Verdict = {"rule": "waived", "passed": False, "blocks": False, "waiver": "waived by anna until 2026-12-31: checked"}


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [
        (GOOD, "PASS"),
        ({"rule": "r", "passed": True}, "PASS"),
        (WARNS, "WARNING"),
        (BLOCKS, "FAIL"),
        (WAIVED, "WAIVED"),
        ({**BLOCKS, "waiver": "waived by anna until 2026-12-31: checked"}, "FAIL"),
        ({**GOOD, "waiver": "waived by anna until 2026-12-31: checked"}, "PASS"),
        ({"rule": "r", "passed": False}, "FAIL"),
        ({"rule": "r", "passed": False, "blocks": None}, "FAIL"),
        ({"rule": "r", "passed": False, "blocks": 0}, "FAIL"),
        ({"rule": "r", "passed": None}, "FAIL"),
        ({"rule": "r", "passed": "yes"}, "FAIL"),
        ({"rule": "r", "passed": 1}, "FAIL"),
        ({"rule": "r"}, "FAIL"),
        ({"rule": "r", "blocks": False}, "WARNING"),
    ],
)
def test_one_rule_fails_closed(verdict: Verdict, expected: str) -> None:
    assert rule_word(verdict) == expected
    assert rule_rows([verdict])[0]["verdict"] == expected
    assert passed([GOOD, verdict]) is (expected != "FAIL")


@pytest.mark.parametrize(
    ("verdicts", "passes", "expected"),
    [
        (None, None, "NOT JUDGED"),
        ([], None, "NOT JUDGED"),
        ([GOOD, GOOD], True, "PASS"),
        ([GOOD, WARNS], True, "PASS"),
        ([WARNS, BLOCKS, GOOD], False, "FAIL"),
    ],
)
def test_all_rules_together(verdicts: list[Verdict] | None, passes: bool | None, expected: str) -> None:
    assert passed(verdicts) is passes
    assert word(verdicts) == expected


def test_a_row_has_the_observed_value_and_the_reason_of_a_warning() -> None:
    judged = {"observed": 0.8999999, "limit": ">= 0.9", "message": "The mean is too low."}
    assert rule_rows([{**WARNS, **judged}]) == [
        {
            "rule": "warns",
            "verdict": "WARNING",
            "observed": "0.8999999",
            "limit": ">= 0.9",
            "note": "The mean is too low. Advisory: old recordings.",
        }
    ]


@pytest.mark.parametrize(
    ("observed", "limit", "shown"),
    [
        (1.0303030303030303, "<= 3", "1.03"),
        (0.9, ">= 0.9", "0.9"),
        (0.8999999, ">= 0.9", "0.8999999"),
        (0.0010000001, "<= 0.001", "0.0010000001"),
        (0.00002, "<= 1e-05", "2e-05"),
        (0.20000001, "0.2 to 15", "0.20000001"),
        (18377, "in {0}", "18377"),
        ("ru", "in {'ru'}", "ru"),
        (True, "in {1}", "True"),
    ],
)
def test_an_observed_value_is_short_and_never_equals_another_limit(observed: object, limit: str, shown: str) -> None:
    assert rule_rows([{**GOOD, "observed": observed, "limit": limit}])[0]["observed"] == shown


def test_the_note_of_a_waived_failure_names_the_person_the_last_day_and_the_reason() -> None:
    assert rule_rows([{**WAIVED, "message": "Low."}])[0]["note"] == "Low. Waived by anna until 2026-12-31: checked."


@pytest.mark.parametrize("verdict", [BLOCKS, {**GOOD, "advisory": "old recordings"}])
def test_only_a_warning_gives_the_reason(verdict: Verdict) -> None:
    assert "old recordings" not in rule_rows([verdict])[0]["note"]


def test_missing_values_of_a_verdict_are_empty() -> None:
    assert rule_rows([{"rule": "r", "passed": False, "observed": None}]) == [
        {"rule": "r", "verdict": "FAIL", "observed": "", "limit": "", "note": ""}
    ]


def test_rows_have_a_heading_for_every_key() -> None:
    assert [list(row) for row in rule_rows([GOOD, BLOCKS])] == [list(RULE_HEADINGS)] * 2
    assert rule_rows(None) == rule_rows([]) == []
