"""Unpacking a Debian package that may come from anywhere: files and folders only, inside one folder, within limits.

Links are left out: no audio and no transcript needs one. Not here: fetching the packages (``importers.debian``).
"""

import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import IO

from voice_assets.importers.errors import RecordingsError

MOST_FILES, MOST_BYTES = 50_000, 2 << 30
LONGEST_READ = 1 << 20  # bytes; a longer header of a tar would fill the memory


class DebError(RecordingsError):
    """A Debian package that cannot be unpacked. The message names the file, the rule and what to do."""


class _Tar:
    """A tar file of which nobody reads a lot at once."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file, self.seek, self.tell = file, file.seek, file.tell

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= LONGEST_READ:
            raise tarfile.ReadError(f"a header of {size} bytes")
        return self.file.read(size)


def unpack_deb(deb: Path, place: Path) -> None:
    """Unpack the files of ``deb`` into the folder ``place``.

    Raises:
        DebError: ``dpkg-deb`` is missing or fails, or the package holds devices, paths out of ``place`` or too many bytes.
    """
    with tempfile.TemporaryFile(dir=place) as tar:
        _content(deb, tar)
        try:
            with tarfile.open(fileobj=_Tar(tar), mode="r:") as archive:  # type: ignore[call-overload]
                for number, member in enumerate(archive, start=1):
                    if number > MOST_FILES:
                        raise tarfile.ReadError(f"over {MOST_FILES} files")
                    _unpack(archive, member, place)
        except (tarfile.TarError, OSError, ValueError, OverflowError, RecursionError) as error:
            raise DebError(f"{deb}: not unpacked: {error}; fetch the package again from Debian") from error


def _content(deb: Path, tar: IO[bytes]) -> None:
    """Write the tar inside ``deb`` to ``tar``, up to ``MOST_BYTES``."""
    command = ["dpkg-deb", "--fsys-tarfile", str(deb)]
    try:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    except FileNotFoundError as error:
        raise DebError("dpkg-deb: not installed on this system; unpack the packages elsewhere, and name the folder") from error
    with process:
        assert process.stdout is not None
        assert process.stderr is not None
        while block := process.stdout.read(LONGEST_READ):
            tar.write(block)
            if tar.tell() > MOST_BYTES:
                process.kill()
                raise DebError(f"{deb}: over {MOST_BYTES} bytes when unpacked; no package of recordings is that large")
        said = process.stderr.read(1000).decode(errors="replace").strip()
    if process.returncode:
        raise DebError(f"{deb}: dpkg-deb --fsys-tarfile: exit code {process.returncode}: {said}")
    tar.seek(0)


def _unpack(archive: tarfile.TarFile, member: tarfile.TarInfo, place: Path) -> None:
    if member.issym() or member.islnk():
        return
    parts = [part for part in member.name.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise tarfile.ReadError(f"{member.name!r} leads out of the package")
    target = place.joinpath(*parts)
    if member.isdir():
        target.mkdir(parents=True, exist_ok=True)
        return
    source = archive.extractfile(member) if member.isreg() and member.sparse is None else None
    if source is None:
        raise tarfile.ReadError(f"{member.name!r} is no plain file")
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("xb") as file:
        shutil.copyfileobj(source, file, LONGEST_READ // 4)
