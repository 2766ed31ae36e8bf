"""Runs in processes of their own, so that several partitions of one asset are materialised at once.

Processes, not threads: Dagster redirects the standard output of the whole process to catch the output of a run, so two runs
in one process would mix their outputs. The processes are forked from a server (Python's ``forkserver``) that has loaded the
libraries, so that a run neither imports them again nor holds its own copy in memory. Each process ends with its parent.
"""

import gc
import multiprocessing
import os
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor
from concurrent.futures import wait as first_of
from itertools import islice
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerProcess

import dagster as dg

from voice_assets.orchestration.dead_runs import fail_runs_of
from voice_assets.orchestration.gates import AssetPartition
from voice_assets.orchestration.instance import open_instance
from voice_assets.orchestration.launch import MODULE, InProcessRuns
from voice_assets.orchestration.launcher import Outcome, Task
from voice_assets.runtime.processes import ProcessIdentity

PRELOADED = (
    "voice_assets.orchestration.run_server",
    "__main__",
    __name__,
    MODULE,
    "dagster_pandas",
    "pyarrow.parquet",
    "great_expectations",
)
"""The modules that the server imports. A module that is not there is not loaded: then each run imports for itself."""
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
                for future in first_of(started, return_when=FIRST_COMPLETED).done:
                    ended(started.pop(future), future.result())
        except BaseException:  # Ctrl-C too: the threads wait for their processes
            runs.end()
            raise


class SubprocessRuns:
    """Starts runs, each in a process of its own. Safe to use from several threads."""

    def __init__(self, instance: dg.DagsterInstance):
        self._instance = instance
        self._processes: list[ForkServerProcess] = []
        self._ended = False
        self._lock = threading.Lock()  # also because multiprocessing is not safe to use from several threads
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(list(PRELOADED))

    def run(self, task: Task) -> Outcome:
        """Run ``task`` in a new process. Returns when that process has ended, also when the process crashed."""
        reader, writer = self._context.Pipe(duplex=False)
        with reader, tempfile.NamedTemporaryFile("r", encoding="utf-8", errors="replace") as printed:
            process = self._context.Process(target=_run, args=(task, dict(os.environ), printed.name, writer), daemon=True)
            with writer, self._lock:
                if self._ended:
                    return Outcome("", False, f"{task.target}: the runs were ended before this one started")
                process.start()
                identity = ProcessIdentity.of(process.pid or 0)
                self._processes.append(process)
            outcome = _received(reader)
            wait([process.sentinel])
            with self._lock:
                process.join()
                self._processes.remove(process)
            return outcome or self._died(task.target, identity, process.exitcode or 0, printed.read())

    def _died(self, target: AssetPartition, process: ProcessIdentity | None, code: int, errors: str) -> Outcome:
        """The outcome of a process that sent none. The run that the process left unfinished is marked as failed.

        ``process``: None for a process that had ended before anybody saw it, and so before it had made a run.
        """
        ended = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
        message = f"{target}: its process {ended}. " + " | ".join(errors.strip().splitlines()[-_LINES_SHOWN:])
        failed = fail_runs_of(self._instance, process, message) if process else []
        return Outcome(failed[0] if failed else "", False, message)

    def _running(self) -> list[ForkServerProcess]:
        """The processes that have started, and that ``run`` has not seen ending."""
        with self._lock:
            return list(self._processes)

    def end(self) -> None:
        """End every running process, and start no further one."""
        self._ended = True  # before the lock, for which further runs may wait
        deadline = time.monotonic() + _SECONDS_TO_END
        while running := self._running():
            for process in running:
                # Repeated, because Dagster holds a signal back while it loads, and may lose the signal.
                process.terminate() if time.monotonic() < deadline else process.kill()
            time.sleep(0.5)


def _received(reader: Connection) -> Outcome | None:
    """The outcome that a process sends; None when the process ended without one."""
    try:
        outcome: Outcome = reader.recv()
    except (EOFError, OSError):  # OSError: in the middle of the outcome
        return None
    return outcome


def _run(task: Task, environment: dict[str, str], printed: str, outcome: Connection) -> None:
    """Run ``task`` in this process, and send the outcome. The file ``printed`` gets what the run prints."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal sends Ctrl-C to all; the parent ends its processes by `end`
    gc.freeze()  # what the server loaded is here for good: a collection would copy its memory
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with open(printed, "ab") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    os.environ.clear()  # the server has the variables of the moment it was started
    os.environ.update(environment)
    with open_instance() as instance:
        outcome.send(InProcessRuns(instance).run(task.target, task.checks))


def _end_with_parent() -> None:
    """End this process when its parent ends. The workers of this process end with this process."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(3)
