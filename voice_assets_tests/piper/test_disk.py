"""How much room a training takes, compared with what is free."""

import os
from pathlib import Path

import pytest

from voice_assets.piper import cache, disk
from voice_assets.piper.disk import Need, check_space, checkpoints_needed, logs_needed, whole_training
from voice_assets.piper.errors import TrainingError
from voice_assets.piper.retention import Projection, projected
from voice_assets.voice_training import Keep, Training

FOLDER = Path("/data")


def size(folder: Path, epochs: int, **settings: object) -> int:
    return sum(need.size for need in whole_training(folder, Training(**settings), epochs, 0))


def test_the_size_of_a_checkpoint_is_what_was_measured() -> None:
    """846 MB was the size of a medium checkpoint."""
    one = {quality: checkpoints_needed(FOLDER, Projection(1, 0, 0, 0), 0, quality).size for quality in disk.CHECKPOINT_BYTES}
    assert one["medium"] == pytest.approx(846e6, rel=0.02)
    assert [one[quality] // 10**6 for quality in ("x_low", "low", "high")] == [650, 850, 1000]


def test_the_size_of_the_cache_is_what_was_measured() -> None:
    """Prepared clips have 2 bytes a sample."""
    assert cache.bytes_of(0, "medium") == 0
    assert cache.bytes_of(10, "medium") == pytest.approx(0.44e6, rel=0.03)


def test_500_epochs_ask_for_what_is_kept() -> None:
    """Keeping each of 500 checkpoints took 425 GB. Kept are 2 + 3 + 9, and one more while it is written."""
    assert size(FOLDER, 500) == 15 * 850_000_000 + 500 * 1_000_000 == 13_250_000_000
    everything = Keep(last=500, best=0, every=0)
    assert size(FOLDER, 500, keep=everything) - size(FOLDER, 500) == 425_000_000_000 - 12_750_000_000


def test_checkpoints_on_disk_need_no_more_room() -> None:
    projection = projected(Training(), 500)
    assert checkpoints_needed(FOLDER, projection, 10, "medium").size == 5 * 850_000_000
    assert checkpoints_needed(FOLDER, projection, 15, "medium").size == 850_000_000  # always room for one more
    assert checkpoints_needed(FOLDER, projection, 10, "medium", size=1000).size == 5000


def test_the_message_has_the_arithmetic_and_the_way_out(tmp_path: Path) -> None:
    needs = [checkpoints_needed(tmp_path, projected(Training(), 500), 2, "medium"), logs_needed(tmp_path, 498)]
    with pytest.raises(TrainingError) as raised:
        check_space([*needs, Need(tmp_path / "cache", 1_500_000_000, "prepared clips")], free_at=lambda _: 3_200_000_000)
    assert str(raised.value) == (
        f"{tmp_path}, {tmp_path / 'cache'}: training needs about 13.048 GB here (11.050 GB for 13 checkpoints of 0.850 GB "
        "(training.keep: 2 last + 3 best + 9 kept by `every` + 1 while it is written; on disk: 2) + 0.498 GB for logs of 498 "
        f"epochs + 1.500 GB for prepared clips), 3.200 GB are free on the disk at {disk.disk_of(tmp_path)}; make room, or keep "
        "fewer checkpoints (training.keep)"
    )


def test_both_sides_of_enough(tmp_path: Path) -> None:
    check_space([Need(tmp_path, 1000, "logs")], free_at=lambda _: 1000)
    with pytest.raises(TrainingError) as raised:
        check_space([Need(tmp_path, 2_000_000_000, "logs")], free_at=lambda _: 1_999_999_999)
    assert "2.000 GB" in str(raised.value)
    assert "1.999 GB" in str(raised.value)


def test_two_folders_of_one_disk_add_up(tmp_path: Path) -> None:
    """Neither has to exist yet."""
    needs = [Need(tmp_path / "a", 600, "logs"), Need(tmp_path / "b" / "c", 600, "prepared clips")]
    check_space(needs, free_at=lambda _: 1200)
    with pytest.raises(TrainingError):
        check_space(needs, free_at=lambda _: 1199)


@pytest.mark.skipif(not os.path.ismount("/dev/shm"), reason="needs a second disk")
def test_two_disks_do_not_add_up(tmp_path: Path) -> None:
    needs = [Need(tmp_path / "a", 600, "logs"), Need(Path("/dev/shm/b"), 600, "prepared clips")]
    check_space(needs, free_at=lambda _: 700)
    with pytest.raises(TrainingError):
        check_space(needs, free_at=lambda _: 599)


def test_a_real_disk_is_asked(tmp_path: Path) -> None:
    check_space([Need(tmp_path, 1, "logs")])
    with pytest.raises(TrainingError, match="are free"):
        check_space([Need(tmp_path, 10**18, "logs")])
