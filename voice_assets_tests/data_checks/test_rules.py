"""Rules about facts and single rows on both sides of their limits: the last value that passes, the first that fails."""

from typing import Any

import numpy as np
import pytest

from voice_assets.dataset.rows import STRUCTURE
from voice_assets.piper.convergence import evidence, training_facts
from voice_assets_tests.data_checks.good_tables import PARAMETERS, failed, good, judge


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
    ("training", "facts", "complete", 1, 0, "ran_to_the_end_or_level"),
    ("training", "facts", "level", 1, 0, "loss_level"),
    ("training", "facts", "gap", 0.5, 0.5001, "gap_in_bounds"),
    ("training", "facts", "not_finite", 0, 1, "nothing_nan"),
    ("onnx_voice", "facts", "loads", 1, 0, "loads"),
    ("onnx_voice", "facts", "max_abs_difference", 0.001, 0.0010001, "same_audio"),
    ("onnx_voice", "facts", "config_problems", 0, 1, "config_complete"),
    ("voice_samples", "scores", "sentences", 5, 4, "sample_count"),
    ("voice_samples", "scores", "sentences", 10, 11, "sample_count"),
    ("voice_samples", "scores", "likeness", 0.7, 0.6999, "sounds_like_the_speaker"),
    ("voice_samples", "scores", "rate_ratio", 0.7, 0.6999, "speaking_rate"),
    ("voice_samples", "scores", "rate_ratio", 1.4, 1.4001, "speaking_rate"),
    ("voice_samples", "scores", "ends_right", 0.8, 0.7999, "first_and_last_words"),
    ("best_epoch", "facts", "passing", 1, 0, "a_candidate_passes"),
    ("voice_package", "facts", "missing_files", 0, 1, "files_present"),
    ("voice_package", "facts", "checksum_mismatches", 0, 1, "checksums_match"),
    ("voice_package", "facts", "versions_mismatched", 0, 1, "versions_match"),
    ("voice_package", "facts", "contradictions", 0, 1, "says_the_same"),
    ("voice_package", "facts", "speaks", 1, 0, "speaks"),
    ("release", "facts", "package_problems", 0, 1, "package_verified"),
    ("release", "facts", "licences_missing", 0, 1, "licence_named"),
    ("release", "facts", "credits_missing", 0, 2, "credit_named"),
    ("release", "facts", "version_conflicts", 0, 1, "version_free"),
    ("release", "facts", "not_archived", 0, 1, "everything_archived"),
    ("release", "facts", "clients_missing", 0, 1, "every_client_tried"),
    ("voice_package", "facts", "broken_links", 0, 1, "pages_work"),
]


@pytest.mark.parametrize(("suite", "table", "column", "last", "first", "rule"), FACTS)
def test_a_fact_on_both_sides(suite: str, table: str, column: str, last: Any, first: Any, rule: str) -> None:
    tables = good(suite)
    if list(tables[table][column]) != [last]:  # otherwise the good tables are this case
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
    ("base_validation", "clips", "format", "WAVEX", "RF64", "format_wav"),
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
    ("base_validation", "clips", "letter_phonemes", 1, 0, "phonemes_present"),
    ("base_validation", "clips", "misread", "", "ɪʌɡˈurt instead of jˈoɡurt", "same_reading"),
    ("base_validation", "clips", "signs", "", "& ænd", "no_signs"),
    ("base_validation", "clips", "missing_yo", "", "ещё", "no_missing_yo"),
    ("base_validation", "clips", "digits", False, True, "no_digits"),
    ("base_validation", "clips", "latin", False, True, "no_latin"),
    ("base_validation", "clips", "plus", False, True, "no_plus"),
    ("whisper_shard", "transcripts", "similarity", 0.0, -0.001, "similarity_range"),
    ("whisper_shard", "transcripts", "similarity", 1.0, 1.001, "similarity_range"),
    ("whisper_shard", "transcripts", "cer", 0.0, -0.001, "cer_range"),
    ("whisper_shard", "transcripts", "cer", 4.0, -4.0, "cer_range"),
    ("mini_training", "epochs", "loss", -3.0, 2e6, "loss_sane"),
    ("mini_training", "epochs", "validation_loss", 99.0, -2e6, "validation_loss_sane"),
    ("training", "epochs", "loss", -3.0, 2e6, "loss_sane"),
    ("training", "validations", "validation_loss", 99.0, -2e6, "validation_loss_sane"),
    ("voice_samples", "samples", "level_db", -40.0, -40.01, "audible"),
    ("voice_samples", "samples", "duration_s", 0.3001, 0.3, "long_enough"),
    ("voice_samples", "samples", "flat_ratio", 0.005, 0.0051, "no_clipping"),
    ("voice_samples", "samples", "longest_silence_s", 1.0, 1.01, "no_long_silence"),
    ("release", "clients", "problem", "", "ended with exit code 1", "clients_speak"),
    ("release", "clients", "cer_excess", 0.01, 0.0101, "clients_understood"),
    ("release", "clients", "first_word", 1.0, 0.9, "clients_first_word"),
    ("release", "clients", "last_word", 1.0, 0.9, "clients_last_word"),
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


