"""Runs in processes of their own, so that several partitions of one asset are materialised at once.

Processes, not threads: Dagster catches what a run prints by redirecting the standard output of its whole process, and two
runs in one process would take it from each other for good. A process costs some seconds of imports; it is for shards
that take minutes. The process dies with its parent, and is told apart in Dagster by ``PID_TAG``, as any walk is.

``python -m voice_assets.orchestration.subprocess_runs`` is the other side: one place as JSON in its argument, its outcome
as JSON on the last line it prints.
"""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import dagster as dg

from voice_assets.orchestration.gates import AssetPartition
from voice_assets.orchestration.instance import PID_TAG, open_instance
from voice_assets.orchestration.launch import Launcher, Outcome

_SECONDS_TO_END = 15
_LINES_SHOWN = 5


class SubprocessRuns:
    """Starts runs, each in a process of its own. Safe to use from several threads."""

    def __init__(self, instance: dg.DagsterInstance):
        self._instance = instance
        self._processes: list[subprocess.Popen[str]] = []
        self._ended = False
        self._lock = threading.Lock()

    def run(self, target: AssetPartition, checks: Iterable[dg.AssetCheckKey] | None) -> Outcome:
        """Materialise ``target``, or only run ``checks`` on it. Returns when that process has ended, however it ended."""
        asked = {
            "asset": target.key.path,
            "partition": target.partition,
            "checks": None if checks is None else sorted(check.name for check in checks),
            "parent": os.getpid(),
        }
        with self._lock:
            if self._ended:
                return Outcome("", False, f"{target}: the run was ended before this began")
            process = subprocess.Popen(
                [sys.executable, "-m", "voice_assets.orchestration.subprocess_runs", json.dumps(asked)],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                encoding="utf-8",
                errors="replace",
            )
            self._processes.append(process)
        printed, errors = process.communicate()
        with self._lock:
            self._processes.remove(process)
        outcome = _outcome(printed)
        return outcome or self._died(target, process.pid, process.returncode, errors)

    def _died(self, target: AssetPartition, pid: int, code: int, errors: str) -> Outcome:
        """The outcome of a process that could not tell it; a run that it left behind is marked as failed."""
        ended = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
        message = f"{target}: its process {ended}. " + " | ".join(errors.strip().splitlines()[-_LINES_SHOWN:])
        unfinished = [dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED]
        left = self._instance.get_runs(dg.RunsFilter(tags={PID_TAG: str(pid)}, statuses=unfinished))
        for run in left:
            self._instance.report_run_failed(run, message)
        return Outcome(left[0].run_id if left else "", False, message)

    def end(self) -> None:
        """End every process that is running, and start no other."""
        with self._lock:
            self._ended = True
            processes = list(self._processes)
        deadline = time.monotonic() + _SECONDS_TO_END
        while running := [process for process in processes if process.poll() is None]:
            for process in running:
                # Again and again: Dagster holds a signal back while it loads, and may lose it.
                process.terminate() if time.monotonic() < deadline else process.kill()
            time.sleep(0.5)


def _outcome(printed: str) -> Outcome | None:
    """What the last line says; None when that is no outcome."""
    lines = printed.strip().splitlines()
    try:
        return Outcome(**json.loads(lines[-1]))
    except (IndexError, TypeError, ValueError):
        return None


def _follow(parent: int) -> None:
    """End with ``parent``. Its own workers follow this process in the same way."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1.0)
        os._exit(3)

    threading.Thread(target=watch, daemon=True).start()


def main(argument: str) -> None:
    """Run what ``argument`` asks for, and print the outcome."""
    asked: dict[str, Any] = json.loads(argument)
    _follow(asked["parent"])
    target = AssetPartition(dg.AssetKey(asked["asset"]), asked["partition"])
    with open_instance() as instance:
        launcher = Launcher(instance)
        if asked["checks"] is None:
            outcome = launcher.materialise(target)
        else:
            outcome = launcher.check(target, [dg.AssetCheckKey(target.key, name) for name in asked["checks"]])
    sys.stdout.write("\n" + json.dumps(asdict(outcome)) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
