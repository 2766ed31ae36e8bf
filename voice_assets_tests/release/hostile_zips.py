"""Zips that no package is: made by hand where Python's own writer refuses to."""

import io
import lzma
import stat
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

TOP = "en_US-tiny-x_low"
Entry = tuple[zipfile.ZipInfo | str, bytes]


def info(name: str, mode: int = stat.S_IFREG | 0o644, method: int = zipfile.ZIP_STORED) -> zipfile.ZipInfo:
    """An entry with a mode of Unix."""
    made = zipfile.ZipInfo(name)
    made.create_system, made.external_attr, made.compress_type = 3, mode << 16, method
    return made


def zipped(*entries: Entry, **options: bytes) -> bytes:
    """A zip of ``entries``; a plain file stands before them."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for entry, content in ((f"{TOP}/README.md", b"x"), *entries):
            archive.writestr(entry, content)
        archive.comment = options.get("comment", b"")
    return held.getvalue()


def renamed(*names: bytes) -> bytes:
    """A zip whose entries have these names, byte for byte, before the entry and in the directory."""
    stand_ins = [f"{TOP}/{number}{'x' * 250}"[: len(name)].encode() for number, name in enumerate(names)]
    data = zipped(*((stand_in.decode(), b"x") for stand_in in stand_ins))
    for stand_in, name in zip(stand_ins, names, strict=True):
        data = data.replace(stand_in, name)
    return data


def patched(data: bytes, place: int, value: bytes, *, directory: bool = True, number: int = 1) -> bytes:
    """``data`` with other bytes at ``place`` in the header of entry ``number``, in the directory or before the entry."""
    mark, start = (b"PK\x01\x02", -1) if directory else (b"PK\x03\x04", -1)
    for _ in range(number + 1):
        start = data.index(mark, start + 1)
    return data[: start + place] + value + data[start + place + len(value) :]


def overlapping() -> bytes:
    """Two entries of one place in the file, as zip bombs have."""
    data = zipped((f"{TOP}/a.bin", b"a" * 1000), (f"{TOP}/b.bin", b"a" * 1000))
    return patched(data, 42, struct.pack("<I", data.index(b"PK\x03\x04", 1)), number=2)


def zip64() -> bytes:
    """A zip with the records of Zip64 before its end, as for more than 4 GiB."""
    data = zipped()
    end = data.rindex(b"PK\x05\x06")
    length, offset = struct.unpack_from("<II", data, end + 12)
    record = struct.pack("<4sQHHIIQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, 1, 1, length, offset)
    return data[:end] + record + struct.pack("<4sIQI", b"PK\x06\x07", 0, end, 1) + data[end:]


def long_directory() -> bytes:
    """A zip with 90,000 empty files."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for number in range(90_000):
            archive.writestr(f"{TOP}/{number:06}", b"")
    return held.getvalue()


def tar() -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        archive.addfile(tarfile.TarInfo(f"{TOP}/README.md"))
    return held.getvalue()


def special(kind: int, content: bytes = b"") -> Callable[[], bytes]:
    return lambda: zipped((info(f"{TOP}/special", kind | 0o777), content))


