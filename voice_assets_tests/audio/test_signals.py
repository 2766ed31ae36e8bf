import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from voice_assets.audio import signals
from voice_assets.audio.signals import FLOOR_DB, SignalError, chars_per_s, level_db, measure
from voice_assets.audio.trimming import Trimmed
from voice_assets.dataset import tables

RATE = 22050
FRAME = round(RATE * signals.LEVEL_FRAME_S)


def sine(seconds: float, amplitude: float = 0.5, rate: int = RATE) -> np.ndarray:
    return (amplitude * np.sin(2 * math.pi * 440 * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def silence(frames: int) -> np.ndarray:
    return np.zeros(frames * FRAME, dtype=np.float32)


def test_levels_of_a_sine_equal_the_textbook_values():
    measured = measure(sine(1.0, 0.5), RATE)
    assert measured["peak_db"] == pytest.approx(-6.02, abs=0.01)
    assert measured["rms_db"] == pytest.approx(-6.02 - 3.01, abs=0.01)
    assert measured["dc_offset"] == pytest.approx(0.0, abs=1e-4)
    assert measured["speech_ratio"] == 1.0


def test_measure_gives_exactly_the_signal_columns_of_the_table():
    others = {
        "clip_id",
        "path",
        "text",
        "normalised_text",
        "text_length",
        "duration_s",
        "chars_per_s",
        *Trimmed.__annotations__,
    }
    assert set(measure(sine(0.1), RATE)) == set(tables.CLIP_STATS) - others


@pytest.mark.parametrize("samples", [np.zeros(0, dtype=np.float32), np.zeros(RATE, dtype=np.float32)])
def test_no_samples_and_digital_silence_have_defined_values(samples):
    measured = measure(samples, RATE)
    assert measured["peak_db"] == measured["rms_db"] == level_db(samples) == FLOOR_DB
    assert measured["speech_ratio"] == measured["clipped_ratio"] == measured["dc_offset"] == measured["trailing_silence_s"] == 0
    assert measured["leading_silence_s"] == len(samples) / RATE


@pytest.mark.parametrize(("before", "after"), [(0, 0), (7, 0), (0, 12), (20, 30)])
def test_silences_are_measured_to_the_frame(before, after):
    speech = sine(0.5)[: 50 * FRAME]
    measured = measure(np.concatenate([silence(before), speech, silence(after)]), RATE)
    assert measured["leading_silence_s"] == pytest.approx(before * FRAME / RATE)
    assert measured["trailing_silence_s"] == pytest.approx(after * FRAME / RATE)
    assert measured["speech_ratio"] == pytest.approx(50 / (50 + before + after))


def test_a_short_last_frame_counts_with_its_own_length():
    samples = np.concatenate([silence(3), np.full(FRAME // 2, 0.5, dtype=np.float32)])
    measured = measure(samples, RATE)
    assert measured["trailing_silence_s"] == 0.0
    assert signals.frame_levels_db(samples, RATE)[-1] == pytest.approx(-6.02, abs=0.01)


@pytest.mark.parametrize(("quiet_db", "is_speech"), [(-39.9, True), (-40.1, False)])
def test_a_frame_within_40_db_of_the_loudest_is_speech(quiet_db, is_speech):
    loud = np.full(10 * FRAME, 0.9, dtype=np.float32)
    quiet = np.full(5 * FRAME, 0.9 * 10 ** (quiet_db / 20), dtype=np.float32)
    measured = measure(np.concatenate([quiet, loud]), RATE)
    assert (measured["leading_silence_s"] == 0.0) is is_speech


@pytest.mark.parametrize(("value", "ratio"), [(32767 / 32768, 0.25), (-1.0, 0.25), (32766 / 32768, 0.0), (1.3, 0.25)])
def test_clipping_starts_at_the_highest_value_of_16_bits(value, ratio):
    assert measure(np.array([0, value, 0, 0.5], dtype=np.float32), RATE)["clipped_ratio"] == ratio


def test_dc_offset_is_the_mean():
    assert measure(sine(1.0) + np.float32(0.02), RATE)["dc_offset"] == pytest.approx(0.02, abs=1e-4)


def test_the_hash_depends_on_the_samples_alone():
    one, other = sine(0.2), sine(0.2)
    other[100] += np.float32(1 / 32768)
    assert measure(one, RATE)["samples_sha256"] == measure(sine(0.4)[: len(one)], RATE)["samples_sha256"]
    assert measure(one[::2], RATE)["samples_sha256"] == measure(one[::2].copy(), RATE)["samples_sha256"]
    assert measure(one, RATE)["samples_sha256"] != measure(other, RATE)["samples_sha256"]


@pytest.mark.parametrize(
    ("samples", "rate", "message"),
    [
        (np.zeros((10, 2), dtype=np.float32), RATE, r"shape \[10, 2\]"),
        (np.zeros(10, dtype=np.float32), 0, "0 Hz"),
        (np.array([0, np.nan, np.inf], dtype=np.float32), RATE, "2 of 3"),
    ],
)
def test_samples_that_cannot_be_measured_are_an_error(samples, rate, message):
    with pytest.raises(SignalError, match=message):
        measure(samples, rate)


@pytest.mark.parametrize(
    ("text", "speech_s", "rate"),
    [("Да, нет!", 1.0, 5.0), ("за́мок", 0.5, 10.0), ("2 дня", 2.0, 2.0), ("...", 1.0, 0.0), ("Да", 0.0, 0.0)],
)
def test_chars_per_s_counts_letters_and_digits_only(text, speech_s, rate):
    assert chars_per_s(text, speech_s) == rate


@given(hnp.arrays(np.float32, st.integers(0, 2000), elements=st.floats(-1, 1, width=32)), st.sampled_from([50, 8000, 22050]))
def test_any_samples_give_finite_and_consistent_figures(samples, rate):
    measured = measure(samples, rate)
    figures = {name: value for name, value in measured.items() if name != "samples_sha256"}
    assert all(math.isfinite(value) for value in figures.values())
    assert FLOOR_DB <= measured["rms_db"] <= measured["peak_db"] + 1e-6
    assert 0 <= measured["speech_ratio"] <= 1
    assert measured["leading_silence_s"] + measured["trailing_silence_s"] <= len(samples) / rate + 1e-9


@pytest.mark.parametrize("pause", [0, 1, 40])
def test_the_longest_pause_is_inside_the_speech(pause):
    speech = sine(0.5)[: 50 * FRAME]
    sound = np.concatenate([silence(90), speech, silence(pause), speech, silence(3), speech, silence(80)])
    assert signals.longest_pause_s(sound, RATE) == pytest.approx(max(pause, 3) * FRAME / RATE)


@pytest.mark.parametrize("samples", [np.zeros(0, dtype=np.float32), np.zeros(RATE, dtype=np.float32)])
def test_nothing_has_neither_a_pause_nor_a_flat_top(samples):
    assert signals.longest_pause_s(samples, RATE) == signals.flat_ratio(samples) == 0


@pytest.mark.parametrize("level", [1.0, 0.2])
def test_a_clipped_wave_is_flat_at_any_level(level):
    noise = np.random.default_rng(3).normal(0, 0.1, RATE).astype(np.float32)
    clipped = np.clip(noise, -0.15, 0.15) * np.float32(level)
    assert signals.flat_ratio(noise * np.float32(level)) < 0.001
    assert signals.flat_ratio(clipped) == pytest.approx(0.134, abs=0.01)  # both tails over 1.5 standard deviations
