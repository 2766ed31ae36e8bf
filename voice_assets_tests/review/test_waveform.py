"""The peaks that the page draws."""

import os
from pathlib import Path

import numpy as np
import pytest

from voice_assets.audio.recordings import AudioError, write_wav
from voice_assets.review import waveform

RATE = 8000


def test_the_loudest_part_is_one_and_silence_is_nothing(tmp_path: Path) -> None:
    samples = np.zeros(RATE, dtype=np.int16)
    samples[RATE // 2 :] = 16000
    samples[-RATE // 4 :] = -8000
    found = waveform.peaks(write_wav(tmp_path / "a.wav", samples, RATE))
    assert len(found) == waveform.PEAKS
    assert found[0] == found[waveform.PEAKS // 2 - 2] == 0
    assert found[waveform.PEAKS // 2 + 2] == 1
    assert found[-1] == pytest.approx(0.5, abs=0.001)


def test_a_very_quiet_clip_looks_quiet(tmp_path: Path) -> None:
    samples = np.full(RATE, 82, dtype=np.int16)  # 0.0025 of full scale
    assert max(waveform.peaks(write_wav(tmp_path / "a.wav", samples, RATE))) == pytest.approx(0.05, abs=0.001)


def test_fewer_samples_than_peaks(tmp_path: Path) -> None:
    assert len(waveform.peaks(write_wav(tmp_path / "a.wav", np.full(7, 9000, dtype=np.int16), RATE))) == 7


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    wav = write_wav(tmp_path / "a.wav", np.zeros(RATE, dtype=np.int16), RATE)
    assert max(waveform.peaks(wav)) == 0
    write_wav(wav, np.full(RATE, 9000, dtype=np.int16), RATE)
    os.utime(wav, ns=(1, 1))
    assert max(waveform.peaks(wav)) == 1


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match=r"a\.wav"):
        waveform.peaks(tmp_path / "a.wav")
