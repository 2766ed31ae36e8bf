"""Reading suites and binding parameters: every mistake is an error that names suite, rule and value."""

import copy
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from voice_assets.rules.suite_file import SuiteError
from voice_assets.rules.suites import BoundSuite, Suite, bind, load_suite, suite_names

MEAN: dict[str, Any] = {
    "type": "expect_column_exact_mean_to_be_between",
    "kwargs": {"column": "similarity", "min_value": "$lowest"},
    "meta": {"rule": "mean_similarity", "table": "transcripts"},
    "notes": "Mean similarity reaches $lowest",
    "severity": "critical",
}
CODES: dict[str, Any] = {
    "type": "expect_column_values_to_be_in_set",
    "kwargs": {"column": "code", "value_set": [["$deep", 1], "a$b c"]},
    "meta": {"rule": "codes", "table": "clips", "id_column": "clip_id", "where": {"column": "kind", "in": ["$deep", "x"]}},
    "notes": "Codes are known",
    "severity": "warning",
}


def write(folder: Path, *rules: dict[str, Any], name: str = "trial", **other: Any) -> Path:
    (folder / f"{name}.json").write_text(json.dumps({"name": name, "expectations": rules, **other}), encoding="utf-8")
    return folder


def load(folder: Path, *rules: dict[str, Any]) -> Suite:
    return load_suite("trial", write(folder, *rules))


def changed(path: str, value: Any, rule: dict[str, Any] = MEAN) -> dict[str, Any]:
    """A copy of ``rule`` with the value at ``path`` (dots between keys) set; ``...`` removes it."""
    copied = copy.deepcopy(rule)
    *parents, last = path.split(".")
    place = copied
    for key in parents:
        place = place[key]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return copied


def test_a_rule_has_what_people_need_to_know(tmp_path: Path) -> None:
    mean, codes = load(tmp_path, MEAN, CODES).rules
    assert (mean.name, mean.description, mean.severity, mean.table) == (
        "mean_similarity",
        "Mean similarity reaches $lowest",
        "critical",
        "transcripts",
    )
    assert mean.columns == ("similarity",)
    assert codes.severity == "warning"
    assert codes.meta.id_column == "clip_id"


def test_the_columns_of_pairs_and_lists_are_known(tmp_path: Path) -> None:
    pair = changed("kwargs", {"column_A": "a", "column_B": "b", "column_list": ["b", "c"]}, CODES)
    assert load(tmp_path, pair).rules[0].columns == ("a", "b", "c")


def test_parameters_are_filled_in_at_any_depth_with_their_type(tmp_path: Path) -> None:
    bound = bind(load(tmp_path, MEAN, CODES), {"lowest": 0.9, "deep": 7, "b": "B"})
    mean, codes = bound.rules
    assert mean.kwargs == {"column": "similarity", "min_value": 0.9}
    assert type(mean.kwargs["min_value"]) is float
    assert mean.description == "Mean similarity reaches 0.9"
    assert codes.kwargs["value_set"] == [[7, 1], "aB c"]
    assert codes.meta.where is not None
    assert (codes.meta.where.column, codes.meta.where.values) == ("kind", (7, "x"))


def test_equal_thresholds_share_their_rules_and_others_do_not(tmp_path: Path) -> None:
    bound = bind(load(tmp_path, MEAN), {"lowest": 1})
    assert bind(load(tmp_path, MEAN), {"lowest": 1}) is bound
    float_bound = bind(load(tmp_path, MEAN), {"lowest": 1.0})
    assert type(float_bound.rules[0].kwargs["min_value"]) is float
    assert float_bound.fingerprint != bound.fingerprint


