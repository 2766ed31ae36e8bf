"""The project's SQLite storage keeps databases open, and its files are those of Dagster's own storage."""

import multiprocessing
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from sqlite3 import Connection

import dagster as dg
import pytest
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage
from sqlalchemy import event
from sqlalchemy.engine import Engine

from voice_assets.orchestration.history import History
from voice_assets.orchestration.kept_sqlite import KEPT
from voice_assets_tests.orchestration.recorded_events import Records
from voice_assets_tests.toy_project import HERE

KEY = dg.AssetKey(["toy", "clips"])


@contextmanager
def instance_in(home: Path, monkeypatch: pytest.MonkeyPatch, config: str) -> Iterator[dg.DagsterInstance]:
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    (home / "dagster.yaml").write_text(config, encoding="utf-8")
    with dg.DagsterInstance.get() as instance:
        yield instance


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    with instance_in(tmp_path, monkeypatch, (HERE / "dagster.yaml").read_text(encoding="utf-8")) as instance:
        yield instance


@contextmanager
def opened() -> Iterator[Counter[str]]:
    """How often each database is opened in the block, by the name of its file."""
    found: Counter[str] = Counter()

    def note(connection: Connection, _: object) -> None:
        found[Path(connection.execute("PRAGMA database_list").fetchone()[2]).stem] += 1

    event.listen(Engine, "connect", note)
    try:
        yield found
    finally:
        event.remove(Engine, "connect", note)


def test_many_statements_open_no_database_again(kept: dg.DagsterInstance) -> None:
    with opened() as databases:
        Records(kept).materialise(KEY, "A")
        kept.add_run(dg.DagsterRun(job_name="a", run_id="a"))
        for _ in range(20):
            assert History(kept).latest(KEY) is not None
            assert len(kept.get_runs()) == 1
    databases.pop("empty")  # of which that of the run is a copy
    assert set(databases.values()) == {1}


def test_the_files_are_those_of_dagsters_own_storage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def add(config: str, run_id: str) -> list[str]:
        with instance_in(tmp_path, monkeypatch, config) as instance:
            Records(instance).materialise(KEY, run_id)
            instance.add_run(dg.DagsterRun(job_name="a", run_id=run_id))
            assert sorted(one.data_version for one in History(instance).all(KEY)) == sorted(
                run.run_id for run in instance.get_runs()
            )
            return sorted(run.run_id for run in instance.get_runs())

    ours = (HERE / "dagster.yaml").read_text(encoding="utf-8")
    assert add("telemetry: {enabled: false}\n", "a") == ["a"]
    assert add(ours, "b") == ["a", "b"]
    assert add("telemetry: {enabled: false}\n", "c") == ["a", "b", "c"]


def test_a_closed_instance_leaves_no_log_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with instance_in(tmp_path, monkeypatch, (HERE / "dagster.yaml").read_text(encoding="utf-8")) as instance:
        Records(instance).materialise(KEY, "A")
        assert list(tmp_path.rglob("*.db-wal"))
    assert list(tmp_path.rglob("*.db-wal")) == []


def test_only_the_last_databases_stay_open(kept: dg.DagsterInstance, tmp_path: Path) -> None:
    for _ in range(KEPT + 3):
        Records(kept).materialise(KEY, "A")
    assert len(list(tmp_path.rglob("*.db"))) > KEPT + 3
    assert len(list(tmp_path.rglob("runs/*.db-wal"))) == KEPT


def schema(file: Path) -> list[object]:
    with closing(sqlite3.connect(file)) as database:
        tables = database.execute("SELECT type, name, sql FROM sqlite_master ORDER BY name").fetchall()
        return [*tables, database.execute("SELECT * FROM alembic_version").fetchall(), *database.execute("PRAGMA journal_mode")]


def test_the_copied_database_of_a_run_is_one_that_dagster_made(kept: dg.DagsterInstance, tmp_path: Path) -> None:
    dagsters = SqliteEventLogStorage(str(tmp_path / "dagsters"))
    with dagsters.run_connection("a"):
        pass
    with kept.event_log_storage.run_connection("a"):  # type: ignore[attr-defined]
        pass
    kept.dispose()
    assert schema(tmp_path / "history" / "runs" / "a.db") == schema(tmp_path / "dagsters" / "a.db")


def test_a_database_that_another_process_makes_meanwhile_is_kept(kept: dg.DagsterInstance, tmp_path: Path) -> None:
    file, made = tmp_path / "history" / "runs" / "a.db", dg.DagsterInstance.get()
    with made:
        Records(made).materialise(KEY, "A", run_id="a")
        assert not kept.event_log_storage._copied(file)  # type: ignore[attr-defined]
    Records(kept).materialise(KEY, "B", run_id="a")
    assert [one.event_log_entry.run_id for one in kept.get_records_for_run("a").records] == ["a", "a"]
    assert list(file.parent.glob(".a-*")) == []


def test_a_forked_process_opens_its_own(kept: dg.DagsterInstance) -> None:
    Records(kept).materialise(KEY, "A")
    forked = multiprocessing.get_context("fork")
    answers = forked.Queue()

    def work() -> None:
        Records(kept).materialise(KEY, "B")
        answers.put(len(list(History(kept).all(KEY))))

    child = forked.Process(target=work)
    child.start()
    assert answers.get(timeout=120) == 2
    child.join()
    assert [one.data_version for one in History(kept).all(KEY)] == ["B", "A"]
