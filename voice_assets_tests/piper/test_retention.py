"""Which epochs stay, and how many there will be at most."""

import math
from typing import Any

import pandas as pd
import pytest

from voice_assets.dataset.tables import EPOCHS, frame
from voice_assets.piper.retention import firsts, projected, saved, unwanted, validated
from voice_assets.voice_training import Keep, Training


def table(mels: list[float]) -> pd.DataFrame:
    rows = [{**dict.fromkeys(EPOCHS, 1.0), "epoch": epoch, "validation_mel": mel} for epoch, mel in enumerate(mels)]
    return frame(rows, EPOCHS)


NONE = {"last": 1, "best": 0, "every": 0}
FALLING = [float(10 - epoch) for epoch in range(10)]


@pytest.mark.parametrize(
    ("mels", "present", "keep", "stay"),
    [
        (FALLING, range(10), NONE, [9]),
        (FALLING, range(10), {**NONE, "last": 3}, [7, 8, 9]),
        (FALLING, [0], NONE, [0]),
        (FALLING, range(10), {**NONE, "last": 20}, list(range(10))),
        ([3.0, 1.0, 2.0, 5.0, 4.0], range(5), {**NONE, "best": 2}, [1, 2, 4]),
        ([3.0, 1.0, 2.0, 5.0, 4.0], [0, 2, 3, 4], {**NONE, "best": 2}, [0, 2, 4]),  # epoch 1 is gone: the best on disk
        ([1.0, 1.0, 1.0, 1.0], range(4), {**NONE, "best": 1}, [0, 3]),  # of equal losses the earlier epoch
        ([2.0, math.nan, 3.0, math.nan, 9.0], range(5), {**NONE, "best": 2}, [0, 2, 4]),  # not validated: no best epoch
        ([2.0, math.inf, 3.0, 9.0], range(4), {**NONE, "best": 3}, [0, 2, 3]),
        (FALLING, range(10), {**NONE, "every": 3}, [3, 6, 9]),
        (FALLING, [0, 2, 4, 6, 8], {**NONE, "every": 3}, [4, 6, 8]),  # no checkpoint of epoch 3: the next one
        (FALLING, range(3), {**NONE, "every": 3}, [2]),  # epoch 0 is no round number
        ([5.0, 1.0, 4.0, 3.0, 2.0, 6.0, 7.0, 8.0], range(8), {"last": 2, "best": 2, "every": 3}, [1, 3, 4, 6, 7]),
    ],
)
def test_which_epochs_stay(mels: list[float], present: Any, keep: dict[str, int], stay: list[int]) -> None:
    reasons = unwanted(table(mels), present, Keep(**keep))
    assert sorted(set(present) - set(reasons)) == stay


def test_a_training_step_by_step_keeps_what_it_would_keep_at_once() -> None:
    """Each checkpoint is judged when the next is written. The round epochs stay for good, the best ones change."""
    keep, present, mels = Keep(last=2, best=3, every=50), [], []
    for epoch in range(200):
        mels.append(2 + math.cos(epoch / 10) - epoch / 1000)
        present.append(epoch)
        gone = unwanted(table(mels), present, keep)
        present = [one for one in present if one not in gone]
        assert len(present) + 1 <= projected(Training(), 200).total
    best = sorted(range(200), key=lambda one: mels[one])[:3]
    assert present == sorted({198, 199, 50, 100, 150, *best})


def test_the_reason_has_the_figures() -> None:
    reasons = unwanted(table([5.0, 1.0, 2.0, 4.0]), range(4), Keep(last=1, best=2, every=50))
    assert reasons == {
        0: "training.keep: not one of the last 1; its validation mel loss is 5.0000, the 2 lowest go up to 2.0000; not the "
        "first from a multiple of 50"
    }
    bare = unwanted(table([math.nan, 1.0]), range(2), Keep(last=1, best=0, every=0))
    assert bare == {
        0: "training.keep: not one of the last 1; its validation mel loss is not known, none is kept for its loss; none is "
        "kept every so many epochs"
    }


@pytest.mark.parametrize(
    ("settings", "epochs", "checked", "written"),
    [
        ({}, 3, [0, 1, 2], [0, 1, 2]),
        ({"validate_every": 4, "checkpoint_every": 3}, 10, [0, 1, 4, 8, 9], [0, 3, 6, 9]),
        ({"validate_every": 4, "checkpoint_every": 3, "epochs": 4}, 6, [0, 1, 2, 3, 4, 5], [0, 3, 5]),
        ({"validate_every": 99, "checkpoint_every": 99}, 2, [0, 1], [0, 1]),
    ],
)
def test_what_happens_after_which_epoch(settings: dict[str, Any], epochs: int, checked: list[int], written: list[int]) -> None:
    training = Training(**settings)
    assert [epoch for epoch in range(epochs) if validated(epoch, training, epochs)] == checked
    assert [epoch for epoch in range(epochs) if saved(epoch, training, epochs)] == written


@pytest.mark.parametrize(
    ("settings", "epochs", "total"),
    [
        ({}, 500, 2 + 3 + 9 + 1),
        ({}, 2, 2),  # a mini-training keeps all its epochs
        ({"epochs": 20}, 20, 20),
        ({"keep": Keep(last=1, best=0, every=0)}, 500, 2),
        ({"keep": Keep(last=2, best=3, every=1)}, 500, 500),
        ({"keep": Keep(last=600, best=3, every=1)}, 500, 500),
        ({"checkpoint_every": 100}, 500, 6),  # 0, 100, 200, 300, 400, 499: never more than are written
        ({"keep": Keep(last=1, best=1, every=50)}, 101, 1 + 1 + 2 + 1),
        ({}, 3, 3),
    ],
)
def test_how_many_there_are_at_most(settings: dict[str, Any], epochs: int, total: int) -> None:
    assert projected(Training(**settings), epochs).total == total


def test_the_projection_in_words() -> None:
    assert str(projected(Training(), 500)) == "2 last + 3 best + 9 kept by `every` + 1 while it is written"


@pytest.mark.parametrize("checkpoint_every", [1, 3, 5, 10, 25])
def test_every_so_many_epochs_finds_a_checkpoint_for_each_interval_of_checkpoints(checkpoint_every: int) -> None:
    """`keep.every` and `samples_every` count alike, and from the epochs that `checkpoint_every` writes."""
    written = [epoch for epoch in range(50) if saved(epoch, Training(checkpoint_every=checkpoint_every), 50)]
    found = sorted(firsts(written, 10))
    assert {epoch // 10 for epoch in found} == {epoch // 10 for epoch in written} - {0}
    assert len(found) == len({epoch // 10 for epoch in found})
    if 10 % checkpoint_every == 0:
        assert found == [10, 20, 30, 40]
