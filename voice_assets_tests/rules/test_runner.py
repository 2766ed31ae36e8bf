"""Judging tables: what is exact passes, and each way in which Great Expectations passes silently fails here."""

import gc
import importlib
import json
import logging
import math
import os
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

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


def expect_error(result: RuleResult, *said: str) -> None:
    assert (result.passed, result.errored, result.severity) == (False, True, "critical")
    assert [word for word in said if word not in result.message] == [], result.message


MONO = rule("mono", IN_SET, column="channels", value_set=[1])
LOUD = rule("loud", MEAN, column="level", min_value=-30)


# What is judged, and what a result says


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
    assert result.message == "The rule mono: 1 of 3 clips break it, none may (allowed: channels in {1}): c1.wav has 2."


def test_at_most_20_rows_are_named_and_all_are_counted(tmp_path: Path) -> None:
    [result] = judge(tmp_path, {"clips": clips(channels=[2] * 57)}, MONO)
    assert result.unexpected_count == result.observed == 57
    assert result.failing == [f"c{number}.wav" for number in range(20)]
    assert "and 52 more" in result.message


def test_a_row_without_a_name_is_called_by_its_line(tmp_path: Path) -> None:
    table = pd.DataFrame({"clip_id": ["", "b", ""], "channels": [2, 1, 2]})
    assert judge(tmp_path, {"clips": table}, MONO)[0].failing == ["row 1", "row 3"]
    assert judge(tmp_path, {"clips": table.assign(row=[11, 12, 13])}, MONO)[0].failing == ["row 11", "row 13"]


def test_the_index_of_a_table_does_not_matter(tmp_path: Path) -> None:
    table = clips(channels=[1, 2, 1]).set_index(pd.Index([5, 5, 5]))
    assert judge(tmp_path, {"clips": table}, MONO)[0].failing == ["c1.wav"]


def test_a_fact_is_observed_as_the_number_it_is(tmp_path: Path) -> None:
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


# Rows a rule is about


def test_a_rule_looks_at_its_rows_only(tmp_path: Path) -> None:
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


# What Great Expectations would let pass


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
    assert [result.rule for result in results] == ["mono", "broken"]


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


def test_a_table_that_is_rightly_empty_holds(tmp_path: Path) -> None:
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
def test_a_column_with_a_hole_cannot_be_judged(tmp_path: Path, limits: dict[str, Any], level: Any) -> None:
    [result] = judge(tmp_path, {"clips": clips(level=level)}, limits)
    expect_error(result, "level has no value", "c1.wav")
    assert result.failing[-1] == "c1.wav"
    assert result.unexpected_count == len(result.failing)


@pytest.mark.parametrize("hole", [None, math.nan, pd.NA])
def test_a_text_column_with_a_hole_cannot_be_judged(tmp_path: Path, hole: Any) -> None:
    known = rule("known", "expect_column_values_to_not_be_in_set", column="structure", value_set=["duplicate"])
    [result] = judge(tmp_path, {"clips": clips(structure=["", hole])}, known)
    expect_error(result, "structure has no value", "c1.wav")


def test_a_hole_in_the_second_column_of_a_pair_cannot_be_judged(tmp_path: Path) -> None:
    pair = rule("whole", "expect_column_pair_values_to_be_equal", column_A="a", column_B="b")
    [result] = judge(tmp_path, {"clips": clips(a=[1.0, math.nan], b=[1.0, math.nan])}, pair)
    expect_error(result, "a has no value")
    [result] = judge(tmp_path, {"clips": clips(a=[1.0, 2.0], b=[1.0, math.nan])}, pair)
    expect_error(result, "b has no value")


def test_a_hole_in_another_column_does_not_matter(tmp_path: Path) -> None:
    assert judge(tmp_path, {"clips": clips(channels=[1, 1], level=[math.nan, -20.0])}, MONO)[0].passed


def test_a_missing_table_column_or_name_column_is_an_error(tmp_path: Path) -> None:
    expect_error(judge(tmp_path, {"stats": clips(channels=[1])}, MONO)[0], "no table clips", "stats")
    expect_error(judge(tmp_path, {"clips": clips(chanels=[1])}, MONO)[0], "lacks the column channels", "chanels")
    expect_error(judge(tmp_path, {"clips": pd.DataFrame({"channels": [1]})}, MONO)[0], "lacks the column clip_id")


