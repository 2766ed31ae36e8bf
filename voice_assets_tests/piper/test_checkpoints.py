"""The checkpoints of a training on disk. Writing them is tested in workers/test_train.py."""

import json
from pathlib import Path

import pytest

from voice_assets.piper.checkpoints import checkpoints_in
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


@pytest.mark.parametrize(("size", "trusted"), [(3, True), (4, False)])
def test_a_known_checkpoint_of_the_same_size_is_not_hashed_again(size: int, trusted: bool, tmp_path: Path) -> None:
    path = tmp_path / "checkpoints" / "epoch=0-step=2.ckpt"
    path.parent.mkdir()
    path.write_bytes(b"abc")
    (tmp_path / "checkpoints.json").write_text(json.dumps([{"path": path.name, "size": size, "sha256": "known"}]))
    assert (checkpoints_in(tmp_path)[0].sha256 == "known") is trusted


def test_no_training_yet(tmp_path: Path) -> None:
    assert checkpoints_in(tmp_path) == []
