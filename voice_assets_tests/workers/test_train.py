"""Real training of a tiny model on a few real clips: to the end, on two devices, on a full disk, with NaN."""

import json
import os
import shutil
from pathlib import Path

import pandas as pd
import pytest

from voice_assets.dataset.tables import EPOCHS
from voice_assets.piper import model as vits
from voice_assets.runtime import files
from voice_assets_tests.workers.tiny_training import command, of, request, run_anew, train

pytestmark = pytest.mark.slow


def test_two_epochs_write_every_file_that_the_plan_names(trained) -> None:
    folder, printed = trained
    assert [(one["epoch"], one["step"]) for one in of("checkpoint", printed)] == [(0, 4), (1, 8)]
    for one in of("checkpoint", printed):
        path = Path(one["path"])
        assert path.name == f"epoch={one['epoch']}-step={one['step']}.ckpt"
        assert (path.stat().st_size, files.sha256(path)) == (one["size"], one["sha256"])
    assert list(folder.glob("events.out.tfevents.*"))
    result = json.loads((folder / "training.json").read_text())
    assert (result["epochs_done"], result["epochs_planned"], result["not_finite"]) == (2, 2, 0)
    assert not list(folder.rglob(".epoch*"))


def test_the_epochs_table_holds_the_epoch_events(trained) -> None:
    folder, printed = trained
    table = pd.read_parquet(folder / "epochs.parquet")
    assert list(table.columns) == list(EPOCHS)
    rows = [{name: one[name] for name in EPOCHS} for one in of("epoch", printed)]
    assert table.to_dict("records") == rows
    assert (table[["loss", "loss_mel", "loss_disc", "validation_loss", "validation_mel", "seconds"]] > 0).all(axis=None)


def test_progress_counts_every_step(trained) -> None:
    steps = of("progress", trained[1])
    assert [(one["epoch"], one["step"], one["steps"], one["done"], one["total"]) for one in steps] == [
        (0, 1, 2, 1, 4),
        (0, 2, 2, 2, 4),
        (1, 1, 2, 3, 4),
        (1, 2, 2, 4, 4),
    ]


def test_the_split_is_exactly_that_of_the_table(trained, training_set: Path) -> None:
    """Ten clips are for training and two are held out. The metadata that Piper read has the order of the table."""
    folder, _ = trained
    rows = pd.read_parquet(training_set)
    written = [line.split("|", 1)[0] for line in (folder / "metadata.csv").read_text(encoding="utf-8").splitlines()]
    assert written == list(rows["path"])


def test_checkpoints_load_without_running_code(trained) -> None:
    folder, _ = trained
    generator, facts = vits.load_generator(folder / "checkpoints" / "epoch=1-step=8.ckpt", trusted=False)
    assert (facts["epoch"], facts["step"], generator.n_vocab) == (1, 8, 256)


def test_two_devices_train_as_one(ivrvoice: Path, training_set: Path, tmp_path: Path) -> None:
    """The first process starts the second one with the same command line. It reads the same request and follows the first."""
    line = command("train", request(ivrvoice, training_set, tmp_path, devices=2), tmp_path)
    done, printed = run_anew([*line, "--with-parent", str(os.getpid())])
    assert done.returncode == 0, done.stderr
    assert "distributed_backend=gloo" in done.stderr
    assert "GLOBAL_RANK: 1, MEMBER: 2/2" in done.stderr
    epoch = ["progress", "epoch", "checkpoint"]
    assert [one["event"] for one in printed if one["event"] not in ("note", "preparing")] == ["started", *epoch, *epoch, "done"]
    assert of("progress", printed)[0]["steps"] == 1  # not two: each process has five of the ten clips
    result = json.loads((tmp_path / "lightning_logs/version_4/training.json").read_text())
    assert [(one["epoch"], one["step"]) for one in result["checkpoints"]] == [(0, 2), (1, 4)]
    shutil.rmtree(tmp_path)


def test_a_loss_that_is_not_a_number_stops_the_training(ivrvoice: Path, training_set: Path, tmp_path: Path) -> None:
    done, printed = train(ivrvoice, training_set, tmp_path, model={"learning_rate": 1e9})
    assert done.returncode == 2
    assert "loss is not a finite number: " in of("error", printed)[0]["message"]
    assert of("error", printed)[0]["message"].startswith("epoch 0, training step 1: ")
    assert not list(tmp_path.rglob("*.ckpt"))
    assert not list(tmp_path.rglob("training.json"))


def test_no_room_for_a_checkpoint(ivrvoice: Path, training_set: Path, tmp_path: Path) -> None:
    """A size limit of the shell stands for a full disk: every write beyond 20 MB fails."""
    line = command("train", request(ivrvoice, training_set, tmp_path), tmp_path)
    done, printed = run_anew(["bash", "-c", 'ulimit -f 20480; trap "" XFSZ; exec "$@"', "bash", *line])
    assert done.returncode == 2, done.stderr
    assert "epoch=0-step=4.ckpt: not written" in of("error", printed)[0]["message"]
    assert "is the disk full?" in of("error", printed)[0]["message"]
    assert of("checkpoint", printed) == []
    assert list((tmp_path / "lightning_logs/version_4/checkpoints").iterdir()) == []


def test_no_room_for_the_cache(ivrvoice: Path, training_set: Path, tmp_path: Path) -> None:
    """Every write beyond 30 kB fails: less than a second of audio."""
    line = command("train", request(ivrvoice, training_set, tmp_path, cache=tmp_path / "cache"), tmp_path)
    done, printed = run_anew(["bash", "-c", 'ulimit -f 30; trap "" XFSZ; exec "$@"', "bash", *line])
    assert done.returncode == 2, done.stderr
    message = of("error", printed)[0]["message"]
    assert message.startswith(f"{tmp_path / 'cache'}: ")
    assert "not written" in message
    assert "is the disk full?" in message
    assert " GB free" in message
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"espeak_voice": "uk"}, "its espeak voice is 'ru', in the voice it is 'uk'"),
        ({"sample_rate": 16000}, "its sample rate is 22050, in the voice it is 16000"),
        ({"quality": "low"}, "quality low is 16000 Hz"),
        ({"config": Path("/nowhere/config.json")}, "/nowhere/config.json: cannot be read"),
        ({"training_set": Path("/nowhere/t.parquet")}, "/nowhere/t.parquet"),
    ],
)
def test_what_cannot_be_trained(ivrvoice: Path, training_set: Path, tmp_path: Path, changes: dict, message: str) -> None:
    values = {"training_set": training_set, "cache": training_set.parent / "cache", **changes}
    done, printed = train(ivrvoice, work=tmp_path, **values)
    assert done.returncode == 2, done.stderr
    assert message in of("error", printed)[0]["message"]
