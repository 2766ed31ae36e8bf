"""A package as a zip: the same bytes for the same files, and nothing in it but files."""

import os
import zipfile
from pathlib import Path

import pytest

from voice_assets.release.archive import zip_package
from voice_assets.release.sums import PackageError


def package(parent: Path, *, names: tuple[str, ...] = ("b.txt", "a/c.txt", "a/é.txt", "SHA256SUMS", "model.sig")) -> Path:
    for name in names:
        (parent / "voice" / name).parent.mkdir(parents=True, exist_ok=True)
        (parent / "voice" / name).write_text(name)
    return parent / "voice"


def test_neither_times_nor_modes_nor_the_order_of_writing_change_the_bytes(tmp_path: Path) -> None:
    first = package(tmp_path / "1")
    second = package(tmp_path / "2", names=("model.sig", "SHA256SUMS", "a/é.txt", "a/c.txt", "b.txt"))
    for path in second.rglob("*"):
        path.chmod(0o700)
        os.utime(path, (1_000_000_000, 1_000_000_000))
    one, other = zip_package(first, tmp_path / "1.zip"), zip_package(second, tmp_path / "2.zip")
    assert one.read_bytes() == other.read_bytes()
    with zipfile.ZipFile(one) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [f"voice/{name}" for name in ("SHA256SUMS", "a/c.txt", "a/é.txt", "b.txt", "model.sig")]
        assert archive.read("voice/a/é.txt") == "a/é.txt".encode()


def test_another_byte_is_another_zip(tmp_path: Path) -> None:
    folder = package(tmp_path)
    before = zip_package(folder, tmp_path / "1.zip").read_bytes()
    (folder / "b.txt").write_text("B.txt")
    assert zip_package(folder, tmp_path / "2.zip").read_bytes() != before


@pytest.mark.parametrize("kind", ["link", "link to a folder", "pipe"])
def test_a_link_or_a_special_file_is_refused_and_the_former_zip_stays(tmp_path: Path, kind: str) -> None:
    folder, file = package(tmp_path), tmp_path / "voice.zip"
    before = zip_package(folder, file).read_bytes()
    odd = folder / "odd"
    if kind == "pipe":
        os.mkfifo(odd)
    else:
        odd.symlink_to("/etc" if kind == "link to a folder" else "/etc/passwd")
    with pytest.raises(PackageError, match=f"{odd}: is a link or a special file"):
        zip_package(folder, file)
    assert file.read_bytes() == before
