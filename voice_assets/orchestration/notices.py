"""What a person is told about a failed run, in one line. Not here: where the line goes (``runtime.notify``)."""

from typing import Any

import dagster as dg
from dagster._core.storage.tags import PARTITION_NAME_TAG

from voice_assets.orchestration.inputs import CLOSED_BY
from voice_assets.runtime.plain_text import plain

MOST_CHARACTERS = 500
_FAILURES = {dg.DagsterEventType.STEP_FAILURE, dg.DagsterEventType.RUN_FAILURE}


def line(instance: dg.DagsterInstance, run: dg.DagsterRun) -> str:
    """``closed gate`` or ``failed run``, the assets, the run, and the reason; no control characters, at most 500 characters."""
    partition = run.tags.get(PARTITION_NAME_TAG)
    names = sorted(key.to_user_string() for key in run.asset_selection or ()) or [run.job_name]
    made = ", ".join(names) + (f"[{partition}]" if partition else "")
    closed, reason = _reason(instance, run.run_id)
    text = plain(f"{'closed gate' if closed else 'failed run'}: {made}: {' '.join(reason.split())} (run {run.run_id})")
    return text if len(text) <= MOST_CHARACTERS else f"{text[: MOST_CHARACTERS - 1]}…"


def _reason(instance: dg.DagsterInstance, run_id: str) -> tuple[bool, str]:
    """Whether a gate was closed, and the recorded reason of the first failure."""
    for record in instance.get_records_for_run(run_id, of_type=_FAILURES).records:
        event = record.event_log_entry.dagster_event
        data: Any = event.event_specific_data if event is not None else None
        failure, error = getattr(data, "user_failure_data", None), getattr(data, "error", None)
        if failure is not None and failure.description:
            return CLOSED_BY in failure.metadata, failure.description
        if error is not None:
            return False, (error.cause or error).message
        if event is not None and event.message:
            return False, event.message
    return False, "the log of the run says why"