ZIPS: dict[str, tuple[Callable[[], bytes], str]] = {
    "absolute path": (lambda: renamed(b"/tmp/hostile_voice_package"), "leads out of the package"),
    "path to the parent": (lambda: zipped((f"{TOP}/../../outside", b"x")), "leads out of the package"),
    "dot in a path": (lambda: zipped((f"{TOP}/./a", b"x")), "leads out of the package"),
    "backslash": (lambda: renamed(rb"en_US-tiny-x_low\..\..\outside"), "backslash"),
    "drive": (lambda: zipped((f"{TOP}/C:outside", b"x")), "colon"),
    "link": (special(stat.S_IFLNK, b"/etc/passwd"), "a link"),
    "character device": (special(stat.S_IFCHR), "a device"),
    "block device": (special(stat.S_IFBLK), "a device"),
    "pipe": (special(stat.S_IFIFO), "a pipe"),
    "socket": (special(stat.S_IFSOCK), "a socket"),
    "folder with content": (lambda: zipped((info(f"{TOP}/sub/", stat.S_IFDIR | 0o755), b"x")), "a folder with content"),
    "one name twice": (lambda: renamed(f"{TOP}/a".encode(), f"{TOP}/a".encode()), "one file on some systems"),
    "case of a file": (lambda: zipped((f"{TOP}/readme.MD", b"y")), "one file on some systems"),
    "case of a folder": (lambda: zipped((f"{TOP}/sub/a", b"y"), (f"{TOP}/SUB/b", b"y")), "are one on some systems"),
    "spelling in Unicode": (lambda: zipped((f"{TOP}/e\u0301", b"y")), "another spelling in Unicode"),
    "file and folder": (lambda: zipped((f"{TOP}/README.md/a", b"y")), "a file and a folder"),
    "bomb": (lambda: zipped((info(f"{TOP}/a", method=zipfile.ZIP_DEFLATED), b"\0" * (200 << 20))), "bytes are unpacked"),
    "claimed size": (
        lambda: patched(zipped((f"{TOP}/a", b"x" * 9)), 24, struct.pack("<I", 0xFFFFFFF0)),
        "bytes are unpacked",
    ),
    "entries in one place": (overlapping, "shares bytes"),
    "long directory": (long_directory, "a directory of over"),
    "Zip64": (zip64, "not one plain zip"),
    "comment": (lambda: zipped(comment=b"and more"), "not one plain zip"),
    "second end in the comment": (lambda: zipped(comment=b"PK\x05\x06 and more"), "damaged, or no zip"),
    "bytes before": (lambda: b"#!/bin/sh\n" + zipped(), "not one plain zip"),
    "bytes after": (lambda: zipped() + b"x" * 40, "not one plain zip"),
    "encrypted": (lambda: patched(zipped((f"{TOP}/a", b"x")), 8, b"\x01\x00"), "encrypted"),
    "other compression": (lambda: zipped((info(f"{TOP}/a", method=zipfile.ZIP_LZMA), b"x" * 99)), "compression method 14"),
    "unknown compression": (lambda: patched(zipped((f"{TOP}/a", b"x")), 10, b"\x63\x00"), "compression method 99"),
    "NUL in a name": (lambda: renamed(f"{TOP}/a.txt\0.exe".encode()), "control characters"),
    "terminal codes in a name": (lambda: zipped((f"{TOP}/\x1b[2Jgone", b"x")), "control characters"),
    "turned reading direction": (lambda: zipped((f"{TOP}/a\u202exe.txt", b"x")), "control characters"),
    "name that is not UTF-8": (lambda: renamed(f"{TOP}/".encode() + b"\xff\xfe"), "not UTF-8"),
    "long name": (lambda: zipped((f"{TOP}/{'a' * 300}", b"x")), "at most 12 parts"),
    "deep folders": (lambda: zipped((f"{TOP}/" + "a/" * 20 + "b", b"x")), "at most 12 parts"),
    "device of Windows": (lambda: zipped((f"{TOP}/nul.txt", b"x")), "Windows"),
    "name that Windows changes": (lambda: zipped((f"{TOP}/README.md.", b"x")), "Windows"),
    "no folder": (lambda: zipped(("a", b"x")), "one folder in the zip"),
    "two folders": (lambda: zipped(("other/a", b"x")), "one folder in the zip"),
    "cut off": (lambda: zipped((f"{TOP}/a", b"x" * 1000))[:-300], "damaged, or no zip"),
    "other bytes than its checksum": (lambda: zipped((f"{TOP}/a", b"abcdef")).replace(b"abcdef", b"abcdeg"), "Bad CRC-32"),
    "two names of an entry": (lambda: patched(zipped((f"{TOP}/a", b"x")), 30 + len(TOP) + 1, b"b", directory=False), "differ"),
    "second name": (
        lambda: zipped((_with_extra(struct.pack("<HHBI", 0x7075, 9, 1, 0) + b"evil"), b"x")),
        "a second name",
    ),
    "no deflate": (
        lambda: patched(patched(zipped((f"{TOP}/a", b"\xff" * 50)), 10, b"\x08\x00"), 8, b"\x08\x00", directory=False),
        "damaged, or no zip",
    ),
    "tar": (tar, "damaged, or no zip"),
    "xz": (lambda: lzma.compress(b"x" * 1000), "damaged, or no zip"),
    "empty file": (lambda: b"", "damaged, or no zip"),
    "empty zip": (lambda: b"PK\x05\x06" + b"\0" * 18, "0 names at the top"),
}
"""Kind -> how it is made, and the words of its refusal."""


def _with_extra(extra: bytes) -> zipfile.ZipInfo:
    made = info(f"{TOP}/a")
    made.extra = extra
    return made


def write_zips(folder: Path) -> dict[str, Path]:
    """Write every zip into ``folder``; returns the files by kind."""
    found = {}
    for number, (kind, (make, _)) in enumerate(ZIPS.items()):
        found[kind] = folder / f"{number:02}.zip"
        found[kind].write_bytes(make())
    return found
