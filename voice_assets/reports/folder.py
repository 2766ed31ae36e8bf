"""The folder of one report: a new folder with a stamp in its name. An incomplete folder never gets this name."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from voice_assets.runtime.stamps import new_folder, utc_text


@dataclass(frozen=True)
class ReportFolder:
    """``building`` is the folder that the files are written to. ``final`` is its name after the report is complete.

    ``stamp`` is the end of both names, ``20261122_101500_123``. ``made`` is the time as text, ``2026-11-22 10:15:00 UTC``.
    """

    building: Path
    final: Path
    stamp: str
    made: str


@contextmanager
def new_report(reports_dir: Path, name: str) -> Iterator[ReportFolder]:
    """Yield the folder of a new report ``<reports_dir>/<name>_<stamp>``, hidden until the block ends without an error.

    The stamp is later than the stamps of all reports of this name, so the newest report is the last by name.
    """
    building = new_folder(reports_dir, f".{name}_")
    final = building.with_name(building.name.removeprefix("."))
    try:
        yield ReportFolder(building, final, final.name.removeprefix(f"{name}_"), utc_text())
        building.rename(final)
    finally:
        shutil.rmtree(building, ignore_errors=True)
