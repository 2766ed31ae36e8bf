"""What is known before a run starts: in the same words in `doctor`, before a run, in the UI, and at the training gate."""

from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from voice_assets.definitions import build_definitions
from voice_assets.defs.training_run import require_start
from voice_assets.orchestration.before_start import EarlyFact, early_facts
from voice_assets.orchestration.runner import RecordedPlanner, assets_to
from voice_assets.voices import Voice, load_voice
from voice_assets_tests.cli.projects import call
from voice_assets_tests.conftest import MakeDataset
from voice_assets_tests.datasets import write_voice
from voice_assets_tests.recorded_voice import RecordedVoice
from voice_assets_tests.toy_project import ToyProject

LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 845812345\n"
FINE: dict[str, Any] = {"whisper": {"model": "base", "compute_type": "int8"}, "asr_sample": {"clips": 0}}


def voice_with(folder: Path, dataset: Path, **changes: object) -> Voice:
    return load_voice(write_voice(folder / "voices" / "toy.yaml", dataset, **{**FINE, **changes}))


def wrong(voice: Voice) -> dict[str, EarlyFact]:
    """What stands in the way of a run, by the key of the voice file."""
    return {fact.subject: fact for fact in early_facts(voice) if not fact.fine}


def test_nothing_stands_in_the_way(tmp_path: Path, make_dataset: MakeDataset) -> None:
    voice = voice_with(tmp_path, make_dataset(), training={"validation_ratio": 0.3})
    facts = {fact.subject: fact.found for fact in early_facts(voice)}
    assert wrong(voice) == {}
    assert facts["samples.sentences"] == "10 built-in sentences for ru"
    assert facts["language"] == "ru, which Whisper knows"
    assert "training.checkpoint" not in facts


CASES: list[tuple[dict[str, Any], str, str, str]] = [
    ({"language": "eo"}, "language", "whisper_shard", "Whisper does not know the language 'eo'"),
    ({"language": "nb"}, "language", "whisper_shard", "it calls this language `no`"),
    ({"language": "eo"}, "samples.sentences", "voice_samples", "no built-in sentences for the language 'eo'"),
    ({"whisper": {"model": "base.en"}}, "language", "whisper_shard", "knows English alone"),
    ({"whisper": {"model": "none-v9"}}, "whisper.model", "whisper_shard", "no Whisper weights 'none-v9'"),
    ({"asr_sample": {"model": "none-v9"}}, "asr_sample.model", "asr_sample", "no Whisper weights 'none-v9'"),
    ({"asr_sample": {"model": "base.en"}}, "language", "asr_sample", "knows English alone"),
    (
        {"whisper": {"model": "base", "device": "cpu", "compute_type": "float16"}},
        "whisper.compute_type",
        "whisper_shard",
        "'float16' is not supported on cpu",
    ),
    (
        {"training": {"validation_ratio": 0.0001}},
        "training.validation_ratio",
        "training_set",
        "none of 6 clips falls to validation at validation_ratio 0.0001",
    ),
    ({"training": {"checkpoint": "none.ckpt"}}, "training.checkpoint", "mini_training", "no such checkpoint"),
]


@pytest.mark.parametrize(("changes", "key", "asset", "words"), CASES)
def test_what_would_stop_a_run_is_known(
    changes: dict[str, Any], key: str, asset: str, words: str, tmp_path: Path, make_dataset: MakeDataset
) -> None:
    found = wrong(voice_with(tmp_path, make_dataset(), **changes))[key]
    assert found.asset == asset
    assert words in found.found
    assert "toy.yaml" in found.advice


@pytest.mark.slow
def test_more_gpus_than_there_are(tmp_path: Path, make_dataset: MakeDataset) -> None:
    voice = voice_with(tmp_path, make_dataset(), training={"accelerator": "gpu", "devices": 64})
    assert "training.devices is 64; PyTorch finds" in wrong(voice)["training.accelerator"].found


def test_max_clips_may_leave_one_side_of_the_split_empty(tmp_path: Path, make_dataset: MakeDataset) -> None:
    voice = voice_with(tmp_path, make_dataset(), training={"validation_ratio": 0.5, "max_clips": 1})
    assert "none of 1 clips falls to" in wrong(voice)["training.validation_ratio"].found


