import numpy as np
import pandas as pd
import pytest

from voice_assets.quality.summary import UnusableStatsError
from voice_assets.quality.suspects import COLUMNS, OUTLIER_Z, rank, robust_z
from voice_assets_tests.quality.stats_frames import SEGMENT_S, changed, stats_of

STATS = stats_of(300)


def test_an_even_voice_has_no_suspects():
    assert list(rank(STATS, 100, SEGMENT_S)["clip_id"]) == []
    assert tuple(rank(STATS, 100, SEGMENT_S).columns) == COLUMNS


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("chars_per_s", 3.9, "3.9 chars/s, median 1[34].. of texts as long: much too slow for its text"),
        ("chars_per_s", 40.0, "40.0 chars/s, median 1[34].. of texts as long: much too fast for its text"),
        ("rms_db", -35.0, "-35.0 dB level, median -(20.0|19.9): much quieter than the rest"),
        ("rms_db", -9.0, "-9.0 dB level, median -(20.0|19.9): much louder than the rest"),
        ("peak_db", -18.0, "-18.0 dB peak, median -3.0: a much lower peak"),
        ("leading_silence_s", 1.4, "1.40 s of silence before, median 0.05: a long silence at the start"),
        ("trailing_silence_s", 0.8, "0.80 s of silence after, median 0.05: a long silence at the end"),
        ("dc_offset", 0.04, "0.0400 DC offset, median -?0.0000: the signal is not centred"),
        ("dc_offset", -0.04, "-0.0400 DC offset, median -?0.0000: the signal is not centred"),
        ("clipped_ratio", 0.002, r"0.2000% of samples clipped, median 0.0000%: clipped"),
        ("speech_ratio", 0.3, "30% speech, median 90%: much of it is silence"),
    ],
)
def test_an_outlier_is_explained_in_words_with_its_value_and_the_median(column, value, words):
    found = rank(changed(STATS, 42, **{column: value}), 100, SEGMENT_S)
    assert list(found["clip_id"]) == ["clip_0042"]
    assert found["suspicion"][0] > OUTLIER_Z
    assert pd.Series(found["reasons"][0]).str.fullmatch(f"{words}.*")[0], found["reasons"][0]


@pytest.mark.parametrize(("column", "value"), [("peak_db", -0.1), ("speech_ratio", 1.0), ("leading_silence_s", 0.0)])
def test_a_harmless_outlier_is_no_suspect(column, value):
    narrow = STATS.assign(peak_db=-12.0, speech_ratio=0.5, leading_silence_s=0.5)
    assert rank(changed(narrow, 42, **{column: value}), 100, SEGMENT_S).empty


@pytest.mark.parametrize(("value", "suspect"), [(0.05 + 0.05 * 3.4, False), (0.05 + 0.05 * 3.6, True)])
def test_the_least_spread_limits_z_in_a_voice_without_spread(value, suspect):
    assert len(rank(changed(STATS, 42, trailing_silence_s=value), 100, SEGMENT_S)) == suspect


def test_robust_z_is_the_published_formula():
    values = np.array([1.0, 2.0, 3.0, 4.0, 100.0])
    assert robust_z(values, 0.01) == pytest.approx(np.clip(0.6745 * (values - 3.0) / 1.0, -50, 50))
    assert list(robust_z(np.array([]), 1.0)) == []


def test_short_texts_are_compared_with_short_texts():
    slow = [index % 3 == 0 for index in range(300)]
    stats = STATS.assign(
        text=["да" if one else "слово " * 8 for one in slow], chars_per_s=[3.0 if one else 14.0 for one in slow]
    )
    assert rank(stats, 100, SEGMENT_S).empty
    assert "median 14.0 of texts as long" in rank(changed(stats, 200, chars_per_s=3.0), 100, SEGMENT_S)["reasons"][0]


