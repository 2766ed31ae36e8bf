"""Scheduled re-validation: which runs the changed data of a voice need now. Starts nothing: a sensor (``defs``) asks for them.

The same gates and the same rule for "out of date" as in ``runner`` decide. A run is asked for once for the same inputs: a run
that failed is not repeated until something upstream changes or the schedule comes round again. A closed gate starts no run.
"""

import hashlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise

import dagster as dg
from dagster._core.storage.tags import PARTITION_NAME_TAG, RUN_KEY_TAG
from dagster._utils.schedules import cron_string_iterator, is_valid_cron_schedule

from voice_assets.orchestration.gates import AssetPartition, Gate
from voice_assets.orchestration.runner import needed_task
from voice_assets.orchestration.unfinished_runs import UNFINISHED
from voice_assets.voices import Revalidate, Voice

SCHEDULED = "voice_assets/scheduled"
"""The tag of a run that observes a data set by schedule; the value is the voice."""
FULL = "voice_assets/full"
"""The tag of such a run when everything is to be validated again; the value is the voice."""
SCHEDULED_AT = "voice_assets/scheduled_at"
"""The tag of such a run with the time for which it was scheduled, in ISO format."""
EVERY_BYTE = "voice_assets/every_byte"
"""The tag of a run that observes a data set by reading all of it, whatever hashes are remembered."""
SUMMER_TIME = timedelta(hours=2)
"""A month of days is an hour shorter when summer time begins."""
TICKS_LOOKED_AT = 10


@dataclass(frozen=True)
class Request:
    """A run that is needed and can start.

    Attributes:
        target: what to materialise, with all its checks.
        reason: why.
        run_key: the same for the same inputs, so that no run is started twice for them.
    """

    target: AssetPartition
    reason: str
    run_key: str


@dataclass(frozen=True)
class Plan:
    """What a voice needs now: the runs that can start, and what the others wait for."""

    requests: list[Request]
    waiting: list[str]


@dataclass(frozen=True)
class Since:
    """Times, in seconds since 1970, from which results count. None: however old.

    Attributes:
        aggregate: of the last asset, the validation itself: every scheduled re-validation writes a report.
        everything: of all assets, after ``full_every`` days.
    """

    aggregate: float | None = None
    everything: float | None = None


def require_valid(chosen: Revalidate) -> None:
    """Return when the cron expression and the time zone can be used.

    Raises:
        ValueError: one of them is wrong; the message names the key and the value.
    """
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    if not is_valid_cron_schedule(chosen.cron):
        raise ValueError(f"revalidate.cron: {chosen.cron!r} is no cron expression such as '0 3 * * 1' (Monday, 03:00)")
    try:
        ZoneInfo(chosen.timezone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"revalidate.timezone: {chosen.timezone!r} is no time zone such as 'Europe/Berlin'") from error


def freshness(voice: Voice) -> dg.FreshnessPolicy | None:
    """When the validation of a voice counts as late: two of the longest waits between scheduled re-validations.

    Raises:
        ValueError: as `require_valid`.
    """
    if voice.revalidate is None:
        return None
    require_valid(voice.revalidate)
    ticks = cron_string_iterator(datetime.now(UTC).timestamp(), voice.revalidate.cron, voice.revalidate.timezone)
    coming = list(islice(ticks, TICKS_LOOKED_AT))
    longest = max(later - earlier for earlier, later in pairwise(coming))
    return dg.FreshnessPolicy.time_window(fail_window=2 * longest, warn_window=longest * 1.5)


def since(instance: dg.DagsterInstance, voice: str) -> Since:
    """The times of the last scheduled observation and of the last full one."""
    return Since(_last(instance, SCHEDULED, voice), _last(instance, FULL, voice))


def full_is_due(instance: dg.DagsterInstance, voice: Voice, now: datetime) -> bool:
    """Whether the last full re-validation was scheduled ``full_every`` days before ``now``, or longer ago.

    Where none was full, the first scheduled one counts: it is not full, because everything is validated then anyway.
    """
    if voice.revalidate is None or voice.revalidate.full_every is None:
        return False
    full, first = (FULL, False), (SCHEDULED, True)
    last = next(filter(None, (_scheduled_at(instance, tag, voice.name, oldest) for tag, oldest in (full, first))), None)
    return last is not None and now - last >= timedelta(days=voice.revalidate.full_every) - SUMMER_TIME


def _scheduled_at(instance: dg.DagsterInstance, tag: str, voice: str, ascending: bool) -> datetime | None:
    """For when the first or the last successful run with this tag was scheduled."""
    wanted = dg.RunsFilter(tags={tag: voice}, statuses=[dg.DagsterRunStatus.SUCCESS])
    runs = instance.get_run_records(wanted, limit=1, ascending=ascending)
    text = runs[0].dagster_run.tags.get(SCHEDULED_AT) if runs else None
    return datetime.fromisoformat(text) if text else None


