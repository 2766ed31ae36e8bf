"""Dagster's event log, read in bulk: one statement for many assets and partitions, and no objects of Dagster per event.

Dagster's own API asks about one asset, with two statements for every hundred records. A gate asks about ten assets with
hundreds of shards. So this file, and no other, reads the tables of Dagster's SQL storages and the JSON of their events.
``test_event_log.py`` compares the answers with those of Dagster's own API, so another Dagster fails there.

Reads only. Loads SQLAlchemy. Not here: remembering what was read (``history``, ``check_results``, ``observations``).
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import dagster as dg
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecord
from dagster._core.storage.event_log.schema import (
    AssetCheckExecutionsTable,
    AssetEventTagsTable,
    AssetKeyTable,
    SqlEventLogStorageTable,
)
from dagster._core.storage.event_log.sql_event_log import SqlEventLogStorage
from dagster._serdes import deserialize_value
from sqlalchemy import ColumnElement, Select, and_, func, select

from voice_assets.orchestration.records import Materialisation

MATERIALISED = dg.DagsterEventType.ASSET_MATERIALIZATION
EVENTS_AT_ONCE = 10_000
"""What a statement may name: SQLite allows 32,766 values."""
PLAIN = {
    "TextMetadataEntryData": "text",
    "IntMetadataEntryData": "value",
    "FloatMetadataEntryData": "value",
    "BoolMetadataEntryData": "value",
    "JsonMetadataEntryData": "data",
    "MarkdownMetadataEntryData": "md_str",
    "UrlMetadataEntryData": "url",
}
"""The kinds of metadata that are stored as plain JSON, each with the name of its value."""

_events, _tags, _checks = SqlEventLogStorageTable.c, AssetEventTagsTable.c, AssetCheckExecutionsTable.c


class EventLog:
    """Reads the event log of one instance.

    An observation is read like a materialisation: both have a key, a partition, tags and metadata. What was recorded before
    its asset was wiped is left out.

    Raises:
        TypeError: the instance keeps its events in no SQL database.
    """

    def __init__(self, instance: dg.DagsterInstance):
        storage = instance.event_log_storage
        if not isinstance(storage, SqlEventLogStorage):
            raise TypeError(f"dagster.yaml: storage: events must be in SQLite or PostgreSQL, not in {type(storage).__name__}")
        self._storage = storage

    def newest(self, keys: Collection[dg.AssetKey], kind: dg.DagsterEventType = MATERIALISED) -> list[Materialisation]:
        """The newest event of each of ``keys``, in each of its partitions."""
        newest = select(func.max(_events.id)).where(_about(keys, kind)).group_by(_events.asset_key, _events.partition)
        return self._read(_EVENTS.where(_events.id.in_(newest)))

    def last(
        self,
        key: dg.AssetKey,
        limit: int,
        partition: str | None = None,
        kind: dg.DagsterEventType = MATERIALISED,
        before: int | None = None,
    ) -> list[Materialisation]:
        """The last ``limit`` events of ``key``, the newest first.

        Args:
            key: the asset.
            limit: how many.
            partition: None takes the events of all partitions.
            kind: materialisations or observations.
            before: a storage id; events from this one on are left out.
        """
        wanted = _EVENTS.where(_about([key], kind)).order_by(_events.id.desc()).limit(limit)
        wanted = wanted if partition is None else wanted.where(_events.partition == partition)
        return self._read(wanted if before is None else wanted.where(_events.id < before))

    def exact(self, storage_ids: Collection[int]) -> Iterator[Materialisation]:
        """The materialisations with these storage ids, as far as they are there."""
        wanted = sorted(storage_ids)
        for start in range(0, len(wanted), EVENTS_AT_ONCE):
            some = _events.id.in_(wanted[start : start + EVENTS_AT_ONCE])
            yield from self._read(_EVENTS.where(some, _events.dagster_event_type == MATERIALISED.value))

    def versions(self, key: dg.AssetKey) -> dict[tuple[str | None, str], int]:
        """The storage id of the newest materialisation of ``key`` with each data version, by partition and version."""
        tag = and_(_tags.event_id == _events.id, _tags.key == "dagster/data_version")
        wanted = select(_events.partition, _tags.value, func.max(_events.id)).outerjoin_from(
            SqlEventLogStorageTable, AssetEventTagsTable, tag
        )
        rows = self._rows(wanted.where(_about([key], MATERIALISED)).group_by(_events.partition, _tags.value))
        return {(row[0], row[1] or ""): row[2] for row in rows}

    def newest_executions(self, checks: Collection[dg.AssetCheckKey]) -> Iterator[AssetCheckExecutionRecord]:
        """The newest execution of each of ``checks``, in each of its partitions; and perhaps those of more checks."""
        assets, names = {check.asset_key.to_string() for check in checks}, {check.name for check in checks}
        named = and_(_checks.asset_key.in_(assets), _checks.check_name.in_(names))
        newest = select(func.max(_checks.id)).where(named).group_by(_checks.asset_key, _checks.check_name, _checks.partition)
        for row in self._rows(select(AssetCheckExecutionsTable).where(_checks.id.in_(newest))):
            key = dg.AssetKey.from_db_string(row.asset_key)
            assert key is not None
            yield AssetCheckExecutionRecord.from_db_row(row._mapping, dg.AssetCheckKey(key, row.check_name))

    def state(self, keys: Collection[dg.AssetKey]) -> list[Any]:
        """Figures about everything that is recorded about ``keys``: they differ when anything was added, deleted or wiped.

        PostgreSQL may show an event after one with a greater id, and a check that ends changes its row: the number of rows and
        the sums of ids show both. SQLite gives the ids of deleted events away again: the run and the time of the last event
        show that. Of the events, only an index is read.
        """
        names = [key.to_string() for key in keys]
        about = _events.asset_key.in_(names)
        last = select(func.max(_events.id)).where(about).scalar_subquery()
        asset = AssetKeyTable.c
        parts = (
            select(func.count(), func.sum(_events.id)).where(about),
            select(_events.id, _events.run_id, _events.timestamp).where(_events.id == last),
            select(asset.asset_key, asset.asset_details).where(asset.asset_key.in_(names)).order_by(asset.asset_key),
            select(func.count(), func.sum(_checks.evaluation_event_storage_id)).where(_checks.asset_key.in_(names)),
        )
        return [[tuple(row) for row in self._rows(part)] for part in parts]

    def _read(self, wanted: Select) -> list[Materialisation]:
        found = ((_materialisation(row.id, row.event), row.asset_details) for row in self._rows(wanted))
        return [one for one, details in found if details is None or one.time > _wiped_at(details)]

    def _rows(self, wanted: Select) -> Sequence[Any]:
        with self._storage.index_connection() as connection:
            return connection.execute(wanted).fetchall()


_EVENTS = select(_events.id, _events.event, AssetKeyTable.c.asset_details).outerjoin_from(
    SqlEventLogStorageTable, AssetKeyTable, AssetKeyTable.c.asset_key == _events.asset_key
)


def _about(keys: Collection[dg.AssetKey], kind: dg.DagsterEventType) -> ColumnElement[bool]:
    return and_(_events.asset_key.in_([key.to_string() for key in keys]), _events.dagster_event_type == kind.value)


def _wiped_at(details: str) -> float:
    """When the asset was wiped, in seconds since 1970; 0 where that is not said."""
    return json.loads(details).get("last_wipe_timestamp") or 0.0


def _materialisation(storage_id: int, event: str) -> Materialisation:
    """The values of a stored event. Dagster's ``deserialize_value`` gives the same, in ten times the time."""
    entry = json.loads(event)
    data = entry["dagster_event"]["event_specific_data"]
    said = data.get("materialization") or data["asset_observation"]
    tags = said.get("tags") or {}
    return Materialisation(
        key=dg.AssetKey(said["asset_key"]["path"]),
        partition=said["partition"],
        storage_id=storage_id,
        run_id=entry["run_id"],
        time=entry["timestamp"],
        data_version=tags.get("dagster/data_version", ""),
        code_version=tags.get("dagster/code_version", ""),
        metadata={one["label"]: _value(one["entry_data"]) for one in said["metadata_entries"]},
    )


def _value(entry: Mapping[str, Any]) -> Any:
    name = PLAIN.get(entry["__class__"])
    if name is not None:
        return entry[name]
    value: Any = deserialize_value(json.dumps(entry))
    return value.value
