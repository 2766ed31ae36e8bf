"""The files that say what is running: written whole, read by anyone, and never taken for alive when their process is dead."""

import json
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from voice_assets.runtime import running
from voice_assets.runtime.processes import ProcessIdentity
from voice_assets.runtime.running import Running


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VOICE_ASSETS_ROOT", str(tmp_path))
    return tmp_path


def state(**changes: object) -> Running:
    usual = {
        "unit": "clips", "done": 10, "total": 40, "rate_per_s": 5.0, "remaining_s": 6.0, "started": time.time() - 2,
        "updated": time.time(), "figures": {"mean_similarity": 0.95, "low": 1},
        "recent": ({"clip_id": "a", "reference": "Да.", "hypothesis": "Да", "similarity": 1.0},),
        "process": ProcessIdentity.own(),
    }  # fmt: skip
    return Running(**{**usual, **changes})


def ended_process() -> ProcessIdentity:
    """A process that was here and has ended."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    identity = ProcessIdentity.of(process.pid)
    process.communicate(b"\n")
    return identity


def test_what_is_written_comes_back() -> None:
    file = running.progress_file("toy", "whisper_shard", "0-of-2")
    running.write(file, state())
    assert running.read(file) == state(
        asset="whisper_shard", partition="0-of-2", started=running.read(file).started, updated=running.read(file).updated
    )
    assert json.loads(file.read_text(encoding="utf-8"))["last"]["clip_id"] == "a"
    assert running.read(file).alive


def test_all_states_in_the_order_of_the_shards() -> None:
    for name, partition in (("whisper_shard", "10-of-12"), ("whisper_shard", "9-of-12"), ("base_validation", None)):
        running.write(running.progress_file("toy", name, partition), state())
    running.write(running.progress_file("toy", "whisper_shard", "²-of-12"), state())
    running.progress_file("toy", "broken", None).write_text('{"done": 1', encoding="utf-8")
    running.progress_file("toy", "other", None).write_text('["list"]', encoding="utf-8")
    found = [(one.asset, one.partition) for one in running.all_running("toy")]
    names = [("base_validation", None), *(("whisper_shard", f"{number}-of-12") for number in ("²", "9", "10"))]
    assert found == names
    assert running.all_running("nobody") == []


def test_only_a_process_that_has_certainly_ended_is_not_alive() -> None:
    own = ProcessIdentity.own()
    assert state().alive
    assert not state(process=ended_process()).alive
    assert not state(process=replace(own, started=own.started + 1)).alive  # another process has the id now
    assert state(process=replace(own, host="other/0/0/0")).alive


def test_a_state_of_an_unknown_form_is_no_state() -> None:
    file = running.progress_file("toy", "whisper_shard", None)
    running.write(file, state())
    written = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps({**written, "process": 4242}), encoding="utf-8")
    assert running.read(file) is None


def test_what_killed_processes_left_is_forgotten_and_what_runs_is_not() -> None:
    running.write(running.progress_file("toy", "whisper_shard", "0-of-2"), state(process=ended_process()))
    running.write(running.progress_file("toy", "whisper_shard", "0-of-4"), state())
    running.forget_dead("toy")
    assert [one.partition for one in running.all_running("toy")] == ["0-of-4"]
