"""The SHA-256 of files, remembered: a file that did not change since it was hashed is not read again.

The memory is an SQLite file in the project's cache: for each absolute path the hash, and the size, times and inode that the
file had. No program can set the time of a file's last change of any kind (ctime), so other bytes with the old size and date
are noticed. Bytes that decay on a disk change no time: ``every_byte`` finds them.

A file of a store is remembered by its URL, with a mark that changes when its bytes do.

The memory only saves time, so it never stops a run: without a usable memory, every file is read. A damaged memory is removed,
and a damaged row is not found.

Not here: which hash a file should have.
"""

import os
import sqlite3
import time
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from typing import TypeVar

from voice_assets.runtime import files, project
from voice_assets.runtime.locks import LockError, SharedLock

EVERY_BYTE = "VOICE_ASSETS_EVERY_BYTE"
"""The environment variable with which a person has every file read, whatever is remembered; any value but the empty one."""
SETTLED_S = 2.0
"""A file that changed less than these seconds before it was read is not remembered. The clock of a file system is coarse, and a
further change within the same tick would not show."""
THREADS = 4

_BUSY_S = 5.0  # for the transaction of another process, which takes milliseconds
_ASKED_AT_ONCE = 500  # SQLite's oldest limit of variables in one statement is 999
_TABLE = "CREATE TABLE IF NOT EXISTS hashes (path BLOB PRIMARY KEY, state TEXT, sha256 TEXT, checksum INTEGER) WITHOUT ROWID"
_KEEP = "INSERT OR REPLACE INTO hashes VALUES (?, ?, ?, ?)"

Name = TypeVar("Name", str, Path)
Answer = TypeVar("Answer")
_Row = tuple[bytes, str, str, int]


def memory() -> Path:
    """The file of the project's memory. It can be removed at any time."""
    return project.cache_dir() / "hashes.db"


def sha256s(paths: Iterable[Name], *, every_byte: bool = False) -> dict[Name, str]:
    """The SHA-256 of each file, in hexadecimal. A file that cannot be read is left out.

    ``every_byte``: read every file. A hash that is remembered wrong is corrected.
    """
    keys = {path: os.fsencode(os.path.abspath(path)) for path in paths}
    known = {} if every_byte or os.environ.get(EVERY_BYTE) else _use(lambda opened: dict(_find(opened, keys.values()))) or {}
    found: dict[Name, str] = {}
    new: list[_Row] = []

    def read(path: Name) -> None:
        with suppress(OSError):
            before, started = os.stat(path), time.time()
            found[path] = files.sha256(Path(path))
            settled = max(before.st_mtime, before.st_ctime) <= started - SETTLED_S
            if settled and _state(os.stat(path)) == _state(before):
                new.append(_row(keys[path], _state(before), found[path]))

    for path, key in keys.items():
        if key in known and known[key][0] == _state_of(path):
            found[path] = known[key][1]
    with ThreadPoolExecutor(THREADS) as pool:  # hashing releases Python's lock
        list(pool.map(read, [path for path in keys if path not in found]))
    if new:
        _use(lambda opened: opened.executemany(_KEEP, new))
    return found


def recalled(marks: Mapping[str, str]) -> dict[str, str]:
    """The SHA-256 of files of a store, by URL, as they were remembered with exactly these marks. Others are left out."""
    keys = {url: url.encode("utf-8", "surrogatepass") for url in marks}
    known = _use(lambda opened: dict(_find(opened, keys.values()))) or {}
    return {url: known[key][1] for url, key in keys.items() if key in known and known[key][0] == marks[url]}


def remember(files_of_store: Iterable[tuple[str, str, str]]) -> None:
    """Remember files of a store: URL, mark and SHA-256 of each."""
    rows = [_row(url.encode("utf-8", "surrogatepass"), mark, digest) for url, mark, digest in files_of_store]
    _use(lambda opened: opened.executemany(_KEEP, rows))


def _state(stat: os.stat_result) -> str:
    return f"{stat.st_size} {stat.st_mtime_ns} {stat.st_ctime_ns} {stat.st_ino}"


def _state_of(path: str | Path) -> str | None:
    try:
        return _state(os.stat(path))
    except OSError:
        return None


def _row(path: bytes, state: str, sha256: str) -> _Row:
    return path, state, sha256, zlib.crc32(f"{path!r} {state} {sha256}".encode())


def _find(opened: sqlite3.Connection, keys: Collection[bytes]) -> Iterator[tuple[bytes, tuple[str, str]]]:
    """The path, and its state and hash, of those of ``keys`` that are remembered."""
    asked = list(keys)
    for start in range(0, len(asked), _ASKED_AT_ONCE):
        part = asked[start : start + _ASKED_AT_ONCE]
        marks = ",".join("?" * len(part))
        rows = opened.execute(f"SELECT * FROM hashes WHERE path IN ({marks})", part)  # noqa: S608 - only question marks vary
        yield from ((row[0], row[1:3]) for row in rows if row == _row(*row[:3]))


def _use(work: Callable[[sqlite3.Connection], Answer]) -> Answer | None:
    """What ``work`` returns for the opened memory, in one transaction; None where the memory cannot be used."""
    file = memory()
    with suppress(OSError, LockError), SharedLock(file.with_name(f"{file.name}.lock")) as lock:
        lock.share()
        try:
            with closing(sqlite3.connect(file, timeout=_BUSY_S)) as opened, opened:
                opened.execute(_TABLE)
                return work(opened)
        except sqlite3.OperationalError:  # another process keeps it busy, the disk is full, the folder cannot be written...
            return None
        except sqlite3.DatabaseError:  # damaged
            if lock.take_alone():  # SQLite finds a journal by the file's name: nobody may have the file open
                for suffix in ("", "-journal"):
                    file.with_name(f"{file.name}{suffix}").unlink(missing_ok=True)
    return None
