"""DNSMOS and DistillMOS on real speech, on noise, on silence and on invalid samples."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from voice_assets.audio import mos, recordings

pytestmark = pytest.mark.slow
MODELS = (mos.predict, mos.predict_second)
Model = Callable[[np.ndarray, int], float]


@pytest.mark.parametrize("model", MODELS)
def test_real_speech_scores_above_noise(ivrvoice: Path, model: Model) -> None:
    clips = sorted((ivrvoice / "wavs").glob("vm-*.wav"))[:4]
    assert len(clips) == 4
    speech = [model(recordings.decode(clip, 22050), 22050) for clip in clips]
    noise = model((np.random.default_rng(0).normal(0, 3000, 44100)).astype(np.int16), 22050)
    assert all(1 <= score <= 5 for score in [*speech, noise])
    assert min(speech) > noise + 0.5


@pytest.mark.parametrize("model", MODELS)
def test_the_same_sound_scores_the_same(model: Model) -> None:
    sound = (np.sin(np.arange(16000) / 10) * 9000).astype(np.int16)
    assert model(sound, 16000) == model(sound, 16000)


@pytest.mark.parametrize("model", MODELS)
def test_silence_and_full_scale_have_a_score(model: Model) -> None:
    assert 1 <= model(np.zeros(22050, np.int16), 22050) <= 5
    square = np.where(np.arange(22050) % 100 < 50, 32767, -32768).astype(np.int16)
    assert 1 <= model(square, 22050) <= 5


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(
    ("samples", "message"),
    [(np.zeros(0, np.int16), "too few"), (np.zeros(9, np.float32), "int16"), (np.zeros((9, 2), np.int16), "int16")],
)
def test_invalid_samples_are_an_error(samples: np.ndarray, message: str, model: Model) -> None:
    with pytest.raises(mos.MosError, match=message):
        model(samples, 16000)


def test_the_second_model_leaves_no_empty_torchaudio_behind() -> None:
    """`distillmos` is imported beside an empty module. Lightning and others look for the real one later."""
    script = (
        "import importlib.util, sys, numpy as np\n"
        "from voice_assets.audio import mos\n"
        "before = importlib.util.find_spec('torchaudio')\n"
        "mos.predict_second(np.ones(16000, np.int16), 16000)\n"
        "assert 'torchaudio' not in sys.modules or sys.modules['torchaudio'].__file__\n"
        "assert (importlib.util.find_spec('torchaudio') is None) == (before is None)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
