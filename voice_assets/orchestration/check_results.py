"""The recorded executions of checks, of many checks and partitions with few queries.

Only this file uses Dagster's private partition filter for the history of checks; therefore the version of Dagster is pinned.
Not here: what an execution says about a materialisation (``history``).
"""

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

import dagster as dg
from dagster._core.event_api import PartitionKeyFilter
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecord

if TYPE_CHECKING:
    from voice_assets.orchestration.event_log import EventLog

CHECKS_AT_ONCE = 100


class CheckResults:
    """Reads the executions of checks in one instance. The newest ones are cached: make a new object to read again.

    Mostly the newest execution of a check in a partition is the one that counts. So those are read together.
    """

    def __init__(self, instance: dg.DagsterInstance, log: "EventLog"):
        self._storage, self._log = instance.event_log_storage, log
        self._newest: dict[tuple[dg.AssetCheckKey, str | None], AssetCheckExecutionRecord | None] = {}
        self._read: set[dg.AssetCheckKey] = set()

    def read_ahead(self, checks: Collection[dg.AssetCheckKey]) -> None:
        """Read the newest executions of ``checks`` in all partitions, with one query."""
        unknown = set(checks) - self._read
        if unknown:
            self._read |= unknown
            for record in self._log.newest_executions(unknown):
                self._newest.setdefault((record.key, record.partition), record)

    def read(self, checks: Collection[dg.AssetCheckKey], partition: str | None) -> None:
        """Read the newest executions of several checks of an asset in one partition, with one query, for ``executions``."""
        unknown = [check for check in checks if check not in self._read and (check, partition) not in self._newest]
        wanted = PartitionKeyFilter(key=partition)
        found = self._storage.get_latest_asset_check_execution_by_key(unknown, partition_filter=wanted) if unknown else {}
        self._newest |= {(check, partition): found.get(check) for check in unknown}

    def executions(self, check: dg.AssetCheckKey, partition: str | None) -> Iterator[AssetCheckExecutionRecord]:
        """Every execution of a check in a partition, newest first."""
        self.read([check], partition)
        newest = self._newest.get((check, partition))
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
