"""The folder that an importer writes. It is built under a temporary name and renamed, and replaces no files of other programs.

Not here: the audio and texts in the folder (``importers.prepare``).
"""

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from voice_assets.importers.errors import RecordingsError
from voice_assets.runtime.building import beside
from voice_assets.runtime.files import sha256, shown
from voice_assets.runtime.locks import lock_folder
from voice_assets.runtime.stamps import new_stamp

PREPARE_INFO = "PREPARE_INFO.txt"
PREPARE_FIRST_LINE = "Prepared by voice-assets import, format 1"
# The files of an importer. Later stages write `reports`; these stay when the data set is made again.
OWN = {"config.json", "metadata_2col.csv", "wavs", "LICENSE", PREPARE_INFO}
KEPT = {"reports"}


def digest(value: object) -> str:
    """SHA-256 of any JSON value."""
    return hashlib.sha256(json.dumps(value, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def head(folder: Path) -> dict[str, str]:
    """The ``key: value`` lines at the top of the folder's ``PREPARE_INFO.txt``; empty when no importer made the folder."""
    info = folder / PREPARE_INFO
    if not info.is_file():
        return {}
    lines = info.read_text(encoding="utf-8", errors="replace").splitlines()
    if lines[:1] != [PREPARE_FIRST_LINE]:
        return {}
    top = lines[1 : lines.index("")] if "" in lines else lines[1:]
    return dict(line.split(": ", 1) for line in top if ": " in line)


def contents_sha256(folder: Path) -> str:
    """SHA-256 over the names and bytes of all files of an importer, except ``PREPARE_INFO.txt``."""
    files = [folder / name for name in sorted(OWN - {PREPARE_INFO, "wavs"})] + sorted((folder / "wavs").rglob("*"))
    return digest([(shown(str(file.relative_to(folder))), sha256(file)) for file in files if file.is_file()])


def _check(out: Path) -> None:
    """Raise RecordingsError when files in ``out`` would be lost."""
    if not os.path.lexists(out):
        return
    if out.is_symlink() or not out.is_dir():
        raise RecordingsError(f"{out}: not a folder; choose another folder for the data set")
    present = {path.name for path in out.iterdir()}
    if not present:
        return
    made = head(out)
    if not made:
        raise RecordingsError(f"{out}: not empty, and not made by an importer; choose another folder or empty this folder")
    foreign = sorted(present - OWN - KEPT)
    if foreign:
        raise RecordingsError(f"{out}: {', '.join(map(shown, foreign[:5]))} would be lost; move these files away first")
    if made.get("Contents") != contents_sha256(out):
        raise RecordingsError(
            f"{out}: changed since it was prepared, and the changes would be lost; move the folder away first"
        )


def _swap(folder: Path, out: Path) -> None:
    """Rename ``folder`` to ``out``. At every moment, the former content of ``out`` is on disk under one of the two names."""
    if not out.exists() or not any(out.iterdir()):
        folder.replace(out)
        return
    prefix = f".{out.name}.before-"
    before = out.with_name(f"{prefix}{new_stamp(out.parent, prefix)}")
    with _at_work(out) as alone:  # a lock belongs to the folder and not to its name, so it is on `before` too
        if not alone:
            raise RecordingsError(f"{out}: another import is putting its files there; import again when it has ended")
        out.rename(before)
        folder.rename(out)
        _retire(before, out)


@contextmanager
def _at_work(folder: Path) -> Iterator[bool]:
    """Whether this process alone works on ``folder`` while the block runs. A killed process leaves nothing locked.

    Where folders cannot be locked, for instance on NFS, everybody may work.
    """
    try:
        lock = lock_folder(folder)
    except OSError:
        yield True
        return
    try:
        yield lock is not None
    finally:
        if lock is not None:
            os.close(lock)


def _retire(before: Path, out: Path) -> None:
    """Move the reports of ``before`` into ``out``, then remove ``before``. ``before`` stays when two reports have one name."""
    for name in KEPT:
        if not (out / name).exists() and (before / name).exists():
            (before / name).rename(out / name)
        for path in sorted((before / name).glob("*")):
            if not os.path.lexists(out / name / path.name):
                path.rename(out / name / path.name)
    if not any(any((before / name).glob("*")) for name in KEPT):
        shutil.rmtree(before)


def recover(out: Path) -> None:
    """Finish a killed :func:`_swap`: restore the old folder, or move its reports when the new folder is in place.

    Raises:
        RecordingsError: a file cannot be moved.
    """
    out = out.absolute()
    ours = re.compile(rf"\.{re.escape(out.name)}\.before-\d{{8}}_\d{{6}}_\d{{3}}(?:-\d+)?")
    try:
        for before in sorted(out.parent.iterdir(), reverse=True) if out.parent.is_dir() else []:
            if ours.fullmatch(before.name) is None:
                continue
            with _at_work(before) as alone:
                if alone and os.path.lexists(out):
                    _retire(before, out)
                elif alone:
                    before.rename(out)
    except OSError as error:
        raise RecordingsError(f"{out}: the files of a killed import cannot be restored: {error}") from error


@contextmanager
def building(out: Path) -> Iterator[Path]:
    """Yield an empty folder beside ``out``. When the block ends without an error, the folder replaces ``out``.

    Raises:
        RecordingsError: files in ``out`` would be lost, or the folder cannot be written.
    """
    out = out.absolute()
    _check(out)
    try:
        with beside(out) as folder:
            yield folder
            _swap(folder, out)
    except OSError as error:
        raise RecordingsError(f"{out}: cannot be written: {error}") from error
