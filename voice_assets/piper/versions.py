"""The numbered folders of a voice's trainings: ``<work>/lightning_logs/version_<N>/``, named as Lightning names them.

Not here: the files inside (``piper.training``).
"""

import re
from collections.abc import Iterable
from pathlib import Path

LOGS = "lightning_logs"
_NAME = re.compile(r"version_(0|[1-9][0-9]*)")


def version_dir(work: Path, version: int) -> Path:
    """The folder of one training."""
    return work / LOGS / f"version_{version}"


def versions_in(work: Path) -> list[int]:
    """The numbers of the trainings under ``work``, ascending.

    A file, or a folder of another name (``version_old``, ``version_1.bak``, ``version_007``), is no training.
    """
    found = (work / LOGS).glob("version_*")
    return sorted(int(match[1]) for path in found if (match := _NAME.fullmatch(path.name)) and path.is_dir())


def free_version(work: Path, used: Iterable[int]) -> int:
    """A number for a new training: above every training under ``work`` and every ``used`` number, with a name free on disk."""
    version = max([*versions_in(work), *used], default=-1) + 1
    while version_dir(work, version).exists() or version_dir(work, version).is_symlink():
        version += 1
    return version
