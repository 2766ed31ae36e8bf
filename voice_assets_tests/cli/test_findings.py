"""What the doctor finds, and that every finding that is not ok says what to do."""

import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from voice_assets.cli.findings import Finding, findings_of_machine, findings_of_voice, findings_of_voices, gpus
from voice_assets.runtime.nvidia import GpuUse
from voice_assets.voices import Voice, load_voice
from voice_assets_tests.conftest import MakeDataset
from voice_assets_tests.dataset.stored import Stored
from voice_assets_tests.dataset.stored import stored as stored
from voice_assets_tests.datasets import write_voice
from voice_assets_tests.runtime.fake_nvml import MISMATCH, FakeNvml

TWO_GPUS = [GpuUse(0, "NVIDIA GeForce RTX 3090", 10, 24576, 0), GpuUse(1, "NVIDIA GeForce RTX 3090", 20123, 24576, 98)]


def by_subject(findings: Iterable[Finding]) -> dict[str, Finding]:
    return {finding.subject: finding for finding in findings}


def test_a_gpu_that_somebody_uses_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    free, busy = gpus(TWO_GPUS)
    assert (free.state, free.advice) == ("ok", "")
    assert busy.state == "warn"
    assert "20,123 of 24,576 MiB used, 98 % busy" in busy.found
    assert "CUDA_VISIBLE_DEVICES" in busy.advice


def test_a_hidden_gpu_is_said_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    first, second = gpus(TWO_GPUS)
    assert "hidden" not in first.found
    assert "hidden by CUDA_VISIBLE_DEVICES" in second.found


def test_no_gpu_is_a_warning_and_one_that_does_not_tell_too() -> None:
    (none,) = gpus([])
    (mute,) = gpus([GpuUse(0, "Some card", None, None, None)])
    assert (none.state, mute.state) == ("warn", "warn")
    assert "? of ? MiB used" in mute.found


