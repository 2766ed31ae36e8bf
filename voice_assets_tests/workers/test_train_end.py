"""How a training ends: with all epochs, early, or with a loss that is not a number; and which checkpoints it leaves."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from voice_assets.piper.loss_tables import epochs_in, steps_in
from voice_assets.voice_training import Keep
from voice_assets_tests.workers.tiny_training import VERSION, command, of, request, run, train

pytestmark = pytest.mark.slow


def version(work: Path) -> Path:
    return work / "lightning_logs" / f"version_{VERSION}"


def whole(dataset: Path, clips: Path, work: Path, *, level: bool = False, **changes: Any) -> list[str]:
    """The command line of the training after a mini-training of two epochs."""
    asked = request(dataset, clips, work, batch_size=10, **changes)
    section = asked.training.model_copy(update={"epochs": 2})
    return command("train", asked.model_copy(update={"training": section, "stop_when_level": level}), work)


def test_the_training_goes_on_where_the_mini_training_ended(ivrvoice: Path, training_set: Path, tmp_path: Path) -> None:
    """Checkpoints, validations and removals are rarer; the last epoch has all. The mini-training keeps both its epochs."""
    rare = {"keep": Keep(last=1, best=0, every=3), "validate_every": 3, "checkpoint_every": 2}
    done, printed = run(whole(ivrvoice, training_set, tmp_path, epochs=2, **rare))
    assert done.returncode == 0, done.stderr
    assert [one["epoch"] for one in of("checkpoint", printed)] == [0, 1]
    done, printed = run(whole(ivrvoice, training_set, tmp_path, epochs=8, **rare))
    assert done.returncode == 0, done.stderr
    assert list(epochs_in(version(tmp_path)).query("validated")["epoch"]) == [0, 1, 3, 6, 7]
    assert [one["epoch"] for one in of("checkpoint", printed)] == [0, 1, 2, 4, 6, 7]
    assert [one["epoch"] for one in of("removed", printed)] == [0, 1, 2]
    kept = sorted(path.name for path in (version(tmp_path) / "checkpoints").iterdir())
    assert kept == ["epoch=4-step=10.ckpt", "epoch=6-step=14.ckpt", "epoch=7-step=16.ckpt"]
    result = json.loads((version(tmp_path) / "training.json").read_text())
    assert (result["ended"], result["epochs_done"], result["not_finite"]) == ("epochs", 8, 0)
    assert [one["epoch"] for one in result["checkpoints"]] == [4, 6, 7]
    assert [one["epoch"] for one in result["removed"]] == [0, 1, 2]
    for one in of("removed", printed):
        assert one["reason"].startswith("training.keep: not one of the last 1; ")
        assert not Path(one["path"]).exists()
    shutil.rmtree(tmp_path)


def test_the_learning_rate_decays_once_per_epoch(ivrvoice: Path, training_set: Path, tmp_path: Path) -> None:
    done, _ = run(whole(ivrvoice, training_set, tmp_path, epochs=3, learning_rate=1e-3, lr_decay=0.5))
    assert done.returncode == 0, done.stderr
    steps = steps_in(version(tmp_path))
    assert list(steps["learning_rate"]) == pytest.approx([1e-3, 5e-4, 2.5e-4])
    assert list(steps["global_step"]) == [2, 4, 6]
    assert (steps[["loss", "loss_mel", "loss_kl", "loss_dur", "loss_fm", "loss_gen", "loss_disc", "seconds"]] > 0).all(
        axis=None
    )
    shutil.rmtree(tmp_path)


def test_a_training_ends_when_the_validation_loss_is_level(ivrvoice: Path, training_set: Path, tmp_path: Path) -> None:
    """At this learning rate nothing changes, so the loss is level as soon as there are enough epochs."""
    still = {"learning_rate": 1e-12, "learning_rate_d": 1e-12, "level_epochs": 5, "checkpoint_every": 50}
    line = whole(ivrvoice, training_set, tmp_path, epochs=40, level=True, **still)
    done, printed = run(line)
    assert done.returncode == 0, done.stderr
    epochs = list(epochs_in(version(tmp_path))["epoch"])
    assert 5 <= len(epochs) < 40
    assert of("done", printed)[0]["ended"] == "level"
    assert "validation_mel is level" in of("done", printed)[0]["reason"]
    assert [one["epoch"] for one in of("checkpoint", printed)] == [0, epochs[-1]]
    done, again = run(line)
    assert (done.returncode, of("progress", again)) == (0, [])
    assert of("done", again) == of("done", printed)
    shutil.rmtree(tmp_path)


def test_a_loss_term_that_is_not_a_number_leaves_the_epochs_before(ivrvoice: Path, training_set: Path, tmp_path: Path) -> None:
    """NaN in the duration predictor: epochs 0 and 1 are done, epoch 2 stops at its first step."""
    import torch

    done, _ = train(ivrvoice, training_set, tmp_path, batch_size=10)
    assert done.returncode == 0, done.stderr
    path = version(tmp_path) / "checkpoints" / "epoch=1-step=4.ckpt"
    content = torch.load(path, weights_only=True)
    content["state_dict"]["model_g.dp.pre.bias"].fill_(float("nan"))
    torch.save(content, path)
    (version(tmp_path) / "checkpoints.json").unlink()
    done, printed = train(ivrvoice, training_set, tmp_path, epochs=4, batch_size=10)
    assert done.returncode == 2
    message = of("error", printed)[0]["message"]
    assert message.startswith("epoch 2, training step 0: loss is not a finite number: ")
    assert "dur = nan" in message
    assert "mel = " not in message
    assert "The checkpoints up to epoch 1 stay; going on again with the same settings repeats the same steps" in message
    assert "Lower training.learning_rate (now 0.0002) or set training.grad_clip" in message
    assert path.exists()
    assert list(epochs_in(version(tmp_path))["epoch"]) == [0, 1]
    shutil.rmtree(tmp_path)


def test_what_will_be_kept_is_compared_with_the_disk_before_the_start(
    ivrvoice: Path, training_set: Path, tmp_path: Path
) -> None:
    many = {"epochs": 1_000_000, "max_epochs": 1_000_000, "keep": Keep(last=1_000_000)}
    done, printed = run(whole(ivrvoice, training_set, tmp_path, **many))
    assert done.returncode == 2
    message = of("error", printed)[0]["message"]
    assert (
        "850000.000 GB for 1000000 checkpoints of 0.850 GB (training.keep: 1000000 last + 0 best + 0 kept by `every`" in message
    )
    assert "or keep fewer checkpoints (training.keep)" in message
    assert not list(tmp_path.rglob("*.ckpt"))
