"""Gates: every way past a failed, missing or outdated verdict must be closed, and the refusal must say what closed it."""

from pathlib import Path

import dagster as dg
import pytest

from voice_assets.audio.recordings import write_wav
from voice_assets.orchestration.history import History
from voice_assets.orchestration.tables import read
from voice_assets_tests.datasets import RATE, burst
from voice_assets_tests.toy_project import SHARDS, Town

RULES = dg.AssetKey(["toy", "base_validation"])


def break_first_text(town: Town) -> None:
    """Make one clip break a rule: a text of one character."""
    metadata = town.dataset / "metadata_2col.csv"
    lines = metadata.read_text(encoding="utf-8").splitlines()
    lines[0] = lines[0].split("|")[0] + "|я"
    metadata.write_text("\n".join(lines) + "\n", encoding="utf-8")


def checks_of(town: Town) -> set[dg.AssetCheckKey]:
    return set(town.gate().graph.get_check_keys_for_assets({RULES}))


def revalidate(town: Town) -> None:
    town.run("raw_dataset")
    town.run_shards("clips")
    town.run("base_validation")


@pytest.mark.slow
def test_open_after_a_passed_validation(town: Town) -> None:
    town.validated()
    assert town.refusals("clip_stats", SHARDS[0]) == []
    assert all(outcome.success for outcome in town.run_shards("clip_stats"))


def test_never_materialised_is_closed(town: Town) -> None:
    outcome = town.run("base_validation")
    assert not outcome.success
    assert "The gate of toy/base_validation is closed" in outcome.message
    for shard in SHARDS:
        assert f"toy/clips[{shard}]: never materialised" in outcome.message


def test_a_failed_rule_closes_a_later_run_and_is_named_with_both_numbers(town: Town) -> None:
    break_first_text(town)
    revalidate(town)
    outcome = town.run("clip_stats", SHARDS[0])
    assert not outcome.success
    assert "toy/base_validation: text_length: failed in run" in outcome.message
    assert "clip-000" in outcome.message
    assert "(observed 1, limit 3 to 400)" in outcome.message
    assert History(town.instance).latest(dg.AssetKey(["toy", "clip_stats"]), SHARDS[0]) is None


@pytest.mark.slow
def test_a_failed_rule_closes_what_comes_two_assets_later(town: Town) -> None:
    town.validated()
    town.run_shards("clip_stats")
    break_first_text(town)
    revalidate(town)
    assert any("text_length: failed" in refusal for refusal in town.refusals("quality_report"))


def test_an_aggregate_refuses_when_one_shard_is_missing(town: Town) -> None:
    town.validated()
    town.run("clip_stats", SHARDS[0])
    outcome = town.run("quality_report")
    assert not outcome.success
    assert f"toy/clip_stats[{SHARDS[1]}]: never materialised" in outcome.message
    assert SHARDS[0] not in outcome.message


@pytest.mark.slow
def test_an_aggregate_refuses_when_one_shard_is_out_of_date(town: Town) -> None:
    town.validated()
    town.run_shards("clip_stats")
    metadata = town.dataset / "metadata_2col.csv"
    metadata.write_text(metadata.read_text(encoding="utf-8").replace("номер один.", "номер сто один."), encoding="utf-8")
    revalidate(town)
    outcome = town.run("quality_report")
    assert not outcome.success
    stale = [shard for shard in SHARDS if f"toy/clip_stats[{shard}]: out of date" in outcome.message]
    assert len(stale) == 1


@pytest.mark.slow
def test_observing_a_changed_data_set_closes_what_was_built_from_the_old(town: Town) -> None:
    town.validated()
    break_first_text(town)
    town.run("raw_dataset")
    assert any("toy/clips" in refusal and "out of date" in refusal for refusal in town.refusals("base_validation"))
    assert any("toy/clips" in refusal and "out of date" in refusal for refusal in town.refusals("clip_stats", SHARDS[0]))


def test_a_materialisation_without_checks_is_closed(town: Town) -> None:
    """What deselecting the checks in the UI does: the asset is there, nobody judged it."""
    town.validated()
    launcher = town.launcher()
    launcher._run(town.place("base_validation"), assets={RULES}, checks=set())
    refusals = town.refusals("clip_stats", SHARDS[0])
    assert any("mono: no result for the latest materialisation" in refusal for refusal in refusals)


@pytest.mark.slow
def test_running_the_checks_again_opens_the_gate(town: Town) -> None:
    town.validated()
    launcher = town.launcher()
    launcher._run(town.place("base_validation"), assets={RULES}, checks=set())
    checks = town.gate().graph.get_check_keys_for_assets({RULES})
    assert launcher.check(town.place("base_validation"), checks).success
    assert town.refusals("clip_stats", SHARDS[0]) == []


