"""The interface between the runner and the way runs start: a ``Launcher`` runs each ``Task`` and returns its ``Outcome``.

Not here: how a run starts. ``local_launcher`` starts runs on this machine.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

import dagster as dg

from voice_assets.orchestration.gates import AssetPartition


@dataclass(frozen=True)
class Task:
    """One run that is needed, and the reason for it.

    ``checks``: the run executes only these checks, on the materialisation that is there. With None, the run materialises
    the target and executes all its checks.
    """

    target: AssetPartition
    reason: str
    checks: frozenset[dg.AssetCheckKey] | None = None


@dataclass(frozen=True)
class Outcome:
    """How one run ended. ``message`` says why it did not succeed; ``closed`` tells whether a gate was closed."""

    run_id: str
    success: bool
    message: str = ""
    closed: bool = False


class Launcher(Protocol):
    """Starts runs and waits for them."""

    def run(self, tasks: Iterable[Task], width: int, ended: Callable[[Task, Outcome], None]) -> None:
        """Run ``tasks`` in order, at most ``width`` of them at once. Returns when all have ended.

        Args:
            tasks: each is taken when its run is about to start, not earlier, so that the caller can stop after a failure.
            width: how many runs may run at the same time.
            ended: called with a task and its outcome when its run has ended, always in the calling thread.

        An exception, also Ctrl-C, ends the current runs and is raised again.
        """
