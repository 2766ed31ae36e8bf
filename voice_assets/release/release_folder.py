"""The archive of a release: a folder with the package, the checkpoint, its configuration and the logs, written once.

Belongs here: writing the folder whole, and recognising it. Does not belong here: choosing the files, and the version's Git tag.
"""

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from voice_assets.release import sums
from voice_assets.release.sums import SUMS
from voice_assets.runtime import building, files

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
    if problem := another_package(folder, folder / RECORD, package_sha256):
        return problem
    wrong = next((name for name, digest in _sums(folder).items() if not _is(folder / name, digest)), None)
    return "" if wrong is None else f"{folder / wrong}: is missing, or is not as {SUMS} lists it"


def another_package(where: object, record: Path, package_sha256: str) -> str:
    """Why the archive ``where``, with a copy of its ``release.json`` in ``record``, is not that of this package; or empty."""
    there = _recorded(record).get("package_sha256", "")
    if not there:
        return f"{where} is there and is no archive of a release"
    return "" if there == package_sha256 else f"{where} holds another package ({there[:12]}, not {package_sha256[:12]})"


def released_at(folder: Path) -> str:
    """When the release in ``folder`` was made, in words; empty where there is no archive of a release."""
    return _recorded(folder / RECORD).get("released", "")


def files_of(folder: Path, package_sha256: str) -> dict[str, Path]:
    """The files of the archive of this package, by their names in it; empty when ``folder`` is not that archive, whole."""
    if not folder.exists() or conflict(folder, package_sha256):
        return {}
    return {name: folder / name for name in _sums(folder) if name != RECORD}


def _recorded(file: Path) -> dict[str, str]:
    """The texts of a ``release.json``; empty when it cannot be read."""
    try:
        record = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return {name: value for name, value in record.items() if isinstance(value, str)} if isinstance(record, dict) else {}


def archive(
    folder: Path, release: Release, sources: Mapping[str, Path], like: Path | None = None, sums_sha256: str = ""
) -> bool:
    """Write the archive of a release, whole or not at all, and return whether it was written. An archive is never changed.

    Args:
        folder: where to; when it is the archive of this package already, nothing is done.
        release: what it is.
        sources: name in the folder -> file.
        like: where another archive of the same release is or will be. When it is there, the new one is a twin of it, and
            ``sources`` count for nothing. Where the disk can, the files are shared and not copied.
        sums_sha256: what the SHA-256 of SHA256SUMS was when the version was released; empty when that is not known.

    Raises:
        ReleaseError: the folder holds something else, a file is missing, or the files are others than those released.
        OSError: the folder cannot be written. Nothing is left behind.
    """
    for one in (folder, *([] if like is None else [like])):
        if problem := conflict(one, release.package_sha256):
            raise ReleaseError(f"{problem}; a version is never overwritten: release another version, or move the folder away")
    if folder.exists():
        _require_released(folder, folder, sums_sha256)
        return False
    with building.beside(folder) as new:
        if like is not None and like.exists():
            _copy(like, new)
        else:
            _collect(sources, new, release)
        _require_released(new, folder, sums_sha256)
        new.rename(folder)
    return True


def _require_released(built: Path, folder: Path, sums_sha256: str) -> None:
    """Return when the archive ``built``, which is or becomes ``folder``, has the files that were released."""
    found = files.sha256(built / SUMS)
    if sums_sha256 not in ("", found):
        raise ReleaseError(
            f"{folder}: the SHA-256 of {SUMS} would be {found}, and {sums_sha256} was released: today's files are others; "
            "restore the archive from a copy, such as an upload, or release another version"
        )


def _collect(sources: Mapping[str, Path], new: Path, release: Release) -> None:
    """Copy the files, and describe them."""
    for name, source in sorted(sources.items()):
        if not source.is_file():
            raise ReleaseError(f"{source}: there is no such file, and the release archives it as {name}")
        _keep(source, new / name)
    _describe(new, release, sorted(sources))


def _copy(like: Path, new: Path) -> None:
    """Make a twin of an archive that is whole: the same files, shared where the disk can, with the same sums."""
    for name in (*_sums(like), SUMS):
        (new / name).parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(like / name, new / name)
        except OSError:  # another disk, or a file system without links
            _keep(like / name, new / name)


def _keep(source: Path, target: Path) -> None:
    """Copy a file; the copy cannot be written."""
    target.parent.mkdir(parents=True, exist_ok=True)
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
