"""Starting workers: their events arrive while they work, their errors become failures, and they end with their run."""

from pathlib import Path

import dagster as dg
import pytest

from voice_assets.orchestration import processes
from voice_assets.orchestration.processes import run_worker


@pytest.fixture
def worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A function that runs a small script as if it were a worker, and returns its events."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    package = tmp_path / "stand_in"
    package.mkdir()
    (package / "__init__.py").write_text("", encoding="utf-8")
    monkeypatch.setattr(processes, "PACKAGE", "stand_in")

    def run(script: str, on_event=None) -> list[dict]:
        (package / "script.py").write_text(script, encoding="utf-8")
        events: list[dict] = []
        run_worker("script", ["--number", 5], tmp_path / "logs" / "worker.log", on_event or events.append)
        return events

    return run


def test_events_in_order_and_other_output_as_notes(worker) -> None:
    events = worker("import json\nprint(json.dumps({'event': 'progress', 'done': 1}))\nprint('hello')\nprint('7')")
    assert events == [
        {"event": "progress", "done": 1},
        {"event": "note", "message": "hello"},
        {"event": "note", "message": "7"},
    ]


def test_arguments_and_parent_reach_the_worker(worker) -> None:
    (event,) = worker(
        "import json, sys\nprint(json.dumps({'event': 'arguments', 'all': sys.argv[1:3], 'parent': sys.argv[3]}))"
    )
    assert event == {"event": "arguments", "all": ["--number", "5"], "parent": "--with-parent"}


def test_an_error_event_is_the_message(worker) -> None:
    with pytest.raises(dg.Failure) as caught:
        worker("import json, sys\nprint(json.dumps({'event': 'error', 'message': 'a.wav: no audio'}))\nsys.exit(2)")
    assert "a.wav: no audio" in caught.value.description
    assert not caught.value.allow_retries


def test_a_traceback_is_shown_from_the_log(worker) -> None:
    with pytest.raises(dg.Failure) as caught:
        worker("raise ZeroDivisionError('by nought')")
    assert "exit code 1" in caught.value.description
    assert "by nought" in caught.value.description


def test_a_killed_worker_says_so(worker) -> None:
    with pytest.raises(dg.Failure, match="killed by signal 9"):
        worker("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")


def test_an_error_while_listening_ends_the_worker(worker, tmp_path: Path) -> None:
    def fail(_event: dict) -> None:
        raise KeyboardInterrupt

    late = str(tmp_path / "late")
    script = f"import time\nprint('go', flush=True)\ntime.sleep(60)\nopen({late!r}, 'w')"
    with pytest.raises(KeyboardInterrupt):
        worker(script, fail)
    assert not (tmp_path / "late").exists()
