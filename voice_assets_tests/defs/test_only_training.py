"""Two runs never train into one folder at the same time."""

import os
from pathlib import Path

import dagster as dg
import pytest

from voice_assets.defs.training_files import training_dir
from voice_assets.defs.training_run import only_training
from voice_assets.voices import load_voice
from voice_assets_tests.datasets import write_voice


def test_a_second_training_of_a_voice_fails_and_names_the_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOICE_ASSETS_ROOT", str(tmp_path))
    (tmp_path / "data").mkdir()
    instance = dg.DagsterInstance.ephemeral()
    voice = load_voice(write_voice(tmp_path / "voices" / "toy.yaml", tmp_path / "data"))
    with only_training(instance, voice), pytest.raises(dg.Failure) as raised, only_training(instance, voice):
        pytest.fail("two runs train one voice")
    for part in ("another run trains toy", f"process {os.getpid()}", str(training_dir(voice) / "training.lock"), "wait"):
        assert part in raised.value.description
    assert not raised.value.allow_retries
    with only_training(instance, voice):
        pass
