"""The worker that computes the loss of every clip, on a real training of the tiny model."""

import json
import signal
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from voice_assets.dataset.tables import CLIP_LOSSES
from voice_assets.piper.requests import ClipLossRequest
from voice_assets_tests.workers.tiny_training import command, of, run

pytestmark = pytest.mark.slow

KILLED = """
import os, signal, sys
from voice_assets.piper.unfinished_losses import Unfinished
from voice_assets.workers import clip_losses

add = Unfinished.add

def add_and_die(self, found):
    add(self, found)
    os.kill(os.getpid(), signal.SIGKILL)

Unfinished.add = add_and_die
clip_losses.main([sys.argv[1]])
"""
"""A program that runs the worker on a request and kills itself as soon as the first batch is recorded."""


def request(trained: Path, clips: Path, dataset: Path, out: Path, **changes: Any) -> ClipLossRequest:
    """A request for the newest checkpoint of the tiny model, with other values."""
    values = {
        "checkpoint": trained / "checkpoints" / "epoch=1-step=8.ckpt",
        "trust_checkpoint": False,
        "dataset": dataset,
        "training_set": clips,
        "config": dataset / "config.json",
        "cache": clips.parent / "cache",
        "out": out,
        "accelerator": "cpu",
    }
    return ClipLossRequest(**{**values, **changes})


@pytest.fixture(scope="module")
def done(
    trained: tuple[Path, list], training_set: Path, ivrvoice: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[pd.DataFrame, list[dict[str, Any]]]:
    """The table and the events."""
    folder = tmp_path_factory.mktemp("clip_losses")
    ended, printed = run(command("clip_losses", request(trained[0], training_set, ivrvoice, folder / "losses.parquet"), folder))
    assert ended.returncode == 0, ended.stderr
    assert sorted(path.name for path in folder.iterdir()) == ["clip_losses_request.json", "losses.parquet"]
    return pd.read_parquet(folder / "losses.parquet"), printed


def test_every_clip_of_both_splits_has_finite_losses(done: tuple, training_set: Path) -> None:
    table, rows = done[0], pd.read_parquet(training_set)
    assert list(table.columns) == list(CLIP_LOSSES)
    for name in ("clip_id", "path", "text", "split", "duration_s"):
        assert table[name].tolist() == rows[name].tolist()
    assert set(table["split"]) == {"train", "validation"}
    figures = table.select_dtypes("number")
    assert figures.notna().all(axis=None)
    assert (table["mel"] > 0).all()
    assert (table["phoneme_ids"] <= table["frames"]).all()
    assert (table["longest_s"] * 22050 / 256).round(3).mod(1).eq(0).all()  # whole frames


def test_progress_counts_every_clip_and_the_result_is_named(done: tuple) -> None:
    table, printed = done
    assert [event["event"] for event in printed] == ["started", *["progress"] * (len(printed) - 2), "done"]
    assert printed[0]["device"] == "cpu"
    progress = of("progress", printed)
    assert (progress[-1]["done"], progress[-1]["total"], progress[-1]["remaining_s"]) == (len(table), len(table), 0)
    last = printed[-1]
    assert (last["epoch"], last["step"], last["clips"]) == (1, 8, len(table))
    train = table.loc[table["split"] == "train", "mel"]
    assert last["train_mel"] == pytest.approx(train.median())


def test_the_same_checkpoint_gives_the_same_table(done: tuple, trained, training_set: Path, ivrvoice: Path, tmp_path) -> None:
    """A new cache, and rows in another order: other batches of the same texts."""
    rows = pd.read_parquet(training_set).iloc[::-1]
    rows.to_parquet(tmp_path / "rows.parquet")
    asked = request(
        trained[0], training_set, ivrvoice, tmp_path / "out.parquet",
        training_set=tmp_path / "rows.parquet", cache=tmp_path / "cache",
    )  # fmt: skip
    ended, _ = run(command("clip_losses", asked, tmp_path))
    assert ended.returncode == 0, ended.stderr
    again = pd.read_parquet(tmp_path / "out.parquet").iloc[::-1].reset_index(drop=True)
    pd.testing.assert_frame_equal(again, done[0], rtol=1e-3)


def test_a_killed_worker_goes_on_with_the_clips_that_are_not_done(trained, training_set, ivrvoice: Path, tmp_path) -> None:
    """24 clips are two batches. The worker is killed when the first one is recorded."""
    rows = pd.read_parquet(training_set)
    pd.concat([rows, rows.assign(clip_id=rows["clip_id"] + "-again")]).to_parquet(tmp_path / "rows.parquet")
    asked = [
        request(trained[0], tmp_path / "rows.parquet", ivrvoice, tmp_path / name / "losses.parquet")
        for name in ("whole", "killed")
    ]
    lines = [command("clip_losses", one, one.out.parent) for one in asked]
    whole, printed = run(lines[0])
    assert (whole.returncode, len(of("progress", printed))) == (0, 2), whole.stderr
    killed, _ = run([sys.executable, "-c", KILLED, lines[1][-1]])
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert not asked[1].out.exists()
    ended, printed = run(lines[1])
    assert (ended.returncode, printed[0]["from_before"]) == (0, 16), ended.stderr
    assert [event["done"] for event in of("progress", printed)] == [24]
    pd.testing.assert_frame_equal(*(pd.read_parquet(one.out) for one in asked), rtol=1e-4)
    assert sorted(path.name for path in asked[1].out.parent.iterdir()) == ["clip_losses_request.json", "losses.parquet"]


def broken(checkpoint: Path, out: Path) -> Path:
    """A copy of a checkpoint with one weight of the decoder that is not a number."""
    import torch

    content = torch.load(checkpoint, weights_only=True)
    content["state_dict"]["model_g.dec.conv_pre.weight"][0, 0, 0] = float("nan")
    torch.save(content, out)
    return out


def test_errors_name_the_checkpoint_and_write_nothing(trained, training_set: Path, ivrvoice: Path, tmp_path: Path) -> None:
    good = trained[0] / "checkpoints" / "epoch=1-step=8.ckpt"
    config = json.loads((ivrvoice / "config.json").read_text(encoding="utf-8"))
    (tmp_path / "config.json").write_text(json.dumps({**config, "num_symbols": 300}), encoding="utf-8")
    for name, changes, words in (
        ("none", {"checkpoint": tmp_path / "none.ckpt"}, "none.ckpt: no such checkpoint"),
        ("nan", {"checkpoint": broken(good, tmp_path / "nan.ckpt")}, "nan.ckpt: clip "),
        ("other", {"config": tmp_path / "config.json"}, "its number of symbols is 256, of the data set 300"),
    ):
        folder = tmp_path / name
        asked = request(trained[0], training_set, ivrvoice, folder / "out.parquet", **changes)
        ended, printed = run(command("clip_losses", asked, folder))
        assert (ended.returncode, words in printed[-1]["message"]) == (2, True), printed[-1]
        assert not (folder / "out.parquet").exists()