def test_binding_leaves_the_suite_as_it_was(tmp_path: Path) -> None:
    suite = load(tmp_path, MEAN)
    bind(suite, {"lowest": 0.9})
    assert suite.rules[0].kwargs["min_value"] == "$lowest"
    assert suite.parameter_names == {"lowest"}


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({}, ["trial", "mean_similarity", "lowest", "has no value"]),
        ({"lowset": 0.9}, ["trial", "lowset", "no rule uses", "$lowest"]),
        ({"lowest": 0.9, "extra": 1}, ["trial", "extra", "no rule uses"]),
        ({"lowest": None}, ["trial", "mean_similarity", "lowest", "None"]),
        ({"lowest": float("nan")}, ["trial", "mean_similarity", "lowest", "nan", "finite"]),
        ({"lowest": float("inf")}, ["trial", "mean_similarity", "lowest", "inf", "finite"]),
        ({"lowest": [0.9, None]}, ["trial", "mean_similarity", "lowest", "[0.9, None]"]),
        ({"lowest": "$other"}, ["trial", "mean_similarity", "lowest", "$other"]),
    ],
)
def test_a_parameter_that_is_wrong_is_named(tmp_path: Path, parameters: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(SuiteError) as error:
        bind(load(tmp_path, MEAN), parameters)
    assert [word for word in words if word not in str(error.value)] == []


def test_a_missing_parameter_deep_inside_names_its_own_rule(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match=r"suite trial: rule codes: the parameter b, deep has no value"):
        bind(load(tmp_path, MEAN, CODES), {"lowest": 0.9})


def test_the_fingerprint_is_of_the_file_and_the_parameters(tmp_path: Path) -> None:
    def fingerprint(value: float, *rules: dict[str, Any]) -> str:
        return bind(load(tmp_path, *rules), {"lowest": value}).fingerprint

    first = fingerprint(0.9, MEAN)
    assert first == fingerprint(0.9, MEAN)
    assert first != fingerprint(0.91, MEAN)
    assert first != fingerprint(0.9, changed("notes", "Mean reaches $lowest"))


def test_the_order_of_parameters_does_not_change_the_fingerprint(tmp_path: Path) -> None:
    suite = load(tmp_path, MEAN, CODES)
    one: BoundSuite = bind(suite, {"lowest": 0.9, "deep": 7, "b": "B"})
    assert one.fingerprint == bind(suite, {"b": "B", "deep": 7, "lowest": 0.9}).fingerprint


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("kwarg", {}, "unknown key kwarg"),
        ("notes", ..., "lacks notes"),
        ("notes", "  ", "rule mean_similarity: notes must state the rule"),
        ("severity", ..., "lacks severity"),
        ("severity", "info", "rule mean_similarity: severity is 'info'"),
        ("severity", "critcal", "severity is 'critcal'"),
        ("type", 3, "type is 3"),
        ("meta", ..., "lacks meta"),
        ("meta.rule", ..., "meta: lacks rule"),
        ("meta.rule", "Mean similarity", "meta.rule is 'Mean similarity'"),
        ("meta.table", ..., "meta: lacks table"),
        ("meta.id_colum", "clip_id", "unknown key id_colum"),
        ("meta.id_column", None, "meta.id_column is None"),
        ("meta.where", {"column": "a"}, "where takes either equals"),
        ("meta.where", {"column": "a", "equals": 1, "in": [1]}, "where takes either equals"),
        ("meta.where", {"column": "a", "equal": 1}, "unknown key equal"),
        ("meta.where", None, "meta.where is None"),
        ("meta.where", 3, "meta.where is 3, it must be a JSON object"),
        ("meta.where", {"column": 3, "equals": 1}, "meta.where.column is 3, it must be a text"),
        ("meta.where", {"column": "a", "in": []}, "meta.where.in is [], it must be a list"),
        ("meta.where", {"column": "a", "in": "xy"}, "meta.where.in is 'xy', it must be a list"),
        ("meta.where", {"column": "a", "in": ["x", None]}, "where: a value is None"),
        ("meta.where", {"column": "a", "equals": None}, "where: a value is None"),
        ("kwargs", [], "kwargs is [], it must be a JSON object"),
        ("kwargs", {"column": "a"}, "without a limit passes everything"),
        ("kwargs.max_value", None, "max_value holds a null"),
        ("kwargs.quantile_ranges", {"quantiles": [0.5], "value_ranges": [[None, 1]]}, "quantile_ranges holds a null"),
        ("kwargs.mostly", 0.98, "mostly is not allowed"),
        ("kwargs.row_condition", "a > 1", "row_condition is not allowed"),
        ("kwargs.ignore_row_if", "never", "ignore_row_if is not allowed"),
        ("kwargs.catch_exceptions", False, "catch_exceptions is not allowed"),
    ],
)
def test_a_rule_against_the_schema_is_an_error(tmp_path: Path, path: str, value: Any, message: str) -> None:
    assert load(tmp_path, MEAN).rules[0].name == "mean_similarity"  # the unchanged rule is fine
    with pytest.raises(SuiteError) as error:
        load(tmp_path, changed(path, value))
    assert message in str(error.value)
    assert "suite trial" in str(error.value)


