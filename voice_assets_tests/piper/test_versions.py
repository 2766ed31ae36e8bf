"""Numbers of trainings out of names on disk, among names that people leave beside them."""

from pathlib import Path

import pytest

from voice_assets.piper.versions import free_version, version_dir, versions_in

OTHERS = ["version_old", "version_1.bak", "version_007", "version_", "version_-1", "version_5 (copy)", "version_²", "version_٣"]


@pytest.fixture
def work(tmp_path: Path) -> Path:
    (tmp_path / "lightning_logs").mkdir()
    return tmp_path


def test_the_folder_of_a_training(tmp_path: Path) -> None:
    assert version_dir(tmp_path, 3) == tmp_path / "lightning_logs" / "version_3"


def test_no_training_yet(tmp_path: Path) -> None:
    assert versions_in(tmp_path) == []
    assert free_version(tmp_path, []) == 0


def test_versions_are_in_the_order_of_their_numbers(work: Path) -> None:
    for version in (10, 9, 0):
        version_dir(work, version).mkdir()
    assert versions_in(work) == [0, 9, 10]
    assert free_version(work, []) == 11


@pytest.mark.parametrize("name", OTHERS)
def test_a_folder_of_another_name_is_no_training(work: Path, name: str) -> None:
    (work / "lightning_logs" / name).mkdir()
    assert versions_in(work) == []
    version_dir(work, 2).mkdir()
    assert versions_in(work) == [2]
    assert free_version(work, []) == 3


def test_a_file_is_no_training_and_its_name_is_taken(work: Path) -> None:
    version_dir(work, 0).mkdir()
    version_dir(work, 1).write_text("not a folder", encoding="utf-8")
    version_dir(work, 2).symlink_to(work / "nowhere")
    assert versions_in(work) == [0]
    assert free_version(work, []) == 3


def test_a_recorded_training_keeps_its_number_when_its_folder_is_gone(work: Path) -> None:
    version_dir(work, 1).mkdir()
    assert free_version(work, {4: "recorded"}) == 5
    assert free_version(work, [0]) == 2
