"""Rejecting a recording whose loudest frame has too low a level, and a text that espeak cannot speak."""

import numpy as np
import pytest

from voice_assets.dataset.faults import Limits
from voice_assets.importers.rejections import LOUDEST_FRAME_MIN_DB, loudest_frame_db, phoneme_rejections
from voice_assets_tests.datasets import RATE


@pytest.mark.parametrize(("peak", "silent"), [(0.00315, True), (0.00318, False)])
def test_silence_is_under_minus_50_db(peak: float, silent: bool) -> None:
    square = np.where(np.arange(RATE) % 2, peak, -peak) * 32768
    assert (loudest_frame_db(square, RATE) < LOUDEST_FRAME_MIN_DB) is silent


def test_one_loud_frame_is_not_silence() -> None:
    samples = np.zeros(RATE, np.int16)
    samples[5000:5600] = 3000
    assert loudest_frame_db(samples, RATE) > -30
    assert loudest_frame_db(np.zeros(0, np.int16), RATE) == -120


@pytest.mark.parametrize(("text", "kinds"), [("Да", []), ("... — ?", ["silent"]), ("& 😀", ["silent"]), ("Да & нет", [])])
def test_a_text_without_words_is_silent(text: str, kinds: list[str], limits: Limits) -> None:
    assert [reason.split(":")[0] for reason in phoneme_rejections(text, limits)] == kinds
