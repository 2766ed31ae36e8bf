"""The recorded executions of checks, of many checks and partitions with few queries.

Only this file uses Dagster's private partition filter for the history of checks; therefore the version of Dagster is pinned.
Not here: what an execution says about a materialisation (``history``).
"""

from collections.abc import Iterator, Sequence

import dagster as dg
from dagster._core.event_api import PartitionKeyFilter
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecord

CHECKS_AT_ONCE = 100


class CheckResults:
    """Reads the executions of checks in one instance. The newest ones are cached: make a new object to read again.

    Mostly the newest execution of a check in a partition is the one that counts. So those are read together: of all checks of
    an asset with one query, and for a second partition, of most partitions with one query per check.
    """

    def __init__(self, instance: dg.DagsterInstance):
        self._storage = instance.event_log_storage
        self._newest: dict[dg.AssetCheckKey, dict[str | None, AssetCheckExecutionRecord | None]] = {}
        self._asked: set[dg.AssetCheckKey] = set()
        self._read_most: set[dg.AssetCheckKey] = set()

    def read(self, checks: Sequence[dg.AssetCheckKey], partition: str | None) -> None:
        """Read the newest execution of several checks of an asset in a partition, for ``executions``."""
        unknown = [check for check in checks if partition not in self._newest.get(check, {})]
        if not unknown:
            return
        if partition is not None and self._asked.issuperset(unknown):
            self._read_most_partitions(unknown)
            unknown = [check for check in unknown if partition not in self._newest[check]]
        self._asked.update(unknown)
        wanted = PartitionKeyFilter(key=partition)
        found = self._storage.get_latest_asset_check_execution_by_key(unknown, partition_filter=wanted)
        for check in unknown:
            self._newest.setdefault(check, {})[partition] = found.get(check)

    def _read_most_partitions(self, checks: Sequence[dg.AssetCheckKey]) -> None:
        """Read the newest executions of each check in whatever partition, once."""
        for check in [check for check in checks if check not in self._read_most]:
            self._read_most.add(check)
            known = self._newest.setdefault(check, {})
            for record in self._storage.get_asset_check_execution_history(check, limit=CHECKS_AT_ONCE):
                known.setdefault(record.partition, record)

    def executions(self, check: dg.AssetCheckKey, partition: str | None) -> Iterator[AssetCheckExecutionRecord]:
        """Every execution of a check in a partition, newest first."""
        self.read([check], partition)
        newest = self._newest[check][partition]
        if newest is None:
            return
        yield newest
        cursor = newest.id
        while True:
            page = self._storage.get_asset_check_execution_history(
                check, limit=CHECKS_AT_ONCE, cursor=cursor, partition_filter=PartitionKeyFilter(key=partition)
            )
            yield from page
            if len(page) < CHECKS_AT_ONCE:
                return
            cursor = page[-1].id
