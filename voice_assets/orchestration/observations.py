"""The newest observations of external assets, of many partitions with few queries: data versions, and removed files."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

import dagster as dg

from voice_assets.orchestration.marks import REMOVED
from voice_assets.orchestration.records import Materialisation

if TYPE_CHECKING:
    from voice_assets.orchestration.event_log import EventLog

OBSERVATIONS_AT_ONCE = 100
OBSERVED = dg.DagsterEventType.ASSET_OBSERVATION


@dataclass(frozen=True)
class Observation:
    """What an observation says: a data version, and why a file was removed; None and empty where it says nothing.

    An observation that no run made has no ``run_id``. ``storage_id`` orders it among materialisations.
    """

    data_version: str | None = None
    removed: str = ""
    storage_id: int = 0
    run_id: str = ""


NOTHING = Observation()


class Observations:
    """Reads the observations in one instance. Answers are cached: make a new object to read again."""

    def __init__(self, log: "EventLog"):
        self._log = log
        self._known: dict[dg.AssetKey, dict[str | None, Observation]] = {}
        self._read: set[dg.AssetKey] = set()

    def read_ahead(self, keys: Collection[dg.AssetKey]) -> None:
        """Read the newest observation of every partition of ``keys``, with one query."""
        unknown = set(keys) - self._read
        if unknown:
            self._read |= unknown
            for one in self._log.newest(unknown, OBSERVED):
                self._known.setdefault(one.key, {}).setdefault(one.partition, _said(one))

    def newest(self, key: dg.AssetKey, partition: str | None) -> Observation:
        """The newest observation of ``key`` (in ``partition``); an empty one when there is none."""
        known = self._known.setdefault(key, {})
        if partition not in known:
            known[partition] = self._find(key, partition, known)
        return known[partition]

    def _find(self, key: dg.AssetKey, partition: str | None, known: dict[str | None, Observation]) -> Observation:
        if known and partition is not None:  # a second partition: read all of them
            self.read_ahead([key])
        if key in self._read and partition is not None:
            return known.get(partition, NOTHING)
        return next(map(_said, self._log.last(key, 1, partition, OBSERVED)), NOTHING)

    def newest_of_runs(self, key: dg.AssetKey, partition: str | None) -> Observation:
        """The newest observation that a run made, among the newest few: what is reported from outside hides none."""
        newest = self.newest(key, partition)
        if newest.run_id or newest.storage_id == 0:
            return newest
        found = self._log.last(key, OBSERVATIONS_AT_ONCE, partition, OBSERVED)
        return next((_said(one) for one in found if one.run_id), NOTHING)


def _said(one: Materialisation) -> Observation:
    return Observation(one.data_version or None, str(one.metadata.get(REMOVED) or ""), one.storage_id, one.run_id)
