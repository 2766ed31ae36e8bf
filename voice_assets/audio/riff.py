"""The chunks of a WAV file (RIFF, RIFX, RF64, BW64): what keeps programs from reading its samples. Reads headers only.

Not here: the samples and every other format (``audio.recordings``).
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from io import SEEK_END, BytesIO
from pathlib import Path
from typing import BinaryIO

_FORMS = {b"RIFF": "<", b"RIFX": ">", b"RF64": "<", b"BW64": "<"}
"""The first four bytes of a WAV file, and the byte order of the sizes in the file."""
_KNOWN = frozenset(
    [
        *(b"data", b"LIST", b"fact", b"fmt ", b"id3 ", b"ID3 ", b"bext", b"cue ", b"smpl", b"inst", b"JUNK", b"junk", b"PAD "),
        *(b"PEAK", b"iXML", b"axml", b"chna", b"ds64", b"plst", b"labl", b"acid", b"afsp"),
    ]
)
"""Names of chunks: a known name in the place of a padding byte shows that the byte is missing."""
_UNKNOWN_SIZE = 0xFFFFFFFF
_ENDLESS = 0x7FFFF000
"""A writer that cannot seek back (a pipe) leaves 0, 0xFFFFFFFF or the highest size that a signed number can hold."""


@dataclass(frozen=True)
class Riff:
    """What the headers of a WAV file say.

    Attributes:
        truncated: why samples are missing, in words; empty when none are.
        sizeless: the data chunk gives the size 0 and bytes follow: libsndfile, and so Piper, reads no samples.
        data_bytes: the bytes from the start of the samples to their end, or to the end of the file when the size is not known.
        unpadded: (name, length, end) of every chunk with an odd length that lacks its padding byte, before the data.
    """

    truncated: str = ""
    sizeless: bool = False
    data_bytes: int = 0
    unpadded: tuple[tuple[str, int, int], ...] = ()


def opened(path: Path, data: bytes | None = None) -> BinaryIO:
    """The file, or its bytes ``data`` where they were read already, open for reading."""
    return path.open("rb") if data is None else BytesIO(data)


def examine(path: Path, data: bytes | None = None) -> Riff | None:
    """The chunks up to the samples. None when the file is not a WAV file. ``data``: as in `opened`."""
    with opened(path, data) as file:
        size = file.seek(0, SEEK_END)
        file.seek(0)
        head = file.read(12)
        if head[:4] not in _FORMS or head[8:12] != b"WAVE":
            return None
        unpadded: list[tuple[str, int, int]] = []
        long_size: int | None = None
        for name, length in _chunks(file, f"{_FORMS[head[:4]]}4sI"):
            left, start = size - file.tell(), file.tell()
            if name == b"data":
                return _data(file, length if long_size is None else long_size, left, tuple(unpadded))
            if length > left:
                return Riff(_missing(name, length, left), unpadded=tuple(unpadded))
            if name == b"ds64":
                long_size = struct.unpack("<8xQ", file.read(16))[0] if length >= 16 else None
            file.seek(start + length)
            if length % 2 and _lacks_padding(file):
                unpadded.append((_label(name), length, start + length))
            elif length % 2:
                file.seek(1, 1)
    return Riff(f"{size} bytes and no data chunk", unpadded=tuple(unpadded))


def repaired(data: bytes, riff: Riff) -> bytes:
    """The file's bytes ``data`` with the padding bytes that `examine` misses."""
    for _, _, end in reversed(riff.unpadded):
        data = data[:end] + b"\0" + data[end:]
    return data


def _chunks(file: BinaryIO, form: str) -> Iterator[tuple[bytes, int]]:
    """(name, length) of the chunk at the file's position, until the file ends. The caller moves to the next chunk."""
    while len(head := file.read(8)) == 8:
        yield struct.unpack(form, head)


def _data(file: BinaryIO, length: int, left: int, unpadded: tuple[tuple[str, int, int], ...]) -> Riff:
    """The facts of the data chunk, whose samples begin at the file's position."""
    if length == 0 and left > 0 and file.read(4) not in _KNOWN:
        return Riff(sizeless=True, data_bytes=left, unpadded=unpadded)
    if length > left and (_ENDLESS <= length <= _UNKNOWN_SIZE):
        return Riff(data_bytes=left, unpadded=unpadded)
    return Riff(_missing(b"data", length, left) if length > left else "", data_bytes=min(length, left), unpadded=unpadded)


def _lacks_padding(file: BinaryIO) -> bool:
    """Whether the next chunk begins right here, where a padding byte should be. Stays at the file's position."""
    following = file.read(5)
    file.seek(-len(following), 1)
    return following[:4] in _KNOWN and following[1:5] not in _KNOWN


def _missing(name: bytes, length: int, left: int) -> str:
    return f"its {_label(name)!r} chunk should have {length} bytes and has {left}"


def _label(name: bytes) -> str:
    return name.decode("ascii", "replace")
