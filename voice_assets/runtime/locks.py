"""Locks between processes. Every lock of the project is made here, with the library ``filelock``.

All locks are locks of the kernel on an open file (``flock``). The kernel releases a lock when the last process that has the
file open ends, however the process ends. So a killed process leaves no lock behind, only a lock file.

* :func:`exclusive` holds a lock while a block runs: one process at a time.
* :class:`InheritableLock` can pass to a child process. A ``filelock.FileLock`` keeps its file to itself and closes the file
  in every child, so here the project opens the file, and ``filelock.lock_descriptor`` locks the open file.
* :class:`SharedLock` lets any number of processes use something, and one process know that no other process does. The
  shared half is a bare ``flock``, the only one in the project. filelock's own ``ReadWriteLock`` is an SQLite database, which
  makes hard links beside the lock file where a group may write the folder.

Belongs here: taking and releasing locks, and who holds a lock. Does not belong here: what a lock protects, and what to do
about a lock that another process holds.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from filelock import FileLock, Timeout, lock_descriptor

from voice_assets.runtime.processes import ProcessIdentity

SECONDS_TO_ASK = 0.25


class LockError(RuntimeError):
    """A lock that another process holds, or that nobody can take. The message names the file and, if known, the holder."""


@contextmanager
def exclusive(file: Path, seconds: float = SECONDS_TO_ASK) -> Iterator[None]:
    """Hold the lock in ``file`` while the block runs.

    Args:
        file: the lock file.
        seconds: how long to wait for another process; not less than it takes that process to ask (``is_held``).

    Raises:
        LockError: another process holds the lock all the time, or the file system has no locks.
    """
    numbers: list[int] = []

    def sign(number: int) -> None:
        numbers.append(number)
        _write_holder(number)

    # One object belongs to one block, so the threads of a process exclude each other too.
    lock = FileLock(file, thread_local=False, fallback_to_soft=False, on_acquired=sign)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=seconds, poll_interval=SECONDS_TO_ASK / 5)
    except Timeout as error:
        raise LockError(f"{holder_text(file)} holds the lock {file}") from error
    except OSError as error:
        raise _cannot_be_locked(file, error) from error
    try:
        yield
    finally:
        os.ftruncate(numbers[0], 0)
        lock.release()


def lock_folder(folder: Path) -> int | None:
    """Lock a folder itself, while the returned file descriptor is open; None when another process has the lock. Never waits.

    Raises:
        OSError: no such folder, a link, or a file system that has no locks on folders.
    """
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        taken = lock_descriptor(number, blocking=False)
    except OSError:
        os.close(number)
        raise
    if taken:
        return number
    os.close(number)
    return None


def holder(file: Path) -> ProcessIdentity | None:
    """The process that took the lock in ``file``, as the process wrote itself into the file; None where there is no such text.

    Read this only while the lock is held: a killed holder leaves its text behind.
    """
    try:
        return ProcessIdentity.from_json(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return None


def is_held(file: Path) -> bool:
    """Whether a process holds the lock in ``file``. Takes the lock for no longer than it takes to ask.

    Raises:
        LockError: the file system has no locks.
    """
    if not file.is_file():
        return False
    with file.open("rb") as opened:
        try:
            fcntl.flock(opened, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError as error:
            raise _cannot_be_locked(file, error) from error
    return False


def holder_text(file: Path) -> str:
    """The holder of a held lock, in words."""
    found = holder(file)
    if found is None:
        return "an unknown process"
    return f"a child of the ended {found}" if found.ended else str(found)


@dataclass(frozen=True)
class InheritableLock:
    """A lock that is held, and that a child process can inherit.

    Attributes:
        file: the lock file.
        number: the file descriptor. A child that inherits the descriptor (``pass_fds``) holds the lock as well.
    """

    file: Path
    number: int

    @classmethod
    def take(cls, file: Path) -> Self | None:
        """Take the lock in ``file``; None when another process holds the lock. Never waits.

        Raises:
            LockError: the file system has no locks, or the file cannot be opened.
        """
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            number = _open(file)
            if lock_descriptor(number, blocking=False):
                return cls(file, number)
        except OSError as error:
            raise _cannot_be_locked(file, error) from error
        os.close(number)
        return None

    def sign(self) -> None:
        """Write the own process into the lock file, so that others can name the holder."""
        _write_holder(self.number)

    def release(self) -> None:
        """Close the file. The lock stays held while a child that inherited the lock lives."""
        os.ftruncate(self.number, 0)
        os.close(self.number)


class SharedLock:
    """A lock that any number of processes share, or that one process has alone. A context manager."""

    def __init__(self, file: Path) -> None:
        self._file, self._number = file, -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def share(self) -> None:
        """Share the lock with others, instead of what this object held before. Waits while another process is alone.

        Raises:
            LockError: the file system has no locks, or the file cannot be opened.
        """
        try:
            while True:
                self._open_again()
                fcntl.flock(self._number, fcntl.LOCK_SH)
                if self._is_current():
                    return
        except OSError as error:
            raise _cannot_be_locked(self._file, error) from error

    def take_alone(self) -> bool:
        """Have the lock alone, instead of what this object held before. Never waits.

        Returns:
            False when another process has the lock; then this object holds nothing.

        Raises:
            LockError: the file system has no locks, or the file cannot be opened.
        """
        try:
            self._open_again()
            if lock_descriptor(self._number, blocking=False) and self._is_current():
                return True
        except OSError as error:
            raise _cannot_be_locked(self._file, error) from error
        self.release()
        return False

    def remove(self) -> None:
        """Remove the lock file, while this object has the lock alone. A process that waits makes a new lock file."""
        self._file.unlink(missing_ok=True)

    def release(self) -> None:
        """Hold nothing."""
        if self._number >= 0:
            os.close(self._number)
        self._number = -1

    def _open_again(self) -> None:
        self.release()
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._number = _open(self._file)

    def _is_current(self) -> bool:
        """Whether the locked file still has its name. A lock on a removed file excludes nobody."""
        try:
            return os.path.samestat(os.fstat(self._number), self._file.stat())
        except FileNotFoundError:
            return False


def _open(file: Path) -> int:
    """Open a lock file, made when there is none, so that only a child that is given the number inherits the file."""
    return os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)


def _write_holder(number: int) -> None:
    os.ftruncate(number, 0)
    os.pwrite(number, json.dumps(ProcessIdentity.own().as_json()).encode(), 0)


def _cannot_be_locked(file: Path, error: OSError) -> LockError:
    reason = error.strerror or str(error)
    return LockError(f"{file}: cannot be locked: {reason}; the folder must be writable and on a disk with file locks")
