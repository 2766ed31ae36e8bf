"""Which epochs the sensor exports and samples while their training runs."""

from pathlib import Path

import dagster as dg
import pytest

from voice_assets.defs.epoch_automation import _wanted, epoch_automation
from voice_assets.voices import Voice, load_voice
from voice_assets_tests.datasets import write_voice
from voice_assets_tests.orchestration.test_gate_trainings import FIRST, LAST, SECOND, TRAINING, LongTraining, hashes


@pytest.fixture
def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LongTraining:
    """A training that has written three epochs, and runs."""
    monkeypatch.setenv("VOICE_ASSETS_ROOT", str(tmp_path))
    records = LongTraining(dg.DagsterInstance.ephemeral())
    for epoch in (FIRST, SECOND, LAST):
        records.checkpoint(epoch)
    return records


def voice(folder: Path, every: str | int) -> Voice:
    (folder / "data").mkdir()
    chosen = {"samples_every": every, "keep": {"last": 1}}
    return load_voice(write_voice(folder / "voices" / "toy.yaml", folder / "data", training=chosen))


def test_a_voice_that_asks_for_none_has_no_sensor(tmp_path: Path) -> None:
    assert not list(epoch_automation(voice(tmp_path, "off")).sensors or ())


def test_the_newest_checkpoints_of_a_running_training_wait_until_they_stay(running: LongTraining, tmp_path: Path) -> None:
    kept = voice(tmp_path, "kept")
    assert _wanted(running.gate(), kept) == [FIRST, SECOND]
    running.remove(FIRST)
    assert _wanted(running.gate(), kept) == [SECOND]
    running.train(TRAINING, True, hashes(FIRST, SECOND, LAST))
    assert _wanted(running.gate(), kept) == [SECOND, LAST]


def test_every_so_many_epochs(running: LongTraining, tmp_path: Path) -> None:
    running.checkpoint("v0-e0049")
    assert _wanted(running.gate(), voice(tmp_path, 50)) == ["v0-e0049"]
