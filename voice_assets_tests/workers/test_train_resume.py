"""Training again: after the end, after a kill, with other settings, from the weights of another training."""

import json
import shutil
import signal
import subprocess
from pathlib import Path

import pandas as pd
import pytest

from voice_assets.piper import training
from voice_assets_tests.workers.tiny_training import command, of, request, run, train

pytestmark = pytest.mark.slow


def test_running_again_trains_nothing_and_prints_all_events_again(trained, ivrvoice: Path, training_set: Path) -> None:
    folder, printed = trained
    before = {path: path.stat().st_mtime_ns for path in (folder / "checkpoints").iterdir()}
    done, again = train(ivrvoice, training_set, folder.parent.parent)
    assert done.returncode == 0, done.stderr
    assert of("checkpoint", again) == of("checkpoint", printed)
    assert of("epoch", again) == of("epoch", printed)
    assert of("progress", again) == []
    assert {path: path.stat().st_mtime_ns for path in (folder / "checkpoints").iterdir()} == before


def test_other_settings_in_the_same_version_are_an_error(trained, ivrvoice: Path, training_set: Path) -> None:
    folder, _ = trained
    done, _ = train(ivrvoice, training_set, folder.parent.parent, seed=5)
    assert done.returncode == 2
    assert "seed was 1234, now 5" in done.stderr.splitlines()[-1]


def test_a_training_killed_in_the_middle_continues(ivrvoice: Path, training_set: Path, tmp_path: Path) -> None:
    line = command("train", request(ivrvoice, training_set, tmp_path, epochs=3), tmp_path)
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        first = []
        for text in process.stdout:
            first.append(json.loads(text))
            if first[-1]["event"] == "progress" and first[-1]["epoch"] == 1:
                process.send_signal(signal.SIGKILL)  # in epoch 1, with the checkpoint of epoch 0 on disk
                break
    litter = tmp_path / "lightning_logs/version_4/checkpoints/.epoch=1-step=8.a1b2c3d4.ckpt"
    litter.write_bytes(b"what a kill in the middle of a checkpoint leaves")
    done, printed = run(line)
    assert done.returncode == 0, done.stderr
    assert not litter.exists()
    assert of("checkpoint", printed)[0] == of("checkpoint", first)[0]
    assert [one["epoch"] for one in of("checkpoint", printed)] == [0, 1, 2]
    assert [one["step"] for one in of("checkpoint", printed)] == [4, 8, 12]
    assert {one["epoch"] for one in of("progress", printed)} == {1, 2}
    assert list(training.epochs_in(tmp_path / "lightning_logs/version_4")["epoch"]) == [0, 1, 2]
    shutil.rmtree(tmp_path)


def test_starting_from_another_training(trained, ivrvoice: Path, training_set: Path, tmp_path: Path) -> None:
    """A cache of an earlier version of the project is removed; the own clips and other folders stay."""
    checkpoint = trained[0] / "checkpoints" / "epoch=1-step=8.ckpt"
    cache = training_set.parent / "cache"
    (cache / "0123456789abcdef").mkdir()
    (cache / "0123456789abcdef" / "1_Да.spec.pt").touch()
    (cache / "mine").mkdir()
    done, printed = train(ivrvoice, training_set, tmp_path, checkpoint=checkpoint)
    assert done.returncode == 0, done.stderr
    assert not (cache / "0123456789abcdef").exists()
    assert (cache / "mine").exists()
    assert len(list(cache.glob("??/*.npz"))) == len(pd.read_parquet(training_set))
    note = next(one for one in of("note", printed) if "started from" in one["message"])
    assert note["tensors"] > 100
    assert of("checkpoint", printed)[0]["epoch"] == 0
    shutil.rmtree(tmp_path)


def test_a_checkpoint_of_another_model_is_an_error(trained, ivrvoice: Path, training_set: Path, tmp_path: Path) -> None:
    checkpoint = trained[0] / "checkpoints" / "epoch=1-step=8.ckpt"
    other = {"upsample_initial_channel": 64}
    done, printed = train(ivrvoice, training_set, tmp_path, checkpoint=checkpoint, model=other)
    assert done.returncode == 2
    assert "its decoder does not fit this quality" in of("error", printed)[0]["message"]
