"""What a file is that should be a checkpoint and is none: the usual ends of a download, told from its first bytes."""

import re
import zipfile
from pathlib import Path

from voice_assets.runtime.files import LFS_POINTER

HEAD = 512
FULL_SIZE = "a checkpoint of Piper's medium quality has about 850 MB"
_ARCHIVES = {
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"7z\xbc\xaf": "7-Zip",
    b"Rar!": "RAR",
    b"\xfd7zXZ": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
}
_ADDRESS = re.compile(r"(https?|s3|gs|hf):/")


def what_it_is(path: Path) -> str:
    """Why ``path`` is no checkpoint, and what to do; empty when it is a whole zip, as PyTorch writes it."""
    try:
        if not path.is_file():
            return _missing(path)
        with path.open("rb") as file:
            head = file.read(HEAD)
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    if not head:
        return "the file is empty; fetch it again"
    if head.startswith(b"PK"):
        return "" if zipfile.is_zipfile(path) else _cut_off(path)
    return _text(head) or _binary(path, head)


def _missing(path: Path) -> str:
    address = _ADDRESS.search(str(path))
    if address:
        return f"{str(path)[address.start() :]} is an address; download the checkpoint, and name the file"
    if path.is_dir():
        return "a folder, not a checkpoint; name a .ckpt file"
    near = sorted(one.name for one in path.parent.glob("*.ckpt"))[:3] if path.parent.is_dir() else []
    there = f"in its folder there are {', '.join(near)}" if near else "a relative path starts at the folder of the voice file"
    return f"no such checkpoint; {there}"


def _cut_off(path: Path) -> str:
    size = path.stat().st_size
    return (
        f"the end of the file is missing: {size:,} bytes are there ({FULL_SIZE}); the download ended early, so fetch it again"
    )


def _text(head: bytes) -> str:
    """What a text in the place of a checkpoint is; empty for bytes that are no such text."""
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if text.startswith(LFS_POINTER):
        found = re.search(rb"size (\d+)", text)
        size = f" of {int(found[1]):,} bytes" if found else ""
        return f"a Git-LFS pointer; the checkpoint itself{size} was not fetched: run `git lfs pull` where it comes from"
    if text.startswith((b"<", b"<!")):
        return (
            "a web page (HTML), not a checkpoint: the link leads to a page about the file; on Hugging Face, take the link with "
            "/resolve/ in the place of /blob/"
        )
    if text.startswith((b"{", b"[")):
        return "a text in JSON, not a checkpoint: an error message of a server, or a config.json; fetch the .ckpt itself"
    return ""


def _binary(path: Path, head: bytes) -> str:
    for magic, name in _ARCHIVES.items():
        if head.startswith(magic):
            return f"packed with {name}; unpack it, and name the .ckpt inside"
    if head[257:262] == b"ustar":
        return "a tar archive; unpack it, and name the .ckpt inside"
    if head[8:10] == b'{"':
        return "a file of safetensors; training goes on from the .ckpt of a Piper training only"
    if path.suffix == ".onnx":
        return "a finished voice (ONNX), which cannot be trained; take the .ckpt of its training"
    if head.startswith(b"\x80"):
        return "a pickle without a zip, as PyTorch wrote before version 1.6; load and save it again with a newer PyTorch"
    return f"not a checkpoint: it begins with {head[:8]!r}; fetch it again ({FULL_SIZE})"
