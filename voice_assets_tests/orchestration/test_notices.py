"""The line about a failed run: what failed, why, and nothing that a terminal or a chat would obey."""

from pathlib import Path

import pytest

from voice_assets.definitions import build_definitions
from voice_assets.orchestration.launcher import Outcome
from voice_assets.orchestration.notices import MOST_CHARACTERS, line
from voice_assets_tests.toy_project import SHARDS, ToyProject


def line_of(toy: ToyProject, outcome: Outcome) -> str:
    assert not outcome.success
    run = toy.instance.get_run_by_id(outcome.run_id)
    assert run is not None
    return line(toy.instance, run)


def test_a_closed_gate_is_called_so(toy: ToyProject) -> None:
    found = line_of(toy, toy.run("base_validation"))
    assert found.startswith("closed gate: toy/base_validation: The gate of toy/base_validation is closed:")
    assert "toy/clips[0-of-2]: never materialised" in found
    assert "\n" not in found


@pytest.mark.slow
def test_a_failed_rule_is_a_failed_run(failed: ToyProject) -> None:
    found = line_of(failed, failed.run("base_validation"))
    assert found.startswith("failed run: toy/base_validation: ")
    assert "text_length" in found


def test_a_partition_is_named_and_control_characters_are_written_out(toy: ToyProject) -> None:
    (toy.dataset / "metadata_2col.csv").rename(toy.dataset / "gone")
    toy.write_voice(dataset=Path("../data\x1b[2Jset"))
    found = line_of(toy, toy.run("clips", SHARDS[0]))
    assert found.startswith(f"failed run: toy/clips[{SHARDS[0]}]: ")
    assert "\x1b" not in found
    assert len(found) <= MOST_CHARACTERS


def test_a_broken_hook_is_shown_and_the_voices_load(toy: ToyProject) -> None:
    (toy.root / "project.yaml").write_text("notify: {comand: [mail]}\n", encoding="utf-8")
    graph = build_definitions().resolve_asset_graph()
    (error,) = [graph.get(key).metadata["error"] for key in graph.get_all_asset_keys() if key.path[0] == "project"]
    assert "project.yaml: notify.comand" in error
    assert len(list(graph.get_all_asset_keys())) > 10
