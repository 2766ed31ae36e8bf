"""Writing files whole, so that nobody reads half a file, and hashes of files. Standard library only."""

import hashlib
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LFS_POINTER = b"version https://git-lfs"
"""The first bytes of the text that stands for a file which Git-LFS did not fetch."""


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path``. The temporary file replaces ``path`` when the block ends without an error.

    The bytes are on disk before the rename, so a crash leaves the old file or the new file, never half a file. Who may read and
    write an existing file stays as it was.

    Raises:
        OSError: the file cannot be written, for instance because the disk is full. The error names ``path``.
    """
    with naming(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.stem}.", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        with naming(path):
            yield temporary
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        temporary.chmod(stat.S_IMODE(path.stat().st_mode) if path.exists() else 0o644)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Make an error of the system that names no file name ``path``: a full disk is an error without a name."""
    try:
        yield
    except OSError as error:
        if error.filename is not None or error.errno is None:
            raise
        raise OSError(error.errno, os.strerror(error.errno), str(path)) from error


def write_text(path: Path, text: str) -> Path:
    """Write ``text`` as UTF-8 with line feeds only, atomically. Returns ``path``."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")
    return path


def sha256(path: Path) -> str:
    """SHA-256 of the file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def shown(name: str) -> str:
    r"""A file's name as a text that can be printed. In a name that is not UTF-8, the wrong bytes become ``\xNN``."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")
