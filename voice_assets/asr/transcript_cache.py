"""What Whisper heard, kept for good: hypotheses by audio, model, language and decoding options, one SQLite file a voice.

What belongs here: storing and finding hypotheses, and noticing a file that cannot be trusted. What does not: references
and scores. An edited text changes neither the audio nor what is heard in it, so it decodes nothing.

- Every decoding pass is a row of its own, each under its *key*: a hash of what decides that pass and nothing else. Another
  beam asks for new further passes and leaves every fast hypothesis in force.
- The file is in WAL mode: readers never wait for writers, and writers of several processes take turns for milliseconds,
  one transaction a batch. WAL wants a local disk; where SQLite cannot have it, the file works without, with more waiting.
- ``synchronous=NORMAL``: a transaction outlives ``kill -9`` of every process, because it is in the operating system's
  hands when ``add`` returns. Only a power cut may take the last ones back, whole ones, never half of one; they are decoded
  again. FULL would wait for the disk at each batch to save at most that.
- Never trusted: a file that fails SQLite's own check or has another layout is moved aside, a row whose checksum does not
  fit is not found and is written anew. Both are told in ``notes``.
"""

import contextlib
import fcntl
import hashlib
import json
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from voice_assets.runtime.stamps import timestamp

BUSY_S = 60.0
"""How long a writer waits for the others. Their transactions take milliseconds; a loaded disk may stall for seconds."""

_WAIT_FOR_OTHERS_S = 10.0
_LAYOUT = 1
_APPLICATION = 0x564F4943  # "VOIC": tells this file from another program's database
_ASKED_AT_ONCE = 500  # SQLite's oldest limit of variables in one statement is 999
_TABLES = """
CREATE TABLE hypotheses (
    setting TEXT NOT NULL, audio_sha256 TEXT NOT NULL, hypothesis TEXT NOT NULL,
    engine TEXT NOT NULL, written_at TEXT NOT NULL, checksum TEXT NOT NULL,
    PRIMARY KEY (setting, audio_sha256)
) WITHOUT ROWID;
CREATE TABLE settings (setting TEXT PRIMARY KEY, options TEXT NOT NULL) WITHOUT ROWID;
"""


class TranscriptCacheError(ValueError):
    """A cache that cannot be used or written. The message names the file and what to do."""


class _UntrustedError(Exception):
    """The file is not a sound cache; the message says why."""


@dataclass(frozen=True)
class CacheKey:
    """Everything that decides one decoding pass beside the audio; ``options`` are plain values and name the pass."""

    options: tuple[tuple[str, object], ...]

    @classmethod
    def of(cls, **options: object) -> "CacheKey":
        """The setting with these options, whatever their order."""
        return cls(tuple(sorted(options.items())))

    @property
    def text(self) -> str:
        """The options as JSON."""
        return json.dumps(dict(self.options), sort_keys=True)

    @property
    def key(self) -> str:
        """SHA-256 of ``text``, in hexadecimal."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def _checksum(setting: str, audio: str, hypothesis: str, engine: str) -> str:
    line = "\0".join((setting, audio, hypothesis, engine))
    return hashlib.blake2b(line.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


class TranscriptCache:
    """Open with `opened`. For one thread; any number of processes may have the same file open.

    Attributes:
        notes: what was found wrong and what became of it, in words; empty when all was well.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path, engine: str, notes: Sequence[str] = ()) -> None:
        self._connection, self._path, self._engine = connection, path, engine
        self._known: set[str] = set()
        self.notes = list(notes)

    def heard(self, setting: CacheKey, audio: Iterable[str]) -> dict[str, str]:
        """The hypotheses there are for ``audio`` (SHA-256 of files): by hash, without those never heard.

        Raises:
            TranscriptCacheError: the file cannot be read.
        """
        hashes, found = sorted(set(audio)), {}
        for start in range(0, len(hashes), _ASKED_AT_ONCE):
            part = hashes[start : start + _ASKED_AT_ONCE]
            asked = ",".join("?" * len(part))
            rows = self._do(
                "SELECT audio_sha256, hypothesis, engine, checksum FROM hypotheses "  # noqa: S608 - only question marks vary
                f"WHERE setting = ? AND audio_sha256 IN ({asked})",
                [setting.key, *part],
            )
            for sha, hypothesis, engine, checksum in rows:
                if checksum == _checksum(setting.key, sha, hypothesis, engine):
                    found[sha] = hypothesis
                else:
                    self.notes.append(f"{self._path}: what it has of audio {sha[:12]} is damaged; it is decoded again")
        return found

    def add(self, heard: Mapping[CacheKey, Mapping[str, str]]) -> None:
        """Store a batch, ``{setting: {audio hash: hypothesis}}``, in one transaction. A row that is there is replaced.

        Raises:
            TranscriptCacheError: nothing of the batch was stored: the disk is full, or the others held the file too long.
        """
        now = time.strftime("%Y-%m-%dT%H:%M:%S%z")
        rows = [
            (setting.key, sha, text, self._engine, now, _checksum(setting.key, sha, text, self._engine))
            for setting, texts in heard.items()
            for sha, text in texts.items()
        ]
        new = [(setting.key, setting.text) for setting in heard if setting.key not in self._known]
        try:
            # IMMEDIATE: a transaction that began by reading could be refused at once, whatever the busy timeout.
            self._connection.execute("BEGIN IMMEDIATE")
            with self._connection:
                self._connection.executemany("INSERT OR IGNORE INTO settings VALUES (?, ?)", new)
                self._connection.executemany("INSERT OR REPLACE INTO hypotheses VALUES (?, ?, ?, ?, ?, ?)", rows)
        except (sqlite3.Error, UnicodeError) as error:
            raise TranscriptCacheError(f"{self._path}: {len(rows)} hypotheses could not be stored: {error}") from error
        self._known.update(key for key, _ in new)

    def _do(self, statement: str, values: Sequence[str]) -> list[tuple]:
        try:
            return self._connection.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise TranscriptCacheError(
                f"{self._path}: cannot be read: {error}; the next start looks whether it is sound"
            ) from error