def test_certain_faults_rank_above_any_outlier():
    stats = changed(STATS, 10, rms_db=-3.0, peak_db=-60.0)
    stats = changed(stats, 20, normalised_text=STATS["normalised_text"][5])
    stats = changed(stats, 30, normalised_text="")
    stats = changed(stats, 40, samples_sha256=STATS["samples_sha256"][6])
    stats = changed(stats, 50, rms_db=-120.0, peak_db=-120.0, chars_per_s=0.0, speech_ratio=0.0)
    found = rank(stats, 100, SEGMENT_S)
    assert list(found["clip_id"]) == ["clip_0050", "clip_0040", "clip_0030", "clip_0020", "clip_0010"]
    assert found["reasons"][0] == "silent: -120.0 dB level, under -70 dB"
    assert found["reasons"][1].startswith(f"the same recording as clip_0006, which has another text: {STATS['text'][6]!r}")
    assert found["reasons"][3] == "repeats the text of clip_0005"


def test_every_fault_of_a_clip_is_named():
    stats = changed(STATS, 40, samples_sha256=STATS["samples_sha256"][6], text=STATS["text"][6], rms_db=-30.0)
    stats = changed(stats, 40, normalised_text=STATS["normalised_text"][6])
    assert rank(stats, 1, SEGMENT_S)["reasons"][0].split("; ")[:2] == [
        "the same recording as clip_0006, with the same text",
        "repeats the text of clip_0006",
    ]
    assert "quieter" in rank(stats, 1, SEGMENT_S)["reasons"][0]


@pytest.mark.parametrize(
    ("outliers", "top", "shown"), [(20, 10, (5, 5)), (2, 10, (8, 2)), (20, 100, (60, 20)), (0, 10, (10, 0))]
)
def test_repeated_texts_fill_at_most_half_of_the_list_while_outliers_remain(outliers, top, shown):
    stats = STATS.copy()
    stats.loc[:60, "normalised_text"] = "одно и то же"
    stats.loc[100 : 100 + outliers - 1, "rms_db"] = -40.0
    found = rank(stats, top, SEGMENT_S)
    repeats = found["reasons"].str.startswith("repeats").sum()
    assert (repeats, len(found) - repeats) == shown
    assert found["suspicion"].is_monotonic_decreasing


def test_at_most_top_rows_are_returned_and_the_worst_are_among_them():
    stats = STATS.copy()
    stats.loc[:40, "rms_db"] = -100.0
    found = rank(changed(stats, 200, normalised_text=""), 10, SEGMENT_S)
    assert len(found) == 10
    assert found["reasons"].str.startswith("silent").all()


def test_a_single_clip_is_no_outlier():
    assert rank(STATS.head(1), 10, SEGMENT_S).empty


def test_statistics_without_clips_are_an_error():
    with pytest.raises(UnusableStatsError):
        rank(STATS.head(0), 10, SEGMENT_S)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"kept_s": 0.371}, "0.37 s after Piper's trimming, less than one training segment of 0.37 s"),
        ({"kept_s": 0.372}, ""),
        ({"leading_silence_s": 0.95, "first_speech_s": 0.6}, "0.60 s of silence at the start after Piper's trimming"),
        ({"leading_silence_s": 0.8, "first_speech_s": 0.6}, ""),  # 0.35 s too late: 0.45 s stay
        ({"first_speech_s": -1.0}, "Piper's detector hears no speech"),
    ],
)
def test_a_clip_that_training_trims_badly_is_a_suspect(changes: dict[str, float], reason: str) -> None:
    silences = STATS.assign(leading_silence_s=np.linspace(0, 1, len(STATS)), first_speech_s=np.linspace(0, 1, len(STATS)))
    found = rank(changed(silences, 42, **changes), 100, SEGMENT_S)
    assert list(found["clip_id"]) == (["clip_0042"] if reason else [])
    if reason:
        assert found["reasons"][0].startswith(reason)
        assert found["suspicion"][0] == 50.0


def test_a_segment_longer_than_what_is_measured_blames_nobody() -> None:
    assert rank(STATS.assign(kept_s=1.0, duration_s=2.0), 100, 1.5).empty
