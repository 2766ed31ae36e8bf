"""How much room a training takes, and what a full disk says."""

import errno
import os
from pathlib import Path

import pytest

from voice_assets.piper import cache as vits_cache
from voice_assets.piper.errors import TrainingError


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


def test_space_needed_is_what_was_measured() -> None:
    """846 MB was the size of a medium checkpoint; prepared clips have 2 bytes a sample."""
    assert vits_cache.space_needed(0, 0, "medium") == 0
    assert vits_cache.space_needed(0, 1, "medium") == pytest.approx(846e6, rel=0.02)
    assert vits_cache.space_needed(10, 0, "medium") == pytest.approx(0.44e6, rel=0.03)
    both = vits_cache.space_needed(10, 0, "medium") + vits_cache.space_needed(0, 3, "medium")
    assert vits_cache.space_needed(10, 3, "medium") == both
    assert [vits_cache.space_needed(0, 1, quality) // 10**6 for quality in ("x_low", "low", "high")] == [650, 850, 1000]


def test_both_sides_of_enough(tmp_path: Path) -> None:
    vits_cache.check_space({tmp_path: 1000}, free_at=lambda _: 1000)
    with pytest.raises(TrainingError) as raised:
        vits_cache.check_space({tmp_path: 2_000_000_000}, free_at=lambda _: 1_999_999_999)
    assert str(tmp_path) in str(raised.value)
    assert "2.000 GB" in str(raised.value)
    assert "1.999 GB" in str(raised.value)


def test_two_folders_of_one_disk_add_up(tmp_path: Path) -> None:
    """Neither has to exist yet."""
    folders = {tmp_path / "a": 600, tmp_path / "b" / "c": 600}
    vits_cache.check_space(folders, free_at=lambda _: 1200)
    with pytest.raises(TrainingError):
        vits_cache.check_space(folders, free_at=lambda _: 1199)


@pytest.mark.skipif(not os.path.ismount("/dev/shm"), reason="needs a second disk")
def test_two_disks_do_not_add_up(tmp_path: Path) -> None:
    vits_cache.check_space({tmp_path / "a": 600, Path("/dev/shm/b"): 600}, free_at=lambda _: 700)


def test_a_real_disk_is_asked(tmp_path: Path) -> None:
    vits_cache.check_space({tmp_path: 1})
    with pytest.raises(TrainingError, match="are free"):
        vits_cache.check_space({tmp_path: 10**18})
