"""Figures in words: the unit, and the rounding on both sides of every threshold."""

import math

import pytest

from voice_assets.cli import figures

NAN = float("nan")


@pytest.mark.parametrize(
    ("words", "value", "shown"),
    [
        (figures.ratio, 0.9804, "0.980"),
        (figures.ratio, 0.9805001, "0.981"),
        (figures.ratio, 0.99949, "0.999"),
        (figures.ratio, 0.99951, "0.999"),
        (figures.ratio, math.nextafter(1, 0), "0.999"),
        (figures.ratio, 1, "1.000"),
        (figures.ratio, 1.25, "1.250"),
        (figures.ratio, 0, "0.000"),
        (figures.ratio, NAN, "not a number"),
        (figures.percent, 0, "0.0 %"),
        (figures.percent, 1 / 18377, "under 0.1 %"),
        (figures.percent, 0.000499, "under 0.1 %"),
        (figures.percent, 0.000501, "0.1 %"),
        (figures.percent, 0.01949, "1.9 %"),
        (figures.percent, 0.01951, "2.0 %"),
        (figures.percent, 0.99949, "99.9 %"),
        (figures.percent, 0.99951, "over 99.9 %"),
        (figures.percent, 1, "100.0 %"),
        (figures.audio_length, 0, "0.0 s"),
        (figures.audio_length, 10 / 3600, "10.0 s"),
        (figures.audio_length, 59.94 / 3600, "59.9 s"),
        (figures.audio_length, 59.96 / 3600, "1.0 min"),
        (figures.audio_length, 13.06 / 60, "13.1 min"),
        (figures.audio_length, 59.94 / 60, "59.9 min"),
        (figures.audio_length, 59.96 / 60, "1.00 h"),
        (figures.audio_length, 3.424, "3.42 h"),
        (figures.audio_length, 3.426, "3.43 h"),
        (figures.audio_length, 1234.5, "1,234.50 h"),
        (figures.three_digits, 139.24, "139"),
        (figures.three_digits, 42.14, "42.1"),
        (figures.three_digits, 42.16, "42.2"),
        (figures.three_digits, 99.94, "99.9"),
        (figures.three_digits, 99.96, "100"),
        (figures.three_digits, 999.4, "999"),
        (figures.three_digits, 999.6, "1,000"),
        (figures.three_digits, 0.001234, "0.00123"),
        (figures.three_digits, 0, "0.00"),
        (figures.three_digits, -27.34, "-27.3"),
        (figures.three_digits, NAN, "not a number"),
        (figures.three_digits, math.inf, "infinite"),
        (figures.one_digit, 0, "0"),
        (figures.one_digit, 0.00034, "0.0003"),
        (figures.one_digit, 0.00036, "0.0004"),
        (figures.one_digit, 0.0001, "0.0001"),
        (figures.one_digit, 0.00009, "9e-5"),
        (figures.one_digit, 2.4e-8, "2e-8"),
        (figures.one_digit, 0.94, "0.9"),
        (figures.one_digit, 0.96, "1.0"),
        (figures.one_digit, 12.34, "12.3"),
        (figures.one_digit, NAN, "not a number"),
        (figures.storage, 0, "0 bytes"),
        (figures.storage, 1, "1 byte"),
        (figures.storage, 949, "949 bytes"),
        (figures.storage, 1000, "1.0 kB"),
        (figures.storage, 63_140_000, "63.1 MB"),
        (figures.storage, 63_160_000, "63.2 MB"),
        (figures.storage, 999_960_000, "1.0 GB"),
        (figures.storage, 846e9, "846.0 GB"),
        (figures.clock, 0, "0:00"),
        (figures.clock, 59.9, "0:59"),
        (figures.clock, 60, "1:00"),
        (figures.clock, 3599.9, "59:59"),
        (figures.clock, 3600, "1:00:00"),
    ],
)
def test_rounding(words, value: float, shown: str) -> None:
    assert words(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(0, "0 clips"), (1, "1 clip"), (2, "2 clips"), (1204, "1,204 clips"), (18377, "18,377 clips")]
)
def test_counts_have_their_noun(value: int, shown: str) -> None:
    assert figures.count(value, "clip") == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(4.06, "4.1 clips/s"), (0.96, "1.0 clips/s"), (0.94, "56.4 clips/min"), (0.1, "6.0 clips/min")]
)
def test_a_slow_speed_is_by_the_minute(value: float, shown: str) -> None:
    assert figures.speed(value, "clips") == shown


