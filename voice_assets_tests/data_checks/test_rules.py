"""Every rule of every suite on both sides of its limit: the last value that passes, and the first that fails."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from voice_assets.dataset.rows import STRUCTURE
from voice_assets.dataset.tables import CLIP_STATS
from voice_assets.quality.summary import facts
from voice_assets_tests.data_checks.good_tables import CLIPS, PARAMETERS, bound, failed, good, judge


@pytest.mark.parametrize("suite", PARAMETERS)
def test_good_tables_pass_every_rule(suite: str) -> None:
    results = judge(suite, good(suite))
    assert failed(results) == []
    assert not any(result.errored for result in results.values())


FACTS = [
    ("base_validation", "config", "present", True, False, "config_present"),
    ("base_validation", "config", "valid", True, False, "config_valid"),
    ("base_validation", "config", "sample_rate", 22050, 22049, "config_sample_rate"),
    ("quality_report", "facts", "clips_missing", 0, 1, "all_clips_measured"),
    ("quality_report", "facts", "silent_clips", 0, 1, "no_silent_clips"),
    ("whisper_shard", "facts", "clips_missing", 0, 1, "every_clip_scored"),
    ("whisper_shard", "facts", "clips_extra", 0, 1, "no_unknown_clips"),
    ("asr_sample_report", "facts", "clips_missing", 0, 1, "all_clips_scored"),
    ("asr_sample_report", "facts", "worst_category_gap", 0.15, 0.1501, "no_failing_category"),
    ("whisper_validation", "facts", "shards_missing", 0, 1, "all_shards_done"),
    ("whisper_validation", "facts", "clips_missing", 0, 1, "every_clip_scored"),
    ("whisper_validation", "facts", "clips_extra", 0, 1, "no_unknown_clips"),
    ("whisper_validation", "facts", "worst_category_gap", 0.15, 0.1501, "no_failing_category"),
    ("mini_training", "facts", "epochs_done", 2, 1, "ran_to_the_end"),
    ("mini_training", "facts", "loss_drop_0_1", 1e-9, 0.0, "loss_falls"),
    ("mini_training", "facts", "loss_drop_0_1", 14.5, -1.0, "loss_falls"),
    ("mini_training", "facts", "not_finite", 0, 1, "nothing_nan"),
    ("onnx_voice", "facts", "loads", 1, 0, "loads"),
    ("onnx_voice", "facts", "max_abs_difference", 0.001, 0.0010001, "same_audio"),
    ("onnx_voice", "facts", "config_problems", 0, 1, "config_complete"),
    ("voice_package", "facts", "missing_files", 0, 1, "files_present"),
    ("voice_package", "facts", "checksum_mismatches", 0, 1, "checksums_match"),
    ("voice_package", "facts", "versions_mismatched", 0, 1, "versions_match"),
    ("voice_package", "facts", "speaks", 1, 0, "speaks"),
]


@pytest.mark.parametrize(("suite", "table", "column", "last", "first", "rule"), FACTS)
def test_a_fact_on_both_sides(suite: str, table: str, column: str, last: Any, first: Any, rule: str) -> None:
    tables = good(suite)
    tables[table][column] = last
    assert failed(judge(suite, tables)) == []
    tables[table][column] = first
    results = judge(suite, tables)
    assert failed(results) == [rule]
    assert not results[rule].errored
    assert column in results[rule].message


ROWS = [
    ("base_validation", "clips", "format", "WAV", "MP3", "format_wav"),
    ("base_validation", "clips", "format", "WAV", "", "format_wav"),
    ("base_validation", "clips", "subtype", "PCM_16", "PCM_24", "pcm16"),
    ("base_validation", "clips", "channels", 1, 2, "mono"),
    ("base_validation", "clips", "sample_rate", 22050, 16000, "sample_rate"),
    ("base_validation", "clips", "duration_s", 0.2, 0.1999, "duration"),
    ("base_validation", "clips", "duration_s", 15.0, 15.0001, "duration"),
    ("base_validation", "clips", "text_length", 3, 2, "text_length"),
    ("base_validation", "clips", "text_length", 400, 401, "text_length"),
    ("base_validation", "clips", "script_share", 0.5, 0.4999, "text_script"),
    ("base_validation", "clips", "unprintable", 0, 1, "text_printable"),
    ("base_validation", "clips", "unknown_phonemes", "", "ʘ", "phonemes_known"),
    ("base_validation", "clips", "digits", False, True, "no_digits"),
    ("base_validation", "clips", "latin", False, True, "no_latin"),
    ("base_validation", "clips", "plus", False, True, "no_plus"),
    ("whisper_shard", "transcripts", "similarity", 0.0, -0.001, "similarity_range"),
    ("whisper_shard", "transcripts", "similarity", 1.0, 1.001, "similarity_range"),
    ("whisper_shard", "transcripts", "cer", 0.0, -0.001, "cer_range"),
    ("whisper_shard", "transcripts", "cer", 4.0, -4.0, "cer_range"),
    ("mini_training", "epochs", "loss", -3.0, 2e6, "loss_sane"),
    ("mini_training", "epochs", "validation_loss", 99.0, -2e6, "validation_loss_sane"),
    ("voice_samples", "samples", "level_db", -40.0, -40.01, "audible"),
    ("voice_samples", "samples", "duration_s", 0.3001, 0.3, "long_enough"),
]


ROW_SUITES = sorted({case[0] for case in ROWS})


@pytest.mark.parametrize("suite", ROW_SUITES)
def test_rows_at_their_limits_pass(suite: str) -> None:
    tables = good(suite)
    for row, (_, table, column, last, _, _) in enumerate(case for case in ROWS if case[0] == suite):
        tables[table].loc[row, column] = last
    assert failed(judge(suite, tables)) == []


@pytest.mark.parametrize("suite", ROW_SUITES)
def test_each_row_over_a_limit_fails_its_own_rule_and_no_other(suite: str) -> None:
    tables = good(suite)
    expected: dict[str, list[str]] = {}
    for row, (_, table, column, _, first, rule) in enumerate(case for case in ROWS if case[0] == suite):
        tables[table].loc[row, column] = first
        expected.setdefault(rule, []).append(str(tables[table].iloc[row, 0]))
    results = judge(suite, tables)
    assert set(failed(results)) == set(expected)
    for rule, names in expected.items():
        assert (results[rule].failing, results[rule].errored) == (names, False)
        assert results[rule].unexpected_count == results[rule].observed == len(names)


def test_two_clips_with_the_same_audio_are_both_named() -> None:
    tables = good("quality_report")
    tables["stats"].loc[7, "samples_sha256"] = tables["stats"].loc[3, "samples_sha256"]
    results = judge("quality_report", tables)
    assert failed(results) == ["no_duplicate_audio"]
    assert results["no_duplicate_audio"].failing == ["c3.wav", "c7.wav"]


STRUCTURE_RULES = {
    "bad_columns": "two_columns",
    "empty_name": "names_present",
    "empty_text": "texts_present",
    "duplicate": "no_duplicate_rows",
    "unsafe_path": "safe_paths",
    "missing_wav": "wavs_present",
    "unreadable_wav": "wavs_readable",
    "extra_wav": "no_extra_wavs",
}


def test_every_code_of_speech_rows_has_its_rule() -> None:
    assert set(STRUCTURE_RULES) == set(STRUCTURE)


def test_a_fault_of_a_row_fails_its_own_rule_only() -> None:
    tables = good("base_validation")
    unread = {"format": "", "subtype": "", "channels": 0, "sample_rate": 0, "duration_s": 0.0}
    for row, code in enumerate(STRUCTURE_RULES):
        no_text = {"text": "", "text_length": 0} if code in ("bad_columns", "empty_text", "extra_wav") else {}
        for column, value in {"structure": code, **unread, **no_text}.items():
            tables["clips"].loc[row, column] = value
    results = judge("base_validation", tables)
    assert set(failed(results)) == set(STRUCTURE_RULES.values())
    for row, rule in enumerate(STRUCTURE_RULES.values()):
        assert (results[rule].failing, results[rule].observed) == ([f"c{row}.wav"], 1)
    assert "of 92 clips" in results["mono"].message
    assert "of 95 clips" in results["text_length"].message


def test_clips_that_are_all_at_fault_leave_nothing_to_call_mono() -> None:
    tables = good("base_validation")
    tables["clips"]["structure"] = "missing_wav"
    results = judge("base_validation", tables)
    assert failed(results) == ["wavs_present", "format_wav", "pcm16", "mono", "sample_rate", "duration"]
    assert results["mono"].errored


def test_the_problems_of_the_config_are_told() -> None:
    tables = good("base_validation")
    tables["config"]["valid"] = False
    tables["config"]["problems"] = "no phoneme_id_map"
    assert "problems: no phoneme_id_map" in judge("base_validation", tables)["config_valid"].message


def test_warnings_warn() -> None:
    tables = good("base_validation")
    tables["clips"].loc[[2, 5, 9], "digits"] = True
    digits = judge("base_validation", tables)["no_digits"]
    assert (digits.severity, digits.errored, digits.observed) == ("warning", False, 3)
    assert digits.failing == ["c2.wav", "c5.wav", "c9.wav"]


def test_the_worst_kind_of_clip_is_told() -> None:
    tables = good("asr_sample_report")
    tables["facts"]["worst_category_gap"] = 0.3
    assert "worst_category: numbers" in judge("asr_sample_report", tables)["no_failing_category"].message


# Shares and means, exactly at their limits

LOW = [("whisper_validation", 1, 2), ("asr_sample_report", 9, 10)]


@pytest.mark.parametrize(("suite", "passes", "fails"), LOW, ids=["under 2 %", "under 10 %"])
def test_the_share_of_low_clips_is_strict(suite: str, passes: int, fails: int) -> None:
    for count in (passes, fails):
        tables = good(suite)
        tables["transcripts"].loc[: count - 1, "similarity"] = 0.79
        result = judge(suite, tables)["low_similarity"]
        assert result.passed == (count == passes)
        assert result.observed == count / CLIPS
        assert result.errored is False
    assert result.unexpected_count == fails
    assert result.failing == [f"c{number}.wav" for number in range(fails)]


@pytest.mark.parametrize(("similarity", "passes"), [(0.8, True), (0.7999, False)])
def test_a_clip_is_low_under_the_threshold_not_at_it(similarity: float, passes: bool) -> None:
    tables = good("whisper_validation")
    tables["transcripts"].loc[:1, "similarity"] = similarity
    assert judge("whisper_validation", tables)["low_similarity"].passed == passes


@pytest.mark.parametrize(("clips", "low", "passes"), [(18377, 367, True), (18377, 368, False), (50, 1, False), (51, 1, True)])
def test_the_share_is_of_all_clips(clips: int, low: int, passes: bool) -> None:
    table = pd.DataFrame({"clip_id": [str(number) for number in range(clips)], "similarity": 1.0, "cer": 0.0})
    table.loc[: low - 1, "similarity"] = 0.1
    tables = good("whisper_validation") | {"transcripts": table}
    assert judge("whisper_validation", tables)["low_similarity"].passed == passes


@pytest.mark.parametrize(("suite", "least"), [("whisper_validation", 0.9), ("asr_sample_report", 0.85)])
def test_the_mean_may_lie_at_its_limit(suite: str, least: float) -> None:
    for similarity, passes in ((least, True), (least - 1e-6, False)):
        tables = good(suite)
        tables["transcripts"]["similarity"] = similarity
        result = judge(suite, tables)["mean_similarity"]
        assert result.passed == passes
        assert result.observed == pytest.approx(similarity, abs=1e-12)


# Sums that pandas' own mean, which the built-in expectation takes, puts a hair under the limit they are equal to.
@pytest.mark.parametrize("pairs", [2, 8, 16])
def test_a_mean_of_different_values_may_lie_at_its_limit(pairs: int) -> None:
    similarity = pd.Series([0.83, 0.97] * pairs)
    assert similarity.mean() < 0.9
    table = pd.DataFrame({"clip_id": [str(number) for number in range(2 * pairs)], "similarity": similarity, "cer": 0.0})
    result = judge("whisper_validation", good("whisper_validation") | {"transcripts": table})["mean_similarity"]
    assert (result.passed, result.observed) == (True, 0.9)


@pytest.mark.parametrize(
    ("column", "rule", "last", "first"), [("cer", "intelligible", 0.2, 0.2001), ("mos", "natural", 3.0, 2.9999)]
)
def test_the_means_of_the_samples(column: str, rule: str, last: float, first: float) -> None:
    for value, passes in ((last, True), (first, False)):
        tables = good("voice_samples")
        tables["samples"][column] = value
        assert failed(judge("voice_samples", tables)) == ([] if passes else [rule])


@pytest.mark.parametrize(("count", "passes"), [(4, False), (5, True), (10, True), (11, False)])
def test_the_number_of_samples(count: int, passes: bool) -> None:
    samples = pd.concat([good("voice_samples")["samples"]] * 3, ignore_index=True).iloc[:count]
    result = judge("voice_samples", {"samples": samples})["sample_count"]
    assert (result.passed, result.observed, result.limit) == (passes, count, "5 to 10")


def test_no_samples_at_all_fail() -> None:
    results = judge("voice_samples", {"samples": good("voice_samples")["samples"].iloc[:0]})
    assert failed(results) == list(results)


@pytest.mark.parametrize(("longest", "passes"), [(299, True), (300, False)])
def test_the_95th_percentile_of_the_text_length_is_strict(longest: int, passes: bool) -> None:
    tables = good("quality_report")
    tables["stats"].loc[CLIPS - 10 :, "text_length"] = longest
    result = judge("quality_report", tables)["text_length_p95"]
    assert (result.passed, result.observed, result.limit) == (passes, longest, "< 300")
    assert result.failing == ([] if passes else [f"c{number}.wav" for number in range(90, 100)])


def test_one_long_text_in_twenty_is_allowed() -> None:
    tables = good("quality_report")
    tables["stats"].loc[CLIPS - 4 :, "text_length"] = 399
    assert judge("quality_report", tables)["text_length_p95"].passed


@pytest.mark.parametrize(("repeats", "passes"), [(4, True), (5, False)])
def test_the_share_of_repeated_texts_is_strict_and_counts_one_of_a_pair(repeats: int, passes: bool) -> None:
    tables = good("quality_report")
    tables["stats"].loc[50 : 49 + repeats, "normalised_text"] = [f"слово {number}" for number in range(repeats)]
    result = judge("quality_report", tables)["duplicate_texts"]
    assert (result.passed, result.observed) == (passes, repeats / CLIPS)
    assert result.failing == ([] if passes else [f"c{number}.wav" for number in range(50, 55)])


def spread(*heap: float) -> dict[str, pd.DataFrame]:
    """400 clips evenly over 1 to 15 s (14 or so per bin of half a second), and a heap."""
    durations = [*(1 + 14 * (number + 0.5) / 400 for number in range(400)), *heap]
    names = [f"c{number}.wav" for number in range(len(durations))]
    unique = {"normalised_text": names, "samples_sha256": names, "text_length": 50}
    tables = good("quality_report")
    return tables | {"stats": pd.DataFrame({"clip_id": names, "duration_s": durations}).assign(**unique)}


@pytest.mark.parametrize(
    ("heap", "rule"),
    [
        ([], None),
        ([15.0] * 20, None),
        ([15.0] * 60, "no_duration_spike_end"),
        ([14.7] * 60, "no_duration_spike_end"),
        ([1.1] * 60, "no_duration_spike_start"),
        ([0.3] * 60, "no_duration_spike_start"),
        ([8.0] * 60, None),
        ([0.3] * 5, None),
    ],
    ids=[
        "even",
        "few at the limit",
        "heap at the limit",
        "heap at the end",
        "heap at the start",
        "scraps",
        "middle",
        "few scraps",
    ],
)
def test_a_heap_at_an_end_of_the_durations_is_a_spike(heap: list[float], rule: str | None) -> None:
    results = judge("quality_report", spread(*heap))
    assert failed(results) == ([rule] if rule else [])
    if rule:
        assert results[rule].failing[0] in {f"c{number}.wav" for number in range(460)}
        assert results[rule].unexpected_count >= len(heap)
        assert set(results[rule].failing) & {f"c{number}.wav" for number in range(400, 460)}


@pytest.mark.parametrize("clips", [1, 2, 6])
def test_a_handful_of_clips_is_never_a_spike(clips: int) -> None:
    tables = good("quality_report")
    tables["stats"] = tables["stats"].iloc[:clips].assign(duration_s=3.0)
    assert failed(judge("quality_report", tables)) == []


@pytest.mark.parametrize("suite", PARAMETERS)
def test_each_missing_table_fails_its_rules(suite: str) -> None:
    for table in good(suite):
        rest = {name: frame for name, frame in good(suite).items() if name != table}
        results = judge(suite, rest)
        assert failed(results)
        assert all(results[name].errored and f"no table {table}" in results[name].message for name in failed(results))


@pytest.mark.parametrize("suite", PARAMETERS)
def test_a_hole_in_a_column_fails_the_rule_that_reads_it(suite: str) -> None:
    tables = good(suite)
    # `structure` also chooses the rows of other rules: it stays whole here, so that each rule meets its own hole.
    reading = [rule for rule in bound(suite).rules if rule.columns and rule.columns != ("structure",)]
    for rule in reading:
        table = tables[rule.table]
        table[rule.columns[0]] = table[rule.columns[0]].astype(object)
        table.loc[0, rule.columns[0]] = None
    results = judge(suite, tables)
    for rule in reading:
        result = results[rule.name]
        assert (result.passed, result.errored, result.severity) == (False, True, "critical")
        assert f"{rule.columns[0]} has no value" in result.message


def test_a_hole_in_the_structure_fails_every_rule_about_clips() -> None:
    tables = good("base_validation")
    tables["clips"].loc[0, "structure"] = None
    results = judge("base_validation", tables)
    judged = [name for name, result in results.items() if not result.errored]
    assert judged == ["config_present", "config_valid", "config_sample_rate"]


def test_the_report_and_the_rules_measure_the_same() -> None:
    chance = np.random.default_rng(7)
    table = pd.DataFrame({"clip_id": [f"c{number}.wav" for number in range(501)]})
    for column, meaning in CLIP_STATS.items():
        if column not in table:
            table[column] = {str: "", int: 0, float: 0.5, bool: False}[meaning.type]
    table["text_length"] = chance.integers(3, 400, len(table))
    table["duration_s"] = chance.uniform(1, 15, len(table))
    table["normalised_text"] = chance.integers(0, 2000, len(table)).astype(str)
    table["samples_sha256"] = chance.integers(0, 10**9, len(table)).astype(str)
    table.loc[:2, "rms_db"] = -90.0
    reported = facts(table, len(table) + 2)
    results = judge("quality_report", {"stats": table, "facts": pd.DataFrame([reported])})
    measured = {name: result.observed for name, result in results.items()}
    assert measured["text_length_p95"] == reported["text_length_p95"]
    assert measured["duplicate_texts"] == reported["duplicate_ratio"] > 0
    assert measured["no_duration_spike_start"] == reported["duration_spike_start"]
    assert measured["no_duration_spike_end"] == reported["duration_spike_end"]
    assert measured["all_clips_measured"] == 2
    assert measured["no_silent_clips"] == reported["silent_clips"] == 3
