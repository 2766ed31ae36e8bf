"""Building a folder beside its place, so that nobody sees half of it, and removing what killed builders left there.

Not here: files (``files.replacing``), and renaming the folder to its place: each caller has a rule for a place that is taken.
"""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from voice_assets.runtime import locks


@contextmanager
def beside(place: Path) -> Iterator[Path]:
    """Yield a new, empty folder in which the folder ``place`` is built. At the end the caller has renamed it, or it is removed.

    The builder holds a lock on the folder. So a folder that nobody has locked is one that a killed builder left; the next
    builder of the same place removes it. Where folders cannot be locked, for instance on NFS, such folders stay.

    Raises:
        OSError: the folder that holds ``place`` cannot be written.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    _remove_leftovers(place)
    folder, lock = _locked_folder(place)
    try:
        folder.chmod(0o755)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if lock is not None:
            os.close(lock)


def _locked_folder(place: Path) -> tuple[Path, int | None]:
    """A new folder, and the descriptor of its lock; None where folders cannot be locked."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=f".{place.name}.", dir=place.parent))
        try:
            lock = locks.lock_folder(folder)
        except FileNotFoundError:
            continue  # another builder took the folder for a leftover, before it was locked
        except OSError:
            return folder, None
        if lock is not None and folder.exists():
            return folder, lock
        if lock is not None:
            os.close(lock)


def _remove_leftovers(place: Path) -> None:
    """Remove the folders in which a killed process was building ``place``."""
    named = re.compile(rf"\.{re.escape(place.name)}\.[a-z0-9_]{{8}}")
    for folder in [one for one in place.parent.iterdir() if named.fullmatch(one.name)]:
        with suppress(OSError):  # no folder, gone meanwhile, or no locks here
            if (lock := locks.lock_folder(folder)) is not None:
                shutil.rmtree(folder, ignore_errors=True)
                os.close(lock)
