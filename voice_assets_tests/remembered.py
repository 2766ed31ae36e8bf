"""For tests of what is read and what is remembered: the bytes that this process reads, and a file whose bytes decay."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from voice_assets.runtime import hash_memory


def bytes_read(work: Callable[[], object]) -> int:
    """The bytes that ``work`` reads from files, with all threads and libraries of this process: Linux counts them."""
    before = _read_so_far()
    work()
    return _read_so_far() - before


def _read_so_far() -> int:
    line, *_ = Path("/proc/self/io").read_text(encoding="utf-8").splitlines()
    return int(line.removeprefix("rchar:"))


def decay(path: Path, remembered: str = "0" * 64) -> None:
    """Make the memory take the present state of ``path`` for that of other bytes, as if its bytes had decayed since."""
    row = hash_memory._row(os.fsencode(path), hash_memory._state(path.stat()), remembered)
    with closing(sqlite3.connect(hash_memory.memory())) as opened, opened:
        assert opened.execute("REPLACE INTO hashes VALUES (?, ?, ?, ?)", row).rowcount == 1
