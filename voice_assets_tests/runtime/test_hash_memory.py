"""The memory of hashes: when a file is read again, and that no state of the memory stops anything or gives a wrong hash."""

import hashlib
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from voice_assets.runtime import hash_memory
from voice_assets.runtime.hash_memory import EVERY_BYTE, memory, sha256s
from voice_assets_tests.remembered import bytes_read, decay

SIZE = 1_000_000


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of its own, whose files count as settled at once."""
    monkeypatch.setenv("VOICE_ASSETS_ROOT", str(tmp_path / "project"))
    monkeypatch.setattr(hash_memory, "SETTLED_S", 0.0)
    return tmp_path / "project"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a file"
    path.write_bytes(b"a" * SIZE)
    return path


def true_hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_file_is_read_once(file: Path) -> None:
    for expected in (SIZE, 0):
        read = bytes_read(lambda: sha256s([file]))
        assert expected <= read < expected + SIZE / 2
    assert sha256s([file]) == {file: true_hash(file)}
    assert sha256s([str(file)]) == {str(file): true_hash(file)}


def test_thousands_of_files_are_remembered(tmp_path: Path) -> None:
    files = [tmp_path / f"{number}" for number in range(1200)]
    for path in files:
        path.write_text(path.name)
    wanted = {path: true_hash(path) for path in files}
    assert sha256s(files) == wanted
    decay(files[0])
    decay(files[-1])
    assert sha256s(files) == {**wanted, files[0]: "0" * 64, files[-1]: "0" * 64}


def test_other_bytes_with_the_old_size_and_date_are_noticed(file: Path) -> None:
    sha256s([file])
    before = file.stat()
    with file.open("r+b") as opened:
        opened.write(b"b")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    after = file.stat()
    assert (after.st_size, after.st_mtime_ns, after.st_ino) == (before.st_size, before.st_mtime_ns, before.st_ino)
    assert sha256s([file]) == {file: true_hash(file)}


def test_another_file_of_that_name_is_noticed(file: Path, tmp_path: Path) -> None:
    sha256s([file])
    other = tmp_path / "other"
    other.write_bytes(b"b" * SIZE)
    os.utime(other, ns=(file.stat().st_atime_ns, file.stat().st_mtime_ns))
    other.rename(file)
    assert sha256s([file]) == {file: true_hash(file)}


def test_a_file_that_changed_just_now_is_not_remembered(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hash_memory, "SETTLED_S", 3600.0)
    for _ in range(2):
        assert bytes_read(lambda: sha256s([file])) >= SIZE
    os.utime(file, ns=(0, 0))  # an old date does not help: the file itself changed just now
    for _ in range(2):
        assert bytes_read(lambda: sha256s([file])) >= SIZE


def test_every_byte_finds_decay_and_corrects_the_memory(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    right, wrong = {file: true_hash(file)}, {file: "0" * 64}
    sha256s([file])
    decay(file)
    assert sha256s([file]) == wrong
    assert sha256s([file], every_byte=True) == right
    assert sha256s([file]) == right
    decay(file)
    monkeypatch.setenv(EVERY_BYTE, "1")
    assert sha256s([file]) == right
    monkeypatch.setenv(EVERY_BYTE, "")
    assert sha256s([file]) == right


def test_a_file_that_cannot_be_read_is_left_out(file: Path, tmp_path: Path) -> None:
    sha256s([file])
    wanted = {file: true_hash(file)}
    assert sha256s([tmp_path / "none", tmp_path, file]) == wanted
    file.unlink()
    assert sha256s([file]) == {}


def test_a_name_that_is_not_utf8(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xe7.wav"))
    path.write_bytes(b"a")
    for _ in range(2):
        assert sha256s([path]) == {path: true_hash(path)}


@pytest.mark.parametrize("content", [b"", b"no database", None, b"cut"])
def test_a_damaged_memory_is_made_anew(file: Path, content: bytes | None) -> None:
    sha256s([file])
    whole = memory().read_bytes()
    memory().write_bytes({None: b"\0" * len(whole), b"cut": whole[: len(whole) // 2]}.get(content, content or b""))
    for _ in range(3):
        assert sha256s([file]) == {file: true_hash(file)}
    assert bytes_read(lambda: sha256s([file])) < SIZE / 2


def test_a_damaged_row_is_not_found(file: Path) -> None:
    sha256s([file])
    with closing(sqlite3.connect(memory())) as opened, opened:
        opened.execute("UPDATE hashes SET sha256 = replace(sha256, substr(sha256, 1, 1), 'x')")
    assert sha256s([file]) == {file: true_hash(file)}
    assert bytes_read(lambda: sha256s([file])) < SIZE / 2


def test_a_memory_that_is_busy_or_has_no_place_stops_nothing(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hash_memory, "_BUSY_S", 0.0)
    wanted = sha256s([file])
    with closing(sqlite3.connect(memory())) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert sha256s([file]) == wanted
    memory().unlink()
    memory().mkdir()
    assert sha256s([file]) == wanted
    memory().rmdir()
    memory().with_name("hashes.db.lock").unlink()
    memory().parent.rmdir()
    memory().parent.write_text("no folder")
    assert sha256s([file]) == wanted


@pytest.mark.slow
def test_processes_share_the_memory(tmp_path: Path) -> None:
    files = [tmp_path / f"{number}" for number in range(300)]
    for path in files:
        path.write_text(path.name)
    code = """
import sys
from voice_assets.runtime import hash_memory
hash_memory.SETTLED_S = 0.0
for _ in range(5):
    found = hash_memory.sha256s(sys.argv[1:], every_byte=True)
assert found == hash_memory.sha256s(sys.argv[1:]) and len(found) == 300
print(hash(frozenset(found.items())))
"""
    line = [sys.executable, "-c", code, *map(str, files)]
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    running = [subprocess.Popen(line, stdout=subprocess.PIPE, text=True, env=environment) for _ in range(4)]
    printed = {process.communicate()[0] for process in running}
    assert [process.returncode for process in running] == [0] * 4
    assert len(printed) == 1
    with closing(sqlite3.connect(memory())) as opened:
        assert opened.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert opened.execute("SELECT count(*) FROM hashes").fetchone() == (300,)
    assert sha256s(files) == {path: true_hash(path) for path in files}
