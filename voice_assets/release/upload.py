"""Uploading a release: files to a folder or URL, such that an interrupted call can be repeated and every byte is compared.

Belongs here: what happens to a set of files, and the progress. Does not belong here: the file systems (``runtime.remote``).
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

from upath import UPath

from voice_assets.runtime import contents, files, remote

MEGABYTE = 1_000_000


class UploadError(ValueError):
    """Files that cannot be uploaded. The message names the file, the reason and what to do."""


@dataclass(frozen=True)
class Progress:
    """How far an upload is.

    Attributes:
        name: the file that is being sent.
        done, size: bytes of all files that are there, and of all files.
        sent: bytes that this call sent; parts that were there are not among them.
        seconds: since the call began.
    """

    name: str
    done: int
    size: int
    sent: int
    seconds: float

    @property
    def rate(self) -> float:
        """Bytes a second of what was sent."""
        return self.sent / self.seconds if self.seconds > 0 else 0.0

    @property
    def to_go_s(self) -> float | None:
        """Seconds until the end at this rate; None before anything was sent."""
        return (self.size - self.done) / self.rate if self.rate else None

    def __str__(self) -> str:
        amount = f"{self.name}: {self.done / MEGABYTE:,.1f} of {self.size / MEGABYTE:,.1f} MB"
        if self.to_go_s is None:
            return amount
        return f"{amount}, {self.rate / MEGABYTE:,.1f} MB/s, {self.to_go_s:,.0f} s to go"


@dataclass(frozen=True)
class Uploaded:
    """A file that is at its URL, and whose bytes were read back and have the hash of the local file.

    Attributes:
        sent: bytes that this call sent; 0 when the file was there.
    """

    url: str
    sha256: str
    bytes: int
    sent: int


def upload(sources: Mapping[str, Path], url: str, report: Callable[[Progress], None] = lambda _: None) -> dict[str, Uploaded]:
    """Upload files and folders, and read every byte back. Repeating the call sends only what is not there.

    Args:
        sources: name under ``url`` -> local file or folder.
        url: a folder, or a URL that ``runtime.remote`` knows. Secrets come from the environment.
        report: called after each part.

    Returns:
        The uploaded files by their names under ``url``, in the order of ``sources``.

    Raises:
        UploadError: there is no such local file, another file is at its URL (nothing is sent then), or other bytes came
            back than were sent.
        RemoteError: the file system cannot be reached or refuses.
    """
    root, wanted = remote.location(url), _files_in(sources)
    hashes = {name: files.sha256(path) for name, path in wanted.items()}
    already = {name for name, path in wanted.items() if _is_there(path, root / name)}
    count = _Count(sum(path.stat().st_size for path in wanted.values()), report)
    done = {}
    for name, path in wanted.items():
        sent = 0
        if name in already:
            count.add(name, path.stat().st_size, 0)
        else:
            sent = remote.send(path, root / name, hashes[name], partial(count.add, name))
            _read_back(root / name, hashes[name])
        done[name] = Uploaded(str(root / name), hashes[name], path.stat().st_size, sent)
    return done


class _Count:
    """The bytes so far, told to ``report``."""

    def __init__(self, size: int, report: Callable[[Progress], None]):
        self.size, self.report, self.started = size, report, time.monotonic()
        self.done = self.sent = 0

    def add(self, name: str, there: int, sent: int) -> None:
        """Count ``there`` more bytes, of which ``sent`` were sent."""
        self.done += there
        self.sent += sent
        self.report(Progress(name, self.done, self.size, self.sent, time.monotonic() - self.started))


def _files_in(sources: Mapping[str, Path]) -> dict[str, Path]:
    """The local files by their names under the URL; those of a folder in the order of their names."""
    found: dict[str, Path] = {}
    for name, path in sources.items():
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            raise UploadError(f"{name}: leads out of the folder of the upload")
        if path.is_dir():
            found |= {f"{name}/{inside}": path / inside for inside in contents.names(path)}
        elif path.is_file():
            found[name] = path
        else:
            raise UploadError(f"{path}: there is no such file to upload")
    return found


def _is_there(path: Path, target: UPath) -> bool:
    """Whether ``target`` has the bytes of ``path``. False also for a beginning of them, which a killed call left.

    Raises:
        UploadError: another file is there.
    """
    if (found := remote.info(target)) is None:
        return False
    if found["type"] != "file" or not remote.begins_with(path, target):
        raise UploadError(
            f"{target}: another file is there, and an upload overwrites nothing; upload to another folder, or remove that file"
        )
    return int(found["size"]) == path.stat().st_size


def _read_back(target: UPath, sha256: str) -> None:
    """Compare the bytes at ``target`` with what was sent; other bytes are removed, so that a repeated call sends them again."""
    found = remote.sha256(target)
    if found != sha256:
        remote.remove(target)
        raise UploadError(
            f"{target}: came back with the SHA-256 {found}, and was sent with {sha256}; the copy was removed. Upload it again"
        )
