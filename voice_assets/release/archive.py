"""The package as one zip file. Equal packages give equal bytes: names are sorted, times and modes fixed, nothing compressed.

Compression is off because its bytes depend on the version of zlib, and a voice hardly becomes smaller by it. Does not belong
here: opening a zip that came from somewhere.
"""

import shutil
import stat
import zipfile
from pathlib import Path

from voice_assets.release.sums import PackageError
from voice_assets.runtime import files

TIME = (1980, 1, 1, 0, 0, 0)
"""The first time that a zip can hold."""
UNIX = 3
MODE = stat.S_IFREG | 0o644


def zip_package(folder: Path, file: Path) -> Path:
    """Write every file of the package ``folder`` to the zip ``file``, as ``<name of the folder>/<file>``. Returns ``file``.

    Raises:
        PackageError: the folder holds something that is neither a file nor a folder.
        OSError: a file cannot be read, or the zip cannot be written; then ``file`` is as it was.
    """
    names = [(path.relative_to(folder.parent).as_posix(), path) for path in _files(folder)]
    with files.replacing(file) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive:
        for name, path in sorted(names):
            _add(archive, name, path)
    return file


def _files(folder: Path) -> list[Path]:
    found = [path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir()]
    for path in found:
        if path.is_symlink() or not path.is_file():
            raise PackageError(f"{path}: is a link or a special file; a package has files and folders only")
    return found


def _add(archive: zipfile.ZipFile, name: str, path: Path) -> None:
    entry = zipfile.ZipInfo(name, TIME)
    entry.create_system, entry.external_attr, entry.file_size = UNIX, MODE << 16, path.stat().st_size
    with path.open("rb") as source, archive.open(entry, "w") as target:
        shutil.copyfileobj(source, target, 1 << 20)
