"""The observed data versions of external assets, of many partitions with few queries."""

import dagster as dg
from dagster._core.event_api import EventLogRecord

OBSERVATIONS_AT_ONCE = 100


class Observations:
    """Reads the observations in one instance. Answers are cached: make a new object to read again."""

    def __init__(self, instance: dg.DagsterInstance):
        self._instance = instance
        self._versions: dict[dg.AssetKey, dict[str | None, str | None]] = {}

    def version(self, key: dg.AssetKey, partition: str | None) -> str | None:
        """The data version of the newest observation of ``key`` (in ``partition``), or None."""
        known = self._versions.setdefault(key, {})
        if partition not in known:
            if known and partition is not None:  # a second partition: two queries read all of them
                known |= self._by_partition(key)
            else:
                wanted = dg.AssetRecordsFilter(asset_key=key, asset_partitions=[partition] if partition is not None else None)
                records = self._instance.fetch_observations(wanted, limit=1).records
                known[partition] = _data_version(records[0]) if records else None
        return known.setdefault(partition, None)

    def _by_partition(self, key: dg.AssetKey) -> dict[str | None, str | None]:
        """The data version of the newest observation of every partition."""
        kind = dg.DagsterEventType.ASSET_OBSERVATION
        newest = list(self._instance.event_log_storage.get_latest_storage_id_by_partition(key, kind).values())
        found = {}
        for start in range(0, len(newest), OBSERVATIONS_AT_ONCE):
            some = newest[start : start + OBSERVATIONS_AT_ONCE]
            wanted = dg.AssetRecordsFilter(asset_key=key, storage_ids=some)
            for record in self._instance.fetch_observations(wanted, limit=len(some)).records:
                found[record.partition_key] = _data_version(record)
        return found


def _data_version(record: EventLogRecord) -> str | None:
    observation = record.asset_observation
    return None if observation is None else (observation.tags or {}).get("dagster/data_version")
