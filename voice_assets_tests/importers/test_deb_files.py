"""Debian packages from anywhere: files and folders come out of them, inside one folder and within limits, and nothing else."""

import io
import stat
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from voice_assets.importers import deb_files
from voice_assets.importers.deb_files import DebError, unpack_deb
from voice_assets.importers.errors import RecordingsError
from voice_assets.importers.prompts import LARGEST, read_transcript

Fill = Callable[[tarfile.TarFile], object]


def member(name: str, kind: bytes = tarfile.REGTYPE, content: bytes = b"", target: str = "") -> Fill:
    """Adds one entry to a tar, of any kind."""

    def add(archive: tarfile.TarFile) -> None:
        made = tarfile.TarInfo(name)
        made.type, made.size, made.linkname, made.mode = kind, len(content), target, 0o4777
        archive.addfile(made, io.BytesIO(content))

    return add


def tar(*fill: Fill, form: int = tarfile.GNU_FORMAT) -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w", format=form) as archive:
        for add in fill:
            add(archive)
    return held.getvalue()


def part(name: str, content: bytes) -> bytes:
    """One file of an ``ar`` archive, which a .deb is."""
    head = f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(content):<10}`\n".encode()
    return head + content + b"\n" * (len(content) % 2)


def deb(folder: Path, data: bytes) -> Path:
    """A .deb with the tar ``data`` as its content."""
    folder.mkdir(exist_ok=True)
    control = tar(member("./control", content=b"Package: a\nVersion: 1\nArchitecture: all\nMaintainer: a\nDescription: a\n"))
    parts = (("debian-binary", b"2.0\n"), ("control.tar", control), ("data.tar", data))
    file = folder / "a_1_all.deb"
    file.write_bytes(b"!<arch>\n" + b"".join(part(*one) for one in parts))
    return file


def long_header(size: int) -> bytes:
    """A tar whose first entry is a header of ``size`` bytes."""
    head = tarfile.TarInfo("x")
    head.type, head.size = tarfile.XHDTYPE, size
    return head.tobuf(tarfile.GNU_FORMAT) + b"\0" * (4 << 20)


HOSTILE: dict[str, tuple[bytes, str]] = {
    "parent": (tar(member("./../../outside", content=b"x")), "leads out of the package"),
    "character device": (tar(member("./null", tarfile.CHRTYPE)), "no plain file"),
    "block device": (tar(member("./sda", tarfile.BLKTYPE)), "no plain file"),
    "pipe": (tar(member("./pipe", tarfile.FIFOTYPE)), "no plain file"),
    "one name twice": (tar(member("./a", content=b"x"), member("./a", content=b"y")), "File exists"),
    "file as a folder": (tar(member("./a", content=b"x"), member("./a/b", content=b"y")), "a"),
    "long header": (long_header(3 << 20), "a header of 3145728 bytes"),
    "header without end": (long_header(1 << 33), "a header of 8589934592 bytes"),
    "negative size": (long_header(-600), "not unpacked"),
    "no tar": (b"\x07" * 2048, "not unpacked"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_package_is_refused(kind: str, tmp_path: Path) -> None:
    data, words = HOSTILE[kind]
    file, place = deb(tmp_path / "from", data), tmp_path / "to" / "place"
    place.mkdir(parents=True)
    with pytest.raises(DebError, match=words) as refused:
        unpack_deb(file, place)
    assert str(file) in str(refused.value)
    assert {path.name for path in tmp_path.iterdir()} == {"from", "to"}
    assert [path.name for path in (tmp_path / "to").iterdir()] == ["place"]


def test_links_are_left_out_and_modes_are_plain(tmp_path: Path) -> None:
    data = tar(
        member("./usr/", tarfile.DIRTYPE),
        member("./usr/link", tarfile.SYMTYPE, target="/etc"),
        member("./usr/hard", tarfile.LNKTYPE, target="./usr/link"),
        member("./usr/link/passwd", content=b"root"),
        member("/usr/a.wav", content=b"sound"),
    )
    place = tmp_path / "place"
    place.mkdir()
    unpack_deb(deb(tmp_path / "from", data), place)
    found = {path.relative_to(place).as_posix() for path in place.rglob("*") if path.is_file()}
    assert found == {"usr/a.wav", "usr/link/passwd"}
    assert not any(path.is_symlink() for path in place.rglob("*"))
    assert stat.S_IMODE((place / "usr/a.wav").stat().st_mode) & 0o7133 == 0
    assert Path("/etc/passwd").read_bytes() != b"root"


@pytest.mark.parametrize(("limit", "value"), [("MOST_BYTES", 1 << 20), ("MOST_FILES", 3)])
def test_too_much(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, limit: str, value: int) -> None:
    monkeypatch.setattr(deb_files, limit, value)
    data = tar(*(member(f"./{number}", content=b"\0" * (1 << 19)) for number in range(4)))
    with pytest.raises(DebError, match=f"over {value} "):
        unpack_deb(deb(tmp_path / "from", data), tmp_path)


def test_a_transcript_that_is_a_bomb(tmp_path: Path) -> None:
    import gzip

    file = tmp_path / "core-sounds-ru.txt.gz"
    file.write_bytes(gzip.compress(b"\n" * (LARGEST * 4)))
    with pytest.raises(RecordingsError, match=f"over {LARGEST} bytes"):
        read_transcript(file)
    file.write_bytes(gzip.compress(b"a: b\n")[:-9])
    with pytest.raises(RecordingsError, match="cannot be read as a transcript"):
        read_transcript(file)
