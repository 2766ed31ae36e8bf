"""One sound at two loudnesses, and sounds that differ."""

import numpy as np
import pytest

from voice_assets.audio.same_sound import same_sound

TIME = np.arange(22050) / 22050
TONE = np.rint(20000 * np.sin(2 * np.pi * 220 * TIME)).astype(np.int16)


def noisy(db: float) -> np.ndarray:
    """The tone with noise at ``db`` relative to the tone."""
    noise = np.random.default_rng(1).standard_normal(len(TONE))
    level = np.sqrt(np.mean(TONE.astype(float) ** 2)) * 10 ** (db / 20)
    return np.rint(TONE + noise * level).astype(np.int16)


@pytest.mark.parametrize("loudness", [1.0, 0.5, 0.11])
def test_loudness_and_rounding_change_nothing(loudness: float) -> None:
    assert same_sound(TONE, np.rint(TONE * loudness).astype(np.int16))
    assert same_sound(TONE, (TONE * loudness).astype(np.int16))
    assert same_sound((TONE * loudness).astype(np.int16), TONE)


@pytest.mark.parametrize(("db", "same"), [(-63, True), (-57, False)])
def test_the_limit(db: float, same: bool) -> None:
    assert same_sound(TONE, noisy(db)) is same


def test_other_sounds() -> None:
    assert not same_sound(TONE, -TONE)
    assert not same_sound(TONE, TONE[:-1])
    assert not same_sound(TONE, np.roll(TONE, 1))
    gap = TONE.copy()
    gap[:200] = 0
    assert not same_sound(TONE, gap)


def test_silence() -> None:
    silence = np.zeros(100, np.int16)
    assert same_sound(silence, silence)
    assert not same_sound(silence, TONE[:100])
    assert not same_sound(TONE[:100], silence)
    assert same_sound(silence[:0], silence[:0])
