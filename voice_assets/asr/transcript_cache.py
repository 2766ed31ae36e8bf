"""The transcript cache: every hypothesis, by audio, model, language and decoding options, in one SQLite file per voice.

Here: storing and finding hypotheses, and noticing a damaged file. Not here: references and scores. An edited text changes
neither the audio nor its hypotheses, so nothing is decoded.

- Every decoding pass has its own rows, under a key. The key is a hash of exactly the options that decide that pass
  (``asr.cache_keys``). A new beam size needs new wide and full passes; every hypothesis of the fast pass stays valid.
- On a local disk the file is in WAL mode: readers never wait for writers. Writers of several processes take turns, with
  one transaction per batch, some milliseconds each. WAL needs memory that all processes share. Processes on two hosts share no
  memory, so on a network file system the file has a rollback journal instead, and ``notes`` says so. There, the locks are only
  as good as the file system's locks: let the processes of one host at a time write to the file.
- ``synchronous=NORMAL``: a transaction outlives ``kill -9`` of every process, because the operating system has the
  transaction when ``add`` returns. Only a power cut can lose the last transactions, each as a whole; their clips are decoded
  again. FULL would wait for the disk at each batch and would save only these transactions.
- A file that fails SQLite's own check or has another layout is moved aside. A row with a wrong checksum is not found and is
  written again. ``notes`` says both.
"""

import contextlib
import hashlib
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from voice_assets.asr.cache_keys import CacheKey
from voice_assets.runtime.file_systems import network_file_system
from voice_assets.runtime.locks import SharedLock
from voice_assets.runtime.stamps import timestamp

BUSY_S = 60.0
"""How long a writer waits for other writers. Transactions take milliseconds; a loaded disk may stall for seconds."""

_WAIT_FOR_OTHERS_S = 10.0
_LAYOUT = 2
_APPLICATION = 0x564F4943  # "VOIC": no other program's database has this number
_ASKED_AT_ONCE = 500  # SQLite's oldest limit of variables in one statement is 999
_TABLES = """
CREATE TABLE hypotheses (
    cache_key TEXT NOT NULL, audio_sha256 TEXT NOT NULL, hypothesis TEXT NOT NULL,
    engine TEXT NOT NULL, written_at TEXT NOT NULL, checksum TEXT NOT NULL,
    PRIMARY KEY (cache_key, audio_sha256)
) WITHOUT ROWID;
CREATE TABLE cache_keys (cache_key TEXT PRIMARY KEY, options TEXT NOT NULL) WITHOUT ROWID;
"""


class TranscriptCacheError(ValueError):
    """A cache that cannot be used or written. The message names the file and what to do."""


class _UntrustedError(Exception):
    """The file is damaged or is no transcript cache; the message says why."""


def _checksum(key: str, audio: str, hypothesis: str, engine: str) -> str:
    line = "\0".join((key, audio, hypothesis, engine))
    return hashlib.blake2b(line.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


class TranscriptCache:
    """Open with `opened`. For one thread; any number of processes may have the same file open.

    Attributes:
        notes: for people: problems of the file and the actions taken; empty without problems.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path, engine: str, notes: Sequence[str] = ()) -> None:
        self._connection, self._path, self._engine = connection, path, engine
        self._known: set[str] = set()
        self.notes = list(notes)

    def find(self, key: CacheKey, audio: Iterable[str]) -> dict[str, str]:
        """The stored texts for ``audio`` (SHA-256 of files), by hash; audio without an undamaged row is left out.

        Raises:
            TranscriptCacheError: the file cannot be read.
        """
        hashes, found = sorted(set(audio)), {}
        for start in range(0, len(hashes), _ASKED_AT_ONCE):
            part = hashes[start : start + _ASKED_AT_ONCE]
            asked = ",".join("?" * len(part))
            rows = self._do(
                "SELECT audio_sha256, hypothesis, engine, checksum FROM hypotheses "  # noqa: S608 - only question marks vary
                f"WHERE cache_key = ? AND audio_sha256 IN ({asked})",
                [key.key, *part],
            )
            for sha, hypothesis, engine, checksum in rows:
                if checksum == _checksum(key.key, sha, hypothesis, engine):
                    found[sha] = hypothesis
                else:
                    self.notes.append(f"{self._path}: the row of audio {sha[:12]} is damaged; the audio is decoded again")
        return found

    def add(self, texts: Mapping[CacheKey, Mapping[str, str]]) -> None:
        """Store a batch, ``{key: {audio hash: text}}``, in one transaction. An existing row is replaced.

        Raises:
            TranscriptCacheError: the disk is full, or other processes held the file too long. Nothing of the batch was stored.
        """
        now = time.strftime("%Y-%m-%dT%H:%M:%S%z")
        rows = [
            (key.key, sha, text, self._engine, now, _checksum(key.key, sha, text, self._engine))
            for key, by_audio in texts.items()
            for sha, text in by_audio.items()
        ]
        new = [(key.key, key.text) for key in texts if key.key not in self._known]
        try:
            # IMMEDIATE: SQLite can fail a transaction that began with a read at once, in spite of the busy timeout.
            self._connection.execute("BEGIN IMMEDIATE")
            with self._connection:
                self._connection.executemany("INSERT OR IGNORE INTO cache_keys VALUES (?, ?)", new)
                self._connection.executemany("INSERT OR REPLACE INTO hypotheses VALUES (?, ?, ?, ?, ?, ?)", rows)
        except (sqlite3.Error, UnicodeError) as error:
            raise TranscriptCacheError(f"{self._path}: {len(rows)} hypotheses could not be stored: {error}") from error
        self._known.update(name for name, _ in new)

    def _do(self, statement: str, values: Sequence[str]) -> list[tuple]:
        try:
            return self._connection.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise TranscriptCacheError(f"{self._path}: cannot be read: {error}; the next start checks the file") from error


@contextlib.contextmanager
def opened(path: Path, engine: str) -> Iterator[TranscriptCache]:
    """Open the transcript cache in ``path``; a missing file is created. Each new row says that ``engine`` made it.

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
        try:
            yield TranscriptCache(connection, path, engine, notes)
        finally:
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
        for statement in _TABLES.split(";"):
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {_APPLICATION}")
        connection.execute(f"PRAGMA user_version = {_LAYOUT}")
