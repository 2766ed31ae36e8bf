"""Progress of a running asset: lines in the run's log, and a small file that the shell's progress bars read.

The file makes progress visible whoever started the run: the UI, the daemon or a shell. It is removed at the end.
"""

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg

from voice_assets.files import write_text
from voice_assets.project import artifacts_dir

SECONDS_BETWEEN_WRITES = 0.5


def progress_file(voice: str, name: str, partition: str | None) -> Path:
    """Where a running asset says how far it is: JSON with ``done``, ``total``, ``rate_per_s``, ``remaining_s``, ``figures``."""
    return artifacts_dir(voice) / "progress" / (name if partition is None else f"{name}@{partition}")


class Progress:
    """How far one running asset is: ``done`` of ``total``, with a rate per second and the seconds to go."""

    def __init__(self, context: dg.AssetExecutionContext, file: Path, every: int, unit: str):
        self._context, self._file, self._every, self._unit = context, file, every, unit
        self._started, self._written, self._logged = time.monotonic(), 0.0, 0

    def __call__(self, done: int, total: int, **figures: Any) -> None:
        """Tell that ``done`` of ``total`` are finished; ``figures`` are shown beside them."""
        elapsed = time.monotonic() - self._started
        rate = done / elapsed if elapsed > 0 else 0.0
        remaining = (total - done) / rate if rate else None
        now = time.monotonic()
        if now - self._written >= SECONDS_BETWEEN_WRITES or done == total:
            self._written = now
            self._write(done=done, total=total, rate_per_s=rate, remaining_s=remaining, figures=figures)
        if done - self._logged >= self._every or done == total:
            self._logged = done
            self._context.log.info(self._line(done, total, rate, remaining, figures))

    def _line(self, done: int, total: int, rate: float, remaining: float | None, figures: dict[str, Any]) -> str:
        shown = ", ".join(
            f"{name} {value:.3f}" if isinstance(value, float) else f"{name} {value}" for name, value in figures.items()
        )
        left = "" if remaining is None else f", {remaining:.0f} s to go"
        return f"{done} of {total} {self._unit}, {rate:.1f}/s{left}{', ' + shown if shown else ''}"

    def _write(self, **state: Any) -> None:
        write_text(self._file, json.dumps({"unit": self._unit, "pid": os.getpid(), **state}, ensure_ascii=False, default=str))


@contextmanager
def progress(context: dg.AssetExecutionContext, unit: str, every: int = 1000) -> Iterator[Progress]:
    """Progress of the asset that ``context`` runs, counted in ``unit``, logged every ``every`` of them."""
    voice, name = context.asset_key.path
    file = progress_file(voice, name, context.partition_key if context.has_partition_key else None)
    file.unlink(missing_ok=True)  # what a killed run left there
    try:
        yield Progress(context, file, every, unit)
    finally:
        file.unlink(missing_ok=True)


def follow(tell: Progress) -> Callable[[dict[str, Any]], None]:
    """A listener for a worker's events that hands its progress on."""

    def listen(event: dict[str, Any]) -> None:
        if event["event"] == "progress":
            tell(event["done"], event["total"])

    return listen
