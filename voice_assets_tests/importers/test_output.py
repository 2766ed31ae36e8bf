"""The folder of an importer: no file of a person is lost, and the folders of killed runs are restored or removed."""

import os
import shutil
from pathlib import Path

import pytest

from voice_assets.dataset.faults import Limits
from voice_assets.importers import output
from voice_assets.importers.errors import RecordingsError
from voice_assets.runtime.locks import lock_folder
from voice_assets_tests.importers.making import make, metadata


def test_reports_survive_a_new_preparation(tmp_path: Path, item, limits: Limits) -> None:
    out = tmp_path / "out"
    make([item("a", "Первая фраза.")], out, limits)
    (out / "reports").mkdir()
    (out / "reports" / "validation.md").write_text("kept")
    make([item("b", "Вторая фраза.")], out, limits)
    assert (out / "reports" / "validation.md").read_text() == "kept"
    assert metadata(out) == [["b", "Вторая фраза."]]


def test_other_files_are_not_overwritten(tmp_path: Path, item, limits: Limits) -> None:
    items = [item("a", "Первая фраза.")]
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "thesis.txt").write_text("years of work")
    with pytest.raises(RecordingsError, match="foreign: not empty, and not made by an importer"):
        make(items, foreign, limits)
    file = tmp_path / "file"
    file.write_text("x")
    with pytest.raises(RecordingsError, match="file: not a folder"):
        make(items, file, limits)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "foreign", "source"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda out: (out / "metadata_2col.csv").write_text("a|Исправлено\n"), "changed since it was prepared"),
        (lambda out: (out / "wavs" / "a.wav").unlink(), "changed since it was prepared"),
        (lambda out: (out / "notes.txt").write_text("x"), "notes.txt would be lost"),
    ],
)
def test_the_changes_of_a_person_are_not_lost(tmp_path: Path, item, limits: Limits, change, message: str) -> None:
    out = tmp_path / "out"
    make([item("a", "Первая фраза.")], out, limits)
    change(out)
    files = sorted(path.relative_to(out) for path in out.rglob("*"))
    with pytest.raises(RecordingsError, match=message):
        make([item("b", "Вторая фраза.")], out, limits)
    assert sorted(path.relative_to(out) for path in out.rglob("*")) == files


def test_a_failure_leaves_the_old_data_set(tmp_path: Path, item, limits: Limits) -> None:
    out = tmp_path / "out"
    make([item("a", "Первая фраза.")], out, limits)

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make([item("b", "Вторая фраза.")], out, limits, on_progress=stop)
    assert metadata(out) == [["a", "Первая фраза."]]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "source"]


def test_folders_of_killed_runs_are_removed_and_folders_of_running_imports_stay(tmp_path: Path, item, limits: Limits) -> None:
    """A killed process holds no lock, on whichever machine and with whichever id it ran."""
    ended, running = tmp_path / ".out.abcdefgh", tmp_path / ".out.01234567"
    for folder in (ended, running):
        folder.mkdir()
    lock = lock_folder(running)
    assert lock is not None
    make([item("a", "Первая фраза.")], tmp_path / "out", limits)
    assert not ended.exists()
    assert running.exists()
    os.close(lock)


@pytest.mark.parametrize("killed", ["before the new folder was in place", "before the reports moved", "after"])
def test_a_kill_between_the_renames_loses_nothing(tmp_path: Path, item, limits: Limits, killed: str) -> None:
    """The folders of a killed `_swap`, made by hand. The next call must restore them even when it has nothing to prepare."""
    out, items = tmp_path / "out", [item("a", "Первая фраза.")]
    make(items, out, limits)
    (out / "reports").mkdir()
    (out / "reports" / "validation.md").write_text("kept")
    before = tmp_path / ".out.before-20261122_101500_123"
    if killed == "before the new folder was in place":
        out.rename(before)
    elif killed == "before the reports moved":
        shutil.copytree(out, before)
        shutil.rmtree(out / "reports")
    else:
        before.mkdir()
    assert make(items, out, limits).unchanged
    assert (out / "reports" / "validation.md").read_text() == "kept"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "source"]


def test_reports_of_both_sides_of_a_kill_are_kept(tmp_path: Path, item, limits: Limits) -> None:
    out, items = tmp_path / "out", [item("a", "Первая фраза.")]
    make(items, out, limits)
    before = tmp_path / ".out.before-20261122_101500_123"
    for folder, names in ((before, ("old", "both")), (out, ("new", "both"))):
        for name in names:
            (folder / "reports" / name).mkdir(parents=True)
            (folder / "reports" / name / "r.md").write_text(folder.name)
    for _ in range(2):
        make(items, out, limits)
    assert sorted(path.name for path in (out / "reports").iterdir()) == ["both", "new", "old"]
    assert (out / "reports" / "both" / "r.md").read_text() == "out"
    assert (before / "reports" / "both" / "r.md").read_text() == before.name


def test_the_folder_of_a_running_swap_is_not_touched(tmp_path: Path, item, limits: Limits) -> None:
    running = tmp_path / ".out.before-20261122_101500_123"
    running.mkdir()
    lock = lock_folder(running)
    assert lock is not None
    make([item("a", "Первая фраза.")], tmp_path / "out", limits)
    assert running.exists()
    os.close(lock)
    make([item("a", "Первая фраза.")], tmp_path / "out", limits)
    assert not running.exists()


def test_two_imports_into_one_folder_lose_nothing(tmp_path: Path, item, limits: Limits) -> None:
    """The second ends with an error while the first puts its files into place, and leaves no folder behind."""
    make([item("a", "Первая фраза.")], tmp_path / "out", limits)
    lock = lock_folder(tmp_path / "out")
    assert lock is not None
    with pytest.raises(RecordingsError, match="out: another import is putting its files there"):
        make([item("b", "Вторая фраза.")], tmp_path / "out", limits)
    assert metadata(tmp_path / "out") == [["a", "Первая фраза."]]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "source"]
    os.close(lock)


def test_a_folder_that_cannot_be_written(tmp_path: Path, item, limits: Limits) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(RecordingsError, match="cannot be written"):
        make([item("a", "Первая фраза.")], tmp_path / "file" / "out", limits)


def test_an_info_file_of_another_program_marks_no_data_set(tmp_path: Path) -> None:
    (tmp_path / output.PREPARE_INFO).write_text("Prepared by somebody else\nContents: x\n")
    assert output.head(tmp_path) == {}
