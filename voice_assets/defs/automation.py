"""Schedules and sensors: re-validation of a voice by its YAML, and notices of closed gates and failed runs.

What needs to run is decided in ``orchestration.revalidation``; what a notice says, in ``orchestration.notices``.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg

from voice_assets.orchestration import notices, revalidation
from voice_assets.orchestration.describe import asset_key
from voice_assets.orchestration.gates import Gate, reports_on_failure
from voice_assets.orchestration.instance import runs_in_a_shell
from voice_assets.orchestration.runner import assets_to
from voice_assets.orchestration.waivers import today
from voice_assets.runtime.notify import Hook, project_hook
from voice_assets.runtime.processes import ProcessIdentity
from voice_assets.voices import Revalidate, Voice

SECONDS_BETWEEN_TICKS = 10
RETRIES_OF_DEAD_RUNS = 2
"""How often a run is started again whose process was killed. A run that failed by itself is not: see ``dagster.yaml``."""
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
        description=f"Hash the data set of {voice.title}, to find out what changed.",
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
        tags = {revalidation.SCHEDULED: voice.name}
        if _full_is_due(context, voice, chosen):
            tags[revalidation.FULL] = voice.name
        return dg.RunRequest(run_key=None, tags=tags)

    return revalidate


def _full_is_due(context: dg.ScheduleEvaluationContext, voice: Voice, chosen: Revalidate) -> bool:
    """Whether the last full re-validation is ``full_every`` days ago. The first scheduled one is not full."""
    if chosen.full_every is None:
        return False
    last = revalidation.last_full(context.instance, voice.name)
    return last is not None and datetime.now(UTC) - datetime.fromtimestamp(last, UTC) >= timedelta(days=chosen.full_every)


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
        assert context.repository_def is not None
        newest_event = context.instance.event_log_storage.get_maximum_record_id()
        seen = f"{newest_event} {today()} {ProcessIdentity.own().text}"  # another process has perhaps read other voice files
        if context.cursor == seen:
            return dg.SkipReason("nothing happened since the last tick")
        if runs_in_a_shell(voice.name):
            return dg.SkipReason(f"`voice-assets run {voice.name}` is at work")
        found = _plan(context, voice)
        requests = [_run_request(request) for request in found.requests]
        reason = None if requests else "; ".join(found.waiting) or "everything is up to date"
        return dg.SensorResult(requests or None, dg.SkipReason(reason) if reason else None, cursor=seen)

    return validate_changes


def _plan(context: dg.SensorEvaluationContext, voice: Voice) -> revalidation.Plan:
    assert context.repository_def is not None
    graph = context.repository_def.asset_graph
    times = revalidation.since(context.instance, voice.name)
    if times.aggregate is None:
        return revalidation.Plan([], [f"the schedule {voice.name}__revalidate has not observed the data set yet"])
    keys = [key for key in assets_to(graph, voice.name, LAST) if not reports_on_failure(graph, key)]
    return revalidation.plan(Gate(graph, context.instance), keys, times, revalidation.in_flight(context.instance))


def _run_request(request: revalidation.Request) -> dg.RunRequest:
    return dg.RunRequest(
        run_key=request.run_key,
        asset_selection=[request.target.key],
        partition_key=request.target.partition,
        tags={REASON: request.reason, "dagster/max_retries": str(RETRIES_OF_DEAD_RUNS)},
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