def _last(instance: dg.DagsterInstance, tag: str, voice: str) -> float | None:
    """When the newest successful run with this tag began."""
    wanted = dg.RunsFilter(tags={tag: voice}, statuses=[dg.DagsterRunStatus.SUCCESS])
    records = instance.get_run_records(wanted, limit=1)
    return records[0].start_time or records[0].create_timestamp.timestamp() if records else None


def in_flight(instance: dg.DagsterInstance, voice: str) -> set[AssetPartition]:
    """What unfinished runs are making, or will make, of a voice."""
    runs = instance.get_runs(dg.RunsFilter(statuses=list(UNFINISHED)))
    keys = ((run, key) for run in runs for key in run.asset_selection or () if key.path[0] == voice)
    return {AssetPartition(key, run.tags.get(PARTITION_NAME_TAG)) for run, key in keys}


def started(instance: dg.DagsterInstance, requests: Sequence[Request]) -> set[str]:
    """The run keys among ``requests`` for which there was a run already."""
    keys = (request.run_key for request in requests)
    return {key for key in keys if instance.get_run_records(dg.RunsFilter(tags={RUN_KEY_TAG: key}), limit=1)}


def plan(gate: Gate, keys: Sequence[dg.AssetKey], times: Since, busy: Collection[AssetPartition]) -> Plan:
    """The runs that the assets ``keys``, upstream first, need now.

    Args:
        gate: of the instance.
        keys: the assets to bring up to date. An observed data set among them needs no run.
        times: from when results count; ``times.aggregate`` is about the asset ``whisper_validation``.
        busy: what unfinished runs make; nothing is started for them and what comes after them.
    """
    gate.read_ahead(keys)
    found, pending = Plan([], []), set[dg.AssetKey]()
    for key in keys:
        if gate.graph.get(key).is_external:
            continue
        outdated = list(_outdated(gate, key, times))
        working = [target for target in busy if target.key == key]
        upstream = pending & gate.graph.get_ancestor_asset_keys(key)
        if outdated and not upstream:
            _add(found, gate, times, [one for one in outdated if one[0] not in busy])
        if outdated or working:
            pending.add(key)
    return found


def _outdated(gate: Gate, key: dg.AssetKey, times: Since) -> Iterator[tuple[AssetPartition, str]]:
    """The partitions of an asset that are missing or out of date, each with the reason."""
    wanted = max((time for time in (times.everything, _aggregate(key, times)) if time is not None), default=None)
    for partition in gate.partitions_of(key):
        target = AssetPartition(key, partition)
        task = needed_task(gate, target)
        latest = gate.history.latest(key, partition)
        if task is not None:
            yield target, task.reason
        elif wanted is not None and latest is not None and latest.time < wanted:
            yield target, "validated again by schedule"


def _aggregate(key: dg.AssetKey, times: Since) -> float | None:
    return times.aggregate if key.path[-1] == "whisper_validation" else None


def _add(found: Plan, gate: Gate, times: Since, outdated: list[tuple[AssetPartition, str]]) -> None:
    """Add what the partitions of an asset need to ``found``: runs, or in one line why their gates are closed."""
    closed: list[tuple[AssetPartition, str]] = []
    for target, reason in outdated:
        blockers = gate.blockers(target)
        if blockers:
            closed.append((target, "; ".join(map(str, blockers))))
        else:
            found.requests.append(Request(target, reason, _run_key(gate, target, times)))
    if closed:
        (first, why), others = closed[0], len(closed) - 1
        found.waiting.append(f"the gate of {first}{f' and {others} more' if others else ''} is closed: {why}")


def _run_key(gate: Gate, target: AssetPartition, times: Since) -> str:
    """Names what the run would be made from, what it would replace, and the scheduled re-validation it belongs to."""
    replaced = gate.history.latest(target.key, target.partition)
    parts = [str(times), str(gate.graph.get(target.key).code_version), str(replaced.storage_id if replaced else None)]
    parts += sorted(
        str(gate.graph.get_check_spec(check).metadata) for check in gate.graph.get_check_keys_for_assets({target.key})
    )
    for source, _ in gate.inputs(target):
        newest = gate.history.latest(source.key, source.partition)
        observed = gate.history.observed_version(source.key, source.partition) if newest is None else newest.storage_id
        parts.append(f"{source} {observed}")
    return f"{target}:{hashlib.sha256('|'.join(parts).encode()).hexdigest()[:16]}"
