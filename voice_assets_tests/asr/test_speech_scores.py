"""The rows of SAMPLES and SCORES from figures, and what is wrong with a sample in words."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from voice_assets.asr import speech_scores
from voice_assets.asr.sound_scores import SoundScores, full_range
from voice_assets.audio import speaker
from voice_assets.dataset.tables import RECORDINGS, SAMPLES, SCORES, frame
from voice_assets.voice_training import Samples

VOICE = np.eye(speaker.SIZE, dtype=np.float32)[0]
TEXT = "The garden was full of yellow roses."


def sound(**changes: Any) -> SoundScores:
    """A good sample of 2.5 s."""
    figures = {"duration_s": 2.5, "level_db": -20.0, "flat_ratio": 2e-5, "speech_s": 2.0, "mos": 3.3, "mos_2": 4.1}
    silences = {"leading_silence_s": 0.1, "longest_pause_s": 0.2, "trailing_silence_s": 0.15}
    return SoundScores(**{**figures, **silences, "embedding": [float(value) for value in VOICE], **changes})


def row(text: str = TEXT, hypothesis: str = TEXT, phonemes: int = 24, **changes: Any) -> dict[str, Any]:
    spoken = {"sample": "sample_01.wav", "text": text, "seed": 1, "phonemes": phonemes}
    return speech_scores.sample_row(spoken, sound(**changes), hypothesis, "en", VOICE, own=12.0)


def recordings(**changes: Any) -> pd.DataFrame:
    good = {"clip_id": "a", "audio_sha256": "", "duration_s": 3.0, "text": TEXT, "hypothesis": TEXT, "similarity": 1.0}
    good |= {"cer": 0.02, "mos": 3.1, "mos_2": 4.4, "phonemes": 24, "speech_s": 2.0, "rate": 12.0, "likeness": 0.95}
    return frame([good | changes], RECORDINGS)


def test_a_row_has_the_columns_of_the_table() -> None:
    assert set(row()) == set(SAMPLES)
    assert row()["likeness"] == pytest.approx(1)
    assert (row()["rate"], row()["rate_ratio"]) == (12.0, 1.0)


@pytest.mark.parametrize(
    ("silences", "longest"),
    [({"leading_silence_s": 2.0}, 2.0), ({"longest_pause_s": 3.0}, 3.0), ({"trailing_silence_s": 4.0}, 4.0), ({}, 0.2)],
)
def test_the_longest_silence_is_before_in_or_after_the_speech(silences: dict[str, float], longest: float) -> None:
    assert row(**silences)["longest_silence_s"] == longest


def test_a_sample_without_speech_has_a_rate_of_zero() -> None:
    assert (row(speech_s=0.0)["rate"], row(speech_s=0.0)["rate_ratio"]) == (0.0, 0.0)
    assert row(embedding=None)["likeness"] == 0.0


@pytest.mark.parametrize(
    ("hypothesis", "first", "last"),
    [
        (TEXT, False, False),
        ("Garden was full of yellow roses.", True, False),
        ("The garden was full of yellow", False, True),
        ("", True, True),
    ],
)
def test_swallowed_words_at_the_ends(hypothesis: str, first: bool, last: bool) -> None:
    found = row(hypothesis=hypothesis)
    assert (found["first_word_wrong"], found["last_word_wrong"]) == (first, last)


def test_the_scores_of_an_epoch() -> None:
    spoken = [row(), row("Please close the window.", "please close the", phonemes=18, speech_s=1.0, mos_2=3.1, level_db=-30.0)]
    found = speech_scores.scores(frame(spoken, SAMPLES), pd.concat([recordings(), recordings(cer=0.06, speech_s=1.0)]))
    assert list(found.columns) == list(SCORES)
    assert len(found) == 1
    scores = found.iloc[0]
    assert (scores["sentences"], scores["samples"], scores["recordings"]) == (2, 2, 2)
    assert scores["own_cer"] == pytest.approx(0.04)
    assert scores["cer_excess"] == pytest.approx(scores["cer"] - 0.04)
    assert scores["mos_2"] == pytest.approx(3.6)
    # Phonemes of all samples over speech of all samples, not the mean of the rates: (24 + 18) / 3 against 48 / 3.
    assert (scores["rate"], scores["own_rate"], scores["rate_ratio"]) == (14.0, 16.0, 0.875)
    assert (scores["first_words_right"], scores["last_words_right"], scores["ends_right"]) == (1.0, 0.5, 0.5)
    assert scores["quietest_db"] == -30.0


def test_a_single_recording_has_no_likeness_of_its_own() -> None:
    found = speech_scores.scores(frame([row()], SAMPLES), recordings(likeness=np.nan)).iloc[0]
    assert np.isnan(found["own_likeness"])
    assert found["likeness"] == pytest.approx(1)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, []),
        ({"level_db": -50.0}, ["hardly audible: -50.0 dBFS"]),
        ({"speech_s": 0.0}, ["no speech is heard"]),
        ({"mos": 2.0}, ["sounds unnatural: predicted MOS 2.00 (DNSMOS)"]),
        ({"mos_2": 2.0}, ["sounds unnatural: predicted MOS 2.00 (DistillMOS)"]),
        ({"embedding": None}, ["sounds like another speaker: likeness 0.00"]),
        ({"speech_s": 4.0}, ["slow: 0.50 times the rate of the recordings"]),
        ({"speech_s": 1.0}, ["fast: 2.00 times the rate of the recordings"]),
        ({"flat_ratio": 0.1}, ["clipped: 10.0% of it at the top of the wave"]),
        ({"leading_silence_s": 1.5}, ["1.5 s of silence before the speech"]),
        ({"longest_pause_s": 1.5}, ["1.5 s of silence in the speech"]),
        ({"trailing_silence_s": 1.5}, ["1.5 s of silence after it"]),
        ({"hypothesis": "The garden was full of yellow"}, ["the last word is missing or wrong"]),
        ({"hypothesis": "Garden was full of yellow roses."}, ["the first word is missing or wrong"]),
        (
            {"hypothesis": "The sardine was the full of yellowish wild roses."},
            ["not understood: CER 0.43, heard: 'The sardine"],
        ),
    ],
)
def test_what_is_wrong_in_words(changes: dict[str, Any], words: list[str]) -> None:
    found = speech_scores.findings(row(**changes), Samples())
    assert len(found) == len(words), found
    assert all(one.startswith(expected) for one, expected in zip(found, words, strict=True)), found


def test_the_findings_are_a_column_for_tables_that_people_read() -> None:
    samples = frame([row(), row(mos=1.0, flat_ratio=0.2)], SAMPLES)
    shown = speech_scores.with_findings(samples, Samples())
    assert list(shown["findings"]) == [
        "",
        "sounds unnatural: predicted MOS 1.00 (DNSMOS); clipped: 20.0% of it at the top of the wave",
    ]


def test_recordings_are_scaled_as_spoken_sentences_are() -> None:
    scaled = full_range(np.array([100, -200, 50], np.int16))
    assert list(scaled) == [16384, -32767, 8192]
    assert list(full_range(np.array([-32768, 1], np.int16))) == [-32767, 1]
    assert not full_range(np.zeros(5, np.int16)).any()
    assert len(full_range(np.zeros(0, np.int16))) == 0
