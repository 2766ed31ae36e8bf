"""Dagster's SQLite storage with databases that stay open: a statement costs a fifth of the CPU time, a stored event a third.

Dagster opens the database anew for every statement. Then SQLAlchemy compiles every statement again, and SQLite empties the
write-ahead log whenever the last connection closes. ``dagster.yaml`` names the class ``KeptSqlite``; the files are those of
Dagster's own storage, so either can open them. A deployment on PostgreSQL names ``KeptPostgres``.

Not here: what is stored.
"""

import os
import tempfile
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any

from dagster._core.storage.event_log.sqlite.sqlite_event_log import INDEX_SHARD_NAME, SqliteEventLogStorage
from dagster._core.storage.runs.sqlite.sqlite_run_storage import SqliteRunStorage
from dagster._core.storage.schedules.sqlite.sqlite_schedule_storage import SqliteScheduleStorage
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._core.storage.sqlite_storage import (
    DagsterSqliteStorage,
    _event_logs_directory,
    _runs_directory,
    _schedule_directory,
)
from dagster._serdes import ConfigurableClassData
from sqlalchemy import Connection, Engine, create_engine, inspect
from sqlalchemy.pool import NullPool

KEPT = 8
"""The databases that stay open in a storage: each run has its own."""


class _Engines:
    """The open databases of one storage. A process that was forked opens its own."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._open: OrderedDict[tuple[int, str], Engine] = OrderedDict()

    def of(self, url: str) -> Engine:
        """The engine of a database."""
        with self._lock:
            if (os.getpid(), url) not in self._open:
                self._open[os.getpid(), url] = create_engine(url, connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS})
            self._open.move_to_end((os.getpid(), url))
            while len(self._open) > KEPT:
                self._close(*self._open.popitem(last=False))
            return self._open[os.getpid(), url]

    def close(self) -> None:
        """Close every database; it may be opened again."""
        with self._lock:
            while self._open:
                self._close(*self._open.popitem())

    def _close(self, key: tuple[int, str], engine: Engine) -> None:
        engine.dispose(close=key[0] == os.getpid())


class _Runs(SqliteRunStorage):
    def __init__(self, conn_string: str, inst_data: ConfigurableClassData | None = None):
        self._engines = _Engines()
        super().__init__(conn_string, inst_data)

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """A connection in a transaction."""
        with self._engines.of(self._conn_string).begin() as connection:
            yield connection

    def dispose(self) -> None:
        """Close the database."""
        self._engines.close()
        super().dispose()


class _Events(SqliteEventLogStorage):
    def __init__(self, base_dir: str):
        self._engines = _Engines()
        super().__init__(base_dir)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock:
            engine = self._engines.of(self.conn_string_for_shard(shard))
            if shard not in self._initialized_dbs:
                self._make(shard, engine)
                self._initialized_dbs.add(shard)
            with engine.begin() as connection:
                yield connection

    def has_table(self, table_name: str) -> bool:
        """Whether the index has a table; Dagster asks this for every check and partition."""
        return inspect(self._engines.of(self.conn_string_for_shard(INDEX_SHARD_NAME))).has_table(table_name)

    def _make(self, shard: str, engine: Engine) -> None:
        """Make the database of a run, as a copy of an empty one: Dagster's migrations take 50 ms."""
        file = Path(self.path_for_shard(shard))
        if not file.exists() and self._copied(file):
            return
        self._initdb(engine)

    def _copied(self, file: Path) -> bool:
        """Copy the empty database; False where another process was first, and on a disk that knows no hard links."""
        temporary = file.with_name(f".{file.stem}-{os.getpid()}")
        temporary.write_bytes(self._empty)
        try:
            os.link(temporary, file)
        except OSError:
            return False
        finally:
            temporary.unlink()
        return True

    @cached_property
    def _empty(self) -> bytes:
        """The bytes of the database of a run in which nothing happened."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "empty.db"
            self._initdb(create_engine(f"sqlite:///{file}", poolclass=NullPool))
            return file.read_bytes()

    def dispose(self) -> None:
        """Close the databases."""
        self._engines.close()
        super().dispose()


class KeptSqlite(DagsterSqliteStorage):
    """The storage that ``dagster.yaml`` names. Dagster asks little of its own storage of schedules, and never closes that."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None):
        self.base_dir = base_dir
        self._inst_data = inst_data
        self._run_storage = _Runs.from_local(_runs_directory(base_dir))
        self._event_log_storage = _Events(_event_logs_directory(base_dir))
        self._schedule_storage = SqliteScheduleStorage.from_local(_schedule_directory(base_dir))
        super(DagsterSqliteStorage, self).__init__()  # type: ignore[no-untyped-call]

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Any) -> "KeptSqlite":
        """Make the storage from its part of ``dagster.yaml``."""
        return cls(inst_data=inst_data, **config_value)
