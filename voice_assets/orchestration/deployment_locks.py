"""Locks of a whole deployment: one process holds such a lock, on whichever machine of the deployment.

Where machines share PostgreSQL, the lock is an advisory lock there, of one connection. PostgreSQL frees the lock when the
connection ends: at once when the process dies, half a minute later when the whole machine falls silent. The connection names
its user and its process, so PostgreSQL itself knows the holder. Where Dagster's records are files of one machine, the lock is
a file of that machine.

A database that is started again has freed all locks; runs fail with it at their next record. A connection pool in front of
PostgreSQL must give every client a session of its own.

Not here: locks on what one machine has for itself, such as GPUs and caches (``runtime.locks``).
"""

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

from voice_assets.runtime import locks
from voice_assets.runtime.processes import ProcessIdentity, user_name
from voice_assets.runtime.stamps import utc_text

if TYPE_CHECKING:
    from sqlalchemy import Connection

_SESSION = {
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "4",
    "idle_session_timeout": "0",
}
"""PostgreSQL looks after a silent client for seconds, not for two hours, and does not end one that is only waiting."""
_SET = "SELECT set_config(%(name)s, %(value)s, false)"
_TAKE = "SELECT pg_try_advisory_lock(%(key)s)"
_RELEASE = "SELECT pg_advisory_unlock(%(key)s)"
_HOLDER = """SELECT application_name, backend_start FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE locktype = 'advisory' AND granted AND objsubid = 1 AND classid::bigint << 32 | objid::bigint = %(key)s
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""


@dataclass(frozen=True)
class DeploymentLock:
    """A lock of the deployment.

    Attributes:
        instance: whose records the lock protects.
        name: what nobody else may do meanwhile, such as ``run toy``: equal names are one lock.
        file: the lock file, where the deployment is one machine.
    """

    instance: dg.DagsterInstance
    name: str
    file: Path

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the lock while the block runs.

        Raises:
            LockError: another process holds the lock. The message names the user, the process, the host, and since when.
        """
        from sqlalchemy.exc import SQLAlchemyError  # a code location needs no SQLAlchemy

        if not self._shared:
            with locks.exclusive(self.file):
                yield
            return
        with self._connected() as connection:
            if not connection.exec_driver_sql(_TAKE, {"key": self._key}).scalar():
                raise locks.LockError(self._holder(connection) or "a process that has just ended held the lock; try again")
            try:
                yield
            finally:
                with suppress(SQLAlchemyError):  # a connection that was lost holds no lock
                    connection.exec_driver_sql(_RELEASE, {"key": self._key})

    @contextmanager
    def held_by_run(self, doing: str) -> Iterator[None]:
        """Hold the lock in a run. ``doing``: what only one run may do, such as `trains toy`.

        Raises:
            dagster.Failure: another process holds the lock.
        """
        with ExitStack() as stack:
            try:
                stack.enter_context(self.held())
            except locks.LockError as error:
                message = f"another run {doing}: {error}; wait for that run, or end it"
                raise dg.Failure(message, allow_retries=False) from error
            yield

    def is_held(self) -> bool:
        """Whether a process holds the lock."""
        if not self._shared:
            return locks.is_held(self.file)
        with self._connected() as connection:
            return self._holder(connection) is not None

    @property
    def _shared(self) -> bool:
        """Whether the records are in a database that other machines may share."""
        return hasattr(self.instance.run_storage, "postgres_url")

    @property
    def _key(self) -> int:
        digest = hashlib.sha256(f"voice_assets {self.name}".encode()).digest()
        return int.from_bytes(digest[:8], signed=True)

    @contextmanager
    def _connected(self) -> "Iterator[Connection]":
        """A connection of its own to the database of the records, that says who it is. Each statement is a transaction."""
        storage: Any = self.instance.run_storage
        with storage.connect() as connection:
            connection.detach()  # it is closed at the end, and never given to somebody else
            for name, value in {
                **_SESSION,
                "application_name": f"{user_name() or 'somebody'}, {ProcessIdentity.own()}",
            }.items():
                connection.exec_driver_sql(_SET, {"name": name, "value": value})
            yield connection

    def _holder(self, connection: "Connection") -> str | None:
        """Who holds the lock, in words; None when nobody does."""
        found = connection.exec_driver_sql(_HOLDER, {"key": self._key}).first()
        if found is None:
            return None
        since = "" if found.backend_start is None else f" since {utc_text(found.backend_start.timestamp())}"
        return f"{found.application_name or 'somebody'} holds the lock `{self.name}` of the deployment{since}"
