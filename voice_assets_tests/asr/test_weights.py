import os
import shutil
import socket
import subprocess
import sys

import pytest

from voice_assets.asr import weights
from voice_assets.runtime import hash_memory
from voice_assets_tests.remembered import bytes_read


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    def fail(*_):
        raise AssertionError("the network was used")

    monkeypatch.setattr(socket.socket, "connect", fail)


@pytest.fixture
def folder(tmp_path):
    """A folder with all the files of a model; these tests do not load them."""
    model = tmp_path / "model"
    model.mkdir()
    for name in ("model.bin", "config.json", "tokenizer.json", "vocabulary.json"):
        (model / name).write_text(name)
    return model


@pytest.fixture(scope="module")
def joined(tmp_path_factory):
    return weights.resolve("base", tmp_path_factory.mktemp("cache"))


def test_a_folder_is_taken_as_it_is(folder, tmp_path):
    assert weights.resolve(str(folder), tmp_path / "cache") == folder
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize("name", ["model.bin", "config.json", "tokenizer.json", "vocabulary.json"])
def test_a_folder_that_lacks_a_file_is_an_error_naming_it(folder, tmp_path, name):
    (folder / name).unlink()
    with pytest.raises(weights.WeightsError, match=name.replace("vocabulary.json", "vocabulary")):
        weights.resolve(str(folder), tmp_path)


def test_an_empty_file_is_an_error(folder, tmp_path):
    (folder / "model.bin").write_bytes(b"")
    with pytest.raises(weights.WeightsError, match=r"model\.bin is empty"):
        weights.resolve(str(folder), tmp_path)


@pytest.mark.parametrize("name", ["large-v9", "nobody/has-this-one", "../elsewhere", "/no/such/folder", "a b", "--x/y"])
def test_an_unknown_name_is_an_error_that_lists_the_places_searched(name, tmp_path):
    with pytest.raises(weights.WeightsError, match="searched a folder") as error:
        weights.resolve(name, tmp_path)
    assert repr(name) in str(error.value)


def test_base_is_joined_from_the_packages(joined):
    files = {file.name for file in joined.iterdir()}
    assert files == {"model.bin", "config.json", "tokenizer.json", "vocabulary.txt"}
    assert (joined / "model.bin").stat().st_size == 145_217_532
    assert [child.name for child in joined.parent.iterdir()] == [joined.name]


def test_base_is_joined_once(joined):
    before = (joined / "model.bin").stat().st_mtime_ns
    assert weights.resolve("base", joined.parent) == joined
    assert (joined / "model.bin").stat().st_mtime_ns == before


@pytest.mark.slow
def test_two_processes_join_at_once(tmp_path):
    code = (
        "import sys, pathlib; from voice_assets.asr.weights import resolve; print(resolve('base', pathlib.Path(sys.argv[1])))"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    assert len({process.communicate(timeout=120)[0] for process in started}) == 1
    assert [process.returncode for process in started] == [0, 0]
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("name", ["model.bin", "config.json", "tokenizer.json", "vocabulary.txt"])
def test_a_changed_file_in_the_cache_is_an_error_naming_it(joined, tmp_path, name):
    copy = shutil.copytree(joined, tmp_path / joined.name)
    with (copy / name).open("ab") as file:
        file.write(b" ")
    with pytest.raises(weights.WeightsError, match=rf"{name}: SHA-256 is"):
        weights.resolve("base", tmp_path)


def test_the_hash_covers_the_files_that_decide_the_transcripts(folder):
    first = weights.weights_sha256(folder)
    (folder / "README.md").write_text("words")
    assert weights.weights_sha256(folder) == first
    (folder / "tokenizer.json").write_text("other")
    second = weights.weights_sha256(folder)
    (folder / "preprocessor_config.json").write_text("{}")
    assert len({first, second, weights.weights_sha256(folder)}) == 3


def test_base_is_listed_for_the_doctor():
    assert "base" in [found.name for found in weights.installed()]


def test_a_hash_is_remembered_until_the_file_changes(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("VOICE_ASSETS_ROOT", str(tmp_path / "project"))
    monkeypatch.setattr(hash_memory, "SETTLED_S", 0.0)
    file = folder / "model.bin"
    file.write_bytes(bytes(1_000_000))
    before = weights.weights_sha256(folder)
    assert bytes_read(lambda: weights.weights_sha256(folder)) < 500_000
    stat = file.stat()
    file.write_bytes(b"1" * 1_000_000)
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert weights.weights_sha256(folder) != before