def test_a_column_that_is_there_twice_is_an_error(tmp_path: Path) -> None:
    table = pd.DataFrame([["a", 1, 2]], columns=["clip_id", "channels", "channels"])
    expect_error(judge(tmp_path, {"clips": table}, MONO)[0], "2 times the column channels")


@pytest.mark.parametrize("type_", [BETWEEN, MEAN, MAXIMUM, "expect_column_quantile_to_be_between"])
def test_texts_where_numbers_belong_are_an_error(tmp_path: Path, type_: str) -> None:
    extra = {"quantile": 0.5} if "quantile" in type_ else {}
    [result] = judge(tmp_path, {"clips": clips(level=["1", "2"])}, rule("range", type_, column="level", max_value=9, **extra))
    expect_error(result, "could not be judged")


def test_texts_are_not_the_numbers_they_look_like(tmp_path: Path) -> None:
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


# Expectations that misbehave


@pytest.fixture(scope="module")
def misbehaving() -> None:
    """Registers the expectations of ``misbehaving.py``."""
    importlib.import_module("voice_assets_tests.rules.misbehaving")


@pytest.mark.usefixtures("misbehaving")
@pytest.mark.parametrize(
    ("type_", "said"),
    [
        ("expect_column_trial_to_raise", "the judging broke"),
        ("expect_column_trial_no_value", "measured None"),
        ("expect_column_trial_nan_value", "measured nan"),
        ("expect_column_trial_some_rows", "looked at 1 of 2 clips"),
    ],
)
def test_an_expectation_that_broke_is_an_error(tmp_path: Path, type_: str, said: str) -> None:
    [result, fine] = judge(tmp_path, {"clips": clips(channels=[1, 1])}, rule("trial", type_, column="channels"), MONO)
    expect_error(result, said)
    assert fine.passed


@pytest.mark.usefixtures("misbehaving")
@pytest.mark.parametrize("answer", ["nan_success", "text_success", "bad_rows"])
def test_only_true_is_success(tmp_path: Path, answer: str) -> None:
    trial = rule("trial", f"expect_column_trial_{answer}", column="channels")
    assert not judge(tmp_path, {"clips": clips(channels=[1, 1])}, trial)[0].passed


@pytest.mark.usefixtures("misbehaving")
def test_a_true_of_numpy_is_true_and_a_metric_that_raises_is_an_error(tmp_path: Path) -> None:
    trial = rule("trial", "expect_column_trial_numpy_success", column="channels")
    [fine] = judge(tmp_path, {"clips": clips(channels=[1, 1])}, trial)
    assert (fine.passed, fine.observed) == (True, 2)
    [broken] = judge(tmp_path, {"clips": clips(channels=[13, 1])}, trial)
    expect_error(broken, "the metric met 13")


def test_a_rule_without_a_result_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("voice_assets.rules.runner._judge", lambda *_: iter(()))
    expect_error(judge(tmp_path, {"clips": clips(channels=[1])}, MONO)[0], "gave no result")


@pytest.mark.parametrize("times", [0, 2])
def test_each_rule_needs_exactly_one_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    from voice_assets.rules import runner

    real = runner._validate
    monkeypatch.setattr(runner, "_validate", lambda *given: {name: found * times for name, found in real(*given).items()})
    expect_error(judge(tmp_path, {"clips": clips(channels=[1])}, MONO)[0], f"gave {times} results")


@pytest.mark.parametrize("broken", ["_validate", "_dropped"])
def test_a_crash_fails_every_rule(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str) -> None:
    def crash(*_: object) -> None:
        raise MemoryError("no memory left")

    monkeypatch.setattr(f"voice_assets.rules.runner.{broken}", crash)
    for result in judge(tmp_path, {"clips": clips(channels=[1], level=[-20.0])}, MONO, LOUD):
        expect_error(result, "MemoryError", "no memory left")


# What a run leaves behind


def test_the_caller_keeps_its_tables_and_its_logging(tmp_path: Path) -> None:
    logger = logging.getLogger("great_expectations")
    logger.setLevel(logging.INFO)
    before = warnings.showwarning
    table = clips(channels=[2, 1])
    copied = table.copy(deep=True)
    judge(tmp_path, {"clips": table}, MONO)
    pd.testing.assert_frame_equal(table, copied)
    assert (logger.level, warnings.showwarning) == (logging.INFO, before)


