"""Times in file names and in texts for people. Both are UTC, because local time goes back an hour in autumn.

Belongs here: the stamp in a name, such as ``20261122_101500_123``, and which of several stamped names is the newest.
"""

import re
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

_FORM = "%Y%m%d_%H%M%S_%f"
_STAMP = r"\d{8}_\d{6}(?:_\d{3})?"  # the scripts that this package replaced wrote no milliseconds


def timestamp(seconds: float | None = None) -> str:
    """The stamp of a time, such as ``20261122_101500_123``. Stamps sort by time.

    Args:
        seconds: the time in seconds since the epoch; None is now.
    """
    moment = datetime.fromtimestamp(time.time() if seconds is None else seconds, UTC)
    return moment.strftime(_FORM)[:-3]


def utc_text(seconds: float | None = None) -> str:
    """A time in a text for people, such as ``2026-11-22 10:15:00 UTC``.

    Args:
        seconds: the time in seconds since the epoch; None is now.
    """
    return datetime.fromtimestamp(time.time() if seconds is None else seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def stamped(parent: Path, prefix: str) -> list[Path]:
    """The files and folders in ``parent`` with a name ``<prefix><stamp>``, oldest first; empty without such a folder.

    The last name is the newest, even after somebody set the clock back: see ``new_stamp``.
    """
    name = re.compile(re.escape(prefix) + _STAMP)
    found = [path for path in parent.iterdir() if name.fullmatch(path.name)] if parent.is_dir() else []
    return sorted(found, key=lambda path: path.name)


def new_stamp(parent: Path, prefix: str) -> str:
    """A stamp for a new name in ``parent``: now, or one millisecond after the newest stamp there if that stamp is later.

    So the names sort in the order in which they were made, also after somebody set the clock back, and beside older reports
    with local time in their names. Names with any suffix count, and hidden names, which belong to files still being written.
    """
    name = re.compile(rf"\.?{re.escape(prefix.removeprefix('.'))}({_STAMP})(?!\d).*", re.DOTALL)
    found = (name.fullmatch(path.name) for path in parent.iterdir()) if parent.is_dir() else ()
    newest = max((one[1] for one in found if one and _moment(one[1])), default="")
    now = timestamp()
    moment = _moment(newest)
    return now if moment is None or now > newest else (moment + timedelta(milliseconds=1)).strftime(_FORM)[:-3]


def _moment(stamp: str) -> datetime | None:
    """The time of a stamp; None when the digits are no time."""
    try:
        return datetime.strptime(stamp if stamp.count("_") == 2 else f"{stamp}_000", _FORM)
    except ValueError:
        return None


def new_folder(parent: Path, prefix: str) -> Path:
    """Make the folder ``parent/<prefix><new_stamp>`` and return the path. The folder is always a new one."""
    parent.mkdir(parents=True, exist_ok=True)
    while True:
        folder = parent / f"{prefix}{new_stamp(parent, prefix)}"
        try:
            folder.mkdir()
        except FileExistsError:  # another process was faster
            continue
        return folder
