"""A training that is killed at any moment goes on as if nothing had happened: every epoch once, the same losses and weights."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from voice_assets.piper.batches import order
from voice_assets.piper.checkpoints import records_in
from voice_assets.piper.loss_tables import epochs_in, steps_in
from voice_assets.voice_training import Keep, Training
from voice_assets_tests.workers.tiny_training import VERSION, command, of, request, run

pytestmark = pytest.mark.slow

EPOCHS = 6
CLIPS = ["train", "validation", "train", "train", "train", "train", "train"]  # two batches of three, and two steps an epoch
SETTINGS: dict[str, Any] = {"epochs": EPOCHS, "batch_size": 3, "keep": Keep(last=1, best=1, every=0)}
MINI = 2
STEPS = 2 * EPOCHS

MOMENTS: list[dict[str, Any]] = [
    {"before": "os.rename", "path": "*/identity.json"},
    {"after": {"event": "progress", "epoch": 0, "step": 1}},
    {"before": "os.rename", "path": "*/steps.parquet"},
    {"before": "os.rename", "path": "*/epoch=0-step=4.ckpt", "cut": True},
    {"before": "os.rename", "path": "*/checkpoints.json"},  # the checkpoint is complete, and not listed yet
    {"after": {"event": "checkpoint", "epoch": 1}},
    {"before": "os.rename", "path": "*/epochs.parquet"},  # the table of steps has the epoch, the table of epochs has not
    {"before": "os.remove", "path": "*/epoch=*.ckpt"},  # listed as removed, and still on disk
    {"after": {"event": "progress", "epoch": 4, "step": 2}},
    {"before": "os.rename", "path": "*/training.json"},
]


@pytest.fixture(scope="module")
def few_clips(training_set: Path) -> Path:
    """Seven clips, one of them for validation, beside the cache of the other tests."""
    rows = pd.read_parquet(training_set).iloc[: len(CLIPS)].assign(split=CLIPS)
    path = training_set.with_name("few_clips.parquet")
    rows.to_parquet(path)
    return path


def worker(dataset: Path, clips: Path, work: Path, **changes: Any) -> list[str]:
    """The command line of a whole training, which goes on where the mini-training of ``MINI`` epochs would end."""
    values = {**SETTINGS, **changes}
    asked = request(dataset, clips, work, **values)
    section = asked.training.model_copy(update={"epochs": MINI})
    return command("train", asked.model_copy(update={"training": section}), work)


@pytest.fixture(scope="module")
def uninterrupted(ivrvoice: Path, few_clips: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a training that nobody killed."""
    work = tmp_path_factory.mktemp("uninterrupted")
    done, _ = run(worker(ivrvoice, few_clips, work))
    assert done.returncode == 0, done.stderr
    yield work / "lightning_logs" / f"version_{VERSION}"
    shutil.rmtree(work)


def killed(line: list[str], moment: dict[str, Any]) -> None:
    """Run the worker until ``moment``, when it is killed."""
    python, *worker = line
    done, _ = run([python, "-m", "voice_assets_tests.workers.killed", json.dumps(moment), *worker])
    assert done.returncode == -9, (moment, done.returncode, done.stderr[-2000:])


def expect_the_same(folder: Path, other: Path) -> None:
    """Expect every epoch and step once, with the losses of the other training within rounding; the same weights in the end.

    Where the true gradient is 0, as for the bias of the keys in attention, AdamW makes steps of full size from rounding noise.
    So a weight may differ by the learning rate times the number of steps.
    """
    for mine, theirs in ((epochs_in(folder), epochs_in(other)), (steps_in(folder), steps_in(other))):
        losses = [name for name in mine if name.startswith(("loss", "validation_", "learning_rate"))]
        places = [name for name in mine if name in ("epoch", "step", "global_step")]
        pd.testing.assert_frame_equal(mine[places], theirs[places])
        np.testing.assert_allclose(mine[losses], theirs[losses], rtol=1e-4)
    mine, theirs = weights(folder), weights(other)
    assert mine.keys() == theirs.keys()
    for name, values in mine.items():
        np.testing.assert_allclose(values, theirs[name], rtol=0, atol=STEPS * Training().learning_rate, err_msg=name)


