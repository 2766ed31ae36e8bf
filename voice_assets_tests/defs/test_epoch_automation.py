"""Which epochs the daemon exports and samples while their training runs. Not here: the sensor."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import dagster as dg
import pytest

from voice_assets.defs.epoch_automation import epoch_automation, wanted_epochs
from voice_assets.orchestration.partitions import epoch_key
from voice_assets.voices import Voice, load_voice
from voice_assets_tests.datasets import write_voice
from voice_assets_tests.orchestration.test_gate_trainings import FIRST, LAST, SECOND, TRAINING, LongTraining, hashes


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LongTraining]:
    monkeypatch.setenv("VOICE_ASSETS_ROOT", str(tmp_path))
    with dg.DagsterInstance.ephemeral() as instance:
        yield LongTraining(instance)


def voice(folder: Path, every: str | int) -> Voice:
    (folder / "data").mkdir()
    chosen = {"samples_every": every, "keep": {"last": 1}}
    return load_voice(write_voice(folder / "voices" / "toy.yaml", folder / "data", training=chosen))


def test_a_voice_that_asks_for_none_has_no_sensor(tmp_path: Path) -> None:
    assert not list(epoch_automation(voice(tmp_path, "off")).sensors or ())


def test_the_newest_checkpoints_of_a_running_training_wait_until_they_stay(empty: LongTraining, tmp_path: Path) -> None:
    for epoch in (FIRST, SECOND, LAST):
        empty.checkpoint(epoch)
    kept = voice(tmp_path, "kept")
    assert wanted_epochs(empty.gate(), kept) == [FIRST, SECOND]
    empty.remove(FIRST)
    assert wanted_epochs(empty.gate(), kept) == [SECOND]
    empty.train(TRAINING, True, hashes(FIRST, SECOND, LAST))
    assert wanted_epochs(empty.gate(), kept) == [SECOND, LAST]


@pytest.mark.parametrize(
    ("written", "removed", "wanted"),
    [
        ([0, 1, 10, 20, 30], [], [10, 20, 30]),  # checkpoint_every: 10
        ([0, 7, 14, 21], [], [14, 21]),
        (range(13), [10], []),  # epoch 11 does not take the place of a removed one
    ],
)
def test_every_tenth_epoch(
    written: Sequence[int], removed: Sequence[int], wanted: Sequence[int], empty: LongTraining, tmp_path: Path
) -> None:
    for epoch in written:
        empty.checkpoint(epoch_key(0, epoch))
    for epoch in removed:
        empty.remove(epoch_key(0, epoch))
    assert wanted_epochs(empty.gate(), voice(tmp_path, 10)) == [epoch_key(0, epoch) for epoch in wanted]
