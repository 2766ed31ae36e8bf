"""The runs that have not ended: which of them make an asset, and how far they are, on whichever host they run.

A run records its progress as observations of its asset (``progress``), at a low rate, so that everybody who reads the records
can follow it. Not here: the files of the runs of this machine (``runtime.running``), which say more and sooner.
"""

from collections.abc import Collection, Iterator

import dagster as dg
from dagster._core.storage.tags import PARTITION_NAME_TAG

from voice_assets.orchestration.dead_runs import process_of
from voice_assets.orchestration.gates import AssetPartition
from voice_assets.runtime.running import Running, from_json, in_order

PROGRESS = "progress"
"""The metadata entry of an observation with the state of a running asset, as ``runtime.running`` writes it."""
UNFINISHED = (
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
)
_LOOKED_AT = 20
"""So many of a run's newest observations: a training also observes the checkpoints that it removes."""


def run_of(instance: dg.DagsterInstance, target: AssetPartition, checks: Collection[dg.AssetCheckKey] | None) -> str | None:
    """The id of the oldest unfinished run that makes ``target``; with ``checks``, also of one that only executes them on it.

    A run that somebody is ending makes nothing any more.
    """
    runs = (record.dagster_run for record in _unfinished(instance))
    for run in (run for run in runs if run.status is not dg.DagsterRunStatus.CANCELING):
        makes = target.key in (run.asset_selection or ())
        judges = checks is not None and set(checks) <= (run.asset_check_selection or set())
        if run.tags.get(PARTITION_NAME_TAG) == target.partition and (makes or judges):
            return run.run_id
    return None


def progress_of(instance: dg.DagsterInstance, voice: str) -> tuple[list[Running], int]:
    """How far the assets of ``voice`` are that run now, and how many of its runs wait for their start."""
    mine = [one for one in _unfinished(instance) if any(key.path[0] == voice for key in _keys(one.dagster_run))]
    states = [state for record in mine for state in _states(instance, record)]
    return in_order(states), sum(process_of(record.dagster_run) is None for record in mine)


def _unfinished(instance: dg.DagsterInstance) -> list[dg.RunRecord]:
    """The oldest first."""
    return list(instance.get_run_records(dg.RunsFilter(statuses=list(UNFINISHED)), ascending=True))


def _keys(run: dg.DagsterRun) -> set[dg.AssetKey]:
    """The assets that ``run`` makes or judges."""
    return {*(run.asset_selection or ()), *(check.asset_key for check in run.asset_check_selection or ())}


def _states(instance: dg.DagsterInstance, record: dg.RunRecord) -> Iterator[Running]:
    """The newest state that a run recorded; before its first, that the run has begun. Nothing before its process began."""
    run = record.dagster_run
    process, began = process_of(run), record.start_time or record.create_timestamp.timestamp()
    if process is None:
        return
    kind = dg.DagsterEventType.ASSET_OBSERVATION
    found = instance.get_records_for_run(run.run_id, of_type=kind, limit=_LOOKED_AT, ascending=False).records
    for seen in (one.asset_observation for one in found):
        state = None if seen is None else seen.metadata.get(PROGRESS)
        if seen is not None and isinstance(state, dg.JsonMetadataValue) and isinstance(state.data, dict):
            yield from_json(state.data, seen.asset_key.path[-1], seen.partition)
            return
    for key in sorted(_keys(run)):
        name, partition = key.path[-1], run.tags.get(PARTITION_NAME_TAG)
        yield Running("", 0, None, 0.0, None, began, began, process, asset=name, partition=partition)