def weights(folder: Path) -> dict[str, Any]:
    """The weights of the last checkpoint."""
    import torch

    last = records_in(folder)[-1]
    return torch.load(last.path, weights_only=True)["state_dict"]


def test_ten_kills(ivrvoice: Path, few_clips: Path, uninterrupted: Path, tmp_path: Path) -> None:
    line = worker(ivrvoice, few_clips, tmp_path)
    folder = tmp_path / "lightning_logs" / f"version_{VERSION}"
    for moment in MOMENTS:
        killed(line, moment)
    done, printed = run(line)
    assert done.returncode == 0, done.stderr
    assert list(epochs_in(folder)["epoch"]) == list(range(EPOCHS))
    expect_the_same(folder, uninterrupted)
    mine, theirs = records_in(folder), records_in(uninterrupted)
    assert [(one.epoch, one.step, one.removed) for one in mine] == [(one.epoch, one.step, one.removed) for one in theirs]
    assert {path.name for path in (folder / "checkpoints").iterdir()} == {one.path.name for one in mine if not one.removed}
    told = {one["epoch"]: one["event"] for one in [*of("checkpoint", printed), *of("removed", printed)]}
    assert told == {one.epoch: "removed" if one.removed else "checkpoint" for one in mine}
    assert not [path for path in folder.rglob(".*") if path.is_file()]
    expect_no_double_points(folder)
    shutil.rmtree(tmp_path)


def expect_no_double_points(folder: Path) -> None:
    """TensorBoard shows each epoch once, though several processes wrote to its log."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    assert len(list(folder.glob("events.out.tfevents.*"))) > 3
    log = EventAccumulator(str(folder)).Reload()
    assert [point.step for point in log.Scalars("val_mel")] == list(epochs_in(folder)["epoch"] * 4 + 4)


def epoch_of_other_batches(clips: Path) -> int:
    """An epoch whose batches are not those of epoch 0, or come in another order."""
    rows = pd.read_parquet(clips)
    durations = list(rows[rows["split"] == "train"]["duration_s"])
    size, seed = SETTINGS["batch_size"], Training().seed

    def batches(epoch: int) -> list[list[int]]:
        clip = order(durations, size, seed, epoch)
        return [sorted(clip[start : start + size]) for start in range(0, len(clip), size)]

    return next(epoch for epoch in range(1, EPOCHS) if batches(epoch) != batches(0))


def test_the_loader_of_a_resumed_training_has_the_order_of_its_epoch(
    ivrvoice: Path, few_clips: Path, uninterrupted: Path, tmp_path: Path
) -> None:
    """With loader processes, the first batches are drawn before Lightning says which epoch it is."""
    line = worker(ivrvoice, few_clips, tmp_path, num_workers=1)
    killed(line, {"after": {"event": "progress", "epoch": epoch_of_other_batches(few_clips), "step": 1}})
    done, _ = run(line)
    assert done.returncode == 0, done.stderr
    expect_the_same(tmp_path / "lightning_logs" / f"version_{VERSION}", uninterrupted)
    shutil.rmtree(tmp_path)


def test_a_kill_after_an_epoch_that_was_not_validated(ivrvoice: Path, few_clips: Path, tmp_path: Path) -> None:
    """Lightning decides from the state of the last validation where a resumed training goes on. With batches added up."""
    rare = {"epochs": 4, "validate_every": 3, "accumulate": 2}
    folders = [tmp_path / name / "lightning_logs" / f"version_{VERSION}" for name in ("killed", "whole")]
    line, other = (worker(ivrvoice, few_clips, tmp_path / name, **rare) for name in ("killed", "whole"))
    killed(line, {"after": {"event": "checkpoint", "epoch": 2}})
    for again in (line, other):
        done, _ = run(again)
        assert done.returncode == 0, done.stderr
    assert list(epochs_in(folders[0])["validated"]) == [True, True, False, True]
    assert list(steps_in(folders[0])["global_step"]) == [0, 2, 2, 4, 4, 6, 6, 8]
    expect_the_same(*folders)
    shutil.rmtree(tmp_path)