@pytest.mark.slow
def test_a_check_that_crashed_closes(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    from voice_assets.orchestration import checks

    def crash(*_: object) -> None:
        raise RuntimeError("the judge fell ill")

    town.run("raw_dataset")
    town.run_shards("clips")
    with monkeypatch.context() as ill:
        ill.setattr(checks, "read", crash)  # only the check reads evidence: the asset itself succeeds
        outcome = town.run("base_validation")
    assert not outcome.success
    assert town.latest("base_validation").run_id == outcome.run_id
    assert any("mono: planned in run" in refusal for refusal in town.refusals("clip_stats", SHARDS[0]))
    town.launcher().check(town.place("base_validation"), checks_of(town))
    assert town.refusals("clip_stats", SHARDS[0]) == []


@pytest.mark.slow
def test_a_check_that_crashed_when_run_again_takes_the_old_verdict_with_it(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    from voice_assets.orchestration import checks

    def crash(*_: object) -> None:
        raise RuntimeError("the judge fell ill")

    town.validated()
    with monkeypatch.context() as ill:
        ill.setattr(checks, "read", crash)
        assert not town.launcher().check(town.place("base_validation"), checks_of(town)).success
    assert any("mono: planned in run" in refusal for refusal in town.refusals("clip_stats", SHARDS[0]))
    town.launcher().check(town.place("base_validation"), checks_of(town))
    assert town.refusals("clip_stats", SHARDS[0]) == []


@pytest.mark.slow
def test_a_table_that_is_gone_or_changed_is_not_read(town: Town) -> None:
    town.validated()
    table = Path(town.latest("clips", SHARDS[0]).metadata["table"])
    content = table.read_bytes()
    table.unlink()
    assert any(f"clips[{SHARDS[0]}]: out of date: {table} is gone" in one for one in town.refusals("clip_stats", SHARDS[0]))
    other = Path(town.latest("clips", SHARDS[1]).metadata["table"]).read_bytes()
    table.write_bytes(other)
    outcome = town.run("clip_stats", SHARDS[0])
    assert not outcome.success
    assert "its SHA-256 is" in outcome.message
    table.write_bytes(content)
    assert town.run("clip_stats", SHARDS[0]).success


@pytest.mark.slow
def test_running_an_input_again_with_the_same_result_keeps_what_was_built_from_it(town: Town) -> None:
    town.validated()
    town.run_shards("clips")
    assert town.refusals("clip_stats", SHARDS[0]) == []


@pytest.mark.slow
def test_a_row_that_is_faulty_in_itself_never_goes_further_even_when_the_rule_is_advisory(town: Town) -> None:
    write_wav(town.dataset / "wavs" / "outtake.wav", burst(2.0), RATE)
    town.write_voice(advisory={"base_validation/no_extra_wavs": "outtakes stay for now"})
    town.validated()
    town.run_shards("clip_stats")
    tables = [read(town.latest("clip_stats", shard).metadata["table"]) for shard in SHARDS]
    named = {clip for table in tables for clip in table["clip_id"]}
    assert len(named) == 10
    assert "outtake.wav" not in named


@pytest.mark.slow
def test_a_stricter_threshold_asks_for_a_new_verdict(town: Town) -> None:
    town.validated()
    town.write_voice(limits={"max_text_chars": 5})
    refusals = town.refusals("clip_stats", SHARDS[0])
    assert refusals
    assert any("out of date" in refusal or "other rules" in refusal for refusal in refusals)


@pytest.mark.slow
def test_calling_a_rule_advisory_and_taking_it_back(town: Town) -> None:
    break_first_text(town)
    town.write_voice(advisory={"base_validation/text_length": "a letter's name is short"})
    revalidate(town)
    assert town.refusals("clip_stats", SHARDS[0]) == []
    assert any("text_length" in str(warning) for warning in town.gate().warnings(town.latest("base_validation")))
    town.write_voice()
    assert any("text_length: judged by other rules" in refusal for refusal in town.refusals("clip_stats", SHARDS[0]))


@pytest.mark.slow
def test_another_number_of_shards_starts_anew(town: Town) -> None:
    town.validated()
    town.write_voice(shards=3)
    assert any("clips[0-of-3]: never materialised" in refusal for refusal in town.refusals("base_validation"))
    assert any("not built from toy/clips[0-of-3]" in refusal for refusal in town.refusals("clip_stats", "0-of-3"))


@pytest.mark.slow
def test_pins_name_the_exact_inputs(town: Town) -> None:
    town.validated()
    pins = town.latest("base_validation").pins
    assert {(pin.asset, pin.partition, pin.storage_id) for pin in pins} == {
        ("toy/clips", shard, town.latest("clips", shard).storage_id) for shard in SHARDS
    }
