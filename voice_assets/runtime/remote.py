"""Files on another machine: a URL that fsspec knows, such as ``s3://bucket/folder``.

Belongs here: looking at such files, sending and reading them, and errors that name the file and no secret. Does not belong
here: what the files are (``storage``, ``release.upload``), and the requests of S3 (``s3``).

Tried: folders, ``file://``, ``memory://``, and S3 against a local server. Every secret comes from the environment:
``AWS_ACCESS_KEY_ID``, ``AWS_SECRET_ACCESS_KEY``, ``AWS_ENDPOINT_URL``, or fsspec's ``FSSPEC_<PROTOCOL>_<OPTION>``.
"""

import errno
import hashlib
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from upath import UPath

from voice_assets.runtime import files, s3

BLOCK_BYTES = 8 * 2**20
"""The number of bytes that are read from a remote file at once."""
Report = Callable[[int, int], None]
"""Told while a file is sent: how many more bytes are there now, and how many of these were sent."""
_SECRET_NAME = re.compile(r"SECRET|TOKEN|PASSW|_KEY\b|CREDENTIAL", re.IGNORECASE)


class RemoteError(OSError):
    """A file system that cannot be reached, lacks a file or refuses a request. The message names the URL, and no secret."""


class MissingError(RemoteError):
    """There is no such file, or no such bucket."""


def location(place: str) -> UPath:
    """The path of a folder or URL. Nothing is looked at.

    Raises:
        RemoteError: the URL holds a password or a query, names no bucket, or is of a kind that nothing installed here knows.
    """
    if "://" not in place:
        return UPath(Path(place).resolve())
    require_usable(place)
    if urlsplit(place).scheme == "file":
        return UPath(UPath(place).path)
    try:
        path = UPath(place, use_listings_cache=False)  # other processes write there: a remembered listing would be a false one
        file_system = path.fs
    except ImportError as error:
        raise RemoteError(f"{place}: {error}; for S3: pip install 'voice-assets[s3]'") from error
    except ValueError as error:
        raise RemoteError(f"{place}: {error}; write a folder, or a URL that fsspec knows") from error
    if path.protocol in s3.PROTOCOLS:
        s3.read_times_fast(file_system)
    return path


def require_usable(place: str) -> None:
    """Judge the URL ``place`` by its text. Imports nothing and looks at nothing.

    Raises:
        RemoteError: the URL holds a password or a query, or names no bucket.
    """
    parts = urlsplit(place)
    if parts.password is not None or parts.query or (parts.scheme in s3.PROTOCOLS and parts.username is not None):
        raise RemoteError(
            f"{parts.scheme}://…: this URL holds a password, a key or a query, which logs and records would show; use the "
            f"environment (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or FSSPEC_{parts.scheme.upper()}_<OPTION>)"
        )
    if parts.scheme in s3.PROTOCOLS and not parts.netloc:
        raise RemoteError(f"{place}: names no bucket; write s3://<bucket>/<folder>")


@contextmanager
def naming(target: UPath) -> Iterator[None]:
    """Turn an error of the file system into a RemoteError that names ``target`` and holds no secret of the environment."""
    try:
        yield
    except RemoteError:
        raise
    except _failures() as error:
        said = str(error) or type(error).__name__
        # Not `from error`: a record of the run would show the text of the first error too, with whatever it holds.
        kind = MissingError if isinstance(error, FileNotFoundError) else RemoteError
        raise kind(without_secrets(f"{target}: {said}{_advice(error)}")) from None


def _failures() -> tuple[type[Exception], ...]:
    """What a file system raises; errors of botocore are no OSError."""
    botocore = sys.modules.get("botocore.exceptions")
    return (OSError,) if botocore is None else (OSError, botocore.BotoCoreError, botocore.ClientError)


def _advice(error: Exception) -> str:
    kind = type(error).__name__
    if kind in ("NoCredentialsError", "PartialCredentialsError"):
        return "; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    if isinstance(error, PermissionError):
        return "; the account of the environment may not do this: check AWS_ACCESS_KEY_ID, its secret key and its rights"
    if kind in ("EndpointConnectionError", "ConnectTimeoutError"):
        return "; check AWS_ENDPOINT_URL and the network"
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return "; the disk of this machine is full: free some space"
    return ""


def without_secrets(text: str) -> str:
    """``text`` with ``$NAME`` in place of every secret of the environment, and without the passwords of URLs."""
    secrets = {value: name for name, value in os.environ.items() if _SECRET_NAME.search(name) and len(value) >= 6}
    for value in sorted(secrets, key=len, reverse=True):
        text = text.replace(value, f"${secrets[value]}")
    return re.sub(r"(?<=://)[^/@\s:]+:[^/\s]*@", "", text)


