"""What a person is told about a failed run, in one line. Not here: where the line goes (``runtime.notify``)."""

import dagster as dg
from dagster._core.storage.tags import PARTITION_NAME_TAG

from voice_assets.orchestration.failures import failure_of
from voice_assets.runtime.plain_text import plain

MOST_CHARACTERS = 500


def line(instance: dg.DagsterInstance, run: dg.DagsterRun) -> str:
    """``closed gate`` or ``failed run``, the assets, the run, and the reason; no control characters, at most 500 characters."""
    partition = run.tags.get(PARTITION_NAME_TAG)
    names = sorted(key.to_user_string() for key in run.asset_selection or ()) or [run.job_name]
    made = ", ".join(names) + (f"[{partition}]" if partition else "")
    failure = failure_of(instance, run.run_id)
    what, reason = "closed gate" if failure.closed else "failed run", " ".join(failure.reason.split())
    return _one_line(f"{what}: {made}: {reason} (run {run.run_id})")


def closed_gate(reason: str) -> str:
    """The line about a gate that keeps scheduled re-validation from going on."""
    return _one_line(f"closed gate: {' '.join(reason.split())}")


def _one_line(text: str) -> str:
    shown = plain(text)
    return shown if len(shown) <= MOST_CHARACTERS else f"{shown[: MOST_CHARACTERS - 1]}…"
