"""The deployment's storage keeps one connection to PostgreSQL open, and its tables are those of Dagster's own storage."""

import multiprocessing
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier, get_ident
from typing import Any

import dagster as dg
import pytest
import yaml
from dagster_postgres import PostgresEventLogStorage, PostgresRunStorage
from sqlalchemy import create_engine, event
from sqlalchemy.engine import Engine
from sqlalchemy.pool import NullPool

from voice_assets.orchestration.history import History
from voice_assets.orchestration.kept_postgres import KeptPostgres
from voice_assets_tests.cluster.deployment import DEPLOY
from voice_assets_tests.orchestration.recorded_events import Records

pytestmark = pytest.mark.slow
KEY = dg.AssetKey(["toy", "clips"])
STORAGE: dict[str, Any] = yaml.safe_load((DEPLOY / "dagster.yaml").read_text(encoding="utf-8"))["storage"]


@contextmanager
def instance_of(home: Path, database: dict[str, str], storage: dict[str, Any]) -> Iterator[dg.DagsterInstance]:
    home.mkdir(exist_ok=True)
    (home / "dagster.yaml").write_text(yaml.safe_dump({"storage": storage}), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**database, "DAGSTER_HOME": str(home)}.items():
            patch.setenv(name, value)
        with dg.DagsterInstance.get() as instance:
            yield instance


@pytest.fixture
def kept(tmp_path: Path, database: dict[str, str]) -> Iterator[dg.DagsterInstance]:
    with instance_of(tmp_path, database, STORAGE) as instance:
        Records(instance).materialise(KEY, "A")
        yield instance


@pytest.fixture
def opened() -> Iterator[list[object]]:
    """The connections that are opened in the test."""
    found: list[object] = []

    def note(connection: object, _: object) -> None:
        found.append(connection)

    event.listen(Engine, "connect", note)
    yield found
    event.remove(Engine, "connect", note)


def records_of(instance: dg.DagsterInstance) -> tuple[bool, int, int]:
    """What the three parts of the storage say."""
    assert instance.schedule_storage is not None
    return (
        History(instance).latest(KEY) is not None,
        len(instance.get_runs()),
        len(instance.schedule_storage.get_ticks("a", "b")),
    )


def asked(instance: dg.DagsterInstance, question: str) -> list[Any]:
    """PostgreSQL's answer over a connection of its own: the first column."""
    apart = create_engine(instance.run_storage.postgres_url, poolclass=NullPool)  # type: ignore[attr-defined]
    with apart.connect() as connection:
        return sorted(connection.exec_driver_sql(question).scalars())


def wait_for_sessions(instance: dg.DagsterInstance, number: int) -> list[int]:
    """PostgreSQL's processes for the database, when there are so many; those of closed connections take a moment to end."""
    question = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    while len(found := asked(instance, question)) != number:
        time.sleep(0.05)
    return found


def test_many_statements_of_all_parts_open_no_connection(kept: dg.DagsterInstance, opened: list[object]) -> None:
    before = records_of(kept)
    for _ in range(20):
        assert records_of(kept) == before == (True, 0, 0)
    assert opened == []
    assert wait_for_sessions(kept, 1)


def test_threads_open_what_they_need_and_one_connection_stays(kept: dg.DagsterInstance) -> None:
    together = Barrier(8)

    def ask(_: int) -> int:
        with kept.run_storage.connect() as connection:  # type: ignore[attr-defined]
            together.wait()
            return int(connection.exec_driver_sql("SELECT 1").scalar_one())

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(ask, range(8))) == [1] * 8
    assert wait_for_sessions(kept, 1)


def test_after_a_restart_of_the_database_the_next_statement_connects_again(
    kept: dg.DagsterInstance, opened: list[object]
) -> None:
    (session,) = wait_for_sessions(kept, 1)
    assert asked(kept, f"SELECT pg_terminate_backend({session}, 10000)") == [True]
    opened.clear()
    assert records_of(kept)[0]
    assert len(opened) == 1


def test_a_forked_process_has_a_connection_of_its_own(kept: dg.DagsterInstance) -> None:
    (session,) = wait_for_sessions(kept, 1)
    context = multiprocessing.get_context("fork")
    reader, writer = context.Pipe(duplex=False)

    def ask() -> None:
        with kept.run_storage.connect() as connection:  # type: ignore[attr-defined]
            writer.send(connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one())
        os._exit(0)

    process = context.Process(target=ask)
    process.start()
    assert reader.recv() != session
    process.join()
    assert process.exitcode == 0
    assert records_of(kept)[0]
    assert wait_for_sessions(kept, 1) == [session]


def test_an_instance_that_is_closed_leaves_no_connection(tmp_path: Path, database: dict[str, str]) -> None:
    with instance_of(tmp_path / "first", database, STORAGE) as first:
        records_of(first)
    with instance_of(tmp_path / "second", database, STORAGE) as second:
        assert wait_for_sessions(second, 0) == []


def test_dagsters_own_storage_reads_and_goes_on_with_what_ours_wrote(
    tmp_path: Path, kept: dg.DagsterInstance, database: dict[str, str]
) -> None:
    with instance_of(tmp_path / "other", database, {"postgres": STORAGE["custom"]["config"]}) as dagsters:
        assert type(dagsters.event_log_storage) is PostgresEventLogStorage
        assert type(dagsters.run_storage) is PostgresRunStorage
        assert records_of(dagsters)[0]
        Records(dagsters).materialise(KEY, "B")
        assert History(kept).latest(KEY) == History(dagsters).latest(KEY)


def test_services_that_start_at_once_on_a_new_database_create_its_tables_once(database: dict[str, str]) -> None:
    url = "postgresql+psycopg2://{PGUSER}:{PGPASSWORD}@{PGHOST}:{PGPORT}/{PGDATABASE}".format(**database)
    together, creating = Barrier(6), set[int]()

    def note(_: object, __: object, statement: str, *___: object) -> None:
        if "CREATE TABLE" in statement:
            creating.add(get_ident())

    def start(_: int) -> int:
        together.wait()
        storage = KeptPostgres(url)
        found = storage.run_storage.get_runs()
        storage.run_storage.dispose()
        return len(found)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        with ThreadPoolExecutor(6) as threads:
            assert list(threads.map(start, range(6))) == [0] * 6
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert len(creating) == 1
