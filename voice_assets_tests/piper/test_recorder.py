"""What is written and removed after an epoch, in which order, and when training ends. Lightning runs in workers/test_train*."""

import json
import random
import shutil
from collections import namedtuple
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from voice_assets.piper import checkpoints
from voice_assets.piper.checkpoints import Checkpoint, checkpoints_in, records_in
from voice_assets.piper.errors import TrainingError
from voice_assets.piper.loss_tables import epoch_row, epochs_in, step_row
from voice_assets.piper.recorder import Progress, Store, TrainingEvents, seed_random
from voice_assets.piper.requests import TrainRequest
from voice_assets.voice_training import Keep, Training

LOSSES = {"generator": 4.0, "discriminator": 1.0, "mel": 3.0, "kl": 2.0, "dur": 0.5, "fm": 0.25, "gen": 0.125, "disc": 1.0}
Usage = namedtuple("Usage", "total used free")


class Told(TrainingEvents):
    """Keeps the events, and what lay on disk when each was told."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.events: list[tuple[str, Any]] = []

    def note(self, text: str, **_: object) -> None:
        self.events.append(("note", text))

    def step(self, *values: Any) -> None:
        self.events.append(("step", values))

    def epoch(self, row: dict[str, Any]) -> None:
        self.events.append(("epoch", row["epoch"]))

    def checkpoint(self, checkpoint: Checkpoint) -> None:
        assert checkpoint in records_in(self.folder)
        self.events.append(("checkpoint", checkpoint.epoch))

    def removed(self, checkpoint: Checkpoint) -> None:
        assert not checkpoint.path.exists()
        assert checkpoint in records_in(self.folder)
        self.events.append(("removed", checkpoint.epoch))


def store(folder: Path, asked: int = 6, *, stop_when_level: bool = False, **settings: Any) -> Store:
    request = TrainRequest(
        dataset=folder,
        training_set=folder / "training_set.parquet",
        config=folder / "config.json",
        work=folder,
        version=0,
        cache=folder / "cache",
        voice_name="toy",
        espeak_voice="ru",
        sample_rate=22050,
        epochs=asked,
        stop_when_level=stop_when_level,
        training=Training(**settings),
    )
    return Store(request, folder, Told(folder), Progress())


def told(made: Store) -> list[tuple[str, Any]]:
    assert isinstance(made.events, Told)
    return made.events.events


def done(made: Store, epoch: int, mel: float = 1.0) -> None:
    """An epoch as the callback writes it."""
    row = epoch_row(epoch, LOSSES, {**LOSSES, "mel": mel}, seconds=1.0, memory_mb=1.0, gpu_memory_mb=0.0)
    steps = [step_row(LOSSES, epoch=epoch, step=1, global_step=2 * epoch + 2, learning_rate=1e-3, seconds=0.5)]
    made.epoch(row, steps)
    path = made.folder / "checkpoints" / f"epoch={epoch}-step={2 * epoch + 2}.ckpt"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(f"weights {epoch}".encode())
    made.checkpoint(epoch, 2 * epoch + 2, path)


def test_the_newer_checkpoint_is_listed_and_told_before_an_older_one_goes(tmp_path: Path) -> None:
    made = store(tmp_path, keep=Keep(last=1, best=1, every=0))
    for epoch, mel in enumerate([3.0, 1.0, 2.0]):
        done(made, epoch, mel)
    assert told(made) == [
        ("epoch", 0),
        ("checkpoint", 0),
        ("epoch", 1),
        ("checkpoint", 1),
        ("removed", 0),
        ("epoch", 2),
        ("checkpoint", 2),
    ]
    assert [one.epoch for one in checkpoints_in(tmp_path)] == [1, 2]
    listed = json.loads((tmp_path / "checkpoints.json").read_text(encoding="utf-8"))
    assert [(one["epoch"], one["removed"][:14]) for one in listed] == [(0, "training.keep:"), (1, ""), (2, "")]


def test_a_mini_training_keeps_every_checkpoint(tmp_path: Path) -> None:
    made = store(tmp_path, asked=4, epochs=4, keep=Keep(last=1, best=0, every=0))
    for epoch in range(4):
        done(made, epoch)
    assert [one.epoch for one in checkpoints_in(tmp_path)] == [0, 1, 2, 3]


def test_a_kill_before_the_file_goes_leaves_the_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = store(tmp_path, keep=Keep(last=1, best=0, every=0))
    done(made, 0)
    monkeypatch.setattr(checkpoints, "remove", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        done(made, 1)
    monkeypatch.undo()
    assert [one.epoch for one in checkpoints_in(tmp_path)] == [1]
    assert len(list((tmp_path / "checkpoints").iterdir())) == 2
    assert [(one.epoch, bool(one.removed)) for one in checkpoints.tidy(tmp_path)] == [(0, True), (1, False)]
    assert len(list((tmp_path / "checkpoints").iterdir())) == 1


def test_an_epoch_that_is_trained_again_has_one_record(tmp_path: Path) -> None:
    made = store(tmp_path)
    done(made, 0)
    done(made, 0)
    assert [one.epoch for one in records_in(tmp_path)] == [0]
    assert list(epochs_in(tmp_path)["epoch"]) == [0]


def test_training_ends_with_the_last_epoch(tmp_path: Path) -> None:
    made = store(tmp_path, asked=2)
    done(made, 0)
    assert made.progress.ended == ""
    done(made, 1)
    assert made.progress.ended == "epochs"


@pytest.mark.parametrize("stop", [True, False])
def test_training_ends_when_the_loss_is_level_and_the_request_says_so(stop: bool, tmp_path: Path) -> None:
    made = store(tmp_path, asked=100, stop_when_level=stop, level_epochs=10)
    for epoch in range(30):
        done(made, epoch, mel=1 + 1e-4 * (epoch % 2))
        if made.progress.ended:
            break
    assert made.progress.ended == ("level" if stop else "")
    assert ("validation_mel is level" in made.progress.reason) is stop
    assert epoch == (9 if stop else 29)


@pytest.mark.parametrize(
    ("free", "words"),
    [(2_000_000_000, None), (1_000_000_000, "the disk will be full before this training ends: "), (849_999_999, "error")],
)
def test_room_before_each_checkpoint(free: int, words: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = store(tmp_path, asked=3, keep=Keep(last=1, best=0, every=0))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**12, 0, free))
    if words == "error":
        with pytest.raises(
            TrainingError, match=r"0\.850 GB for the next checkpoint, .* 0\.849 GB are free .* \(training\.keep\)"
        ):
            made.check_space()
        return
    made.check_space()
    made.check_space()
    assert [text[: len(words or "")] for _, text in told(made)] == ([words] if words else [])


@pytest.mark.slow
def test_random_numbers_depend_on_the_epoch_and_the_device() -> None:
    import torch

    def drawn(*parts: int) -> tuple[float, ...]:
        seed_random(*parts)
        return (torch.rand(()).item(), float(np.random.rand()), random.random())

    assert drawn(1234, 0, 3, 0) == drawn(1234, 0, 3, 0)
    assert (
        len({value for parts in ((1, 0, 3, 0), (1, 0, 4, 0), (1, 0, 3, 1), (2, 0, 3, 0), (1, 1, 0)) for value in drawn(*parts)})
        == 15
    )
