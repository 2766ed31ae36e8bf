"""Our own reading of Dagster's tables gives the answers of Dagster's own API, about every kind of record."""

from collections.abc import Iterator

import dagster as dg
import pytest
from dagster._core.event_api import PartitionKeyFilter
from dagster._core.storage.event_log.schema import SqlEventLogStorageTable
from sqlalchemy import delete, insert, select

from voice_assets.orchestration.event_log import EventLog
from voice_assets.orchestration.records import Materialisation
from voice_assets_tests.orchestration.recorded_events import Records
from voice_assets_tests.toy_project import ToyProject

KEY, OTHER, NEVER = (dg.AssetKey(["toy", name]) for name in ("clips", "other", "never"))
OBSERVED = dg.DagsterEventType.ASSET_OBSERVATION
EVERY_KIND = {
    "text": "ё\n",
    "int": 3,
    "float": 0.1,
    "no": float("inf"),
    "bool": True,
    "json": {"a": [1, {"b": None}]},
    "list": dg.MetadataValue.json([1, "2"]),
    "md": dg.MetadataValue.md("*a*"),
    "url": dg.MetadataValue.url("http://a"),
    "path": dg.MetadataValue.path("a/b"),
    "null": dg.MetadataValue.null(),
    "run": dg.MetadataValue.dagster_run("r"),
    "asset": dg.MetadataValue.asset(KEY),
    "time": dg.MetadataValue.timestamp(5.0),
    "table": dg.MetadataValue.table([dg.TableRecord({"a": 1})]),
}


@pytest.fixture
def records() -> Iterator[Records]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield Records(instance)


def as_dagster_reads(record: dg.EventLogRecord) -> Materialisation:
    event = record.asset_materialization or record.asset_observation
    assert event is not None
    tags = event.tags or {}
    versions = (tags.get("dagster/data_version", ""), tags.get("dagster/code_version", ""))
    metadata = {name: value.value for name, value in event.metadata.items()}
    return Materialisation(
        event.asset_key, event.partition, record.storage_id, record.run_id, record.timestamp, *versions, metadata
    )


def same(found: list[Materialisation], records: list[dg.EventLogRecord]) -> bool:
    expected = [as_dagster_reads(one) for one in records]
    return found == expected and [dict(one.metadata) for one in found] == [dict(one.metadata) for one in expected]


def materialised(instance: dg.DagsterInstance, key: dg.AssetKey, **only: object) -> list[dg.EventLogRecord]:
    """The materialisations, the newest first, by Dagster's own API."""
    return list(instance.fetch_materializations(dg.AssetRecordsFilter(asset_key=key, **only), limit=1000).records)  # type: ignore[arg-type]


def newest(instance: dg.DagsterInstance, keys: list[dg.AssetKey]) -> list[dg.EventLogRecord]:
    """The newest materialisation of every partition, by Dagster's own API."""
    kind = dg.DagsterEventType.ASSET_MATERIALIZATION
    ids = (instance.event_log_storage.get_latest_storage_id_by_partition(key, kind).values() for key in keys)
    found = {one: True for some in ids for one in some}
    whole = [one for key in keys for one in materialised(instance, key)]
    unpartitioned = {one.storage_id for one in whole if one.partition_key is None}
    found |= {max(unpartitioned): True} if unpartitioned else {}
    return sorted((one for one in whole if one.storage_id in found), key=lambda one: one.storage_id)


def in_order(found: list[Materialisation]) -> list[Materialisation]:
    return sorted(found, key=lambda one: one.storage_id)


def test_every_kind_of_metadata_is_read_as_dagster_reads_it(records: Records) -> None:
    records.materialise(KEY, "A", "0-of-2", **EVERY_KIND)
    records.materialise(KEY, "B", None, code=None)
    records.instance.report_runless_asset_event(dg.AssetMaterialization(KEY, partition="1-of-2"))
    assert same(EventLog(records.instance).last(KEY, 10), materialised(records.instance, KEY))


def test_the_newest_of_every_partition_of_several_assets(records: Records) -> None:
    for data in "AB":
        for shard in ("0-of-2", "1-of-2"):
            records.materialise(KEY, data, shard)
        records.materialise(OTHER, data)
    found = EventLog(records.instance).newest([KEY, OTHER, NEVER])
    assert len(found) == 3
    assert same(in_order(found), newest(records.instance, [KEY, OTHER]))


def test_the_last_of_a_partition_and_those_before(records: Records) -> None:
    made = [records.materialise(KEY, data, shard) for data in "ABC" for shard in ("0-of-2", "1-of-2")]
    log = EventLog(records.instance)
    assert same(log.last(KEY, 2, "1-of-2"), materialised(records.instance, KEY, asset_partitions=["1-of-2"])[:2])
    assert log.last(KEY, 10, before=made[2].storage_id) == [made[1], made[0]]