def ask(target: UPath) -> None:
    """Ask the file system for the folder ``target``, which need not exist. Nothing is written.

    Raises:
        RemoteError: the file system cannot be reached, refuses, or has no such bucket.
    """
    info(target)
    if target.protocol in s3.PROTOCOLS:
        with naming(target):
            s3.ask_bucket(target)


def info(target: UPath) -> dict[str, Any] | None:
    """What the file system says about ``target``: at least ``type`` (``file``, ``directory``) and ``size``. None for nothing.

    Raises:
        RemoteError: the file system does not say.
    """
    with naming(target):
        try:
            return dict(target.fs.info(target.path))
        except FileNotFoundError:
            return None


def listing(target: UPath) -> dict[str, dict[str, Any]]:
    """What the file system says about each file in the folder ``target``, by its relative name.

    Raises:
        RemoteError: the file system does not say, or a name would lead out of a local copy of the folder.
    """
    with naming(target):
        found = target.fs.find(target.path, detail=True)
    start = f"{target.path.rstrip('/')}/"
    # An empty object whose name ends with "/" is what some programs make in place of a folder.
    inside = {name.removeprefix(start): one for name, one in found.items() if one["size"] or not name.endswith("/")}
    for name in inside:
        if any(part in ("", ".", "..") for part in name.split("/")):
            raise RemoteError(f"{target}: the name {name[:200]!r} leads out of the folder; rename or remove this file there")
    return inside


def size(target: UPath) -> int:
    """The bytes of the file ``target``."""
    with naming(target):
        return int(target.fs.info(target.path)["size"])


def kept_sha256(target: UPath) -> str | None:
    """The SHA-256 that ``send`` left beside the file on S3; None for a file of another program or another file system."""
    if target.protocol not in s3.PROTOCOLS:
        return None
    with naming(target):
        return s3.recorded_sha256(target)


def blocks(target: UPath) -> Iterator[bytes]:
    """The bytes of the file ``target``, a block at a time."""
    whole = size(target)
    for start in range(0, whole, BLOCK_BYTES):
        with naming(target):
            yield target.fs.cat_file(target.path, start=start, end=min(start + BLOCK_BYTES, whole))


def sha256(target: UPath) -> str:
    """The SHA-256 of the bytes that the file system gives back, in hexadecimal."""
    digest = hashlib.sha256()
    for block in blocks(target):
        digest.update(block)
    return digest.hexdigest()


def begins_with(source: Path, target: UPath) -> bool:
    """Whether the file ``source`` begins with all bytes of ``target``; whole files of the same size are then the same."""
    if size(target) > source.stat().st_size:
        return False
    with source.open("rb") as file:
        return all(file.read(len(block)) == block for block in blocks(target))


def send(source: Path, target: UPath, sha256: str, report: Report = lambda *_: None) -> int:
    """Send the file ``source`` to ``target``. What is there is replaced. Returns the number of bytes that were sent.

    S3: nobody sees half a file, and a large file goes on where a killed call stopped. Elsewhere, a killed call may leave half a
    file; on a local disk it does not.
    """
    with naming(target):
        if target.protocol in s3.PROTOCOLS:
            return s3.send(source, target, sha256, report)
        if isinstance(target, Path):
            return _copy(source, target, report)
        target.fs.put_file(str(source), target.path)
        sent = source.stat().st_size
        report(sent, sent)
        return sent


def _copy(source: Path, target: Path, report: Report) -> int:
    sent = 0
    with files.replacing(target) as temporary, source.open("rb") as file, temporary.open("wb") as copy:
        while block := file.read(BLOCK_BYTES):
            copy.write(block)
            report(len(block), len(block))
            sent += len(block)
    return sent


def fetch(target: UPath, place: Path) -> None:
    """Copy the file ``target`` to the local file ``place``, whole or not at all."""
    with files.replacing(place) as temporary, naming(target):
        target.fs.get_file(target.path, str(temporary))


def fetch_marked(target: UPath, place: Path) -> tuple[str, str]:
    """``fetch`` of an object of S3. Returns its mark (``s3.mark``) and the SHA-256 of the bytes.

    Raises:
        RemoteError: the object cannot be read, or the disk is full.
        MissingError: there is no such object.
    """
    with files.replacing(place) as temporary, naming(target):
        return s3.fetch(target, temporary), files.sha256(temporary)


def remove(target: UPath) -> None:
    """Remove the file ``target``."""
    with naming(target):
        target.fs.rm_file(target.path)
