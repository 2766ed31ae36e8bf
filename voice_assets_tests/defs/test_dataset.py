"""The observation of the data set: which runs believe what is remembered, and which read every byte."""

import dagster as dg
import pytest

from voice_assets.definitions import build_definitions
from voice_assets.orchestration.gates import AssetPartition
from voice_assets.runtime import hash_memory
from voice_assets_tests.remembered import decay
from voice_assets_tests.toy_project import SHARDS, ToyProject


def observed(toy: ToyProject) -> list[str | None]:
    key = dg.AssetKey(["toy", "raw_dataset"])
    return [toy.gate()._version(AssetPartition(key, shard)) for shard in SHARDS]


@pytest.mark.slow
def test_the_job_of_the_schedule_reads_every_byte(toy: ToyProject, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hash_memory, "SETTLED_S", 0.0)
    toy.write_voice(revalidate={"cron": "0 3 * * 1", "timezone": "Europe/Berlin"})
    toy.run("raw_dataset")
    before = observed(toy)
    decay(toy.dataset / "wavs" / "clip-003.wav")
    toy.run("raw_dataset")
    assert sum(one != was for one, was in zip(observed(toy), before, strict=True)) == 1

    job = build_definitions().get_repository_def().get_job("toy__observe")
    assert job.execute_in_process(instance=toy.instance).success
    assert observed(toy) == before
    toy.run("raw_dataset")
    assert observed(toy) == before


@pytest.mark.slow
def test_a_person_asks_for_every_byte_by_the_environment(toy: ToyProject, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hash_memory, "SETTLED_S", 0.0)
    toy.run("raw_dataset")
    before = observed(toy)
    decay(toy.dataset / "wavs" / "clip-003.wav")
    monkeypatch.setenv(hash_memory.EVERY_BYTE, "1")
    toy.run("raw_dataset")
    assert observed(toy) == before
