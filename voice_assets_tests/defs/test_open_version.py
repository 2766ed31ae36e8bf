"""The number of a training, also beside folders with other names."""

import json
from pathlib import Path

import dagster as dg
import pytest

from voice_assets.defs.training import open_version, training_dir
from voice_assets.orchestration.history import History
from voice_assets.voices import Voice, load_voice
from voice_assets_tests.datasets import write_voice


@pytest.fixture
def voice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Voice:
    monkeypatch.setenv("VOICE_ASSETS_ROOT", str(tmp_path))
    (tmp_path / "data").mkdir()
    return load_voice(write_voice(tmp_path / "voices" / "toy.yaml", tmp_path / "data"))


def test_a_folder_somebody_renamed_does_not_stop_a_training(voice: Voice) -> None:
    logs = training_dir(voice) / "lightning_logs"
    for name in ("version_old", "version_3.bak", "version_007"):
        (logs / name).mkdir(parents=True)
    with dg.DagsterInstance.ephemeral() as instance:
        history = History(instance)
        assert open_version(voice, {"seed": 1}, history) == 0
        assert open_version(voice, {"seed": 1}, history) == 0  # the same identity, never ended: the training continues
        assert open_version(voice, {"seed": 2}, history) == 1
    assert json.loads((logs / "version_1" / "identity.json").read_text(encoding="utf-8")) == {"seed": 2}
