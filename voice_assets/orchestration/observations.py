"""The newest observations of external assets, of many partitions with few queries: data versions, and removed files."""

from dataclasses import dataclass

import dagster as dg
from dagster._core.event_api import EventLogRecord

from voice_assets.orchestration.marks import REMOVED

OBSERVATIONS_AT_ONCE = 100


@dataclass(frozen=True)
class Observation:
    """What an observation says: a data version, and why a file was removed; None and empty where it says nothing.

    An observation that no run made has no ``run_id``. ``storage_id`` orders it among materialisations.
    """

    data_version: str | None = None
    removed: str = ""
    storage_id: int = 0
    run_id: str = ""


class Observations:
    """Reads the observations in one instance. Answers are cached: make a new object to read again."""

    def __init__(self, instance: dg.DagsterInstance):
        self._instance = instance
        self._known: dict[dg.AssetKey, dict[str | None, Observation]] = {}

    def newest(self, key: dg.AssetKey, partition: str | None) -> Observation:
        """The newest observation of ``key`` (in ``partition``); an empty one when there is none."""
        known = self._known.setdefault(key, {})
        if partition not in known:
            if known and partition is not None:  # a second partition: two queries read all of them
                known |= self._by_partition(key)
            else:
                wanted = dg.AssetRecordsFilter(asset_key=key, asset_partitions=[partition] if partition is not None else None)
                records = self._instance.fetch_observations(wanted, limit=1).records
                known[partition] = _read(records[0]) if records else Observation()
        return known.setdefault(partition, Observation())

    def newest_of_runs(self, key: dg.AssetKey, partition: str | None) -> Observation:
        """The newest observation that a run made, among the newest few: what is reported from outside hides none."""
        newest = self.newest(key, partition)
        if newest.run_id or newest.storage_id == 0:
            return newest
        wanted = dg.AssetRecordsFilter(asset_key=key, asset_partitions=[partition] if partition is not None else None)
        records = self._instance.fetch_observations(wanted, limit=OBSERVATIONS_AT_ONCE).records
        return next((_read(record) for record in records if record.run_id), Observation())

    def _by_partition(self, key: dg.AssetKey) -> dict[str | None, Observation]:
        """The newest observation of every partition."""
        kind = dg.DagsterEventType.ASSET_OBSERVATION
        newest = list(self._instance.event_log_storage.get_latest_storage_id_by_partition(key, kind).values())
        found: dict[str | None, Observation] = {}
        for start in range(0, len(newest), OBSERVATIONS_AT_ONCE):
            some = newest[start : start + OBSERVATIONS_AT_ONCE]
            wanted = dg.AssetRecordsFilter(asset_key=key, storage_ids=some)
            for record in self._instance.fetch_observations(wanted, limit=len(some)).records:
                found[record.partition_key] = _read(record)
        return found


def _read(record: EventLogRecord) -> Observation:
    observation = record.asset_observation
    if observation is None:
        return Observation()
    removed = observation.metadata.get(REMOVED)
    reason = "" if removed is None else str(removed.value)
    return Observation((observation.tags or {}).get("dagster/data_version"), reason, record.storage_id, record.run_id)
