"""The interface between the runner and the way runs start: a ``Launcher`` runs each ``Task`` and returns its ``Outcome``.

Not here: how a run starts. ``local_launcher`` starts runs on this machine, ``server_launcher`` through a Dagster server.
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
    """How one run ended.

    Attributes:
        run_id: of the run.
        success: whether it succeeded.
        message: why it did not.
        closed: whether a gate was closed.
        followed: somebody else started the run, perhaps before the newest change of what it reads.
    """

    run_id: str
    success: bool
    message: str = ""
    closed: bool = False
    followed: bool = False


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
