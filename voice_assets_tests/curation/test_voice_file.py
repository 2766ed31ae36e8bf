"""Changing the line `dataset:` of a voice file changes only that line. An error changes nothing."""

from pathlib import Path

import pytest

from voice_assets.curation.voice_file import dataset_line, switch_dataset
from voice_assets.voices import VoiceError, load_voice

REST = "title: Toy  # the dataset: is above\nlanguage: ru\nregion: RU\nespeak_voice: ru\n"


def voice_file(tmp_path: Path, line: str) -> Path:
    file = tmp_path / "voices" / "toy.yaml"
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(f"# dataset: none\n{line}{REST}".encode())
    return file


def data_set(folder: Path) -> Path:
    """The files of a data set that ``switch_dataset`` looks for."""
    folder.mkdir(parents=True)
    for name in ("metadata_2col.csv", "config.json"):
        (folder / name).touch()
    return folder


def error_of(file: Path, dataset: Path) -> str:
    """The message of the error. Asserts that the file was never rewritten: the same content, inode and time."""
    before, content = file.stat(), file.read_bytes()
    with pytest.raises(VoiceError) as caught:
        switch_dataset(file, dataset)
    after = file.stat()
    assert file.read_bytes() == content
    assert (after.st_ino, after.st_mtime_ns, after.st_mode) == (before.st_ino, before.st_mtime_ns, before.st_mode)
    assert str(file) in str(caught.value)
    assert list(file.parent.iterdir()) == [file]
    return str(caught.value)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("dataset: ../data/x\n", "dataset: ../data/x-v2\n"),
        ("dataset: ../data/x   # recorded in May\n", "dataset: ../data/x-v2   # recorded in May\n"),
        ("dataset: '../data/x'\n", "dataset: ../data/x-v2\n"),
        ('dataset: "../data/x" # May\n', "dataset: ../data/x-v2 # May\n"),
        ("dataset: ../data/x\r\n", "dataset: ../data/x-v2\r\n"),
        ("dataset: ../da ta/x\n", "dataset: ../data/x-v2\n"),
        ("dataset: /abs/x\n", "dataset: {root}/data/x-v2\n"),
    ],
)
def test_one_line_changes(tmp_path: Path, line: str, expected: str) -> None:
    file = voice_file(tmp_path, line)
    written = switch_dataset(file, data_set(tmp_path / "data" / "x-v2"))
    expected = expected.replace("{root}", str(tmp_path.resolve()))
    assert file.read_bytes() == f"# dataset: none\n{expected}{REST}".encode()
    assert expected.startswith(written)
    assert load_voice(file).dataset == (tmp_path / "data" / "x-v2").resolve()


@pytest.mark.parametrize("name", ["with space", "it's", "hash # inside", "данные", "key: value"])
def test_any_name_can_be_read_again(tmp_path: Path, name: str) -> None:
    file = voice_file(tmp_path, "dataset: ../data/x\n")
    switch_dataset(file, data_set(tmp_path / name))
    assert load_voice(file).dataset == (tmp_path / name).resolve()


@pytest.mark.parametrize(
    "line",
    ["dataset: >\n  ../data/x\n", "dataset:\n  ../data/x\n", "dataset: ../a\ndataset: ../b\n", "{dataset: ../a}\n", ""],
)
def test_a_file_without_one_plain_line_does_not_change(tmp_path: Path, line: str) -> None:
    file = voice_file(tmp_path, line)
    assert "write by hand: dataset: " in error_of(file, data_set(tmp_path / "data" / "x-v2"))


@pytest.mark.parametrize(
    ("name", "rest", "message"),
    [
        ("toy", "shards: 0\n", "shards"),
        ("toy", "shard: 1\n", "unknown key"),
        ("toy", "title: twice\n", "is there twice"),
        ("Toy", "", "must be lower-case letters"),
    ],
)
def test_a_file_that_would_not_load_is_never_written(tmp_path: Path, name: str, rest: str, message: str) -> None:
    file = voice_file(tmp_path, f"dataset: ../data/x\n{rest}").rename(tmp_path / "voices" / f"{name}.yaml")
    assert message in error_of(file, data_set(tmp_path / "data" / "x-v2"))


@pytest.mark.parametrize("missing", ["metadata_2col.csv", "config.json"])
def test_a_missing_data_set_is_never_written(tmp_path: Path, missing: str) -> None:
    file, dataset = voice_file(tmp_path, "dataset: ../data/x\n"), data_set(tmp_path / "data" / "x-v2")
    (dataset / missing).unlink()
    assert f"has no {missing}" in error_of(file, dataset)


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    real = voice_file(tmp_path, "dataset: ../data/x\n")
    kept = real.rename(tmp_path / "kept.yaml")
    real.symlink_to(kept)
    switch_dataset(real, data_set(tmp_path / "data" / "x-v2"))
    assert real.is_symlink()
    assert "x-v2" in kept.read_text(encoding="utf-8")


def test_making_the_line_changes_nothing(tmp_path: Path) -> None:
    file = voice_file(tmp_path, "dataset: ../data/x\n")
    before = file.read_bytes()
    assert dataset_line(file, tmp_path / "data" / "x-v3") == "dataset: ../data/x-v3"
    assert file.read_bytes() == before
