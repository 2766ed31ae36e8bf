import json
import math
import os
import subprocess
import sys
import time

import numpy as np
import pytest

from voice_assets.workers import protocol


class ForeseenError(Exception):
    pass


def events(text):
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize(
    ("value", "printed"),
    [
        (float("nan"), None),
        (math.inf, None),
        (np.float32(0.5), 0.5),
        (np.int64(3), 3),
        ("точка\nстрока", "точка\nстрока"),
        ({"a": [np.float64("nan"), 1]}, {"a": [None, 1]}),
        (np.bool_(True), True),
    ],
)
def test_an_event_is_one_line_of_strict_json(capsys, value, printed):
    protocol.emit("note", value=value)
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    assert events(out) == [{"event": "note", "value": printed}]


def test_a_lone_surrogate_can_be_printed(capsys):
    protocol.emit("note", text="a\ud800")
    assert events(capsys.readouterr().out)[0]["event"] == "note"


def test_progress_counts_results_of_an_earlier_run_but_not_in_the_rate(capsys):
    ticks = iter([0.0, 2.0, 4.0])
    progress = protocol.ProgressEvents(total=30, done=10, clock=lambda: next(ticks))
    progress.step(4, low=1)
    progress.step(6, low=2)
    first, second = events(capsys.readouterr().out)
    assert first == {"event": "progress", "done": 14, "total": 30, "rate_per_s": 2.0, "remaining_s": 8.0, "low": 1}
    assert (second["done"], second["rate_per_s"], second["remaining_s"]) == (20, 2.5, 4.0)


def test_the_remaining_time_follows_the_weight_of_the_remaining_items(capsys):
    ticks = iter([0.0, 2.0, 4.0, 6.0])
    progress = protocol.ProgressEvents(total=10, work=40.0, clock=lambda: next(ticks))
    progress.step(1, 10.0)  # long clips first: a tenth of the clips is a quarter of the work
    progress.step(2, 20.0)
    progress.step(7, 10.0)
    printed = events(capsys.readouterr().out)
    assert [(event["done"], event["rate_per_s"], event["remaining_s"]) for event in printed] == [
        (1, 0.5, 6.0),
        (3, 0.75, 1.3),
        (10, 1.667, 0.0),
    ]


def test_an_expected_error_is_one_line_and_code_2(capsys):
    def main():
        raise ForeseenError("clip a:\n  is gone")

    assert protocol.run(main, ForeseenError) == 2
    captured = capsys.readouterr()
    assert captured.err == "clip a: is gone\n"
    assert events(captured.out) == [{"event": "error", "message": "clip a: is gone", "type": "ForeseenError"}]


def test_any_other_error_is_an_event_and_is_raised(capsys):
    def main():
        raise KeyError("row")

    with pytest.raises(KeyError):
        protocol.run(main, ForeseenError)
    assert events(capsys.readouterr().out)[0]["type"] == "KeyError"


def test_output_of_a_library_is_not_among_the_events(capsys):
    def main():
        print("loading model…")
        protocol.emit("done")

    assert protocol.run(main) == 0
    captured = capsys.readouterr()
    assert events(captured.out) == [{"event": "done"}]
    assert "loading model" in captured.err


def test_a_copy_for_another_device_prints_nothing(capsys, monkeypatch):
    monkeypatch.setenv("LOCAL_RANK", "0")
    protocol.emit("note")
    assert len(events(capsys.readouterr().out)) == 1
    monkeypatch.setenv("LOCAL_RANK", "1")
    protocol.emit("note")
    assert capsys.readouterr().out == ""


@pytest.mark.slow
@pytest.mark.parametrize("rank", [None, "1"])
def test_a_worker_ends_with_its_parent(tmp_path, rank):
    """A copy for a further device gets the command line of the first process. The two have different parents."""
    child = (
        "import sys, time, pathlib, os\n"
        "from voice_assets.workers.protocol import follow_parent\n"
        "follow_parent(int(sys.argv[1]))\n"
        "pathlib.Path(sys.argv[2]).write_text(str(os.getpid()))\n"
        "time.sleep(60)\n"
    )
    parent = (
        "import subprocess, sys, os, time, pathlib\n"
        "subprocess.Popen([sys.executable, '-c', sys.argv[1], sys.argv[3] or str(os.getpid()), sys.argv[2]])\n"
        "while not pathlib.Path(sys.argv[2]).exists(): time.sleep(0.02)\n"
        "time.sleep(1.5)\n"
        "pid = pathlib.Path(sys.argv[2]).read_text()\n"
        "assert open(f'/proc/{pid}/stat').read().rsplit(')', 1)[1].split()[0] != 'Z', 'ended while its parent was alive'\n"
    )
    pid_file = tmp_path / "pid"
    followed, environment = ("1", {**os.environ, "LOCAL_RANK": rank}) if rank else ("", None)
    subprocess.run([sys.executable, "-c", parent, child, str(pid_file), followed], check=True, timeout=60, env=environment)
    pid = int(pid_file.read_text())
    for _ in range(400):
        if not _alive(pid):
            return
        time.sleep(0.05)
    pytest.fail(f"process {pid} outlived its parent")


def _alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False