def test_memory_that_the_driver_does_not_tell() -> None:
    assert figures.gpu_memory(8123, 24576) == "8,123 of 24,576 MiB"
    assert figures.gpu_memory(None, None) == "? of ? MiB"


@pytest.mark.parametrize(
    ("entries", "shown"),
    [
        ({"clips": 1204, "hours": 3.424, "clips_with_findings": 0}, "1,204 clips, 3.42 h, 0 with findings"),
        (
            {"newly_low": 3, "worse": 12, "fixed": 1, "better": 0, "added": 2, "affected": 1},
            "3 newly low, 12 worse, 1 fixed, 0 better, 1 result affected",
        ),
        ({"clips": 271, "hours": 0.2, "problem_rows": 1}, "271 clips, 12.0 min, 1 faulty row"),
        (
            {"clips": 271, "mean_similarity": 0.98, "mean_cer": 0.0123, "low_similarity": 0, "later_passes_kept": 9},
            "271 clips, mean similarity 0.980, 0 low (0.0 %), CER 0.012",
        ),
        ({"clips": 0, "mean_similarity": 0.0, "low_similarity": 0}, "0 clips, mean similarity 0.000, 0 low (0.0 %)"),
        (
            {"clips": 120, "train": 114, "validation": 6, "hours": 0.1, "left_out_low_similarity": 2, "hash": "ab"},
            "120 clips, 114 to train and 6 to validate on, 6.0 min, 2 left out as low",
        ),
        ({"version": 0, "epochs": 2, "first_loss": 42.14, "last_loss": 27.26}, "2 epochs, loss 42.1 -> 27.3"),
        ({"epochs": 2, "first_loss": 42.14, "last_loss": NAN}, "2 epochs, loss 42.1 -> not a number"),
        ({"max_abs_difference": 0.00031}, "largest difference 0.0003"),
        (
            {"samples": 10, "mean_cer": 1.0, "mean_similarity": 0.2, "mean_mos": 3.44, "quietest_db": -20.0},
            "10 samples, mean similarity 0.200, CER 1.000, MOS 3.4",
        ),
        ({"files": 24, "bytes": 63_140_000, "package": {"uri": "x"}}, "24 files, 63.1 MB"),
        ({"epoch": 1, "step": 24}, "epoch 1"),
        ({"epoch": 1, "loss": 27.26, "done": 3}, "epoch 1, loss 27.3"),
        (
            {"done": 30, "mean_similarity": 0.9, "low": 2, "decoded": 23, "from_cache": 7},
            "mean similarity 0.900, 2 low (6.7 %), 23 decoded, 7 from the cache",
        ),
        ({}, ""),
        ({"clips": "many", "hours": None, "epochs": True}, ""),
    ],
)
def test_the_figures_of_an_asset(entries: dict[str, object], shown: str) -> None:
    assert figures.in_words(entries) == shown


def test_several_partitions_add_up_and_their_means_are_weighted_by_clips() -> None:
    shards = [
        {"clips": 3, "hours": 0.5, "mean_similarity": 1.0, "low_similarity": 0, "only_here": 1, "log": "x"},
        {"clips": 1, "hours": 0.25, "mean_similarity": 0.6, "low_similarity": 1},
    ]
    assert figures.together(shards) == {"clips": 4, "hours": 0.75, "mean_similarity": pytest.approx(0.9), "low_similarity": 1}
    assert figures.together([]) == {}
    assert figures.together([{"clips": 0, "mean_similarity": 0.0}]) == {"clips": 0, "mean_similarity": 0}


def test_no_figure_stands_twice() -> None:
    entries = [figure.entries for figure in figures.FIGURES]
    assert len(entries) == len(set(entries))
