"""The checkpoints of a training on disk. Writing them is tested in workers/test_train.py."""

import json
from pathlib import Path

import pytest

from voice_assets.piper.checkpoints import DAMAGED, GONE, checkpoints_in, marked, records_in, tidy, write_listing
from voice_assets.piper.errors import TrainingError
from voice_assets.runtime import files


def test_only_whole_checkpoints_count_and_they_are_in_order(tmp_path: Path) -> None:
    folder = tmp_path / "checkpoints"
    folder.mkdir()
    others = [".epoch=11-step=24.abc.ckpt", "last.ckpt", "epoch=1.ckpt", "epoch=09-step=020.ckpt", "epoch=٣-step=20.ckpt"]
    for name in ("epoch=10-step=22.ckpt", "epoch=9-step=20.ckpt", *others):
        (folder / name).write_bytes(name.encode())
    (folder / "epoch=12-step=26.ckpt").mkdir()
    found = checkpoints_in(tmp_path)
    assert [(one.epoch, one.step) for one in found] == [(9, 20), (10, 22)]
    assert found[0].sha256 == files.sha256(found[0].path)
    assert found[0].size == len("epoch=9-step=20.ckpt")


@pytest.mark.parametrize(("size", "removed"), [(3, ""), (4, DAMAGED)])
def test_a_known_checkpoint_is_not_hashed_again_and_one_of_another_size_is_damaged(
    size: int, removed: str, tmp_path: Path
) -> None:
    path = tmp_path / "checkpoints" / "epoch=0-step=2.ckpt"
    path.parent.mkdir()
    path.write_bytes(b"abc")
    (tmp_path / "checkpoints.json").write_text(
        json.dumps([{"path": path.name, "epoch": 0, "step": 2, "size": size, "sha256": "known"}])
    )
    (record,) = records_in(tmp_path)
    assert (record.sha256, record.removed) == ("known", removed)


def test_no_training_yet(tmp_path: Path) -> None:
    assert checkpoints_in(tmp_path) == []


def written(folder: Path, *epochs: int) -> None:
    """Checkpoints on disk and in the listing."""
    (folder / "checkpoints").mkdir(exist_ok=True)
    for epoch in epochs:
        (folder / "checkpoints" / f"epoch={epoch}-step={4 * epoch + 4}.ckpt").write_bytes(f"weights {epoch}".encode())
    write_listing(folder, records_in(folder))


def states(folder: Path) -> dict[int, str]:
    return {one.epoch: one.removed for one in records_in(folder)}


def test_the_listing_remembers_every_checkpoint(tmp_path: Path) -> None:
    written(tmp_path, 0, 1, 2)
    records = marked(records_in(tmp_path), {0: "not wanted"})
    write_listing(tmp_path, records)
    records[0].path.unlink()
    assert records_in(tmp_path) == records
    assert states(tmp_path) == {0: "not wanted", 1: "", 2: ""}
    assert [one.epoch for one in checkpoints_in(tmp_path)] == [1, 2]
    assert marked(records, {0: "another reason", 1: "second"})[0].removed == "not wanted"


def test_a_removal_that_was_interrupted_is_finished(tmp_path: Path) -> None:
    """The listing says removed before the file goes: a kill in between leaves the file."""
    written(tmp_path, 0, 1)
    write_listing(tmp_path, marked(records_in(tmp_path), {0: "not wanted"}))
    assert [one.epoch for one in checkpoints_in(tmp_path)] == [1]
    tidy(tmp_path)
    assert [path.name for path in (tmp_path / "checkpoints").iterdir()] == ["epoch=1-step=8.ckpt"]
    assert states(tmp_path) == {0: "not wanted", 1: ""}


def test_half_written_files_go_and_no_others(tmp_path: Path) -> None:
    written(tmp_path, 0)
    kept = [".hidden", "epochs.parquet", "train_request.json", "checkpoints/.keep", "checkpoints/mine.ckpt"]
    left = [".epochs.a1b2.parquet", ".steps.a.parquet", ".checkpoints.b.json", "checkpoints/.epoch=1-step=8.c.ckpt"]
    for name in (*kept, *left):
        (tmp_path / name).touch()
    tidy(tmp_path)
    assert [(tmp_path / name).exists() for name in (*kept, *left)] == [True] * len(kept) + [False] * len(left)


def test_a_damaged_newest_checkpoint_is_not_resumed_from(tmp_path: Path) -> None:
    written(tmp_path, 0, 1, 2)
    (tmp_path / "checkpoints" / "epoch=2-step=12.ckpt").write_bytes(b"weights ?")  # the same size
    (tmp_path / "checkpoints" / "epoch=1-step=8.ckpt").write_bytes(b"")
    assert [one.epoch for one in tidy(tmp_path) if not one.removed] == [0]
    assert states(tmp_path) == {0: "", 1: DAMAGED, 2: DAMAGED}


def test_a_damaged_older_checkpoint_goes_and_training_resumes_from_the_newest(tmp_path: Path) -> None:
    written(tmp_path, 0, 1, 2)
    older = tmp_path / "checkpoints" / "epoch=1-step=8.ckpt"
    older.write_bytes(b"cut")
    assert [one.epoch for one in tidy(tmp_path) if not one.removed] == [0, 2]
    assert states(tmp_path) == {0: "", 1: DAMAGED, 2: ""}
    assert not older.exists()


def test_a_checkpoint_that_is_not_listed_yet_counts(tmp_path: Path) -> None:
    """A kill between the file and the listing."""
    written(tmp_path, 0)
    (tmp_path / "checkpoints" / "epoch=1-step=8.ckpt").write_bytes(b"weights 1")
    assert [one.epoch for one in tidy(tmp_path)] == [0, 1]
    assert json.loads((tmp_path / "checkpoints.json").read_text())[1]["sha256"] == files.sha256(
        tmp_path / "checkpoints" / "epoch=1-step=8.ckpt"
    )


def test_a_checkpoint_that_somebody_deleted(tmp_path: Path) -> None:
    written(tmp_path, 0, 1)
    (tmp_path / "checkpoints" / "epoch=0-step=4.ckpt").unlink()
    tidy(tmp_path)
    assert states(tmp_path) == {0: GONE, 1: ""}


def test_tidying_a_new_training_writes_nothing(tmp_path: Path) -> None:
    assert tidy(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "content",
    ["", "{", "{}[", "[1]", '[{"path": "epoch=0-step=4.ckpt"}]', '[{"path": "../x", "epoch": 0, "step": 4, "size": 1}]'],
)
def test_a_damaged_listing_is_an_error_that_says_what_to_do(content: str, tmp_path: Path) -> None:
    (tmp_path / "checkpoints.json").write_text(content, encoding="utf-8")
    with pytest.raises(TrainingError, match=r"checkpoints\.json: no list of checkpoints \(.*\); remove this file"):
        records_in(tmp_path)
