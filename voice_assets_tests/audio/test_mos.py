"""DNSMOS on real speech, on noise, on silence and on invalid samples."""

from pathlib import Path

import numpy as np
import pytest

from voice_assets.audio import mos, recordings

pytestmark = pytest.mark.slow


def test_real_speech_scores_above_noise(ivrvoice: Path) -> None:
    clips = sorted((ivrvoice / "wavs").glob("vm-*.wav"))[:4]
    assert len(clips) == 4
    speech = [mos.predict(recordings.decode(clip, 22050), 22050) for clip in clips]
    noise = mos.predict((np.random.default_rng(0).normal(0, 3000, 44100)).astype(np.int16), 22050)
    assert all(1 <= score <= 5 for score in [*speech, noise])
    assert min(speech) > noise + 0.5


def test_the_same_sound_scores_the_same() -> None:
    sound = (np.sin(np.arange(16000) / 10) * 9000).astype(np.int16)
    assert mos.predict(sound, 16000) == mos.predict(sound, 16000)


def test_silence_and_full_scale_have_a_score() -> None:
    assert 1 <= mos.predict(np.zeros(22050, np.int16), 22050) <= 5
    square = np.where(np.arange(22050) % 100 < 50, 32767, -32768).astype(np.int16)
    assert 1 <= mos.predict(square, 22050) <= 5


@pytest.mark.parametrize(
    ("samples", "message"),
    [(np.zeros(0, np.int16), "too few"), (np.zeros(9, np.float32), "int16"), (np.zeros((9, 2), np.int16), "int16")],
)
def test_invalid_samples_are_an_error(samples: np.ndarray, message: str) -> None:
    with pytest.raises(mos.MosError, match=message):
        mos.predict(samples, 16000)
