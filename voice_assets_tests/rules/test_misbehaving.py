"""An expectation that raises, measures nothing or returns anything but true fails its rule."""

import importlib
from pathlib import Path

import pytest

from voice_assets_tests.rules.trial_suites import LOUD, MONO, clips, expect_error, judge, rule


@pytest.fixture(scope="module")
def misbehaving() -> None:
    """Registers the expectations of ``misbehaving.py``."""
    importlib.import_module("voice_assets_tests.rules.misbehaving")


@pytest.mark.usefixtures("misbehaving")
@pytest.mark.parametrize(
    ("type_", "message"),
    [
        ("expect_column_trial_to_raise", "the expectation broke"),
        ("expect_column_trial_no_value", "measured None"),
        ("expect_column_trial_nan_value", "measured nan"),
        ("expect_column_trial_some_rows", "judged 1 of 2 clips"),
    ],
)
def test_an_expectation_that_broke_is_an_error(tmp_path: Path, type_: str, message: str) -> None:
    [result, fine] = judge(tmp_path, {"clips": clips(channels=[1, 1])}, rule("trial", type_, column="channels"), MONO)
    expect_error(result, message)
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
    expect_error(broken, "the metric found 13")


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
