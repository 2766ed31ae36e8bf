"""The results of a run that has not ended: one JSON line a clip, on disk batch by batch, so that a killed run goes on.

A line counts only for the same audio, the same reference text and the same model and options. Knows nothing of
Whisper; the finished table is written by the worker.
"""

import fcntl
import hashlib
import json
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

_WAIT_S = 10.0

Record = dict[str, Any]


class PartialError(ValueError):
    """Another process is writing the same results."""


def options_key(**options: object) -> str:
    """One hash for everything that decides a result beside the clip: model fingerprint and decoding options."""
    return hashlib.sha256(json.dumps(options, sort_keys=True).encode()).hexdigest()


class Partial:
    """Open with `opened`. Holds what earlier runs left, and takes what this one finishes."""

    def __init__(self, file: IO[bytes], path: Path, key: str) -> None:
        self._file, self._path, self._key = file, path, key
        self._records = {self._clip(record): record for record in self._read() if record["key"] == key}

    @staticmethod
    def _clip(record: Record) -> tuple[str, str, str]:
        return record["clip_id"], record["audio_sha256"], record["reference"]

    def _read(self) -> list[Record]:
        """All whole lines; what a crash tore off at the end is cut away, so that appending goes on cleanly."""
        self._file.seek(0)
        records, end = [], 0
        for line in self._file:
            try:
                record = json.loads(line) if line.endswith(b"\n") else None
            except ValueError:
                record = None
            if record is None:
                break
            records.append(record)
            end += len(line)
        self._file.truncate(end)
        self._file.seek(end)
        return records

    def find(self, clip_id: str, audio_sha256: str, reference: str) -> Record | None:
        """The result for exactly this clip, audio and text, or ``None``."""
        return self._records.get((clip_id, audio_sha256, reference))

    def append(self, records: Sequence[Record]) -> None:
        """Add finished records (with ``clip_id``, ``audio_sha256`` and ``reference``). On disk when this returns."""
        kept = [{**record, "key": self._key} for record in records]
        self._file.write("".join(json.dumps(record) + "\n" for record in kept).encode())
        self._file.flush()
        os.fsync(self._file.fileno())
        self._records.update((self._clip(record), record) for record in kept)

    def remove(self) -> None:
        """Delete the file: the finished table is in place."""
        self._path.unlink(missing_ok=True)


def _lock(file: IO[bytes], path: Path) -> None:
    """Hold ``file`` alone. Waits a little: the worker of a killed run needs a second to notice that it is an orphan."""
    end = time.monotonic() + _WAIT_S
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > end:
                raise PartialError(f"{path}: another process is writing it; wait for it or end it") from None
            time.sleep(0.2)
        else:
            return


@contextmanager
def opened(path: Path, key: str) -> Iterator[Partial]:
    """The partial results in ``path``, made when there are none, held by this process alone until the block ends.

    Raises:
        PartialError: another process holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as file:
        _lock(file, path)
        yield Partial(file, path, key)
