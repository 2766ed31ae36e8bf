"""Caches of training sets: which one goes, and a disk that is full."""

import errno
from pathlib import Path

import pytest

from voice_assets.piper import cache as vits_cache
from voice_assets.piper.errors import TrainingError

DIGEST = "0123456789abcdef" * 4


def make(cache: Path, digest: str, *names: str) -> Path:
    folder = vits_cache.folder_of(cache, digest)
    folder.mkdir(parents=True)
    for name in names or ("1_Да.spec.pt", "1_Да.txt", "COMPLETE", ".COMPLETE.a1b2c3d4"):
        (folder / name).touch()
    return folder


def test_caches_of_other_training_sets_go(tmp_path: Path) -> None:
    kept = make(tmp_path, DIGEST)
    make(tmp_path, "a" * 64)
    make(tmp_path, "b" * 64, "2_Нет.audio.pt")
    assert vits_cache.drop_others(kept) == 2
    assert list(tmp_path.iterdir()) == [kept]
    assert len(list(kept.iterdir())) == 4


def test_what_we_did_not_make_stays(tmp_path: Path) -> None:
    kept = make(tmp_path, DIGEST)
    foreign = make(tmp_path, "a" * 64, "1_Да.spec.pt", "thesis.odt")
    nested = make(tmp_path, "b" * 64)
    (nested / "more.pt").mkdir()
    (tmp_path / "mine").mkdir()
    (tmp_path / ("c" * 16)).symlink_to(foreign)
    (tmp_path / ("d" * 16)).write_text("a file")
    before = sorted(tmp_path.rglob("*"))
    assert vits_cache.drop_others(kept) == 0
    assert sorted(tmp_path.rglob("*")) == before


def test_a_cache_that_another_training_uses_stays(tmp_path: Path) -> None:
    kept, other = vits_cache.folder_of(tmp_path, DIGEST), vits_cache.folder_of(tmp_path, "a" * 64)
    with vits_cache.in_use(kept), vits_cache.in_use(other), vits_cache.in_use(other):
        assert vits_cache.drop_others(kept) == 0
    assert other.exists()
    assert vits_cache.drop_others(kept) == 1
    assert not other.exists()


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        OSError(errno.EDQUOT, "Disk quota exceeded"),
        RuntimeError("[enforce fail at inline_container.cc:672] . unexpected pos 64 vs 0\nframes"),
        RuntimeError("PytorchStreamWriter failed writing file data/0: file write failed"),
    ],
)
def test_the_error_of_a_full_disk_is_in_words(error: Exception, tmp_path: Path) -> None:
    message = rf"^{tmp_path}: not written \(.*\): is the disk full\? .* has [0-9.]+ GB free"
    with pytest.raises(TrainingError, match=message), vits_cache.writing(tmp_path):
        raise error


@pytest.mark.parametrize("error", [FileNotFoundError(errno.ENOENT, "no such clip"), RuntimeError("shape mismatch")])
def test_other_errors_are_themselves(error: Exception, tmp_path: Path) -> None:
    with pytest.raises(type(error)) as raised, vits_cache.writing(tmp_path):
        raise error
    assert raised.value is error


@pytest.mark.slow
def test_half_written_cache_files_are_dropped(tmp_path: Path) -> None:
    import torch

    torch.save(torch.zeros(1000), tmp_path / "whole.spec.pt")
    content = (tmp_path / "whole.spec.pt").read_bytes()
    (tmp_path / "cut.spec.pt").write_bytes(content[: len(content) // 2])
    (tmp_path / "empty.spec.pt").write_bytes(b"")
    assert vits_cache.drop_damaged(tmp_path) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["whole.spec.pt"]
