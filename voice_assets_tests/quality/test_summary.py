import json
import math

import pytest

from voice_assets.quality.summary import UnusableStatsError, facts
from voice_assets_tests.quality.stats_frames import SEGMENT_S, changed, stats_of

STATS = stats_of(200)


def test_an_ordinary_data_set_has_no_faults():
    found = facts(STATS, 200, SEGMENT_S)
    zero = ("clips_missing", "clips_repeated", "duplicate_texts", "duplicate_ratio", "duplicate_audio", "empty_texts")
    assert {name: found[name] for name in (*zero, "silent_clips", "clipped_clips")} == dict.fromkeys(
        (*zero, "silent_clips", "clipped_clips"), 0
    )
    assert found["clips"] == 200
    assert found["hours"] == pytest.approx(STATS["duration_s"].sum() / 3600)


def test_facts_are_plain_finite_numbers():
    found = facts(STATS, 200, SEGMENT_S)
    assert {type(value) for value in found.values()} == {int, float}
    json.dumps(found, allow_nan=False)


@pytest.mark.parametrize(("copies", "ratio"), [(0, 0.0), (1, 0.005), (9, 0.045), (10, 0.05)])
def test_only_a_text_that_repeats_an_earlier_text_is_a_duplicate(copies, ratio):
    stats = STATS
    for row in range(1, copies + 1):
        stats = changed(stats, row, normalised_text=STATS["normalised_text"][0])
    found = facts(stats, 200, SEGMENT_S)
    assert (found["duplicate_texts"], found["duplicate_ratio"]) == (copies, pytest.approx(ratio))


@pytest.mark.parametrize(("expected", "missing"), [(200, 0), (203, 3), (198, -2)])
def test_missing_clips_are_counted_against_the_data_set(expected, missing):
    assert facts(STATS, expected, SEGMENT_S)["clips_missing"] == missing


def test_a_repeated_row_does_not_hide_a_missing_clip():
    stats = changed(STATS, 7, clip_id="clip_0003")
    found = facts(stats, 200, SEGMENT_S)
    assert (found["clips_missing"], found["clips_repeated"]) == (1, 1)


@pytest.mark.parametrize(
    ("name", "column", "under", "over"),
    [("silent_clips", "rms_db", -69.9, -70.1), ("clipped_clips", "clipped_ratio", 0.00009, 0.0001)],
)
def test_the_limits_of_silent_and_clipped(name, column, under, over):
    assert facts(changed(STATS, 5, **{column: under}), 200, SEGMENT_S)[name] == 0
    assert facts(changed(STATS, 5, **{column: over}), 200, SEGMENT_S)[name] == 1


@pytest.mark.parametrize(
    ("name", "sound", "bad"),
    [
        ("short_clips", {"kept_s": 0.3716}, {"kept_s": 0.3715}),
        ("silent_start_clips", {"leading_silence_s": 0.5, "first_speech_s": 0.25}, {"leading_silence_s": 0.51}),
        ("speechless_clips", {"first_speech_s": 0.0}, {"first_speech_s": -1.0}),
    ],
)
def test_clips_that_training_trims_badly_are_counted(name, sound, bad):
    assert facts(changed(STATS, 5, **sound), 200, SEGMENT_S)[name] == 0
    assert facts(changed(STATS, 5, **bad), 200, SEGMENT_S)[name] == 1


def test_copies_of_a_recording_are_counted():
    assert facts(changed(STATS, 9, samples_sha256=STATS["samples_sha256"][2]), 200, SEGMENT_S)["duplicate_audio"] == 1


def test_text_length_p95_is_interpolated_between_two_lengths():
    stats = STATS.head(20)
    assert facts(stats.assign(text_length=[10] * 19 + [500]), 20, SEGMENT_S)["text_length_p95"] == pytest.approx(
        10 + 0.05 * 490
    )
    assert facts(stats.assign(text_length=[10] * 18 + [400, 500]), 20, SEGMENT_S)["text_length_p95"] == pytest.approx(405)


def test_clips_cut_at_a_limit_are_a_spike():
    stats = STATS.assign(duration_s=[1.0 + 0.05 * index for index in range(160)] + [9.5] * 40)
    assert (
        facts(STATS.assign(duration_s=[1.01 + 0.04 * index for index in range(200)]), 200, SEGMENT_S)["duration_spike_end"] < 2
    )
    assert facts(stats, 200, SEGMENT_S)["duration_spike_end"] > 3


def test_statistics_without_clips_are_an_error():
    with pytest.raises(UnusableStatsError, match="no clip was measured"):
        facts(STATS.head(0), 200, SEGMENT_S)


def test_a_missing_column_is_an_error():
    with pytest.raises(UnusableStatsError, match="rms_db"):
        facts(STATS.drop(columns="rms_db"), 200, SEGMENT_S)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_figure_that_is_not_finite_is_an_error_that_names_the_clip(value):
    with pytest.raises(UnusableStatsError, match="chars_per_s of 1 clips is not finite, first clip_0004"):
        facts(changed(STATS, 4, chars_per_s=value), 200, SEGMENT_S)
