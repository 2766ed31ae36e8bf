"""What a recorded file or folder holds: names, sizes and one hash, the same for local files and those of a remote store.

Belongs here: reading. Does not belong here: where recorded files are, and what is done when one was changed (``storage``).
"""

import hashlib
import os
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path, PurePosixPath
from stat import S_ISDIR
from typing import Any, NamedTuple

from upath import UPath

from voice_assets.runtime import files, hash_memory, remote

FILLED_IN = ("low_similarity.tsv", "suspects.tsv", "samples.tsv", "training_suspects.tsv")
"""Tables of reports in which people write their decisions. They are no part of the hash of a report's folder."""


class Content(NamedTuple):
    """A file of a folder, or a file alone.

    Attributes:
        name: relative to the folder; empty for a file alone.
        size: in bytes.
        mark: changes when the bytes do; empty where the file system has no such mark.
    """

    name: str
    size: int
    mark: str


def there(target: UPath | Path) -> bool:
    """Whether there is a file or folder ``target``.

    Raises:
        RemoteError: the file system does not say.
    """
    return target.exists() if isinstance(target, Path) else remote.info(target) is not None


def names(folder: UPath | Path) -> list[str]:
    """The relative names of all files in a folder; none when there is no such folder."""
    if isinstance(folder, Path):
        found = (file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file())
        return sorted(found, key=PurePosixPath)
    return sorted(remote.listing(folder), key=PurePosixPath)


def contents(target: UPath | Path) -> tuple[Content, ...] | None:
    """The files whose names and bytes are the content of ``target``, in the order of their paths. None when nothing is there.

    Raises:
        RemoteError: the file system does not say.
    """
    return _local(target) if isinstance(target, Path) else _remote(target)


def _local(target: Path) -> tuple[Content, ...] | None:
    try:
        itself = target.stat()
    except OSError:
        if target.exists():
            raise
        return None
    if not S_ISDIR(itself.st_mode):
        return (_described("", itself),)
    found = (name for name in names(target) if PurePosixPath(name).name not in FILLED_IN)
    return tuple(_described(name, (target / name).stat()) for name in found)


def _described(name: str, what: os.stat_result) -> Content:
    return Content(name, what.st_size, str(what.st_mtime_ns))


def _remote(target: UPath) -> tuple[Content, ...] | None:
    what = remote.info(target)
    if what is None:
        return None
    if what["type"] == "file":
        return (Content("", int(what["size"]), str(what.get("ETag", ""))),)
    found = remote.listing(target)
    counted = sorted((name for name in found if PurePosixPath(name).name not in FILLED_IN), key=PurePosixPath)
    return tuple(Content(name, int(found[name]["size"]), str(found[name].get("ETag", ""))) for name in counted)


def total(found: Sequence[Content]) -> int:
    """The sum of the sizes, in bytes."""
    return sum(one.size for one in found)


def content_hash(target: UPath | Path, found: Sequence[Content] | None = None) -> str:
    """The SHA-256 that ``Store.add`` records: of a file, over its bytes; of a folder, over the names and hashes of its files.

    ``found``: the ``contents`` of ``target``, where they are known.
    """
    return _hash(target, contents(target) or () if found is None else found, _file_hash)


def remembered_hash(target: UPath | Path, found: tuple[Content, ...], *, every_byte: bool = False) -> str:
    """``content_hash`` without reading files that did not change since they were hashed: see ``hash_memory``.

    The hash of remote files is remembered in this process, while the mark of each stays the same.
    """
    if isinstance(target, Path):
        known = hash_memory.sha256s((target / one.name for one in found), every_byte=every_byte)
        return _hash(target, found, lambda file: known.get(file) or _file_hash(file))
    return _remembered(target, found) if all(one.mark for one in found) else content_hash(target, found)


@lru_cache(maxsize=1000)
def _remembered(target: UPath | Path, found: tuple[Content, ...]) -> str:
    return content_hash(target, found)


def _hash(target: UPath | Path, found: Sequence[Content], file_hash: Callable[[Any], str]) -> str:
    """``content_hash``, with the hash of each file from ``file_hash``."""
    if [one.name for one in found] == [""]:
        return file_hash(target)
    digest = hashlib.sha256()
    for one in found:
        digest.update(f"{file_hash(target / one.name)}  {one.name}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def _file_hash(target: UPath | Path) -> str:
    """The hash that S3 keeps with a file of ours, which saves reading a checkpoint; else of the bytes."""
    if isinstance(target, Path):
        return files.sha256(target)
    return remote.kept_sha256(target) or remote.sha256(target)
