"""A run changes no table and no logger, writes no file and keeps no frame in memory."""

import gc
import json
import logging
import os
import subprocess
import sys
import tempfile
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from voice_assets.rules import runner
from voice_assets.rules.runner import RuleResult, run
from voice_assets_tests.rules.trial_suites import BETWEEN, IN_SET, LOUD, MAXIMUM, MONO, bound, clips, judge, rule


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


@pytest.mark.slow
def test_no_table_stays_in_memory(tmp_path: Path) -> None:
    judge(tmp_path, {"clips": clips(channels=[1], pinned=[1])}, rule("pinned", IN_SET, column="pinned", value_set=[1]))
    gc.collect()
    held = [one for one in gc.get_objects() if type(one) is pd.DataFrame and "pinned" in one.columns]
    assert held == []


class CountingLock:
    """A lock that counts the threads that tried to take it."""

    def __init__(self) -> None:
        self.asked = threading.Semaphore(0)
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        self.asked.release()
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()


def test_runs_in_several_threads_wait_for_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock, first, inside, most, passed = CountingLock(), [True], [0], [0], []
    real = runner._judge

    def counting(*given: Any) -> Iterator[RuleResult]:
        inside[0] += 1
        most[0] = max(most[0], inside[0])
        if first:  # the first run goes on only when the other two wait for the lock
            first.clear()
            assert all(lock.asked.acquire(timeout=60) for _ in range(3))
        yield from real(*given)
        inside[0] -= 1

    monkeypatch.setattr(runner, "_ONE_AT_A_TIME", lock)
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
    """A run in a separate process that has not imported our expectations, with an empty home and working folder."""
    runner, home = tmp_path_factory.mktemp("suites"), tmp_path_factory.mktemp("home")
    bound(runner, LOUD, rule("text", BETWEEN, column="text", min_value=1), rule("longest", MAXIMUM, column="text", max_value=1))
    environment = os.environ | {"HOME": str(home), "TMPDIR": str(home)}
    command = [sys.executable, "-B", "-c", FRESH, str(runner)]
    return subprocess.run(command, capture_output=True, text=True, cwd=home, env=environment, check=False), home


@pytest.mark.slow
def test_our_expectations_are_registered_in_a_fresh_process(fresh: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    assert json.loads(fresh[0].stdout)["passed"] == [True, False, False]


@pytest.mark.slow
def test_a_fresh_process_prints_nothing_and_warns_as_before(fresh: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    done, _ = fresh
    assert done.stderr == ""
    assert json.loads(done.stdout) == {"passed": [True, False, False], "captured": "warnings", "level": 0}


@pytest.mark.slow
def test_nothing_is_written_to_disk(fresh: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    assert fresh[0].returncode == 0
    assert list(fresh[1].rglob("*")) == []
