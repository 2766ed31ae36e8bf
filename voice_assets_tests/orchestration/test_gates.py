"""Gates: every way past a failed, missing or outdated verdict must be closed, and the blocker must say what closed it."""

import dagster as dg
import pandas as pd
import pytest

from voice_assets.audio.recordings import write_wav
from voice_assets.definitions import build_definitions
from voice_assets.rules.suites import load_suite
from voice_assets_tests.datasets import RATE, burst
from voice_assets_tests.recorded_voice import RecordedVoice
from voice_assets_tests.toy_project import SHARDS, ToyProject, break_first_text, revalidate


def test_open_after_a_passed_validation(validated: ToyProject) -> None:
    assert validated.blockers("clip_stats", SHARDS[0]) == []
    assert all(outcome.success for outcome in validated.run_shards("clip_stats"))


def test_never_materialised_is_closed(toy: ToyProject) -> None:
    outcome = toy.run("base_validation")
    assert not outcome.success
    assert "The gate of toy/base_validation is closed" in outcome.message
    for shard in SHARDS:
        assert f"toy/clips[{shard}]: never materialised" in outcome.message


@pytest.mark.slow
def test_a_failed_rule_closes_a_later_run_and_is_named_with_both_numbers(failed: ToyProject) -> None:
    before = failed.latest("clip_stats", SHARDS[0])
    outcome = failed.run("clip_stats", SHARDS[0])
    assert not outcome.success
    assert "toy/base_validation: text_length: failed in run" in outcome.message
    assert "clip-000" in outcome.message
    assert "(observed 1, limit 3 to 400)" in outcome.message
    assert failed.latest("clip_stats", SHARDS[0]) == before


def test_a_failed_rule_closes_what_comes_two_assets_later(failed: ToyProject) -> None:
    assert any("text_length: failed" in blocker for blocker in failed.blockers("quality_report"))


def test_an_aggregate_refuses_when_one_shard_is_missing(validated: ToyProject) -> None:
    validated.run("clip_stats", SHARDS[0])
    outcome = validated.run("quality_report")
    assert not outcome.success
    assert f"toy/clip_stats[{SHARDS[1]}]: never materialised" in outcome.message
    assert SHARDS[0] not in outcome.message


@pytest.mark.slow
def test_an_aggregate_refuses_when_one_shard_is_out_of_date(validated: ToyProject) -> None:
    validated.run_shards("clip_stats")
    metadata = validated.dataset / "metadata_2col.csv"
    metadata.write_text(metadata.read_text(encoding="utf-8").replace("номер один.", "номер сто один."), encoding="utf-8")
    revalidate(validated)
    outcome = validated.run("quality_report")
    assert not outcome.success
    stale = [shard for shard in SHARDS if f"toy/clip_stats[{shard}]: out of date" in outcome.message]
    assert len(stale) == 1


def test_observing_a_changed_data_set_closes_what_was_built_from_the_old(validated: ToyProject) -> None:
    break_first_text(validated)
    validated.run("raw_dataset")
    assert any("toy/clips" in blocker and "out of date" in blocker for blocker in validated.blockers("base_validation"))
    assert any("toy/clips" in blocker and "out of date" in blocker for blocker in validated.blockers("clip_stats", SHARDS[0]))


def test_a_materialisation_without_checks_is_closed(validated: ToyProject) -> None:
    """What deselecting the checks in the UI does: the asset is there, nobody judged it."""
    validated.run_without_checks("base_validation")
    blockers = validated.blockers("clip_stats", SHARDS[0])
    assert any("mono: no result for the latest materialisation" in blocker for blocker in blockers)


@pytest.mark.slow
def test_running_the_checks_again_opens_the_gate(validated: ToyProject) -> None:
    validated.run_without_checks("base_validation")
    assert validated.run_checks("base_validation").success
    assert validated.blockers("clip_stats", SHARDS[0]) == []


@pytest.mark.slow
def test_a_check_that_crashed_closes(toy: ToyProject, monkeypatch: pytest.MonkeyPatch) -> None:
    from voice_assets.orchestration import checks

    def crash(*_: object) -> None:
        raise RuntimeError("the judge fell ill")

    toy.run("raw_dataset")
    toy.run_shards("clips")
    with monkeypatch.context() as ill:
        ill.setattr(checks, "read", crash)  # only the check reads evidence: the asset itself succeeds
        outcome = toy.run("base_validation")
    assert not outcome.success
    assert toy.latest("base_validation").run_id == outcome.run_id
    assert any("mono: planned in run" in blocker for blocker in toy.blockers("clip_stats", SHARDS[0]))
    toy.run_checks("base_validation")
    assert toy.blockers("clip_stats", SHARDS[0]) == []


