"""Starting workers: events arrive while a worker runs, an error becomes a failure, and a worker ends with its run."""

import json
import os
from pathlib import Path

import dagster as dg
import pytest

from voice_assets.orchestration import processes
from voice_assets.orchestration.processes import run_worker
from voice_assets.runtime.requests import Request


class Number(Request):
    """The request of the worker in these tests."""

    number: int


@pytest.fixture
def worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A function that runs a small script as if it were a worker, and returns its events."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    package = tmp_path / "stand_in"
    package.mkdir()
    (package / "__init__.py").write_text("", encoding="utf-8")
    monkeypatch.setattr(processes, "PACKAGE", "stand_in")

    def run(script: str, on_event=None, number: int = 5) -> list[dict]:
        (package / "script.py").write_text(script, encoding="utf-8")
        events: list[dict] = []
        run_worker("script", Number(number=number), tmp_path / "logs" / "worker.log", on_event or events.append)
        return events

    return run


def test_events_in_order_and_other_output_as_notes(worker) -> None:
    events = worker("import json\nprint(json.dumps({'event': 'progress', 'done': 1}))\nprint('hello')\nprint('7')")
    assert events == [
        {"event": "progress", "done": 1},
        {"event": "note", "message": "hello"},
        {"event": "note", "message": "7"},
    ]


ARGUMENTS = "import json, sys\nprint(json.dumps({'event': 'arguments', 'all': sys.argv[1:]}))"


def test_the_request_and_the_parent_reach_the_worker(worker, tmp_path: Path) -> None:
    (event,) = worker(ARGUMENTS)
    file, flag, parent = event["all"]
    assert Number.read(file) == Number(number=5)
    assert Path(file) == tmp_path / "logs" / "script_request.json"
    assert (flag, parent) == ("--with-parent", str(os.getpid()))


def test_a_log_in_the_current_folder_still_gives_the_worker_an_absolute_path(worker, tmp_path: Path, monkeypatch) -> None:
    worker(ARGUMENTS)
    monkeypatch.chdir(tmp_path)
    events: list[dict] = []
    run_worker("script", Number(number=5), Path("worker.log"), events.append)
    assert events[0]["all"][0] == str(tmp_path / "script_request.json")


def test_a_second_start_in_the_folder_keeps_the_first_request(worker, tmp_path: Path) -> None:
    files = [Path(worker(ARGUMENTS, number=number)[0]["all"][0]) for number in (5, 6, 5)]
    assert [json.loads(file.read_text(encoding="utf-8")) for file in files] == [{"number": 5}, {"number": 6}, {"number": 5}]
    assert files[0] == files[2] != files[1]


def test_an_error_event_is_the_message(worker) -> None:
    with pytest.raises(dg.Failure) as caught:
        worker("import json, sys\nprint(json.dumps({'event': 'error', 'message': 'a.wav: no audio'}))\nsys.exit(2)")
    assert "a.wav: no audio" in caught.value.description
    assert Number.read(caught.value.metadata["request"].value) == Number(number=5)
    assert not caught.value.allow_retries


def test_a_traceback_is_shown_from_the_log(worker) -> None:
    with pytest.raises(dg.Failure) as caught:
        worker("raise ZeroDivisionError('by nought')")
    assert "exit code 1" in caught.value.description
    assert "by nought" in caught.value.description


def test_the_failure_names_the_signal_that_killed_the_worker(worker) -> None:
    with pytest.raises(dg.Failure, match="killed by signal 9"):
        worker("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")


def test_an_error_while_reading_events_ends_the_worker(worker, tmp_path: Path) -> None:
    def fail(_event: dict) -> None:
        raise KeyboardInterrupt

    late = str(tmp_path / "late")
    script = f"import time\nprint('go', flush=True)\ntime.sleep(60)\nopen({late!r}, 'w')"
    with pytest.raises(KeyboardInterrupt):
        worker(script, fail)
    assert not (tmp_path / "late").exists()


def test_a_training_worker_that_was_killed_for_its_memory_gets_advice(worker, monkeypatch: pytest.MonkeyPatch) -> None:
    script = "import os, signal, sys\nprint('last words', file=sys.stderr, flush=True)\nos.kill(os.getpid(), signal.SIG{})"
    monkeypatch.setitem(processes.KILLED, "script", "lower training.batch_size; ")
    with pytest.raises(
        dg.Failure, match=r"was killed by signal 9; lower training\.batch_size; the last lines of its log:\nlast words"
    ):
        worker(script.format("KILL"))
    with pytest.raises(dg.Failure, match=r"was killed by signal 15; the last lines of its log:\nlast words"):
        worker(script.format("TERM") + "  # longer: compiled code is recognised by the length of its source")
    assert "training.batch_size" in processes.KILLED["train"]