def test_no_temporary_folder_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryDirectory", refuse)
    assert judge(tmp_path, {"clips": clips(channels=[1])}, MONO)[0].passed


def test_only_the_columns_a_suite_reads_reach_great_expectations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from great_expectations.datasource.fluent.interfaces import Batch

    seen: list[list[str]] = []
    real = Batch.validate

    def spy(self: Any, *given: Any, **named: Any) -> Any:
        seen.append(list(self.data.dataframe.columns))
        return real(self, *given, **named)

    monkeypatch.setattr(Batch, "validate", spy)
    meta = {"where": {"column": "structure", "equals": ""}}
    channels = rule("mono", IN_SET, column="channels", value_set=[1], meta=meta)
    judge(tmp_path, {"clips": clips(channels=[1], structure=[""], text=["long"])}, channels)
    assert seen == [["channels"]]


def test_no_table_stays_in_memory(tmp_path: Path) -> None:
    judge(tmp_path, {"clips": clips(channels=[1], pinned=[1])}, rule("pinned", IN_SET, column="pinned", value_set=[1]))
    gc.collect()
    held = [one for one in gc.get_objects() if type(one) is pd.DataFrame and "pinned" in one.columns]
    assert held == []


def test_runs_in_several_threads_wait_for_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from voice_assets.rules import runner

    inside, most, passed = [0], [0], []
    real = runner._judge

    def counting(*given: Any) -> Iterator[RuleResult]:
        inside[0] += 1
        most[0] = max(most[0], inside[0])
        time.sleep(0.05)  # long enough for the other thread to come in, if nothing keeps it out
        yield from real(*given)
        inside[0] -= 1

    monkeypatch.setattr(runner, "_judge", counting)
    suite, table = bound(tmp_path, MONO), clips(channels=[1])
    threads = [threading.Thread(target=lambda: passed.append(run(suite, {"clips": table})[0].passed)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (most, passed) == ([1], [True] * 3)


def test_great_expectations_logs_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    text = rule("text", BETWEEN, column="text", min_value=1)
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("great_expectations").setLevel(logging.DEBUG)
        judge(tmp_path, {"clips": clips(channels=[1, 2], text=["a", "b"])}, MONO, text)
    assert [record.name for record in caplog.records if record.name.startswith("great_expectations")] == []


FRESH = """
import json, logging, sys, warnings
from pathlib import Path
import pandas as pd
from voice_assets.rules.suites import bind, load_suite
from voice_assets.rules.runner import run

suite = bind(load_suite("trial", Path(sys.argv[1])), {})
results = run(suite, {"clips": pd.DataFrame({"clip_id": ["a"], "level": [-20.0], "text": ["a"]})})
print(json.dumps({
    "passed": [result.passed for result in results],
    "captured": warnings.showwarning.__module__,
    "level": logging.getLogger("great_expectations").level,
}))
"""


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> tuple[subprocess.CompletedProcess[str], Path]:
    """A run in a process of its own that has not imported our expectations, with an empty home and working folder."""
    runner, home = tmp_path_factory.mktemp("suites"), tmp_path_factory.mktemp("home")
    bound(runner, LOUD, rule("text", BETWEEN, column="text", min_value=1), rule("longest", MAXIMUM, column="text", max_value=1))
    environment = os.environ | {"HOME": str(home), "TMPDIR": str(home)}
    command = [sys.executable, "-B", "-c", FRESH, str(runner)]
    return subprocess.run(command, capture_output=True, text=True, cwd=home, env=environment, check=False), home


@pytest.mark.slow
def test_our_expectations_are_known_in_a_fresh_process(fresh: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    assert json.loads(fresh[0].stdout)["passed"] == [True, False, False]


@pytest.mark.slow
def test_a_fresh_process_stays_silent_and_warns_as_before(fresh: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    done, _ = fresh
    assert done.stderr == ""
    assert json.loads(done.stdout) == {"passed": [True, False, False], "captured": "warnings", "level": 0}


@pytest.mark.slow
def test_nothing_is_written_to_disk(fresh: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    assert fresh[0].returncode == 0
    assert list(fresh[1].rglob("*")) == []
