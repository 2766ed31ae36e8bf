"""The code location: it loads light, holds what the design says, and survives a broken voice file."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import dagster as dg
import pytest

from voice_assets.definitions import build_definitions
from voice_assets.orchestration.marks import NO_RULE
from voice_assets.orchestration.still_valid import CHECK

HEAVY = (
    "torch",
    "great_expectations",
    "faster_whisper",
    "ctranslate2",
    "onnxruntime",
    "librosa",
    "lightning",
    "piper",
    "speechmos",
    "distillmos",
    "resemblyzer",
    "webrtcvad",
    "pandas",
    "numpy",
    "av",
    "soundfile",
)
VOICE = """\
dataset: nowhere
title: Toy
language: ru
region: RU
espeak_voice: ru
"""
GROUPS = {
    "raw_dataset": "dataset",
    "waivers": "decisions",
    "listening_verdict": "quality",
    "clips": "validation",
    "base_validation": "validation",
    "clip_stats": "quality",
    "quality_report": "quality",
    "asr_sample": "transcription",
    "asr_sample_report": "transcription",
    "whisper_shard": "transcription",
    "whisper_validation": "transcription",
    "drift_report": "transcription",
    "training_set": "training",
    "mini_training": "training",
    "training": "training",
    "checkpoint": "training",
    "clip_losses": "training",
    "onnx_voice": "voice",
    "voice_samples": "voice",
    "blind_votes": "voice",
    "best_epoch": "voice",
    "voice_package": "release",
    "release": "release",
}
RULES = {
    "base_validation": 27,
    "quality_report": 7,
    "asr_sample_report": 4,
    "whisper_shard": 4,
    "whisper_validation": 6,
    "mini_training": 5,
    "training": 6,
    "onnx_voice": 3,
    "voice_samples": 11,
    "best_epoch": 1,
    "voice_package": 6,
    "release": 10,
}
SHOWN = ("checkpoint", "onnx_voice", "voice_package")
"""The assets with the check `still_valid`, which is no rule."""


@pytest.fixture
def voices(tmp_path: Path) -> Path:
    (tmp_path / "toy.yaml").write_text(VOICE, encoding="utf-8")
    return tmp_path


def graph_of(voices: Path):
    return build_definitions(voices).resolve_asset_graph()


def test_a_fresh_process_loads_nothing_heavy() -> None:
    code = (
        "import sys; from voice_assets.definitions import build_definitions; build_definitions().resolve_asset_graph(); "
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "[]"


def test_assets_and_groups_of_a_voice(voices: Path) -> None:
    graph = graph_of(voices)
    found = {key.path[-1]: graph.get(key).group_name for key in graph.get_all_asset_keys()}
    assert found == {name: f"toy__{stage}" for name, stage in GROUPS.items()}
    assert {key.path[0] for key in graph.get_all_asset_keys()} == {"toy"}


def test_rules_of_a_voice_all_block(voices: Path) -> None:
    graph = graph_of(voices)
    rules = {key for key in graph.asset_check_keys if NO_RULE not in graph.get_check_spec(key).metadata}
    counted = Counter(key.asset_key.path[-1] for key in rules)
    assert counted == RULES
    assert all(graph.get_check_spec(key).blocking for key in rules)
    others = graph.asset_check_keys - rules
    assert {(key.asset_key.path[-1], key.name) for key in others} == {(name, CHECK) for name in SHOWN}
    assert not any(graph.get_check_spec(key).blocking for key in others)


def test_every_asset_says_what_it_is(voices: Path) -> None:
    graph = graph_of(voices)
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        assert node.description, key
        assert node.tags["voice"] == "toy"


def test_no_asr_sample_when_the_voice_wants_none(voices: Path) -> None:
    (voices / "toy.yaml").write_text(VOICE + "asr_sample:\n  clips: 0\n", encoding="utf-8")
    names = {key.path[-1] for key in graph_of(voices).get_all_asset_keys()}
    assert names == set(GROUPS) - {"asr_sample", "asr_sample_report"}


def test_a_broken_voice_shows_its_error_and_leaves_the_others(voices: Path) -> None:
    (voices / "broken.yaml").write_text(VOICE + "shards: many\n", encoding="utf-8")
    graph = graph_of(voices)
    broken = graph.get(dg.AssetKey(["broken", "voice_file"]))
    assert broken.group_name == "broken_voices"
    assert "shards" in broken.description
    assert "'many'" in broken.description
    assert dg.AssetKey(["toy", "clips"]) in graph.get_all_asset_keys()


def test_a_voice_that_only_dagster_or_a_suite_rejects(voices: Path) -> None:
    def reject(voice):
        raise dg.DagsterInvalidDefinitionError(f"nothing can be made of {voice.name}")

    graph = build_definitions(voices, stages=(reject,)).resolve_asset_graph()
    (key,) = graph.get_all_asset_keys()
    assert "nothing can be made of toy" in graph.get(key).description


def test_the_definitions_of_one_voice_need_no_other_file(voices: Path) -> None:
    (voices / "broken.yaml").write_text(VOICE + "shards: many\n", encoding="utf-8")
    (voices / "other.yaml").write_text(VOICE, encoding="utf-8")
    whole = graph_of(voices)
    graph = build_definitions(voices, only=["toy"]).resolve_asset_graph()
    mine = {key for key in whole.get_all_asset_keys() if key.path[0] == "toy"}
    assert graph.get_all_asset_keys() == mine
    assert graph.asset_check_keys == whole.get_check_keys_for_assets(mine)
    assert all(graph.get(key).code_version == whole.get(key).code_version for key in mine)


def test_a_resource_of_a_test_replaces_ours(voices: Path) -> None:
    kept = InMemoryTables()
    definitions = build_definitions(voices, resource_overrides={"tables": kept})
    assert definitions.resources is not None
    assert definitions.resources["tables"] is kept


class InMemoryTables(dg.IOManager):
    def handle_output(self, context, obj) -> None: ...

    def load_input(self, context) -> None: ...


def test_a_misspelt_advisory_is_an_error_not_a_silent_block(voices: Path) -> None:
    (voices / "toy.yaml").write_text(VOICE + "advisory:\n  voice_samples/inteligible: a demo\n", encoding="utf-8")
    (key,) = graph_of(voices).get_all_asset_keys()
    assert "advisory.voice_samples/inteligible: no such rule" in graph_of(voices).get(key).description


def test_a_project_without_voices_loads(tmp_path: Path) -> None:
    assert graph_of(tmp_path).get_all_asset_keys() == set()
