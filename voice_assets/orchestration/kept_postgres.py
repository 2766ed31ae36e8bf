"""Dagster's PostgreSQL storage with a connection that stays open.

Dagster connects anew for every statement, in every process but the web server: both sides compute the hash of the password
again, and PostgreSQL starts a process. ``deploy/dagster.yaml`` names the class ``KeptPostgres``; the tables are those of
Dagster's own storage, so either can use them.

Not here: what is stored; `kept_sqlite` does the same for the files of one machine.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from dagster._serdes import ConfigurableClassData
from dagster_postgres import DagsterPostgresStorage, PostgresRunStorage
from dagster_postgres.utils import create_pg_connection, create_pg_engine, get_token_provider_from_config, pg_url_from_config
from sqlalchemy import Engine, event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import NullPool

_TABLES = 7_310_579_131
"""The number of PostgreSQL's advisory lock, which has no other meaning."""
KEPT = 1
"""The connections of a process that stay open. Threads that need more at the same moment open more and close them."""


class _Runs(PostgresRunStorage):
    def dispose(self) -> None:
        """Close the connections of the whole storage; they may be opened again."""
        self._engine.dispose()
        super().dispose()


class KeptPostgres(DagsterPostgresStorage):
    """The storage that ``deploy/dagster.yaml`` names; its settings are those of ``storage: postgres``."""

    def __init__(
        self,
        postgres_url: str,
        should_autocreate_tables: bool = True,
        inst_data: ConfigurableClassData | None = None,
        token_provider: Any = None,
    ):
        with _one_creates_tables(postgres_url, token_provider):
            super().__init__(postgres_url, should_autocreate_tables, inst_data, token_provider)
        self._run_storage = _Runs(postgres_url, should_autocreate_tables=False, token_provider=token_provider)
        engine = _kept(postgres_url, token_provider)
        for part in (self._run_storage, self._event_log_storage, self._schedule_storage):
            part._engine = engine

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Any) -> "KeptPostgres":
        """Make the storage from its part of ``dagster.yaml``."""
        return cls(
            pg_url_from_config(config_value),
            config_value.get("should_autocreate_tables", True),
            inst_data,
            get_token_provider_from_config(config_value),
        )


@contextmanager
def _one_creates_tables(url: str, token_provider: Any) -> Iterator[None]:
    """Wait, on a new database, until no other process creates the tables: the services of a deployment start at once.

    The lock ends with its connection. ``jobs`` is of the part that Dagster creates last.
    """
    engine = create_pg_engine(url, token_provider, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with create_pg_connection(engine) as connection:
        if connection.exec_driver_sql("SELECT to_regclass('jobs')").scalar() is None:
            connection.exec_driver_sql(f"SELECT pg_advisory_lock({_TABLES})")
        yield


def _kept(url: str, token_provider: Any) -> Engine:
    """An engine that looks whether its connection still lives before it gives it out, after a restart of the database too."""
    open_ones: dict[str, Any] = {"pool_size": KEPT, "max_overflow": -1, "pool_pre_ping": True}
    engine = create_pg_engine(url, token_provider, isolation_level="AUTOCOMMIT", **open_ones)
    event.listen(engine, "connect", _note_process)
    event.listen(engine, "checkout", _refuse_another_process)
    return engine


def _note_process(_: Any, record: Any) -> None:
    record.info["pid"] = os.getpid()


def _refuse_another_process(_: Any, record: Any, checked_out: Any) -> None:
    """A process that was forked opens its own connection, and leaves that of its parent alone."""
    if record.info["pid"] != os.getpid():
        record.dbapi_connection = checked_out.dbapi_connection = None
        raise DisconnectionError("the connection belongs to the process that this one was forked from")
