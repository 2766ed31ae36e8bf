"""Starting workers: a process of its own for heavy work, watched while it runs, ended when its run ends.

Workers are named by module, never imported: their libraries stay out of Dagster's processes. The protocol is in
``voice_assets.workers``: one JSON object a line on standard output, logs on standard error.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

import dagster as dg

PACKAGE = "voice_assets.workers"
SECONDS_TO_END = 15
LOG_LINES_SHOWN = 15


def run_worker(
    module: str,
    arguments: Sequence[str | Path | int | float],
    log: Path,
    on_event: Callable[[dict[str, Any]], None],
    environment: dict[str, str] | None = None,
    inherited: Collection[int] = (),
) -> None:
    """Run ``python -m voice_assets.workers.<module>`` and hand over its events as they come.

    Args:
        module: the worker's name.
        arguments: its command line.
        log: file that takes its standard error; appended, so a run that goes on keeps what was there.
        on_event: called with each event in the order they were printed.
        environment: variables set on top of this process's.
        inherited: open files, by number, that the worker keeps too: a lock among them lasts as long as either process.

    Raises:
        dagster.Failure: without retries, with the worker's own message, when it did not end well.
    """
    command = [sys.executable, "-m", f"{PACKAGE}.{module}", *map(str, arguments), "--with-parent", str(os.getpid())]
    log.parent.mkdir(parents=True, exist_ok=True)
    message = ""
    with log.open("ab") as errors:
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            encoding="utf-8",
            errors="replace",
            env={**os.environ, **(environment or {})},
            pass_fds=tuple(inherited),
        )
        try:
            assert process.stdout is not None
            for line in process.stdout:
                event = _event(line)
                if event.get("event") == "error":
                    message = str(event.get("message"))
                else:
                    on_event(event)
            code = process.wait()
        finally:
            _end(process)
    if code != 0:
        raise _failure(module, code, message, log)


def _event(line: str) -> dict[str, Any]:
    """One line of a worker; a line that is not an event (a library that prints) becomes a note."""
    try:
        event = json.loads(line)
    except json.JSONDecodeError:
        return {"event": "note", "message": line.rstrip()}
    known = isinstance(event, dict) and "event" in event
    return event if known else {"event": "note", "message": line.rstrip()}


def _end(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _failure(module: str, code: int, message: str, log: Path) -> dg.Failure:
    if not message:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_LINES_SHOWN:]
        ended = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
        message = f"{ended}; the last lines of its log:\n" + "\n".join(lines)
    return dg.Failure(
        f"The worker {module}: {message}", metadata={"log": dg.MetadataValue.path(log), "exit_code": code}, allow_retries=False
    )