def test_a_broken_driver_is_bad(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", FakeNvml(init=MISMATCH))
    finding = by_subject(findings_of_machine())["GPU"]
    assert finding.state == "bad"
    assert "version mismatch" in finding.found


@pytest.mark.slow
def test_a_data_set_on_a_store_is_asked_for(stored: Stored) -> None:
    voice = stored.write_voice()
    found = by_subject(findings_of_voice(voice))
    assert (found["data set of toy"].state, found["config.json"].state) == ("ok", "ok")
    assert found["data set of toy"].found == f"{stored.mirror.url}, 10 files"
    folder = by_subject(findings_of_voice(load_voice(write_voice(voice.file.with_name("local.yaml"), stored.origin))))
    wanted = [one["disk space"].found.partition(" free, ")[2] for one in (found, folder)]
    assert wanted[0] == wanted[1] != ""
    assert [name for name in stored.fetched() if name.startswith("wavs/")] == []
    stored.remove("metadata_2col.csv")
    bad = by_subject(findings_of_voice(voice))["data set of toy"]
    assert bad.state == "bad"
    assert "metadata_2col.csv: no such object" in bad.found
    assert str(voice.file) in bad.advice
    stored.fetched()
    assert "data set of toy" in by_subject(findings_of_voices())  # of all voices, no store is asked
    assert stored.requests.seen == []


def test_what_every_voice_needs_is_checked(project: Path) -> None:
    found = by_subject(findings_of_machine())
    names = {
        "Python version",
        "package torch",
        "installed Whisper weights",
        "folder for results",
        "Dagster's folder",
        "disk space",
    }
    assert names <= set(found)
    assert found["folder for results"] == Finding("ok", "folder for results", f"{project / 'artifacts'} can be written")
    assert "5.0 GB wanted for reports, tables and models" in found["disk space"].found


def test_a_file_where_a_folder_is_wanted(project: Path) -> None:
    (project / "artifacts").write_text("", encoding="utf-8")
    finding = by_subject(findings_of_machine())["folder for results"]
    assert finding.state == "bad"
    assert finding.found == f"{project / 'artifacts'}: {project / 'artifacts'} is no folder"
    assert finding.advice == f"move the file {project / 'artifacts'} away"


def voice_with(project: Path, dataset: Path, **changes: object) -> Voice:
    return load_voice(write_voice(project / "voices" / "toy.yaml", dataset, **changes))


def test_a_voice_without_its_data_set(project: Path) -> None:
    voice = voice_with(project, project / "nowhere")
    among_all, alone = (by_subject(found)["data set of toy"] for found in (findings_of_voices(), findings_of_voice(voice)))
    assert (among_all.state, alone.state) == ("warn", "bad")
    assert alone.found == f"{project / 'nowhere'} is no folder ({voice.file}: dataset)"
    assert alone.advice == "put the data set there, or correct `dataset` in the voice file"


def test_a_data_set_that_lacks_a_part(project: Path) -> None:
    (project / "dataset" / "wavs").mkdir(parents=True)
    finding = by_subject(findings_of_voice(voice_with(project, project / "dataset")))["data set of toy"]
    assert finding.state == "bad"
    assert "has no config.json, metadata_2col.csv" in finding.found


def test_a_complete_data_set_and_what_training_on_it_needs(project: Path, make_dataset: MakeDataset) -> None:
    dataset = make_dataset()
    found = by_subject(findings_of_voice(voice_with(project, dataset)))
    assert found["data set of toy"] == Finding("ok", "data set of toy", str(dataset))
    assert "training on 6.0 s of audio" in found["disk space"].found


def test_weights_that_are_not_there(project: Path) -> None:
    voice = voice_with(project, project, whisper={"model": "enormous-v9"}, asr_sample={"clips": 0})
    found = by_subject(findings_of_voice(voice))
    assert found["whisper.model"].state == "bad"
    assert "enormous-v9" in found["whisper.model"].found
    assert f"change `whisper.model` in {voice.file}" in found["whisper.model"].advice
    assert "asr_sample.model" not in found


def test_an_espeak_voice_that_is_none(project: Path) -> None:
    voice = voice_with(project, project, espeak_voice="klingon-nasal")
    finding = by_subject(findings_of_voice(voice))["espeak voice"]
    assert finding.state == "bad"
    assert finding.advice == f"correct `espeak_voice` in {voice.file}"


def test_voice_files_that_do_not_load(project: Path) -> None:
    (none,) = findings_of_voices()
    assert (none.state, none.subject) == ("warn", "voice files")
    write_voice(project / "voices" / "toy.yaml", project, shards="many")
    bad = by_subject(findings_of_voices())["voice file toy.yaml"]
    assert bad.state == "bad"
    assert "shards" in bad.found
    misspelt = voice_with(project, project, advisory={"nope/nope": "because"})
    assert "no such rule" in by_subject(findings_of_voice(misspelt))["voice file toy.yaml"].found


def test_whatever_is_not_ok_says_what_to_do(project: Path) -> None:
    voice = voice_with(project, project / "nowhere", espeak_voice="klingon-nasal", whisper={"model": "enormous-v9"})
    for finding in (*findings_of_machine(), *findings_of_voice(voice)):
        assert (finding.state == "ok") == (finding.advice == ""), finding


def test_the_hook_of_the_project(project: Path) -> None:
    assert "notify" not in by_subject(findings_of_machine())
    (project / "project.yaml").write_text("notify: {command: [mail]}\n", encoding="utf-8")
    assert by_subject(findings_of_machine())["notify"].found == "mail gets a line per failed run"
    (project / "project.yaml").write_text("notify: {comand: [mail]}\n", encoding="utf-8")
    broken = by_subject(findings_of_machine())["notify"]
    assert (broken.state, "notify.comand" in broken.found) == ("bad", True)
    assert broken.advice


def test_what_would_stop_a_run_is_bad_for_one_voice_and_a_warning_among_all(project: Path) -> None:
    voice = voice_with(project, project, language="eo", asr_sample={"clips": 0}, whisper={"model": "base"})
    among_all, alone = by_subject(findings_of_voices()), by_subject(findings_of_voice(voice))
    for key in ("language", "samples.sentences"):
        assert (among_all[f"toy: {key}"].state, alone[key].state) == ("warn", "bad")
        assert among_all[f"toy: {key}"].found == alone[key].found
    assert alone["whisper.model"].state == "ok"
    assert "toy: whisper.model" not in among_all


def test_a_voice_that_says_nothing_is_found_among_all(project: Path, make_dataset: MakeDataset) -> None:
    voice_with(project, make_dataset(), espeak_voice="fo")
    found = by_subject(findings_of_voices())
    assert "without a dictionary" in found["toy: espeak voice"].found
    assert "espeak.voice" in found["toy: config.json"].found
    assert found["toy: espeak voice"].state == "warn"


def test_a_config_that_base_validation_will_refuse(project: Path, make_dataset: MakeDataset) -> None:
    dataset = make_dataset()
    voice = voice_with(project, dataset)
    assert by_subject(findings_of_voice(voice))["config.json"].state == "ok"
    config = dataset / "config.json"
    written = config.read_text(encoding="utf-8").replace('"phoneme_type": "espeak"', '"phoneme_type": "PhonemeType.ESPEAK"')
    config.write_text(written, encoding="utf-8")
    finding = by_subject(findings_of_voice(voice))["config.json"]
    assert finding.state == "bad"
    assert f"{config}: phoneme_type: " in finding.found


def test_a_time_that_never_comes(project: Path) -> None:
    voice = voice_with(project, project, revalidate={"cron": "every day"})
    assert "no cron expression" in by_subject(findings_of_voice(voice))["voice file toy.yaml"].found


def test_a_store_that_answers_is_ok(project: Path, s3_folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "store" not in by_subject(findings_of_machine())
    monkeypatch.setenv("VOICE_STORE", s3_folder)
    assert by_subject(findings_of_machine())["store"] == Finding("ok", "store", f"{s3_folder} answers")
    monkeypatch.setenv("VOICE_STORE", str(project / "store"))
    assert by_subject(findings_of_machine())["store"].found == f"{project / 'store'} can be written"


@pytest.mark.parametrize("place", ["s3://no-such-bucket/voices", "s3://me:hidden@voices", "nonsense://voices"])
def test_a_store_that_cannot_be_used_is_bad_and_a_message(
    project: Path, s3_url: str, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOICE_STORE", place)
    finding = by_subject(findings_of_machine())["store"]
    assert (finding.state, finding.found.split("://")[0]) == ("bad", place.split("://")[0])
    assert "VOICE_STORE" in finding.advice
    assert "hidden" not in finding.found
