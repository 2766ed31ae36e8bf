"""An epoch is exported with the quality of its training, also when the voice file says something else today."""

import json
from pathlib import Path

import dagster as dg
import pytest

from voice_assets.defs.trained_with import TRAINED_WITH, quality_of, trained_with, trained_with_entry
from voice_assets.defs.training_files import training_dir
from voice_assets.defs.voice import _export_request
from voice_assets.orchestration.records import Materialisation
from voice_assets.piper.versions import version_dir
from voice_assets.runtime.files import write_text
from voice_assets_tests.recorded_voice import RecordedVoice

pytestmark = pytest.mark.slow
EPOCH = "v0-e0001"
TRAINED = {"quality": "medium", "seed": 7}


@pytest.fixture
def checkpoint(recorded: RecordedVoice) -> Materialisation:
    """The checkpoint of a training; since then, the voice file asks for another quality."""
    found = recorded.gate().history.latest(recorded.target("checkpoint").key, EPOCH)
    assert found is not None
    training = recorded.voice.training.model_copy(update={"quality": "high", "seed": 8})
    recorded.voice = recorded.voice.model_copy(update={"training": training})
    return found


def write_identity(recorded: RecordedVoice, text: str) -> None:
    write_text(version_dir(training_dir(recorded.voice), 0) / "identity.json", text)


def record_training(recorded: RecordedVoice, checkpoint: Materialisation, **entries: object) -> None:
    facts = {"version": 0, "checkpoints": {}, "config_sha256": checkpoint.artifact("config").sha256}
    recorded.make("training", None, "again", **facts, **entries)


def test_a_training_that_recorded_nothing_is_described_by_its_identity(
    recorded: RecordedVoice, checkpoint: Materialisation
) -> None:
    write_identity(recorded, json.dumps(TRAINED))
    assert quality_of(recorded.voice, recorded.gate(), checkpoint) == "medium"
    assert trained_with(recorded.voice, recorded.gate(), checkpoint) == {"settings": TRAINED, "identity": TRAINED}


def test_what_the_training_recorded_counts_more_than_files(recorded: RecordedVoice, checkpoint: Materialisation) -> None:
    write_identity(recorded, json.dumps({"quality": "low"}))
    entry = {"settings": {"max_epochs": 3}, "identity": TRAINED}
    record_training(recorded, checkpoint, **{TRAINED_WITH: entry})
    assert quality_of(recorded.voice, recorded.gate(), checkpoint) == "medium"
    assert trained_with(recorded.voice, recorded.gate(), checkpoint) == entry


def test_the_export_has_the_name_and_the_quality_of_its_training(
    recorded: RecordedVoice, checkpoint: Materialisation, tmp_path: Path
) -> None:
    write_identity(recorded, json.dumps(TRAINED))
    assert recorded.voice.package_name == "ru_RU-toy-high"
    request = _export_request(recorded.voice, recorded.gate(), checkpoint, tmp_path)
    assert (request.name, request.quality) == ("ru_RU-toy-medium", "medium")


@pytest.mark.parametrize("content", [None, "[]", "{"])
def test_without_both_nothing_is_guessed(recorded: RecordedVoice, checkpoint: Materialisation, content: str | None) -> None:
    if content is not None:
        write_identity(recorded, content)
    with pytest.raises(dg.Failure, match=r"identity\.json: cannot be read, and the training of v0-e0001 recorded no settings"):
        quality_of(recorded.voice, recorded.gate(), checkpoint)


def test_the_entry_names_files_and_no_folders(recorded: RecordedVoice) -> None:
    write_identity(recorded, json.dumps(TRAINED))
    files = {"checkpoint": recorded.voice.dataset / "a.ckpt", "start_from": None}
    voice = recorded.voice.model_copy(update={"training": recorded.voice.training.model_copy(update=files)})
    entry = trained_with_entry(voice, version_dir(training_dir(voice), 0))[TRAINED_WITH].value
    assert entry["identity"] == TRAINED
    assert (entry["settings"]["checkpoint"], entry["settings"]["start_from"]) == ("a.ckpt", None)
    assert entry["settings"]["quality"] == voice.training.quality
    assert str(voice.dataset) not in json.dumps(entry)
