"""The archive of a release: whole, written once, and never another package under the same version."""

import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from voice_assets.release.release_folder import RECORD, Release, ReleaseError, archive, conflict
from voice_assets.release.sums import SUMS

RELEASE = Release("toy", "Toy", "1.0.0", "v0-e0001", "ru_RU-toy-medium", "a" * 64, "2026-11-22 10:15:00 UTC")


@pytest.fixture
def sources(tmp_path: Path) -> dict[str, Path]:
    (tmp_path / "made").mkdir()
    named = {"voice.zip": "zip", "checkpoint/epoch=1.ckpt": "weights", "logs/train.log": "log"}
    for name, text in named.items():
        (tmp_path / "made" / Path(name).name).write_text(text, encoding="utf-8")
    return {name: tmp_path / "made" / Path(name).name for name in named}


def test_the_archive_has_every_file_its_record_and_its_sums(tmp_path: Path, sources: dict[str, Path]) -> None:
    folder = tmp_path / "releases" / "1.0.0"
    assert archive(folder, RELEASE, sources)
    record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    assert (record["version"], record["package_sha256"], set(record["files"])) == ("1.0.0", "a" * 64, set(sources))
    assert (folder / "checkpoint" / "epoch=1.ckpt").read_text(encoding="utf-8") == "weights"
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", SUMS], cwd=folder, check=True)
    assert [path.name for path in folder.parent.iterdir()] == ["1.0.0"]


def test_the_same_release_again_writes_nothing(tmp_path: Path, sources: dict[str, Path]) -> None:
    folder = tmp_path / "1.0.0"
    archive(folder, RELEASE, sources)
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    assert not archive(folder, replace(RELEASE, released="later"), sources)
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_another_package_never_takes_the_version(tmp_path: Path, sources: dict[str, Path]) -> None:
    folder = tmp_path / "1.0.0"
    archive(folder, RELEASE, sources)
    with pytest.raises(ReleaseError, match=r"holds another package .*; a version is never overwritten"):
        archive(folder, replace(RELEASE, package_sha256="b" * 64), sources)
    assert conflict(folder, RELEASE.package_sha256) == ""


def _no_record(folder: Path) -> None:
    (folder / RECORD).unlink()


def _no_json(folder: Path) -> None:
    (folder / RECORD).write_text("[]", encoding="utf-8")


def _no_sums(folder: Path) -> None:
    (folder / SUMS).unlink()


def _leads_out(folder: Path) -> None:
    (folder / SUMS).write_text(f"{'0' * 64}  ../outside\n", encoding="utf-8")


def _lost(folder: Path) -> None:
    (folder / "voice.zip").unlink()


def _changed(folder: Path) -> None:
    (folder / "logs" / "train.log").chmod(0o644)
    (folder / "logs" / "train.log").write_text("other", encoding="utf-8")


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (_no_record, "no archive of a release"),
        (_no_json, "no archive of a release"),
        (_no_sums, SUMS),
        (_leads_out, f"1.0.0/{SUMS}: is missing, or is not as"),
        (_lost, "voice.zip: is missing"),
        (_changed, "train.log: is missing, or is not as"),
    ],
)
def test_a_damaged_archive_is_named_and_left_alone(
    tmp_path: Path, sources: dict[str, Path], damage: Callable[[Path], None], words: str
) -> None:
    folder = tmp_path / "1.0.0"
    archive(folder, RELEASE, sources)
    damage(folder)
    assert words in conflict(folder, RELEASE.package_sha256)
    with pytest.raises(ReleaseError, match="move the folder away"):
        archive(folder, RELEASE, sources)


def test_a_link_that_leads_nowhere_is_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "1.0.0").symlink_to(tmp_path / "nowhere")
    assert "no archive of a release" in conflict(tmp_path / "1.0.0", "a" * 64)


def test_a_missing_file_leaves_nothing_behind(tmp_path: Path, sources: dict[str, Path]) -> None:
    sources["checkpoint/epoch=1.ckpt"].unlink()
    with pytest.raises(ReleaseError, match=r"epoch=1.ckpt: there is no such file"):
        archive(tmp_path / "releases" / "1.0.0", RELEASE, sources)
    assert list((tmp_path / "releases").iterdir()) == []


def test_the_second_archive_shares_the_files_of_the_first_and_not_those_of_the_project(
    tmp_path: Path, sources: dict[str, Path]
) -> None:
    first, second = tmp_path / "1.0.0", tmp_path / "release_1.0.0"
    archive(first, RELEASE, sources)
    archive(second, RELEASE, sources, like=first)
    for name, source in sources.items():
        assert os.path.samefile(first / name, second / name)
        assert not os.path.samefile(first / name, source)
        assert (first / name).stat().st_mode & 0o222 == 0
    assert (first / SUMS).read_bytes() == (second / SUMS).read_bytes()
