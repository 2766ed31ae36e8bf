"""The files in data_checks: each loads, follows Great Expectations' own schema, and reads columns that the tables have."""

import importlib
import json

import pytest

from voice_assets.dataset import tables
from voice_assets.rules.suites import FOLDER, Rule, load_suite, suite_names
from voice_assets_tests.data_checks.good_tables import PARAMETERS, bound, good

COLUMNS = {
    "clips": tables.CLIPS,
    "stats": tables.CLIP_STATS,
    "transcripts": tables.TRANSCRIPTS,
    "epochs": tables.EPOCHS,
    "validations": tables.EPOCHS,
    "samples": tables.SAMPLES,
    "scores": tables.SCORES,
    "clients": tables.CLIENTS,
}
WITH_KEPT = ("asr_sample_report", "whisper_validation")
RULES = {
    "asr_sample_report": ["all_clips_scored", "mean_similarity", "low_similarity", "no_failing_category"],
    "base_validation": [
        *("config_present", "config_valid", "config_sample_rate"),
        *("two_columns", "names_present", "texts_present", "no_duplicate_rows", "safe_paths"),
        *("wavs_present", "wavs_readable", "no_extra_wavs"),
        *("format_wav", "pcm16", "mono", "sample_rate", "duration"),
        *("text_length", "text_script", "text_printable", "phonemes_known", "phonemes_present", "same_reading"),
        *("no_digits", "no_latin", "no_plus", "no_missing_yo", "no_signs"),
    ],
    "mini_training": ["ran_to_the_end", "loss_falls", "nothing_nan", "loss_sane", "validation_loss_sane"],
    "onnx_voice": ["loads", "same_audio", "config_complete"],
    "quality_report": [
        *("all_clips_measured", "no_silent_clips", "text_length_p95", "duplicate_texts"),
        *("no_duration_spike_start", "no_duration_spike_end", "no_duplicate_audio"),
    ],
    "training": [
        *("ran_to_the_end_or_level", "loss_level", "gap_in_bounds"),
        *("nothing_nan", "loss_sane", "validation_loss_sane"),
    ],
    "voice_package": ["files_present", "checksums_match", "versions_match", "says_the_same", "speaks", "pages_work"],
    "release": [
        *("package_verified", "licence_named", "credit_named", "version_free", "everything_archived"),
        *("every_client_tried", "clients_speak", "clients_understood", "clients_first_word", "clients_last_word"),
    ],
    "best_epoch": ["a_candidate_passes"],
    "voice_samples": [
        *("sample_count", "audible", "long_enough", "intelligible", "natural", "second_opinion"),
        *("sounds_like_the_speaker", "speaking_rate", "no_clipping", "no_long_silence", "first_and_last_words"),
    ],
    "whisper_shard": ["every_clip_scored", "no_unknown_clips", "similarity_range", "cer_range"],
    "whisper_validation": [
        *("all_shards_done", "every_clip_scored", "no_unknown_clips"),
        *("mean_similarity", "low_similarity", "no_failing_category"),
    ],
}
"""A rule's name is the name of a Dagster check, and `advisory` entries use the name: changing the name loses its history."""

WARNINGS = {
    "base_validation/no_digits",
    "base_validation/no_latin",
    "base_validation/no_missing_yo",
    "base_validation/no_plus",
    "base_validation/no_signs",
    "quality_report/no_duplicate_audio",
}


def all_rules() -> list[tuple[str, Rule]]:
    return [(name, rule) for name in suite_names() for rule in load_suite(name).rules]


def test_the_suites_and_their_rules() -> None:
    assert {name: [rule.name for rule in load_suite(name).rules] for name in suite_names()} == RULES


def test_only_these_rules_do_not_block() -> None:
    assert {f"{suite}/{rule.name}" for suite, rule in all_rules() if rule.severity == "warning"} == WARNINGS


@pytest.mark.parametrize("suite", RULES)
def test_the_parameters_are_those_a_voice_gives(suite: str) -> None:
    assert load_suite(suite).parameter_names == set(PARAMETERS[suite])


@pytest.mark.parametrize("suite", RULES)
def test_nothing_is_left_to_fill_in(suite: str) -> None:
    filled = [(rule.description, rule.kwargs, rule.meta.where) for rule in bound(suite).rules]
    assert "$" not in repr(filled)


@pytest.mark.parametrize(("suite", "rule"), all_rules(), ids=[f"{suite}/{rule.name}" for suite, rule in all_rules()])
def test_a_rule_reads_columns_that_its_table_has(suite: str, rule: Rule) -> None:
    named = {rule.meta.id_column, rule.meta.explain_column, rule.meta.where.column if rule.meta.where else None} - {None}
    known = set(COLUMNS[rule.table]) if rule.table in COLUMNS else set(good(suite)[rule.table].columns)
    known |= set(tables.KEPT) if rule.table == "transcripts" and suite in WITH_KEPT else set()
    assert {*rule.columns, *named} <= known
    # A table's row count is the only thing to judge without a column; a misspelt `column` would look the same.
    assert rule.columns or rule.type == "expect_table_row_count_to_be_between"


@pytest.mark.parametrize(("suite", "rule"), all_rules(), ids=[f"{suite}/{rule.name}" for suite, rule in all_rules()])
def test_a_rule_about_rows_can_name_them(suite: str, rule: Rule) -> None:
    about_rows = rule.type.startswith("expect_column_values") or rule.type.startswith("expect_column_share")
    assert rule.meta.id_column or rule.table in ("facts", "config", "scores") or not about_rows


@pytest.mark.parametrize("suite", RULES)
def test_great_expectations_reads_the_file_and_writes_the_same(suite: str) -> None:
    gx = importlib.import_module("great_expectations")
    importlib.import_module("data_checks.expectations")
    written = json.loads((FOLDER / f"{suite}.json").read_text(encoding="utf-8"))
    filled = [rule.expectation() for rule in bound(suite).rules]
    dumped = gx.ExpectationSuite(name=suite, expectations=filled).to_json_dict()["expectations"]
    assert [one["type"] for one in dumped] == [one["type"] for one in written["expectations"]]
    assert [one["kwargs"] for one in dumped] == [one["kwargs"] for one in filled]
    assert [one["severity"] for one in dumped] == [one["severity"] for one in written["expectations"]]
    assert [one["notes"] for one in dumped] == [one["notes"] for one in filled]
