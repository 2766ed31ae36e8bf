"""Which settings make a result out of date."""

from pathlib import Path

import pytest

from voice_assets.curation.decisions import RECORD
from voice_assets.definitions import build_definitions
from voice_assets_tests.datasets import write_voice


def versions(voices: Path) -> dict[str, str | None]:
    graph = build_definitions(voices).resolve_asset_graph()
    return {key.path[-1]: graph.get(key).code_version for key in graph.get_all_asset_keys()}


def test_a_version_of_nothing_but_keep_has_a_report_and_a_training_set_of_its_own(tmp_path: Path) -> None:
    """Its texts and its audio are those of the version before, so no data version would tell."""
    dataset = tmp_path / "data"
    dataset.mkdir()
    write_voice(tmp_path / "voices" / "toy.yaml", dataset)
    before = versions(tmp_path / "voices")
    (dataset / RECORD).write_text("a decision", encoding="utf-8")
    after = versions(tmp_path / "voices")
    assert {name for name in before if before[name] != after[name]} == {
        "asr_sample_report",
        "whisper_validation",
        "training_set",
    }


@pytest.mark.parametrize(
    ("change", "changed"),
    [
        ({"whisper": {"compute_type": "int8"}}, {"asr_sample", "whisper_shard", "voice_samples"}),
        ({"whisper": {"beam_size": 2}}, {"asr_sample", "whisper_shard", "voice_samples"}),
        ({"whisper": {"model": "base"}}, {"whisper_shard", "voice_samples"}),
        ({"whisper": {"progress_every": 7}}, set()),
        ({"language": "uk"}, {"asr_sample", "whisper_shard", "voice_samples"}),
    ],
)
def test_every_asset_that_decodes_depends_on_how_it_decodes(tmp_path: Path, change: dict, changed: set[str]) -> None:
    write_voice(tmp_path / "voices" / "toy.yaml", tmp_path)
    before = versions(tmp_path / "voices")
    write_voice(tmp_path / "voices" / "toy.yaml", tmp_path, **change)
    after = versions(tmp_path / "voices")
    assert {name for name in ("asr_sample", "whisper_shard", "voice_samples") if before[name] != after[name]} == changed