def test_rows_that_cannot_be_read_say_nothing_about_the_split(tmp_path: Path, make_dataset: MakeDataset) -> None:
    dataset = make_dataset()
    metadata = dataset / "metadata_2col.csv"
    metadata.write_text(metadata.read_text(encoding="utf-8").replace("|", ","), encoding="utf-8")
    voice = voice_with(tmp_path, dataset)
    found = {fact.subject: fact for fact in early_facts(voice)}["training.validation_ratio"]
    assert found.fine
    assert "not tried, because no row of the metadata can be used" in found.found


def test_own_sentences_are_enough(tmp_path: Path, make_dataset: MakeDataset) -> None:
    voice = voice_with(tmp_path, make_dataset(), language="eo", samples={"sentences": list("abcde")})
    assert "samples.sentences" not in wrong(voice)


@pytest.mark.slow
def test_the_same_words_everywhere(toy: ToyProject) -> None:
    """`doctor` for one voice and for all, `run`, the warnings of the first report, and the training itself."""
    checkpoint = toy.root / "voices" / "base.ckpt"
    checkpoint.write_bytes(LFS)
    toy.write_voice(**{**FINE, "training": {"checkpoint": "base.ckpt", "validation_ratio": 0.3}})
    words = f"{checkpoint}: a Git-LFS pointer; the checkpoint itself of 845,812,345 bytes was not fetched: run `git lfs pull`"
    assert f"bad  training.checkpoint: {words}" in call("doctor", "toy").output
    assert f"warn toy: training.checkpoint: {words}" in call("doctor").output
    assert f"bad  training.checkpoint: {words}" in call("run", "toy").output
    toy.validate()
    recorded = str(toy.latest("base_validation").metadata["before_you_start"])
    assert recorded.startswith(f"- mini_training cannot be made: training.checkpoint: {words}")
    with pytest.raises(dg.Failure) as caught:
        require_start(load_voice(toy.root / "voices" / "toy.yaml"))
    assert words in str(caught.value.description)


def test_a_run_that_would_stop_later_makes_nothing(toy: ToyProject) -> None:
    toy.write_voice(**{**FINE, "language": "nb"})
    done = call("run", "toy")
    assert done.exit_code == 1
    assert done.output.startswith("toy: nothing was started, because the run would stop later:\n")
    assert "bad  language: Whisper does not know the code 'nb'" in done.output
    assert "bad  samples.sentences: " in done.output
    assert "What to do: " in done.output
    assert done.output.endswith("`voice-assets run toy --to quality_report`.\n")
    assert toy.instance.get_runs_count() == 0


@pytest.mark.slow
def test_a_run_that_does_not_come_so_far_is_made(toy: ToyProject) -> None:
    toy.write_voice(**{**FINE, "language": "nb", "training": {"checkpoint": "none.ckpt"}})
    assert call("run", "toy", "--to", "clips").exit_code == 0


def to_make(recorded: RecordedVoice, name: str) -> set[str]:
    graph = build_definitions().resolve_asset_graph()
    return RecordedPlanner(graph, recorded.instance, assets_to(graph, "toy", name)).to_make()


@pytest.mark.slow
def test_a_voice_that_was_made_needs_its_checkpoint_and_weights_no_more(recorded: RecordedVoice) -> None:
    """Only what is to be made is missed. The weights of the plan's model are not on this machine."""
    assert to_make(recorded, "voice_package") == {"drift_report"}  # it reports on the rest, and needs nothing


@pytest.mark.slow
def test_an_asset_below_an_outdated_one_is_made_too(recorded: RecordedVoice) -> None:
    recorded.make("clip_stats", "0-of-2", "B")
    assert to_make(recorded, "voice_package") >= {"quality_report"}
    recorded.make_shards("clips", "B")
    made = to_make(recorded, "voice_package")
    assert {"base_validation", "whisper_shard", "training_set", "mini_training", "checkpoint", "voice_samples"} <= made
    assert "clips" not in made


def test_nothing_was_trained_yet(toy: ToyProject) -> None:
    graph = build_definitions().resolve_asset_graph()
    keys = assets_to(graph, "toy", None)
    assert RecordedPlanner(graph, toy.instance, keys).to_make() == {key.path[-1] for key in keys} - {"raw_dataset"}