def test_observations(records: Records) -> None:
    for version in "AB":
        records.observe(dg.AssetObservation(KEY, partition="0-of-2", tags={"dagster/data_version": version}))
    records.observe(dg.AssetObservation(KEY, partition="1-of-2", metadata=EVERY_KIND))
    expected = list(records.instance.fetch_observations(KEY, limit=10).records)
    assert same(EventLog(records.instance).last(KEY, 10, kind=OBSERVED), expected)
    assert same(in_order(EventLog(records.instance).newest([KEY], OBSERVED)), [expected[1], expected[0]])


def test_what_was_wiped_is_gone_and_what_was_made_since_is_there(records: Records) -> None:
    log = EventLog(records.instance)
    old = [records.materialise(KEY, "A", shard) for shard in ("0-of-2", "1-of-2")]
    kept = records.materialise(OTHER, "A")
    records.instance.wipe_assets([KEY])
    ids = [one.storage_id for one in (*old, kept)]
    assert log.newest([KEY, OTHER]) == list(log.exact(ids)) == [kept]
    new = records.materialise(KEY, "A", "0-of-2")
    assert log.last(KEY, 10) == log.newest([KEY]) == [new]
    assert same(log.last(KEY, 10), materialised(records.instance, KEY))
    assert in_order(list(log.exact([*ids, new.storage_id]))) == [kept, new]


def test_more_storage_ids_than_a_statement_may_name(records: Records) -> None:
    made = records.materialise(KEY, "A")
    assert list(EventLog(records.instance).exact(range(made.storage_id, 40_000))) == [made]


def test_the_newest_of_every_data_version(records: Records) -> None:
    made = {(shard, data): records.materialise(KEY, data, shard) for data in "ABAA" for shard in ("0-of-2", "1-of-2")}
    records.instance.report_runless_asset_event(dg.AssetMaterialization(KEY))
    unversioned = materialised(records.instance, KEY)[0].storage_id
    expected = {partition_and_data: one.storage_id for partition_and_data, one in made.items()}
    assert EventLog(records.instance).versions(KEY) == expected | {(None, ""): unversioned}


def test_the_newest_executions_of_checks(records: Records) -> None:
    rules = [dg.AssetCheckKey(key, name) for key in (KEY, OTHER) for name in ("mono", "rate")]
    for passed in (True, False):
        for shard in ("0-of-2", "1-of-2", None):
            made = records.materialise(KEY, "A", shard)
            for rule in rules[:2]:
                records.judge(rule.name, made, passed, run_id=made.run_id)
    records.judge("mono", records.materialise(OTHER, "A"), True)
    found = {(one.key, one.partition): one for one in EventLog(records.instance).newest_executions(rules)}
    assert len(found) == 7
    for shard in ("0-of-2", "1-of-2", None):
        expected = records.instance.event_log_storage.get_latest_asset_check_execution_by_key(
            rules, partition_filter=PartitionKeyFilter(key=shard)
        )
        assert {check: one for (check, partition), one in found.items() if partition == shard} == expected


def test_the_state_shows_an_event_that_becomes_visible_after_one_with_a_greater_id(records: Records) -> None:
    """As in PostgreSQL, where the transaction of the smaller id may end later."""
    early, _ = (records.materialise(KEY, data, "0-of-2") for data in "AB")
    log, table = EventLog(records.instance), SqlEventLogStorageTable
    both = log.state([KEY])
    with log._storage.index_connection() as connection:
        row = connection.execute(select(table).where(table.c.id == early.storage_id)).one()
        connection.execute(delete(table).where(table.c.id == early.storage_id))
    assert (one := log.state([KEY])) != both
    with log._storage.index_connection() as connection:
        connection.execute(insert(table).values(**row._mapping))
    assert log.state([KEY]) == both != one


def test_the_state_shows_a_wiped_asset_and_only_the_assets_that_are_asked_for(records: Records) -> None:
    records.materialise(KEY, "A")
    log = EventLog(records.instance)
    before, other = log.state([KEY]), log.state([OTHER])
    records.instance.event_log_storage.wipe_asset(KEY)
    assert log.state([KEY]) != before
    assert log.state([OTHER]) == other
    records.judge("mono", records.materialise(OTHER, "A"), passed=True)
    assert log.state([OTHER]) != other


def test_what_real_runs_recorded(validated: ToyProject) -> None:
    log, keys = EventLog(validated.instance), [dg.AssetKey(["toy", name]) for name in ("clips", "base_validation")]
    assert same(in_order(log.newest(keys)), newest(validated.instance, keys))
    observed = dg.AssetKey(["toy", "raw_dataset"])
    assert same(log.last(observed, 10, kind=OBSERVED), list(validated.instance.fetch_observations(observed, limit=10).records))


def test_events_that_are_in_no_database(records: Records) -> None:
    class Elsewhere:
        event_log_storage = object()

    with pytest.raises(TypeError, match=r"must be in SQLite or PostgreSQL, not in object"):
        EventLog(Elsewhere())  # type: ignore[arg-type]
