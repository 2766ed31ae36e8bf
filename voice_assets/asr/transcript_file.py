"""The transcript cache of one machine: an SQLite file, which is checked before it is used.

- On a local disk the file is in WAL mode: readers never wait for writers. Writers of several processes take turns, with
  one transaction per batch, some milliseconds each. WAL needs memory that all processes share. Processes on two hosts share no
  memory, so on a network file system the file has a rollback journal instead, and a note says so. There, the locks are only
  as good as the file system's locks: let the processes of one host at a time write to the file.
- ``synchronous=NORMAL``: a transaction outlives ``kill -9`` of every process, because the operating system has the
  transaction when the commit returns. Only a power cut can lose the last transactions, each as a whole; their clips are decoded
  again. FULL would wait for the disk at each batch and would save only these transactions.
- A file that fails SQLite's own check or has another layout is moved aside, and a note says so.
"""

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Engine, StaticPool, create_engine
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateTable

from voice_assets.asr.transcript_tables import LAYOUT, TranscriptCacheError
from voice_assets.runtime.file_systems import network_file_system
from voice_assets.runtime.locks import SharedLock
from voice_assets.runtime.stamps import timestamp

BUSY_S = 60.0
"""How long a writer waits for other writers. Transactions take milliseconds; a loaded disk may stall for seconds."""

_WAIT_FOR_OTHERS_S = 10.0
_LAYOUT = 2
_APPLICATION = 0x564F4943  # "VOIC": no other program's database has this number


class _UntrustedError(Exception):
    """The file is damaged or is no transcript cache; the message says why."""


@contextlib.contextmanager
def database(path: Path) -> Iterator[tuple[Engine, str, list[str]]]:
    """Open the file: the connection, its name for messages, and notes for people. A missing file is created.

    A file that is damaged or is no transcript cache is moved to ``<name>.untrusted-<time>``, and a new file is created. Moving
    waits until no other process has the file open: SQLite finds the journal by the file's name, so a writer would mix up two
    files.

    Raises:
        TranscriptCacheError: the folder cannot be written, or the file must be moved and other processes have it open.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with SharedLock(path.with_name(path.name + ".lock")) as lock:
        connection, notes = _trusted(path, lock)
        network = network_file_system(path)
        if network:
            notes.append(
                f"{path}: on a network file system ({network}): no WAL mode, and locks are only as good as the locks of "
                f"{network}; let the processes of one host at a time write here, or put the project on a local disk"
            )
        engine = create_engine("sqlite://", creator=lambda: connection, poolclass=StaticPool, hide_parameters=True)
        try:
            yield engine, str(path), notes
        finally:
            engine.dispose()
            connection.close()


def _trusted(path: Path, lock: SharedLock) -> tuple[sqlite3.Connection, list[str]]:
    """A connection to a file that passed every check, with ``lock`` shared, and notes on changes to the file."""
    end = time.monotonic() + _WAIT_FOR_OTHERS_S
    while True:
        lock.share()
        try:
            return _connect(path), []  # after a wait, this may be the new file of another process
        except _UntrustedError:
            if lock.take_alone():
                break
        if time.monotonic() > end:
            raise TranscriptCacheError(
                f"{path}: damaged or no transcript cache, and other processes have it open; end them, then the next start "
                "moves the file aside"
            )
        time.sleep(0.1)
    try:  # another process may have replaced the file in the meantime
        return _shared(lock, _connect(path)), []
    except _UntrustedError as error:
        aside = path.with_name(f"{path.name}.untrusted-{timestamp()}")
        for suffix in ("", "-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                path.with_name(path.name + suffix).rename(aside.with_name(aside.name + suffix))
        note = f"{path}: damaged or no transcript cache ({error}); moved aside to {aside.name}, every clip is decoded again"
    try:
        return _shared(lock, _connect(path)), [note]
    except _UntrustedError as error:
        raise TranscriptCacheError(f"{path}: a new cache cannot be made: {error}") from error


def _shared(lock: SharedLock, connection: sqlite3.Connection) -> sqlite3.Connection:
    lock.share()
    return connection


def _connect(path: Path) -> sqlite3.Connection:
    """An open, checked connection; a new file gets its tables.

    Raises:
        _UntrustedError: the file is damaged or is no transcript cache.
        TranscriptCacheError: the file cannot be opened or written.
    """
    try:
        connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)
    except sqlite3.Error as error:
        raise TranscriptCacheError(f"{path}: cannot be opened: {error}") from error
    try:
        _check(connection)
        # Last, because this writes: a file of another program must not change.
        _set_journal(connection, "DELETE" if network_file_system(path) else "WAL")
    except (sqlite3.OperationalError, _UntrustedError) as error:
        connection.close()
        if isinstance(error, _UntrustedError):
            raise
        raise TranscriptCacheError(f"{path}: cannot be used: {error}") from error
    except sqlite3.DatabaseError as error:  # "malformed", "not a database"; OperationalError is the disk or a lock
        connection.close()
        raise _UntrustedError(str(error)) from error
    return connection


def _check(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA synchronous = NORMAL")
    if connection.execute("PRAGMA user_version").fetchone()[0] == 0:
        _make(connection)
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    if (version, application) != (_LAYOUT, _APPLICATION):
        raise _UntrustedError(f"its layout is {version} of {application:#x}, expected {_LAYOUT} of {_APPLICATION:#x}")
    problem = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if problem != "ok":
        raise _UntrustedError(problem)


def _set_journal(connection: sqlite3.Connection, mode: str) -> None:
    """Set SQLite's journal mode. Changing the mode ignores the busy timeout and fails on a lock, so it is tried again."""
    end = time.monotonic() + BUSY_S
    while True:
        try:
            connection.execute(f"PRAGMA journal_mode = {mode}")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > end:
                raise
            time.sleep(0.05)
        else:
            return


def _make(connection: sqlite3.Connection) -> None:
    """Create the tables in an empty file. One process creates them; the others wait."""
    connection.execute("BEGIN IMMEDIATE")
    with connection:
        if connection.execute("PRAGMA user_version").fetchone()[0]:
            return
        if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            raise _UntrustedError("it is another program's database")
        for table in LAYOUT.sorted_tables:
            connection.execute(str(CreateTable(table).compile(dialect=sqlite.dialect())))
        connection.execute(f"PRAGMA application_id = {_APPLICATION}")
        connection.execute(f"PRAGMA user_version = {_LAYOUT}")
