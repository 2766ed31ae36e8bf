"""Starting workers. A worker is a process for heavy work that ends with its run; its events are read while it runs.

Workers are named by module, never imported: their libraries stay out of Dagster's processes. A worker reads one request
(``runtime.requests``), prints one JSON object per line on standard output and logs on standard error. Not here: what
workers do (``voice_assets.workers``), and the fields of requests (``asr.requests``, ``piper.requests``).
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import dagster as dg

from voice_assets.runtime.requests import Request

PACKAGE = "voice_assets.workers"
SECONDS_TO_END = 15
LOG_LINES_SHOWN = 15
KILLED = {
    "train": "signal 9 often means that the system ran out of memory (see `dmesg`): lower training.num_workers or "
    "training.batch_size, and raise training.accumulate to keep their product; "
}
"""Advice for a worker that was killed by signal 9, for which it could leave no message."""


def run_worker(
    module: str,
    request: Request,
    log: Path,
    on_event: Callable[[dict[str, Any]], None],
    environment: dict[str, str] | None = None,
    inherited: Collection[int] = (),
) -> None:
    """Write the request beside the log, run ``python -m voice_assets.workers.<module>`` on the request and pass the events on.

    Args:
        module: the worker's name.
        request: the input of the worker. The file stays, so that a person can run the worker again from a shell.
        log: file for the worker's standard error, in the folder of one run; appended, so a resumed run keeps earlier lines.
        on_event: called with each event, in order.
        environment: variables that are set in addition to those of this process.
        inherited: numbers of open files that the worker inherits. An inherited lock lasts until both processes have ended.

    Raises:
        dagster.Failure: without retries, with the worker's own message, when its exit code is not 0.
    """
    file = request.write(log.parent.absolute(), module)
    command = [sys.executable, "-m", f"{PACKAGE}.{module}", str(file), "--with-parent", str(os.getpid())]
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
        raise _failure(module, code, message, log, file)


def _event(line: str) -> dict[str, Any]:
    """The event in one line of a worker. A line that is not an event (a library prints it) becomes a note."""
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


def _failure(module: str, code: int, message: str, log: Path, request: Path) -> dg.Failure:
    if not message:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_LINES_SHOWN:]
        ended = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
        advice = KILLED.get(module, "") if code == -signal.SIGKILL else ""
        message = f"{ended}; {advice}the last lines of its log:\n" + "\n".join(lines)
    facts: dict[str, Any] = {"log": dg.MetadataValue.path(log), "request": dg.MetadataValue.path(request), "exit_code": code}
    return dg.Failure(f"The worker {module}: {message}", metadata=facts, allow_retries=False)