def test_every_problem_of_a_file_is_a_line_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(SuiteError) as error:
        load(tmp_path, changed("severity", "info"), changed("kwargs.max_value", None, CODES) | {"extra": 1})
    assert str(error.value).splitlines() == [
        "suite trial: rule mean_similarity: severity is 'info', it must be critical or warning",
        "suite trial: rule codes: max_value holds a null; a limit that is null passes everything",
        "suite trial: rule codes: has the unknown key extra; allowed: kwargs, meta, notes, severity, type",
    ]


def test_a_parameter_that_makes_a_rule_wrong_is_an_error(tmp_path: Path) -> None:
    suite = load(tmp_path, changed("notes", "$words"))
    with pytest.raises(SuiteError, match="rule mean_similarity: notes must state the rule in a sentence"):
        bind(suite, {"words": " ", "lowest": 0.9})


def test_two_rules_with_one_name_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match=r"rule mean_similarity: expectations 1 and 3 have the same name"):
        load(tmp_path, MEAN, CODES, MEAN)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not JSON"),
        ("[]", "a suite is a JSON object"),
        ('{"name": "trial"}', "lacks expectations"),
        ('{"name": "trial", "expectations": []}', "at least one rule"),
        ('{"name": "trial", "expectations": {}}', "at least one rule"),
        ('{"name": "other", "expectations": [1]}', "its name is 'other'"),
        ('{"name": "trial", "expectations": [1]}', "expectation 1: must be a JSON object"),
        ('{"name": "trial", "expectations": [1], "id": "x"}', "unknown key id"),
        ('{"name": "trial", "name": "trial", "expectations": [1]}', "the key 'name' is there twice"),
        ('{"name": "trial", "expectations": [{"kwargs": {"min_value": NaN}}]}', "NaN is not a number"),
        ('{"name": "trial", "expectations": [{"kwargs": {"min_value": -Infinity}}]}', "-Infinity is not a number"),
    ],
)
def test_a_file_that_is_no_suite_is_an_error(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "trial.json").write_text(text, encoding="utf-8")
    with pytest.raises(SuiteError) as error:
        load_suite("trial", tmp_path)
    assert message in str(error.value)
    assert "trial" in str(error.value)


def test_a_missing_file_names_those_that_are_there(tmp_path: Path) -> None:
    write(tmp_path, MEAN)
    assert suite_names(tmp_path) == ("trial",)
    with pytest.raises(SuiteError, match=r"tiral\.json.*suites there: trial"):
        load_suite("tiral", tmp_path)


def test_reading_all_suites_imports_nothing_heavy() -> None:
    script = """
import sys
from voice_assets.rules import runner, suites
for name in suites.suite_names():
    suites.load_suite(name)
print([name for name in ("great_expectations", "torch", "dagster") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
