"""Schedules and sensors: re-validation of a voice by its YAML, and notices of closed gates and failed runs.

What needs to run is decided in ``orchestration.revalidation``; what a notice says, in ``orchestration.notices``.
"""

import json
from dataclasses import dataclass
from typing import Any

import dagster as dg

from voice_assets.orchestration import notices, revalidation
from voice_assets.orchestration.describe import asset_key
from voice_assets.orchestration.gates import AssetPartition, Gate, reports_on_failure
from voice_assets.orchestration.instance import runs_in_a_shell
from voice_assets.orchestration.run_process import VOICE
from voice_assets.orchestration.runner import assets_to
from voice_assets.orchestration.waivers import today
from voice_assets.runtime.notify import Hook, project_hook
from voice_assets.runtime.processes import ProcessIdentity
from voice_assets.voices import Revalidate, Voice

SECONDS_BETWEEN_TICKS = 10
RETRIES = {"dagster/max_retries": "2"}
"""The tag of runs that are started again when their process was killed. A run that failed is not (``dagster.yaml``)."""
LAST = "whisper_validation"
REASON = "voice_assets/reason"


def revalidation_automation(voice: Voice) -> dg.Definitions:
    """The job and schedule that observe the data set of ``voice``, and the sensor that validates what changed.

    There is nothing for a voice whose file has no ``revalidate``.

    Raises:
        ValueError: the cron expression or the time zone is wrong.
    """
    if voice.revalidate is None:
        return dg.Definitions()
    revalidation.require_valid(voice.revalidate)
    job = dg.define_asset_job(
        f"{voice.name}__observe",
        selection=dg.AssetSelection.assets(asset_key(voice, "raw_dataset")),
        tags={VOICE: voice.name, revalidation.EVERY_BYTE: "true"},
        description=f"Hash every byte of the data set of {voice.title}, to find out what changed.",
    )
    return dg.Definitions(jobs=[job], schedules=[_schedule(voice, voice.revalidate, job)], sensors=[_sensor(voice)])


def _schedule(voice: Voice, chosen: Revalidate, job: Any) -> dg.ScheduleDefinition:
    @dg.schedule(
        name=f"{voice.name}__revalidate",
        job=job,
        cron_schedule=chosen.cron,
        execution_timezone=chosen.timezone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=f"Observes the data set of {voice.title}. The sensor {voice.name}__validate_changes does the rest.",
    )
    def revalidate(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        now = context.scheduled_execution_time
        tags = {revalidation.SCHEDULED: voice.name, revalidation.SCHEDULED_AT: now.isoformat(), **RETRIES}
        if revalidation.full_is_due(context.instance, voice, now):
            tags[revalidation.FULL] = voice.name
        return dg.RunRequest(run_key=None, tags=tags)

    return revalidate


def _sensor(voice: Voice) -> dg.SensorDefinition:
    selection = dg.AssetSelection.assets(asset_key(voice, LAST)).upstream()

    @dg.sensor(
        name=f"{voice.name}__validate_changes",
        target=selection,
        minimum_interval_seconds=SECONDS_BETWEEN_TICKS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=f"Materialises the shards of {voice.title} whose content changed, then what is made from them, up to the "
        "Whisper validation, and stops at a closed gate.",
    )
    def validate_changes(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        cursor = Cursor.parse(context.cursor)
        newest_event = context.instance.event_log_storage.get_maximum_record_id()
        seen = f"{newest_event} {today()} {ProcessIdentity.own().text}"  # another process has perhaps read other voice files
        if cursor.seen == seen:
            return dg.SkipReason("nothing happened since the last tick")
        if runs_in_a_shell(context.instance, voice.name):
            return dg.SkipReason(f"`voice-assets run {voice.name}` is at work")
        times = revalidation.since(context.instance, voice.name)
        if times.aggregate is None:
            return dg.SkipReason(f"the schedule {voice.name}__revalidate has not observed the data set yet")
        busy = revalidation.in_flight(context.instance, voice.name)
        found = _plan(context, voice, times, busy)
        started = revalidation.started(context.instance, found.requests)
        if new := [_run_request(request) for request in found.requests if request.run_key not in started]:
            return dg.SensorResult(new, cursor=Cursor("", cursor.told).text)
        told = _tell(found.waiting, cursor.told)
        waiting = [*found.waiting, *(f"{one.target}: its run failed and is not repeated" for one in found.requests)]
        # The end of a run is in the event log before the run has ended: while one is at work, the next tick looks again.
        reason = dg.SkipReason("; ".join(waiting) or "everything is up to date")
        return dg.SensorResult(skip_reason=reason, cursor=Cursor("" if busy else seen, told).text)

    return validate_changes


@dataclass(frozen=True)
class Cursor:
    """What the sensor knows from its last tick: the state it has seen, empty for none, and the closed gates it has told of."""

    seen: str = ""
    told: str = ""

    @classmethod
    def parse(cls, text: str | None) -> "Cursor":
        """The cursor that ``text`` wrote; an empty one for None."""
        return cls(*json.loads(text)) if text else cls()

    @property
    def text(self) -> str:
        """The cursor as Dagster keeps it."""
        return json.dumps([self.seen, self.told])


def _tell(waiting: list[str], told: str) -> str:
    """Send one line per closed gate to the hook, once. Returns what has now been told."""
    now, hook = "\n".join(waiting), project_hook()
    if hook is not None and now != told:
        for line in waiting:
            hook.send(notices.closed_gate(line))
    return now


def _plan(
    context: dg.SensorEvaluationContext, voice: Voice, times: revalidation.Since, busy: set[AssetPartition]
) -> revalidation.Plan:
    assert context.repository_def is not None
    graph = context.repository_def.asset_graph
    keys = [key for key in assets_to(graph, voice.name, LAST) if not reports_on_failure(graph, key)]
    return revalidation.plan(Gate(graph, context.instance), keys, times, busy)


def _run_request(request: revalidation.Request) -> dg.RunRequest:
    return dg.RunRequest(
        run_key=request.run_key,
        asset_selection=[request.target.key],
        partition_key=request.target.partition,
        tags={REASON: request.reason, **RETRIES},
    )


def notice_sensors() -> list[dg.SensorDefinition]:
    """The sensor that writes one line per closed gate or failed run to the hook of ``project.yaml``; none without a hook.

    Raises:
        HookError: ``project.yaml`` cannot be used.
    """
    hook = project_hook()
    return [] if hook is None else [_notice_sensor(hook)]


def _notice_sensor(hook: Hook) -> dg.SensorDefinition:
    @dg.run_failure_sensor(
        name="closed_gates_and_failed_runs",
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=SECONDS_BETWEEN_TICKS,
        description="Writes one line per closed gate or failed run to `notify` of project.yaml.",
    )
    def closed_gates_and_failed_runs(context: dg.RunFailureSensorContext) -> None:
        hook.send(notices.line(context.instance, context.dagster_run))

    return closed_gates_and_failed_runs
