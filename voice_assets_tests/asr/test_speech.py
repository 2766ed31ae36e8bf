"""Seconds of speech, and the cut between the halves of a clip, on real speech and on noises."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from voice_assets.asr import speech as speech_module
from voice_assets.asr.speech import LEAST_SPEECH_S, halves, speech_s
from voice_assets.audio import recordings

RATE = 16000
TIME = np.arange(4 * RATE) / RATE


def _pink():
    spectrum = np.fft.rfft(np.random.default_rng(2).normal(size=len(TIME)))
    noise = np.fft.irfft(spectrum / np.sqrt(np.maximum(1, np.arange(len(spectrum)))), len(TIME))
    return 0.5 * noise / np.abs(noise).max()


def _melody():
    notes = np.repeat((262, 294, 330, 349, 392, 440, 494, 523), RATE // 2)
    return 0.2 * np.sum([np.sin(2 * np.pi * harmonic * notes * TIME) / harmonic for harmonic in range(1, 8)], axis=0)


def _clicks():
    sound = np.zeros(len(TIME))
    sound[np.random.default_rng(3).integers(0, len(TIME), 40)] = 1
    return sound


NOISES = {
    "silence": lambda: np.zeros(len(TIME)),
    "white": lambda: np.random.default_rng(1).normal(scale=0.2, size=len(TIME)),
    "pink": _pink,
    "hum": lambda: 0.3 * np.sin(2 * np.pi * 50 * TIME) + 0.1 * np.sin(2 * np.pi * 150 * TIME),
    "clicks": _clicks,
    "chord": lambda: 0.2 * sum(np.sin(2 * np.pi * pitch * TIME) for pitch in (261.6, 329.6, 392)),
    "melody": _melody,
}


@pytest.fixture(scope="module")
def speech(ivrvoice):
    """Some clips of real speech at 16 kHz."""
    paths = sorted((ivrvoice / "wavs").glob("*.wav"))[::40]
    return [recordings.decode(path, RATE).astype(np.float32) / 32768 for path in paths]


@pytest.mark.parametrize("noise", list(NOISES))
def test_noise_has_no_speech(noise):
    assert speech_s(NOISES[noise]().astype(np.float32), RATE) < LEAST_SPEECH_S


def test_speech_is_most_of_a_clip_at_any_rate(speech):
    for samples in speech:
        seconds = speech_s(samples, RATE)
        assert 0.5 * len(samples) / RATE < seconds <= len(samples) / RATE + 0.04
        assert speech_s(samples[::2], RATE // 2) == pytest.approx(seconds, rel=0.3)


@pytest.mark.parametrize("gap_s", [0.0, 0.6])
@pytest.mark.parametrize("edge_s", [0.0, 1.5])
def test_the_cut_of_a_doubled_clip_is_between_the_two_sayings(speech, gap_s, edge_s):
    for samples in speech:
        gap, edge = np.zeros(round(gap_s * RATE), np.float32), np.zeros(round(edge_s * RATE), np.float32)
        doubled = np.concatenate([edge, samples, gap, samples])
        first, second = halves(doubled, RATE)
        assert np.array_equal(np.concatenate([first, second]), doubled)
        assert abs(len(first) - len(edge) - len(samples) - len(gap) / 2) < (0.35 + gap_s / 2) * RATE


@pytest.mark.parametrize("samples", [0, 1, 300, 16000])
def test_audio_without_speech_is_cut_in_the_middle(samples):
    first, second = halves(np.zeros(samples, np.float32), RATE)
    assert len(first) + len(second) == samples
    assert abs(len(first) - samples / 2) <= 512


def test_another_detector_or_cut_raises_the_version():
    """The number is part of the keys of stored speech and halves. A change of what is hashed here must raise the number."""
    from faster_whisper import vad

    models = sorted(Path(vad.get_assets_path()).glob("*.onnx"))
    found = hashlib.sha256(b"".join(model.read_bytes() for model in models)).hexdigest()[:16]
    constants = (speech_module._WINDOW, speech_module._SPEECH, speech_module._AROUND_MIDDLE)
    assert (speech_module.VERSION, constants, found) == (1, (512, 0.5, 0.1), "4cbf549b8326f60f")