@contextlib.contextmanager
def opened(path: Path, engine: str) -> Iterator[TranscriptCache]:
    """The transcript cache in ``path``, made when there is none. Rows written through it say that ``engine`` wrote them.

    A file that is no sound cache is moved aside, to ``<name>.untrusted-<time>``, and a new one begun. That waits until
    nobody else has it open: SQLite's journal lies beside the file by name, and moving one under a writer mixes two up.

    Raises:
        TranscriptCacheError: the folder cannot be written, or the file is not sound and others have it open.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(path.name + ".lock").open("a") as lock:
        connection, notes = _sound(path, lock)
        try:
            yield TranscriptCache(connection, path, engine, notes)
        finally:
            connection.close()


def _sound(path: Path, lock: IO[str]) -> tuple[sqlite3.Connection, list[str]]:
    """A connection to a file that passed every check, with ``lock`` shared, and what had to be done for it."""
    end = time.monotonic() + _WAIT_FOR_OTHERS_S
    while True:
        fcntl.flock(lock, fcntl.LOCK_SH)
        try:
            return _connect(path), []  # perhaps one that somebody put there since
        except _UntrustedError:
            if _alone(lock):
                break
        if time.monotonic() > end:
            raise TranscriptCacheError(
                f"{path}: not a sound cache, and other processes have it open; end them, and it is moved aside"
            )
        time.sleep(0.1)
    try:  # somebody else may have replaced it while this process waited
        return _shared(lock, _connect(path)), []
    except _UntrustedError as error:
        aside = path.with_name(f"{path.name}.untrusted-{timestamp()}")
        for suffix in ("", "-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                path.with_name(path.name + suffix).rename(aside.with_name(aside.name + suffix))
        note = f"{path}: not a sound cache ({error}); moved aside to {aside.name}, every clip is decoded again"
    try:
        return _shared(lock, _connect(path)), [note]
    except _UntrustedError as error:
        raise TranscriptCacheError(f"{path}: a new cache cannot be made: {error}") from error


def _shared(lock: IO[str], connection: sqlite3.Connection) -> sqlite3.Connection:
    fcntl.flock(lock, fcntl.LOCK_SH)
    return connection


def _alone(lock: IO[str]) -> bool:
    """Whether nobody else has the cache open; then ``lock`` keeps others out, else it is let go."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _connect(path: Path) -> sqlite3.Connection:
    """An open, checked connection; a new file gets its tables.

    Raises:
        _UntrustedError: the file is damaged or something else.
        TranscriptCacheError: it cannot be opened or written at all.
    """
    try:
        connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)
    except sqlite3.Error as error:
        raise TranscriptCacheError(f"{path}: cannot be opened: {error}") from error
    try:
        _check(connection)
    except (sqlite3.OperationalError, _UntrustedError) as error:
        connection.close()
        if isinstance(error, _UntrustedError):
            raise
        raise TranscriptCacheError(f"{path}: cannot be used: {error}") from error
    except sqlite3.DatabaseError as error:  # "malformed", "not a database": OperationalError above is the disk or the locks
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
        raise _UntrustedError(f"its layout is {version} of {application:#x}, wanted is {_LAYOUT} of {_APPLICATION:#x}")
    problem = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if problem != "ok":
        raise _UntrustedError(problem)
    _write_ahead(connection)  # only now: it writes, and a stranger's file is left as it is


def _write_ahead(connection: sqlite3.Connection) -> None:
    """SQLite's WAL mode. Switching to it waits for no lock, whatever the busy timeout; so it is tried again."""
    end = time.monotonic() + BUSY_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > end:
                raise
            time.sleep(0.05)
        else:
            return


def _make(connection: sqlite3.Connection) -> None:
    """The tables in an empty file, by one process alone: the others wait for it and find them made."""
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
