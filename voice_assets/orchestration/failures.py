"""Why a run failed, as the instance recorded it. Not here: what a person is told (``notices``, ``cli.closing``)."""

import re
from dataclasses import dataclass
from typing import Any

import dagster as dg

from voice_assets.orchestration.inputs import CLOSED_BY

_CLASS_PATH = re.compile(r"^(\w+\.)+(?=\w+(: |$))")  # `ValueError: ...` says enough, its package does not help
_INTERRUPTED = "DagsterExecutionInterruptedError"
_FAILURES = {dg.DagsterEventType.STEP_FAILURE, dg.DagsterEventType.RUN_FAILURE}


@dataclass(frozen=True)
class RunFailure:
    """The first recorded failure of a run.

    Attributes:
        reason: in words.
        closed: a gate was closed.
        interrupted: the run was stopped from outside.
    """

    reason: str
    closed: bool = False
    interrupted: bool = False


def failure_of(instance: dg.DagsterInstance, run_id: str) -> RunFailure:
    """The reason that the first step or the run that failed recorded."""
    for record in instance.get_records_for_run(run_id, of_type=_FAILURES).records:
        event = record.event_log_entry.dagster_event
        data: Any = event.event_specific_data if event is not None else None
        failure, error = getattr(data, "user_failure_data", None), getattr(data, "error", None)
        if failure is not None and failure.description:
            return RunFailure(failure.description, closed=CLOSED_BY in failure.metadata)
        if error is not None:
            interrupted = _INTERRUPTED in (error.cls_name, error.cause.cls_name if error.cause else None)
            return RunFailure(_CLASS_PATH.sub("", (error.cause or error).message.strip()), interrupted=interrupted)
        if event is not None and event.message:
            return RunFailure(event.message)
    return RunFailure("the run failed; its log in the UI says why")