def test_every_code_of_structure_has_its_rule() -> None:
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


def test_without_a_sound_clip_the_audio_rules_cannot_be_judged() -> None:
    tables = good("base_validation")
    tables["clips"]["structure"] = "missing_wav"
    results = judge("base_validation", tables)
    assert failed(results) == ["wavs_present", "format_wav", "pcm16", "mono", "sample_rate", "duration"]
    assert results["mono"].errored


def test_the_message_names_the_problems_of_the_config() -> None:
    tables = good("base_validation")
    tables["config"]["valid"] = False
    tables["config"]["problems"] = "no phoneme_id_map"
    assert "problems: no phoneme_id_map" in judge("base_validation", tables)["config_valid"].message


def test_a_failed_warning_keeps_its_severity() -> None:
    tables = good("base_validation")
    tables["clips"].loc[[2, 5, 9], "digits"] = True
    digits = judge("base_validation", tables)["no_digits"]
    assert (digits.severity, digits.errored, digits.observed) == ("warning", False, 3)
    assert digits.failing == ["c2.wav", "c5.wav", "c9.wav"]


def test_the_message_names_the_worst_category() -> None:
    tables = good("asr_sample_report")
    tables["facts"]["worst_category_gap"] = 0.3
    assert "worst_category: numbers" in judge("asr_sample_report", tables)["no_failing_category"].message


def test_a_training_without_a_level_loss_shows_the_arithmetic() -> None:
    tables = good("training")
    curve = tables["epochs"]
    curve["validation_loss"] = [40.0 - 0.2 * epoch for epoch in range(30)]
    results = judge("training", evidence(curve, training_facts(curve, 500, "level", 20)))
    assert failed(results) == ["ran_to_the_end_or_level", "loss_level"]
    assert "ending: 30 of 500 epochs are done" in results["ran_to_the_end_or_level"].message
    for words in ("validation_loss is not level", "-11.08 % per 20 epochs", "the limit is ±1.00 %", "still falls"):
        assert words in results["loss_level"].message


def test_a_training_without_validations_passes_neither_rule_about_them() -> None:
    curve = good("training")["epochs"].assign(validation_loss=np.nan, validation_mel=np.nan)
    results = judge("training", evidence(curve, training_facts(curve, 30, "max_epochs", 20)))
    assert failed(results) == ["loss_level", "gap_in_bounds", "validation_loss_sane"]


def test_a_validation_that_is_not_finite_is_named() -> None:
    curve = good("training")["epochs"]
    curve.loc[7, "validation_mel"] = np.nan
    results = judge("training", evidence(curve, training_facts(curve, 30, "max_epochs", 20)))
    assert failed(results) == ["nothing_nan"]
    assert "not_finite_where: validation_mel of epoch 7" in results["nothing_nan"].message
