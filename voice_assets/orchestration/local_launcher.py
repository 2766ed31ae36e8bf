"""The launcher of this machine: one run at a time in this process, several at once in processes of their own."""

from collections.abc import Callable, Iterable

import dagster as dg

from voice_assets.orchestration.launch import InProcessRuns
from voice_assets.orchestration.launcher import Outcome, Task
from voice_assets.orchestration.subprocess_runs import run_side_by_side


class LocalLauncher:
    """A ``Launcher`` that runs the installed code on one instance."""

    def __init__(self, instance: dg.DagsterInstance):
        self._instance = instance
        self._here = InProcessRuns(instance)

    def run(self, tasks: Iterable[Task], width: int, ended: Callable[[Task, Outcome], None]) -> None:
        """See ``Launcher.run``."""
        if width > 1:
            run_side_by_side(self._instance, tasks, width, ended)
            return
        for task in tasks:
            ended(task, self._here.run(task.target, task.checks))