@pytest.mark.slow
def test_a_check_that_crashed_when_run_again_takes_the_old_verdict_with_it(
    validated: ToyProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    from voice_assets.orchestration import checks

    def crash(*_: object) -> None:
        raise RuntimeError("the judge fell ill")

    with monkeypatch.context() as ill:
        ill.setattr(checks, "read", crash)
        assert not validated.run_checks("base_validation").success
    assert any("mono: planned in run" in blocker for blocker in validated.blockers("clip_stats", SHARDS[0]))
    validated.run_checks("base_validation")
    assert validated.blockers("clip_stats", SHARDS[0]) == []


def test_a_table_that_is_gone_or_changed_is_not_read(validated: ToyProject) -> None:
    table = validated.file("clips", "table", SHARDS[0])
    uri = validated.store.uri(table)
    content = table.read_bytes()
    table.unlink()
    assert any(f"clips[{SHARDS[0]}]: out of date: {uri} is gone" in one for one in validated.blockers("clip_stats", SHARDS[0]))
    table.write_bytes(bytes([content[0] ^ 1]) + content[1:])
    outcome = validated.run("clip_stats", SHARDS[0])
    assert not outcome.success
    assert "its SHA-256 is" in outcome.message
    table.write_bytes(content)
    assert validated.run("clip_stats", SHARDS[0]).success


def test_a_truncated_table_is_made_again(validated: ToyProject) -> None:
    table = validated.file("clips", "table", SHARDS[0])
    table.write_bytes(table.read_bytes()[:-1])
    latest = validated.latest("clips", SHARDS[0])
    stale = validated.gate().staleness(validated.target("clips", SHARDS[0]), latest)
    size = latest.artifact("table").bytes
    assert stale == f"out of date: {latest.artifact('table').uri} has {size - 1} bytes, recorded were {size}"


def test_a_run_without_a_code_location_says_so_and_closes_nothing(validated: ToyProject) -> None:
    """``dagster.materialize`` on the project's instance: such a run knows no gates."""
    definitions = build_definitions()
    keys = [validated.target(name).key for name in ("clips", "base_validation")]
    assets = [definitions.resolve_assets_def(keys[1])]
    checks = [one for one in definitions.asset_checks or [] if keys[1] in {key.asset_key for key in one.check_keys}]
    result = dg.materialize([*assets, *checks], instance=validated.instance, raise_on_error=False)
    (failure,) = result.get_step_failure_events()
    assert failure.step_failure_data.user_failure_data is not None
    assert "belongs to no code location" in failure.step_failure_data.user_failure_data.description
    assert validated.blockers("clip_stats", SHARDS[0]) == []


def test_edited_evidence_gives_no_verdict(failed: ToyProject) -> None:
    """The failed rule's table is edited so that the rule would pass, and the checks run again."""
    artifact = failed.latest("base_validation").evidence["clips"]
    table = failed.store.local(artifact.uri)
    pd.read_parquet(table).assign(text_length=50).to_parquet(table)
    outcome = failed.run_checks("base_validation")
    assert not outcome.success
    assert "its SHA-256 is" in outcome.message
    assert any("text_length: planned in run" in blocker for blocker in failed.blockers("clip_stats", SHARDS[0]))


def test_running_an_input_again_with_the_same_result_keeps_what_was_built_from_it(validated: ToyProject) -> None:
    validated.run_shards("clips")
    assert validated.blockers("clip_stats", SHARDS[0]) == []


@pytest.mark.slow
def test_a_row_that_is_faulty_in_itself_never_goes_further_even_when_the_rule_is_advisory(validated: ToyProject) -> None:
    write_wav(validated.dataset / "wavs" / "outtake.wav", burst(2.0), RATE)
    validated.write_voice(advisory={"base_validation/no_extra_wavs": "outtakes stay for now"})
    revalidate(validated)
    validated.run_shards("clip_stats")
    tables = [pd.read_parquet(validated.file("clip_stats", "table", shard)) for shard in SHARDS]
    named = {clip for table in tables for clip in table["clip_id"]}
    assert len(named) == 10
    assert "outtake.wav" not in named


def test_a_stricter_threshold_asks_for_a_new_verdict(validated: ToyProject) -> None:
    validated.write_voice(limits={"max_text_chars": 5})
    blockers = validated.blockers("clip_stats", SHARDS[0])
    assert blockers
    assert any("out of date" in blocker or "other rules" in blocker for blocker in blockers)


@pytest.mark.slow
def test_calling_a_rule_advisory_and_taking_it_back(failed: ToyProject) -> None:
    failed.write_voice(advisory={"base_validation/text_length": "a letter's name is short"})
    assert any("text_length: judged by other rules" in blocker for blocker in failed.blockers("clip_stats", SHARDS[0]))
    assert failed.run_checks("base_validation").success
    assert failed.blockers("clip_stats", SHARDS[0]) == []
    assert any("text_length" in str(warning) for warning in failed.gate().warnings(failed.latest("base_validation")))
    failed.write_voice()
    assert any("text_length: judged by other rules" in blocker for blocker in failed.blockers("clip_stats", SHARDS[0]))


def test_another_number_of_shards_starts_anew(validated: ToyProject) -> None:
    validated.write_voice(shards=3)
    assert any("clips[0-of-3]: never materialised" in blocker for blocker in validated.blockers("base_validation"))
    assert any("not built from toy/clips[0-of-3]" in blocker for blocker in validated.blockers("clip_stats", "0-of-3"))


def test_pins_name_the_exact_inputs(validated: ToyProject) -> None:
    pins = validated.latest("base_validation").pins
    assert {(pin.asset, pin.partition, pin.storage_id) for pin in pins} == {
        ("toy/clips", shard, validated.latest("clips", shard).storage_id) for shard in SHARDS
    }


@pytest.mark.slow
def test_rules_are_named_in_the_order_of_their_suite(recorded: RecordedVoice) -> None:
    """A cause stands before what follows from it: `two_columns` before `no_extra_wavs`."""
    rules = [rule.name for rule in load_suite("base_validation").rules]
    assert [check.name for check in recorded.gate().rules(recorded.target("base_validation").key)] == rules
    assert rules.index("two_columns") < rules.index("wavs_present") < rules.index("no_extra_wavs")
