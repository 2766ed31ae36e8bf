"""`voice-assets status`: how far each voice is, and the command that comes next."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from voice_assets.cli.status import in_words
from voice_assets_tests.cli.projects import call, error_of
from voice_assets_tests.datasets import write_voice
from voice_assets_tests.recorded_voice import RecordedVoice, opened_voice
from voice_assets_tests.toy_project import ToyProject

pytestmark = pytest.mark.slow


def status(*arguments: str) -> dict[str, Any]:
    """The only voice as ``--json`` tells it."""
    done = call("status", *arguments, "--json")
    assert done.exit_code == 0, done.output
    (row,) = json.loads(done.stdout)
    return row


def test_a_voice_that_never_ran(toy: ToyProject) -> None:
    row = status()
    assert (row["verdict"], row["stage"], row["next_asset"]) == ("never run", None, "clips")
    assert (row["validation"], row["package"]) == (None, None)
    assert row["next_step"] == "make clips: voice-assets run toy"


def test_a_voice_that_is_complete(recorded: RecordedVoice) -> None:
    row = status("toy")
    assert (row["verdict"], row["stage"], row["asset"], row["next_asset"]) == ("PASS", "release", "voice_package", None)
    assert (row["validation"]["asset"], row["validation"]["objections"]) == ("whisper_validation", [])
    assert (row["package"]["partition"], row["package"]["objections"]) == ("v0-e0001", [])
    assert row["next_step"].startswith("nothing: everything is made")


def test_a_failed_rule(recorded: RecordedVoice) -> None:
    recorded.make("whisper_validation", failing=["mean_similarity"])
    row = status()
    assert (row["verdict"], row["asset"], row["next_asset"]) == ("FAIL", "whisper_shard", "whisper_validation")
    assert "toy/whisper_validation: mean_similarity: failed in run" in row["reasons"][0]
    assert (
        row["next_step"] == "correct the data set or a limit in toy.yaml; see whisper_validation_A; then voice-assets run toy"
    )
    assert "mean_similarity" in row["package"]["objections"][0]


def test_a_rule_that_only_warns(toy: ToyProject) -> None:
    toy.write_voice(advisory={"base_validation/mono": "old recordings"})
    voice = opened_voice(toy.instance)
    voice.observe()
    voice.make_shards("clips")
    made = voice.make("base_validation")
    (suite,) = {one.result.metadata["suite"].value for one in voice.gate().check_verdicts(made) if one.check.name == "mono"}
    voice.judge("mono", made, False, suite, warns=True)
    row = status()
    assert (row["verdict"], row["asset"], row["next_asset"]) == ("WARN", "base_validation", "clip_stats")


def test_a_data_set_that_was_observed_with_other_clips(recorded: RecordedVoice) -> None:
    metadata = recorded.voice.dataset / "metadata_2col.csv"
    metadata.write_text(metadata.read_text(encoding="utf-8").replace("номер один", "номер сто"), encoding="utf-8")
    recorded.observe()
    row = status()
    assert (row["verdict"], row["asset"], row["next_asset"]) == ("CLOSED", None, "clips")
    assert "out of date: built from toy/raw_dataset" in row["reasons"][0]
    assert row["next_step"] == "make clips again: voice-assets run toy"


def test_samples_that_nobody_has_heard(recorded: RecordedVoice) -> None:
    write_voice(recorded.voice.file, recorded.voice.dataset, shards=2, listening="required")
    voice = opened_voice(recorded.instance)
    voice.package(voice.train(version=1)[-1])
    recorded.instance.wipe_assets([voice.target("voice_package").key])
    row = status()
    assert (row["verdict"], row["asset"], row["next_asset"]) == ("CLOSED", "best_epoch", "voice_package")
    assert row["next_step"] == "listen: voice-assets review toy"


def test_a_missing_shard(toy: ToyProject) -> None:
    voice = opened_voice(toy.instance)
    voice.observe()
    voice.make("clips", "0-of-2")
    row = status()
    assert (row["verdict"], row["reasons"], row["next_asset"]) == ("CLOSED", ["1 of 2 partitions are made"], "clips")


def test_a_data_set_that_is_gone(recorded: RecordedVoice) -> None:
    shutil.rmtree(recorded.voice.dataset)
    assert status()["next_step"] == f"put the data set into {recorded.voice.dataset}, then voice-assets run toy"


def test_the_table_of_all_voices(recorded: RecordedVoice) -> None:
    voices = recorded.voice.file.parent
    write_voice(voices / "bad.yaml", voices, shards=0)
    write_voice(voices / "new.yaml", recorded.voice.dataset)
    rows = {row.split("│")[1].strip(): row for row in call("status").stdout.splitlines() if row.startswith("│")}
    assert "PASS" in rows["toy"]
    assert "v0-e0001" in rows["toy"]
    assert "nothing against it" in rows["toy"]
    assert "never run" in rows["new"]
    assert "broken" in rows["bad"]


def test_a_project_without_a_history_stays_without_one(project: Path) -> None:
    write_voice(project / "voices" / "toy.yaml", project)
    assert status()["verdict"] == "never run"
    assert not (project / ".dagster").exists()


def test_wrong_voices(project: Path) -> None:
    assert "holds no voice file" in error_of("status")
    write_voice(project / "voices" / "toy.yaml", project)
    assert error_of("status", "nope") == "there is no voice 'nope'; there are: toy"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (59.9, "59 s"), (60, "1 min"), (3599, "59 min"), (3600, "1 h"), (86400, "1 day"), (200000, "2 days")],
)
def test_ages(seconds: float, words: str) -> None:
    assert in_words(seconds) == words
