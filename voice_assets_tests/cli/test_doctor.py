"""The doctor: what it finds, and that every line that is not fine says what to do."""

import sys
from pathlib import Path

import pytest

from voice_assets.cli.doctor import Finding, examine, gpus
from voice_assets.runtime.nvidia import GpuUse
from voice_assets_tests.datasets import write_voice
from voice_assets_tests.runtime.fake_nvml import MISMATCH, FakeNvml

TWO_GPUS = [GpuUse(0, "NVIDIA GeForce RTX 3090", 10, 24576, 0), GpuUse(1, "NVIDIA GeForce RTX 3090", 20123, 24576, 98)]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VOICE_ASSETS_ROOT", str(tmp_path))
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / ".dagster"))
    (tmp_path / "voices").mkdir()
    return tmp_path


def by_subject(findings: list[Finding]) -> dict[str, Finding]:
    return {finding.subject: finding for finding in findings}


def test_a_gpu_that_somebody_uses_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    free, busy = gpus(TWO_GPUS)
    assert (free.state, free.advice) == ("ok", "")
    assert busy.state == "warn"
    assert "20123 of 24576 MiB used, 98 % busy" in busy.found
    assert "CUDA_VISIBLE_DEVICES" in busy.advice


def test_a_hidden_gpu_is_said_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    first, second = gpus(TWO_GPUS)
    assert "hidden" not in first.found
    assert "hidden by CUDA_VISIBLE_DEVICES" in second.found


def test_no_gpu_is_a_warning_one_that_does_not_tell_too_and_a_broken_driver_is_worse(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (none,) = gpus([])
    (mute,) = gpus([GpuUse(0, "Some card", None, None, None)])
    assert (none.state, mute.state) == ("warn", "warn")
    assert "? of ? MiB used" in mute.found

    monkeypatch.setitem(sys.modules, "pynvml", FakeNvml(init=MISMATCH))
    finding = by_subject(list(examine(None)))["gpu"]
    assert finding.state == "bad"
    assert "version mismatch" in finding.found


def test_a_voice_without_its_data_set(project: Path) -> None:
    write_voice(project / "voices" / "toy.yaml", project / "nowhere")
    everything = by_subject(list(examine(None)))
    assert everything["voice toy"].state == "warn"
    alone = by_subject(list(examine("toy")))
    assert alone["voice toy"].state == "bad"
    assert str(project / "nowhere") in alone["voice toy"].found


def test_a_data_set_that_lacks_a_part(project: Path) -> None:
    (project / "dataset" / "wavs").mkdir(parents=True)
    write_voice(project / "voices" / "toy.yaml", project / "dataset")
    finding = by_subject(list(examine("toy")))["voice toy"]
    assert finding.state == "bad"
    assert "no config.json, metadata_2col.csv" in finding.found


def test_weights_that_are_not_there(project: Path) -> None:
    write_voice(project / "voices" / "toy.yaml", project, whisper={"model": "enormous-v9"}, asr_sample={"clips": 0})
    findings = by_subject(list(examine("toy")))
    assert findings["whisper.model"].state == "bad"
    assert "enormous-v9" in findings["whisper.model"].found
    assert "asr_sample.model" not in findings


def test_an_espeak_voice_that_is_none(project: Path) -> None:
    write_voice(project / "voices" / "toy.yaml", project, espeak_voice="klingon-nasal")
    assert by_subject(list(examine("toy")))["espeak voice"].state == "bad"


def test_a_broken_voice_and_an_unknown_one(project: Path) -> None:
    write_voice(project / "voices" / "toy.yaml", project, shards="many")
    assert "shards" in by_subject(list(examine("toy")))["voice toy"].found
    assert by_subject(list(examine("toi")))["voice toi"].state == "bad"


def test_whatever_is_not_fine_says_what_to_do(project: Path) -> None:
    write_voice(project / "voices" / "toy.yaml", project / "nowhere", espeak_voice="klingon-nasal")
    for finding in examine("toy"):
        assert finding.state == "ok" or finding.advice or "name a folder" in finding.found, finding
