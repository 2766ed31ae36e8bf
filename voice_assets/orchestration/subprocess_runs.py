"""Runs in processes of their own, so that several partitions of one asset are materialised at once.

Processes, not threads: Dagster redirects the standard output of the whole process to catch the output of a run, so two runs
in one process would mix their outputs. A process costs some seconds of imports, which is little for a shard that takes
minutes. The process ends with its parent.

``python -m voice_assets.orchestration.subprocess_runs`` is that process: it reads a task as JSON from its argument, and its
last line is the outcome as JSON.
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

from voice_assets.orchestration.dead_runs import fail_runs_of
from voice_assets.orchestration.gates import AssetPartition
from voice_assets.orchestration.instance import open_instance
from voice_assets.orchestration.launch import InProcessRuns
from voice_assets.orchestration.launcher import Outcome, Task
from voice_assets.runtime.processes import ProcessIdentity

_SECONDS_TO_END = 15
_LINES_SHOWN = 5


def run_side_by_side(
    instance: dg.DagsterInstance, tasks: Iterable[Task], width: int, ended: Callable[[Task, Outcome], None]
) -> None:
    """Run ``tasks`` in ``width`` processes, as ``Launcher.run`` says. A run that fails does not stop the other runs."""
    runs, waiting, started = SubprocessRuns(instance), iter(tasks), dict[Future[Outcome], Task]()
    with ThreadPoolExecutor(width) as threads:
        try:
            while True:
                for task in islice(waiting, width - len(started)):
                    started[threads.submit(runs.run, task)] = task
                if not started:
                    return
                for future in wait(started, return_when=FIRST_COMPLETED).done:
                    ended(started.pop(future), future.result())
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
        """Run ``task`` in a new process. Returns when that process has ended, also when the process crashed."""
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
        identity = ProcessIdentity.of(process.pid)
        assert identity is not None  # the process keeps its id until `communicate` collects it
        printed, errors = process.communicate()
        with self._lock:
            self._processes.remove(process)
        return _outcome(printed) or self._died(task.target, identity, process.returncode, errors)

    def _died(self, target: AssetPartition, process: ProcessIdentity, code: int, errors: str) -> Outcome:
        """The outcome of a process that printed none. The run that the process left unfinished is marked as failed."""
        ended = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
        message = f"{target}: its process {ended}. " + " | ".join(errors.strip().splitlines()[-_LINES_SHOWN:])
        failed = fail_runs_of(self._instance, process, message)
        return Outcome(failed[0] if failed else "", False, message)

    def end(self) -> None:
        """End every running process, and start no further one."""
        with self._lock:
            self._ended = True
            processes = list(self._processes)
        deadline = time.monotonic() + _SECONDS_TO_END
        while running := [process for process in processes if process.poll() is None]:
            for process in running:
                # Repeated, because Dagster holds a signal back while it loads, and may lose the signal.
                process.terminate() if time.monotonic() < deadline else process.kill()
            time.sleep(0.5)


def _outcome(printed: str) -> Outcome | None:
    """The outcome on the last line; None when the last line is no outcome."""
    lines = printed.strip().splitlines()
    try:
        return Outcome(**json.loads(lines[-1]))
    except (IndexError, TypeError, ValueError):
        return None


def _end_with(parent: int) -> None:
    """End this process when the process ``parent`` ends. The workers of this process end with this process."""

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
