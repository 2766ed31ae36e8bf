"""The walk of ``wavs/`` gives the same answers as the system, and does not ask the system for ordinary names."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from voice_assets.dataset.config import inside
from voice_assets.dataset.wavs import Wavs

NAMES = (
    *("a", "a.wav", "A.wav", "b", "b.wav", "b.wav.wav", " a.wav", "a.wav ", "für.wav", "fu\u0308r.wav", "none", "none.wav"),
    *("./a.wav", "deep//c.wav", "deep/./c.wav", "deep/c.wav/", "deep/c.wav/.", "a.wav/", "./", ".", "", "/", "deep", "deep/"),
    *("deep/c.wav", "deep/deeper/d.WAV", "deep/deeper/d.wav", ".hidden.wav", "folder.wav", "folder.wav/e.wav", "x" * 300),
    *("in.wav", "out.wav", "dangling.wav", "loop.wav", "pipe.wav", "again/a.wav", "again/deep/c.wav", "elsewhere/f.wav"),
)


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """Every kind of thing that can lie under ``wavs/``."""
    wavs = tmp_path / "dataset" / "wavs"
    for name in ("a.wav", "b", "b.wav", "für.wav", "deep/c.wav", "deep/deeper/d.WAV", ".hidden.wav", "folder.wav/e.wav"):
        (wavs / name).parent.mkdir(parents=True, exist_ok=True)
        (wavs / name).touch()
    for place in (tmp_path / "f.wav", tmp_path / "dataset" / "kept.wav"):
        place.touch()
    for name, target in {"in": "../kept.wav", "out": tmp_path / "f.wav", "dangling": "nowhere", "loop": "loop.wav"}.items():
        (wavs / f"{name}.wav").symlink_to(target)
    os.mkfifo(wavs / "pipe.wav")
    return tmp_path / "dataset"


def with_linked_folders(dataset: Path) -> None:
    (dataset / "wavs" / "again").symlink_to(".")
    (dataset / "wavs" / "elsewhere").symlink_to(dataset.parent)


def with_a_linked_root(dataset: Path) -> None:
    (dataset / "wavs").rename(dataset.parent / "moved")
    (dataset / "wavs").symlink_to(dataset.parent / "moved")


def without_a_root(dataset: Path) -> None:
    shutil.rmtree(dataset / "wavs")


def walked(dataset: Path) -> Iterator[str]:
    for folder, folders, files in os.walk(dataset / "wavs"):
        folders.sort()
        yield from (f"{os.path.relpath(folder, dataset)}/{name}" for name in sorted(files))


@pytest.mark.parametrize("change", [None, with_linked_folders, with_a_linked_root, without_a_root])
def test_the_answers_are_those_of_the_system(dataset: Path, change) -> None:
    if change is not None:
        change(dataset)
    wavs = Wavs(dataset)
    assert wavs.files == list(walked(dataset))
    for path in (f"wavs/{name}" for name in NAMES):
        there = os.path.isfile(dataset / path)
        assert wavs.has(path) == there, path
        assert wavs.may_read(path) == (there and inside(dataset, dataset / path)), path


def test_ordinary_names_are_not_asked_of_the_system(dataset: Path) -> None:
    """The folder is gone after the walk: an answer of the system would be no."""
    wavs = Wavs(dataset)
    shutil.rmtree(dataset / "wavs")
    for name in ("a.wav", "b", "deep/c.wav", ".hidden.wav"):
        assert wavs.has(f"wavs/{name}")
        assert wavs.may_read(f"wavs/{name}")
    (dataset / "wavs").mkdir()
    (dataset / "wavs" / "later.wav").touch()
    assert not wavs.has("wavs/later.wav")


def test_a_name_that_a_file_system_may_take_for_another_is_asked_of_it(dataset: Path) -> None:
    """A disk of macOS finds ``A.wav`` under ``a.wav``. Here, a file that comes after the walk stands for such a disk."""
    wavs = Wavs(dataset)
    for name in ("A.wav", "fu\u0308r.wav", "FÜR.wav"):
        assert not wavs.has(f"wavs/{name}")
        (dataset / "wavs" / name).touch()
        assert wavs.has(f"wavs/{name}")
