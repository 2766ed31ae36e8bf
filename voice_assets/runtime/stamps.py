"""Times as people and file names carry them. Both are UTC: local time runs backwards when the clocks change in autumn.

Belongs here: the stamp in a name, such as ``20261122_101500_123``, and which of several stamped names is the newest.
"""

import re
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

_FORM = "%Y%m%d_%H%M%S_%f"
_STAMP = r"\d{8}_\d{6}(?:_\d{3})?"  # scripts before this package wrote no milliseconds


def timestamp(seconds: float | None = None) -> str:
    """The stamp of a time in ``seconds`` since the epoch, by default now: ``20261122_101500_123``, UTC. Sorts by time."""
    moment = datetime.fromtimestamp(time.time() if seconds is None else seconds, UTC)
    return moment.strftime(_FORM)[:-3]


def utc_text(seconds: float | None = None) -> str:
    """A time in ``seconds`` since the epoch, by default now, for people: ``2026-11-22 10:15:00 UTC``."""
    return datetime.fromtimestamp(time.time() if seconds is None else seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def stamped(parent: Path, prefix: str) -> list[Path]:
    """Files and folders called exactly ``<prefix><stamp>`` in ``parent``, the oldest first; none where there is no folder.

    The last one is the newest, whatever the clock of the machine did: see ``new_stamp``.
    """
    name = re.compile(re.escape(prefix) + _STAMP)
    found = [path for path in parent.iterdir() if name.fullmatch(path.name)] if parent.is_dir() else []
    return sorted(found, key=lambda path: path.name)


def new_stamp(parent: Path, prefix: str) -> str:
    """A stamp for a new name in ``parent``: now, or a millisecond after the newest stamp there if that is not in the past.

    So the order of the names is the order in which they were made, also after a clock was set back, and beside reports
    whose names carry local time. Counts names with any suffix, and hidden ones: what is being written has its name already.
    """
    name = re.compile(rf"\.?{re.escape(prefix.removeprefix('.'))}({_STAMP})(?!\d).*", re.DOTALL)
    found = (name.fullmatch(path.name) for path in parent.iterdir()) if parent.is_dir() else ()
    newest = max((one[1] for one in found if one and _moment(one[1])), default="")
    now = timestamp()
    moment = _moment(newest)
    return now if moment is None or now > newest else (moment + timedelta(milliseconds=1)).strftime(_FORM)[:-3]


def _moment(stamp: str) -> datetime | None:
    """The time of a stamp; None for digits that are no time."""
    try:
        return datetime.strptime(stamp if stamp.count("_") == 2 else f"{stamp}_000", _FORM)
    except ValueError:
        return None


def new_folder(parent: Path, prefix: str) -> Path:
    """Make and return ``parent/<prefix><new_stamp>``. Never returns a folder that was there before."""
    parent.mkdir(parents=True, exist_ok=True)
    while True:
        folder = parent / f"{prefix}{new_stamp(parent, prefix)}"
        try:
            folder.mkdir()
        except FileExistsError:  # another process was faster
            continue
        return folder
