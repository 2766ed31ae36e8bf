"""The archive of a release: a folder with the package, the checkpoint, its configuration and the logs, written once.

Belongs here: writing the folder whole, and recognising it. Does not belong here: choosing the files, and the version's Git tag.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from voice_assets.release import sums
from voice_assets.release.sums import SUMS
from voice_assets.runtime import files

RECORD, CHECKLIST = "release.json", "HANDOVER.md"
"""What the release adds to the files. The checklist is no part of the sums: a push adds a line to it."""
FORMAT = 1


class ReleaseError(ValueError):
    """A release that cannot be archived. The message names the folder or the file, and says what to do."""


@dataclass(frozen=True)
class Release:
    """What a version is.

    Attributes:
        voice, title, version, epoch: its names.
        package: the name of the package.
        package_sha256: the hash of the package's folder, as the event log has it.
        released: when, in words (UTC).
    """

    voice: str
    title: str
    version: str
    epoch: str
    package: str
    package_sha256: str
    released: str


def conflict(folder: Path, package_sha256: str) -> str:
    """Why ``folder`` cannot become, or is not, the archive of this package; empty when it is that archive or is not there."""
    if not os.path.lexists(folder):
        return ""
    there = _recorded(folder).get("package_sha256", "")
    if not there:
        return f"{folder} is there and is no archive of a release"
    if there != package_sha256:
        return f"{folder} holds another package ({there[:12]}, not {package_sha256[:12]})"
    wrong = next((name for name, digest in _sums(folder).items() if not _is(folder / name, digest)), None)
    return "" if wrong is None else f"{folder / wrong}: is missing, or is not as {SUMS} lists it"


def released_at(folder: Path) -> str:
    """When the release in ``folder`` was made, in words; empty where there is no archive of a release."""
    return _recorded(folder).get("released", "")


def _recorded(folder: Path) -> dict[str, str]:
    """The texts of ``release.json``; empty when it cannot be read."""
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return {name: value for name, value in record.items() if isinstance(value, str)} if isinstance(record, dict) else {}


def archive(folder: Path, release: Release, sources: Mapping[str, Path], like: Path | None = None) -> bool:
    """Write the archive of a release, whole or not at all, and return whether it was written. An archive is never changed.

    Args:
        folder: where to; when it is the archive of this package already, nothing is done.
        release: what it is.
        sources: name in the folder -> file.
        like: an archive of the same release; where the disk can, its files are shared and not copied.

    Raises:
        ReleaseError: the folder holds something else, or a file is missing.
        OSError: the folder cannot be written. Nothing is left behind.
    """
    if problem := conflict(folder, release.package_sha256):
        raise ReleaseError(f"{problem}; a version is never overwritten: release another version, or move the folder away")
    if folder.exists():
        return False
    folder.parent.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        for name, source in sorted(sources.items()):
            _keep(source, building / name, None if like is None else like / name)
        _describe(building, release, sorted(sources))
        building.chmod(0o755)
        building.rename(folder)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return True


def _keep(source: Path, target: Path, twin: Path | None) -> None:
    """Copy a file, or link the same file of another archive; the file cannot be written then."""
    if not source.is_file():
        raise ReleaseError(f"{source}: there is no such file, and the release archives it as {target.name}")
    target.parent.mkdir(parents=True, exist_ok=True)
    if twin is not None and twin.is_file():
        try:
            os.link(twin, target)
            return
        except OSError:  # another disk, or a file system without links
            pass
    with files.naming(target):
        shutil.copyfile(source, target)
    target.chmod(0o444)


def _describe(folder: Path, release: Release, names: list[str]) -> None:
    """Write ``release.json`` and ``SHA256SUMS``."""
    digests = {name: files.sha256(folder / name) for name in names}
    kept = {name: {"sha256": digest, "bytes": (folder / name).stat().st_size} for name, digest in digests.items()}
    record: dict[str, Any] = {"format": FORMAT, **asdict(release), "files": kept}
    files.write_text(folder / RECORD, json.dumps(record, ensure_ascii=False, indent=1, sort_keys=True) + "\n")
    digests[RECORD] = files.sha256(folder / RECORD)
    sums.write(folder, digests)


def _sums(folder: Path) -> dict[str, str]:
    """The files of an archive and their hashes; a list that cannot be read names itself as wrong."""
    try:
        return sums.read_sums(folder) or {SUMS: ""}
    except (OSError, sums.PackageError):
        return {SUMS: ""}


def _is(file: Path, digest: str) -> bool:
    return file.is_file() and files.sha256(file) == digest
