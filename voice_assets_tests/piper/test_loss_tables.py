"""The tables of a training's losses: means, columns, and an epoch that is trained again."""

import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from voice_assets.dataset.tables import EPOCHS, STEPS, frame
from voice_assets.piper.loss_tables import cut_after, epoch_row, epochs_in, step_row, steps_in, write_epoch
from voice_assets.piper.ranks import means_over_ranks

LOSSES = {"generator": 4.0, "discriminator": 1.0, "mel": 3.0, "kl": 2.0, "dur": 0.5, "fm": 0.25, "gen": 0.125, "disc": 1.0}
FACTS = {"seconds": 9.5, "memory_mb": 100.0, "gpu_memory_mb": 0.0}


def row(epoch: int, loss: float = 4.0) -> dict[str, Any]:
    return epoch_row(epoch, {**LOSSES, "generator": loss}, LOSSES, **FACTS)


def steps(epoch: int, count: int = 2) -> list[dict[str, Any]]:
    return [
        step_row(LOSSES, epoch=epoch, step=step, global_step=2 * step, learning_rate=1e-3, seconds=0.1)
        for step in range(1, count + 1)
    ]


@pytest.mark.slow
def test_an_epoch_is_the_mean_of_its_steps() -> None:
    other = {**LOSSES, "generator": 2.0, "discriminator": 3.0, "mel": 1.0, "kl": 4.0, "dur": 1.5}
    found = epoch_row(5, means_over_ranks([LOSSES, other]), means_over_ranks([LOSSES]), **FACTS)
    assert list(found) == list(EPOCHS)
    assert found == {
        "epoch": 5,
        "loss": 3.0,
        "loss_mel": 2.0,
        "loss_kl": 3.0,
        "loss_dur": 1.0,
        "loss_disc": 2.0,
        "validated": True,
        "validation_loss": 4.0,
        "validation_mel": 3.0,
        "validation_kl": 2.0,
        "validation_dur": 0.5,
        **FACTS,
    }


def test_an_epoch_without_validation_has_no_validation_losses() -> None:
    found = epoch_row(5, LOSSES, None, **FACTS)
    assert list(found) == list(EPOCHS)
    assert found["validated"] is False
    assert all(math.isnan(found[name]) for name in EPOCHS if name.startswith("validation_"))


def test_no_epoch_is_done_yet(tmp_path: Path) -> None:
    assert list(epochs_in(tmp_path).columns) == list(EPOCHS)
    assert list(steps_in(tmp_path).columns) == list(STEPS)
    cut_after(tmp_path, -1)
    assert not list(tmp_path.iterdir())


def test_epochs_add_up_on_disk(tmp_path: Path) -> None:
    for epoch in range(3):
        written = write_epoch(tmp_path, row(epoch), steps(epoch))
        pd.testing.assert_frame_equal(written, epochs_in(tmp_path))
    pd.testing.assert_frame_equal(epochs_in(tmp_path), frame([row(epoch) for epoch in range(3)], EPOCHS))
    pd.testing.assert_frame_equal(steps_in(tmp_path), frame([*steps(0), *steps(1), *steps(2)], STEPS))


def test_an_epoch_that_is_trained_again_replaces_what_was_left(tmp_path: Path) -> None:
    """A killed process can leave rows of an epoch that has no checkpoint, and of later ones."""
    for epoch in range(4):
        write_epoch(tmp_path, row(epoch, loss=7.0), steps(epoch, count=3))
    write_epoch(tmp_path, row(2, loss=5.0), steps(2))
    assert list(epochs_in(tmp_path)["epoch"]) == [0, 1, 2]
    assert list(epochs_in(tmp_path)["loss"]) == [7.0, 7.0, 5.0]
    assert list(steps_in(tmp_path)["epoch"]) == [0, 0, 0, 1, 1, 1, 2, 2]


@pytest.mark.parametrize(("epoch", "left"), [(2, [0, 1, 2]), (1, [0, 1]), (-1, [])])
def test_cutting(epoch: int, left: list[int], tmp_path: Path) -> None:
    for one in range(3):
        write_epoch(tmp_path, row(one), steps(one, count=1))
    cut_after(tmp_path, epoch)
    assert list(epochs_in(tmp_path)["epoch"]) == left
    assert list(steps_in(tmp_path)["epoch"]) == left
    assert list(epochs_in(tmp_path).dtypes) == list(frame([row(0)], EPOCHS).dtypes)
