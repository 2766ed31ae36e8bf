"""Runs that stay unfinished because their process has ended: every run names its process, and dead runs are failed.

Dagster's daemon does not see such a run when the code server has ended too (``run_monitoring`` asks nothing of its default
launcher), so the run would stay STARTED and hold its pool slot.

The executor records the process, because the executor is the first code of ours in every run: runs of ``voice-assets run``,
of the UI and of the daemon, of assets and of checks alone. ``hosted_launcher`` records the client that a run lives with, which
ends when the run ends, also before its executor.

Not here: how to tell that a process has ended (``runtime.processes``).
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import dagster as dg

from voice_assets.runtime.processes import ProcessIdentity

if TYPE_CHECKING:
    from dagster._core.execution.plan.plan import ExecutionPlan

PROCESS_TAG = ".dagster/voice_assets/process"  # this prefix, and no other, hides a tag in the UI
CLIENT_TAG = ".dagster/voice_assets/run_client"
_MESSAGE = "This run was executed by {process}, which was killed or crashed. Materialise the asset again."
_UNFINISHED = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def process_tags(run_id: str, process: ProcessIdentity | None = None, tag: str = PROCESS_TAG) -> dict[str, str]:
    """The tag that says: the run ``run_id`` is executed by ``process``, or lives with it (``CLIENT_TAG``). None: this process.

    The tag repeats the run id, because the UI copies the tags of a run to a re-execution, which has another process.
    """
    return {tag: f"{run_id} {(process or ProcessIdentity.own()).text}"}


def process_of(run: dg.DagsterRun, tag: str = PROCESS_TAG) -> ProcessIdentity | None:
    """The process that ``tag`` names; None where the run has no such tag, or has that of the run it was copied from."""
    run_id, _, text = run.tags.get(tag, "").partition(" ")
    if run_id != run.run_id:
        return None
    try:
        return ProcessIdentity.parse(text)
    except ValueError:
        return None


def fail_dead_runs(instance: dg.DagsterInstance) -> list[str]:
    """Mark every unfinished run whose process has certainly ended as failed, or as cancelled where somebody asked for that.

    Runs of other hosts and of other containers stay as they are: nobody can tell from here. Returns the ids of the runs.
    """
    return [run.run_id for run in _unfinished(instance) if _has_ended(run) and _end(instance, run.run_id, None)]


def fail_runs_of(instance: dg.DagsterInstance, process: ProcessIdentity, message: str) -> list[str]:
    """Mark the unfinished runs of ``process``, which has ended, as failed with ``message``. Returns their ids."""
    mine = [run.run_id for run in _unfinished(instance) if process_of(run) == process]
    return [run_id for run_id in mine if _end(instance, run_id, message)]


def _unfinished(instance: dg.DagsterInstance) -> list[dg.DagsterRun]:
    return list(instance.get_runs(dg.RunsFilter(statuses=_UNFINISHED)))


def _has_ended(run: dg.DagsterRun) -> bool:
    processes = (process_of(run, tag) for tag in (PROCESS_TAG, CLIENT_TAG))
    return any(process.ended for process in processes if process is not None)


def _end(instance: dg.DagsterInstance, run_id: str, message: str | None) -> bool:
    """Record the end of a run whose process has ended. The run is read again: it may have ended properly just before."""
    run = instance.get_run_by_id(run_id)
    if run is None or run.status not in _UNFINISHED:
        return False
    reason = message or _MESSAGE.format(process=process_of(run) or process_of(run, CLIENT_TAG))
    if run.status == dg.DagsterRunStatus.CANCELING:
        instance.report_run_canceled(run, reason)
    else:
        instance.report_run_failed(run, reason)
    return True


class _RecordingExecutor(dg.Executor):
    """Dagster's in-process executor, after a note of the process in the run."""

    def __init__(self, inner: dg.Executor):
        self._inner = inner

    @property
    def retries(self) -> Any:
        return self._inner.retries

    @property
    def step_dependency_config(self) -> Any:
        return self._inner.step_dependency_config

    def execute(self, plan_context: Any, execution_plan: "ExecutionPlan") -> Iterator[Any]:
        plan_context.instance.add_run_tags(plan_context.run_id, process_tags(plan_context.run_id))
        yield from self._inner.execute(plan_context, execution_plan)


@dg.executor(name="in_process", config_schema=dg.in_process_executor.config_schema.as_field())
def recording_executor(context: dg.InitExecutorContext) -> dg.Executor:
    """Runs all steps in the process of the run, and names that process in the run's tags."""
    create = dg.in_process_executor.executor_creation_fn
    assert create is not None
    return _RecordingExecutor(create(context))
