"""Opening a package that may come from anywhere: a folder, or a zip that is unpacked into a folder of its own.

Nothing is written outside that folder, no link is followed, and memory, disk and time have limits. Not here: whether the
package is whole (``release.verification``).
"""

import shutil
import stat
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from voice_assets.release.names import clash, name_fault
from voice_assets.release.sums import PackageError
from voice_assets.runtime.plain_text import plain
from voice_assets.runtime.zip_directory import directory_of

MOST_FILES = 20_000
MOST_BYTES = 4 << 30
LONGEST_DIRECTORY = 4 << 20  # bytes of the directory of a zip; one of 20,000 files has 2 MB
MOST_GROWTH, SMALL = 100, 64 << 20
"""A zip may hold 100 times its own size and 64 MiB; text shrinks to a tenth."""
BLOCK = 1 << 20
_LINK_LIKE = {stat.S_IFLNK: "a link", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket", stat.S_IFCHR: "a device"}
_UNICODE_PATH = 0x7075
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, ValueError, OverflowError)


@contextmanager
def opened_package(path: Path) -> Iterator[Path]:
    """Yield the folder of the package ``path``; a zip is unpacked into a temporary folder, which the end of the block removes.

    Raises:
        PackageError: no such file, no zip, or files that no package may have. The message names the file and the rule.
    """
    if path.is_dir():
        _check_folder(path)
        yield path.resolve()
    elif path.is_file():
        with tempfile.TemporaryDirectory(prefix="voice-package-") as place:
            yield _unpacked(path, Path(place))
    else:
        raise PackageError(f"{path}: no folder and no file; give the folder of a package or its zip")


def _refused(path: Path, name: str, reason: str) -> PackageError:
    return PackageError(f"{path}: {plain(name)[:300]}: {reason}")


def _kind(mode: int) -> str:
    return _LINK_LIKE.get(stat.S_IFMT(mode), "a device or another special file")


def _check_folder(folder: Path) -> None:
    """Raise PackageError for what is neither a file nor a folder, for names, numbers and sizes that no package has."""
    names: list[str] = []
    size, folders = 0, [folder]
    for place in folders:  # grows
        for entry in place.iterdir():
            facts, name = entry.lstat(), entry.relative_to(folder).as_posix()
            if fault := name_fault(name):
                raise _refused(folder, name, fault)
            if stat.S_ISDIR(facts.st_mode):
                folders.append(entry)
            elif not stat.S_ISREG(facts.st_mode):
                raise _refused(folder, name, f"{_kind(facts.st_mode)}; a package holds files and folders only")
            else:
                names.append(name)
                size += facts.st_size
            if len(names) + len(folders) > MOST_FILES or size > MOST_BYTES:
                raise PackageError(f"{folder}: over {MOST_FILES} files or {MOST_BYTES} bytes; no voice package is that large")
    if found := clash(names):
        raise PackageError(f"{folder}: {plain(found)}")


def _unpacked(path: Path, place: Path) -> Path:
    """Unpack the zip ``path`` into the empty folder ``place``. Returns the one folder in it."""
    try:
        directory = directory_of(path)
        if not directory.plain or directory.bytes > LONGEST_DIRECTORY:
            raise PackageError(
                f"{path}: not one plain zip: it has a comment, bytes before it, Zip64 or a directory of over "
                f"{LONGEST_DIRECTORY} bytes; fetch the package again"
            )
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            _check_entries(path, entries, place)
            for entry in entries:
                _unpack(archive, entry, place)
    except _BROKEN as error:
        if isinstance(error, PackageError):
            raise
        raise PackageError(f"{path}: damaged, or no zip: {plain(error)}; fetch the package again") from error
    return place / PurePosixPath(entries[0].filename).parts[0]


def _check_entries(path: Path, entries: list[zipfile.ZipInfo], place: Path) -> None:
    for entry in entries:
        if fault := name_fault(entry.orig_filename.removesuffix("/")) or _entry_fault(entry):
            raise _refused(path, entry.orig_filename, fault)
    tops = {entry.filename.split("/")[0] for entry in entries}
    if len(tops) != 1 or any("/" not in entry.filename for entry in entries):
        raise PackageError(f"{path}: a package is one folder in the zip, and here are {len(tops)} names at the top")
    if found := clash(entry.filename for entry in entries if not entry.is_dir()):
        raise PackageError(f"{path}: {plain(found)}")
    _check_sizes(path, entries, place)
    _check_places(path, entries)


def _entry_fault(entry: zipfile.ZipInfo) -> str:
    """Why an entry is not a plain file or folder of a package, whatever its name; empty when it is."""
    kind = stat.S_IFMT(entry.external_attr >> 16)
    wanted = stat.S_IFDIR if entry.is_dir() else stat.S_IFREG
    if kind not in (0, wanted):
        return f"{'a folder' if kind == stat.S_IFDIR else _kind(kind)}; a package holds files and folders only"
    if entry.filename != entry.orig_filename or (not entry.flag_bits & 0x800 and not entry.filename.isascii()):
        return "the name is not UTF-8, or not the whole name"
    if _UNICODE_PATH in _extras(entry.extra):
        return "it has a second name (Unicode path)"
    if entry.flag_bits & 0x2041:
        return "it is encrypted"
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return f"compression method {entry.compress_type}; a package is stored or deflated"
    return "a folder with content" if entry.is_dir() and (entry.file_size or entry.compress_size) else ""


def _extras(extra: bytes) -> set[int]:
    """The kinds of the extra fields of an entry."""
    kinds, place = set(), 0
    while place + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, place)
        kinds.add(kind)
        place += 4 + length
    return kinds


def _check_sizes(path: Path, entries: list[zipfile.ZipInfo], place: Path) -> None:
    size, most = sum(entry.file_size for entry in entries), MOST_GROWTH * path.stat().st_size + SMALL
    if len(entries) > MOST_FILES or size > min(most, MOST_BYTES):
        raise PackageError(
            f"{path}: {len(entries)} files with {size} bytes; at most {MOST_FILES} files and {min(most, MOST_BYTES)} bytes are "
            "unpacked from a zip of this size"
        )
    if size > (free := shutil.disk_usage(place).free):
        raise PackageError(f"{path}: {size} bytes, and {place} has room for {free}; set TMPDIR to a larger place")


def _check_places(path: Path, entries: list[zipfile.ZipInfo]) -> None:
    """Raise PackageError when two entries share bytes of the zip: so small zips hold huge files."""
    end, before = 0, ""
    for entry in sorted(entries, key=lambda one: one.header_offset):
        if entry.header_offset < end:
            raise _refused(path, entry.filename, f"it shares bytes of the zip with {plain(before)}")
        end, before = entry.header_offset + 30 + len(entry.filename.encode()) + entry.compress_size, entry.filename


def _unpack(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, place: Path) -> None:
    target = place / entry.filename
    if entry.is_dir():
        target.mkdir(parents=True, exist_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(entry) as packed, target.open("xb") as file:
        shutil.copyfileobj(packed, file, BLOCK)
