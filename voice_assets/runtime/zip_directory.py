"""The directory at the end of a zip file, looked at before ``zipfile`` reads all of it into memory. Standard library only."""

import struct
import zipfile
from dataclasses import dataclass
from pathlib import Path

_END, _END_SIZE = b"PK\x05\x06", 22
_LOCATOR, _LOCATOR_SIZE = b"PK\x06\x07", 20
_END_64, _END_64_SIZE = b"PK\x06\x06", 56
_LONGEST_COMMENT = 0xFFFF


@dataclass(frozen=True)
class Directory:
    """Where the directory of a zip is.

    Attributes:
        bytes: its size, as the file says; the largest number of several.
        plain: whether the file is nothing but one zip: no bytes before it, no comment, no Zip64.
    """

    bytes: int
    plain: bool


def directory_of(path: Path) -> Directory:
    """Where the directory of the zip ``path`` is. Reads at most the last 64 KiB of the file.

    Raises:
        zipfile.BadZipFile: the file has no end of a zip.
        OSError: the file cannot be read.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - _END_SIZE - _LONGEST_COMMENT - _LOCATOR_SIZE))
        tail = file.read(_END_SIZE + _LONGEST_COMMENT + _LOCATOR_SIZE)
        found = tail.rfind(_END)
        if found < 0 or len(tail) - found < _END_SIZE:
            raise zipfile.BadZipFile("the end of the file is missing, or it is no zip")
        length, offset, comment = struct.unpack_from("<IIH", tail, found + 12)
        locator = tail[found - _LOCATOR_SIZE : found] if found >= _LOCATOR_SIZE else b""
        plain = len(tail) - found == _END_SIZE and not comment and length + offset + _END_SIZE == size
        if not locator.startswith(_LOCATOR):
            return Directory(length, plain)
        (place,) = struct.unpack_from("<Q", locator, 8)
        before = size - len(tail) + found - _LOCATOR_SIZE - _END_64_SIZE
        file.seek(max(0, before))
        end = file.read(_END_64_SIZE)
    if place != before or not end.startswith(_END_64):
        raise zipfile.BadZipFile("its Zip64 record is not where the file says")
    return Directory(max(length if length != 0xFFFFFFFF else 0, struct.unpack_from("<Q", end, 40)[0]), plain=False)
