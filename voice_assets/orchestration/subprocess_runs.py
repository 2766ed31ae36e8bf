"""Runs in processes of their own, so that several partitions of one asset are materialised at once.

Processes, not threads: Dagster redirects the standard output of the whole process to catch what a run prints, and two
runs in one process would take the output from each other. A process costs some seconds of imports; it is for shards that
take minutes. The process ends with its parent.

``python -m voice_assets.orchestration.subprocess_runs`` is the process: it reads a task as JSON from its argument and
prints the outcome as JSON on its last line.
"""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import asdict
from itertools import islice
from typing import Any

import dagster as dg

from voice_assets.orchestration.gates import AssetPartition
from voice_assets.orchestration.instance import PID_TAG, open_instance
from voice_assets.orchestration.launch import InProcessRuns
from voice_assets.orchestration.launcher import Outcome, Task

_SECONDS_TO_END = 15
_LINES_SHOWN = 5


def run_side_by_side(
    instance: dg.DagsterInstance, tasks: Iterable[Task], width: int, ended: Callable[[Task, Outcome], None]
) -> None:
    """Run ``tasks`` in ``width`` processes, as ``Launcher.run`` says. A run that fails or dies leaves the others alone."""
    runs, waiting, going = SubprocessRuns(instance), iter(tasks), dict[Future[Outcome], Task]()
    with ThreadPoolExecutor(width) as threads:
        try:
            while True:
                for task in islice(waiting, width - len(going)):
                    going[threads.submit(runs.run, task)] = task
                if not going:
                    return
                for future in wait(going, return_when=FIRST_COMPLETED).done:
                    ended(going.pop(future), future.result())
        except BaseException:  # Ctrl-C too: the threads wait for their processes
            runs.end()
            raise


class SubprocessRuns:
    """Starts runs, each in a process of its own. Safe to use from several threads."""

    def __init__(self, instance: dg.DagsterInstance):
        self._instance = instance
        self._processes: list[subprocess.Popen[str]] = []
        self._ended = False
        self._lock = threading.Lock()

    def run(self, task: Task) -> Outcome:
        """Run ``task``. Returns when its process has ended, however it ended."""
        request = {
            "asset": task.target.key.path,
            "partition": task.target.partition,
            "checks": None if task.checks is None else sorted(check.name for check in task.checks),
            "parent": os.getpid(),
        }
        with self._lock:
            if self._ended:
                return Outcome("", False, f"{task.target}: the runs were ended before this one started")
            process = subprocess.Popen(
                [sys.executable, "-m", "voice_assets.orchestration.subprocess_runs", json.dumps(request)],
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
        return outcome or self._died(task.target, process.pid, process.returncode, errors)

    def _died(self, target: AssetPartition, pid: int, code: int, errors: str) -> Outcome:
        """The outcome of a process that printed none; a run that it left unfinished is marked as failed."""
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
    """The outcome on the last line; None when that line is no outcome."""
    lines = printed.strip().splitlines()
    try:
        return Outcome(**json.loads(lines[-1]))
    except (IndexError, TypeError, ValueError):
        return None


def _end_with(parent: int) -> None:
    """End this process when ``parent`` ends. The workers of this process follow it in the same way."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1.0)
        os._exit(3)

    threading.Thread(target=watch, daemon=True).start()


def main(argument: str) -> None:
    """Run the task that ``argument`` describes, and print the outcome."""
    request: dict[str, Any] = json.loads(argument)
    _end_with(request["parent"])
    target = AssetPartition(dg.AssetKey(request["asset"]), request["partition"])
    names = request["checks"]
    checks = None if names is None else [dg.AssetCheckKey(target.key, name) for name in names]
    with open_instance() as instance:
        outcome = InProcessRuns(instance).run(target, checks)
    sys.stdout.write("\n" + json.dumps(asdict(outcome)) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
