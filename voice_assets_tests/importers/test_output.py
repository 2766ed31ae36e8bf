"""The folder of an importer: nothing of the user's is ever lost, and what killed runs left is repaired."""

import os
import shutil
from pathlib import Path

import pytest

from voice_assets.dataset.faults import Limits
from voice_assets.importers import output
from voice_assets.importers.errors import RecordingsError
from voice_assets_tests.importers.making import make, metadata


def test_reports_survive_a_new_preparation(tmp_path: Path, item, limits: Limits) -> None:
    out = tmp_path / "out"
    make([item("a", "Первая фраза.")], out, limits)
    (out / "reports").mkdir()
    (out / "reports" / "validation.md").write_text("kept")
    make([item("b", "Вторая фраза.")], out, limits)
    assert (out / "reports" / "validation.md").read_text() == "kept"
    assert metadata(out) == [["b", "Вторая фраза."]]


def test_nothing_of_anybody_elses_is_overwritten(tmp_path: Path, item, limits: Limits) -> None:
    items = [item("a", "Первая фраза.")]
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "thesis.txt").write_text("years of work")
    with pytest.raises(RecordingsError, match="foreign: not empty, and not made by an importer"):
        make(items, foreign, limits)
    file = tmp_path / "file"
    file.write_text("x")
    with pytest.raises(RecordingsError, match="file: is not a folder"):
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
def test_what_a_person_changed_is_not_lost(tmp_path: Path, item, limits: Limits, change, message: str) -> None:
    out = tmp_path / "out"
    make([item("a", "Первая фраза.")], out, limits)
    change(out)
    files = sorted(path.relative_to(out) for path in out.rglob("*"))
    with pytest.raises(RecordingsError, match=message):
        make([item("b", "Вторая фраза.")], out, limits)
    assert sorted(path.relative_to(out) for path in out.rglob("*")) == files


def test_a_failure_leaves_what_was_there(tmp_path: Path, item, limits: Limits) -> None:
    out = tmp_path / "out"
    make([item("a", "Первая фраза.")], out, limits)

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make([item("b", "Вторая фраза.")], out, limits, on_progress=stop)
    assert metadata(out) == [["a", "Первая фраза."]]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "source"]


def test_leftovers_of_killed_runs_are_swept_and_those_of_living_ones_stay(tmp_path: Path, item, limits: Limits) -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    dead, living = tmp_path / f".out.building-{child}", tmp_path / f".out.building-{os.getppid()}"
    for folder in (dead, living):
        folder.mkdir()
    make([item("a", "Первая фраза.")], tmp_path / "out", limits)
    assert not dead.exists()
    assert living.exists()


@pytest.mark.parametrize("killed", ["before the new one stood", "before the reports moved", "after"])
def test_a_kill_between_the_renames_loses_nothing(tmp_path: Path, item, limits: Limits, killed: str) -> None:
    """What `_swap` leaves when it is killed, by hand; the next call must repair it even when it has nothing to prepare."""
    out, items = tmp_path / "out", [item("a", "Первая фраза.")]
    make(items, out, limits)
    (out / "reports").mkdir()
    (out / "reports" / "validation.md").write_text("kept")
    before = tmp_path / ".out.before-20261122_101500_123"
    if killed == "before the new one stood":
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


def test_a_swap_that_is_going_on_is_left_alone(tmp_path: Path, item, limits: Limits) -> None:
    living = tmp_path / f".out.before-20261122_101500_123-{os.getppid()}"
    living.mkdir()
    make([item("a", "Первая фраза.")], tmp_path / "out", limits)
    assert living.exists()


def test_what_a_killed_run_with_our_own_number_left_is_swept(tmp_path: Path, item, limits: Limits) -> None:
    """In a container every run may have the same process number."""
    (tmp_path / f".out.building-{os.getpid()}").mkdir()
    assert make([item("a", "Первая фраза.")], tmp_path / "out", limits).kept == 1


def test_a_folder_that_cannot_be_written(tmp_path: Path, item, limits: Limits) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(RecordingsError, match="cannot be written"):
        make([item("a", "Первая фраза.")], tmp_path / "file" / "out", limits)


def test_a_foreign_info_file_is_no_licence_to_overwrite(tmp_path: Path) -> None:
    (tmp_path / output.PREPARE_INFO).write_text("Prepared by somebody else\nContents: x\n")
    assert output.head(tmp_path) == {}
