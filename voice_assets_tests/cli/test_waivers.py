"""`voice-assets waive` and `waivers` in a real small project whose validation failed."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from voice_assets.orchestration.history import History
from voice_assets.orchestration.waivers import today
from voice_assets_tests.cli.projects import call, error_of
from voice_assets_tests.toy_project import SHARDS, ToyProject

pytestmark = pytest.mark.slow

RULE = "base_validation/text_length"
LATER = (today() + timedelta(30)).isoformat()
HOW = ("--reason", "The speaker says one letter.", "--until", LATER, "--by", "anna")


def waive(*arguments: str) -> str:
    """Waive, and return the id of the waiver."""
    done = call("waive", "toy", *arguments)
    assert done.exit_code == 0, done.output
    return done.output.partition(":")[0]


def test_a_waiver_opens_the_gate_without_a_run_and_revoking_closes_it(failed: ToyProject) -> None:
    found = waive(RULE, *HOW)
    assert failed.blockers("clip_stats", SHARDS[0]) == []
    assert failed.run("clip_stats", SHARDS[0]).success
    listed = call("waivers", "toy").output
    for shown in (found, "anna", "3 to 400", failed.latest("base_validation").data_version[:12]):
        assert shown in listed
    revoked = call("waivers", "toy", "--revoke", found, "--reason", "It was noise.", "--by", "boris")
    assert revoked.exit_code == 0, revoked.output
    assert "text_length: failed in run" in failed.blockers("clip_stats", SHARDS[0])[0]
    assert "boris" in call("waivers", "toy").output


def test_the_report_and_the_check_of_the_same_data_show_the_waiver(failed: ToyProject) -> None:
    waive(RULE, *HOW)
    assert failed.run("base_validation").success
    report = next(iter(sorted(Path(failed.dataset / "reports").glob("validation_*.md"), reverse=True))).read_text()
    assert re.search(rf"text_length.*WAIVED.*Waived by anna until {LATER}: The speaker says one letter", report), report
    result = next(
        verdict.result
        for verdict in failed.gate().check_verdicts(failed.latest("base_validation"))
        if verdict.check.name == "text_length"
    )
    assert result is not None
    assert not result.passed
    assert result.metadata["waiver"].value == f"waived by anna until {LATER}: The speaker says one letter."
    assert failed.blockers("clip_stats", SHARDS[0]) == []


def test_a_waiver_counts_for_no_other_data(failed: ToyProject) -> None:
    waive(RULE, *HOW)
    metadata = failed.dataset / "metadata_2col.csv"
    metadata.write_text(metadata.read_text(encoding="utf-8").replace("номер два", "номер сорок"), encoding="utf-8")
    failed.run("raw_dataset")
    failed.run_shards("clips")
    assert not failed.run("base_validation").success
    assert "text_length: failed in run" in failed.blockers("clip_stats", SHARDS[0])[0]


def test_the_ui_shows_every_decision(failed: ToyProject) -> None:
    waive(RULE, *HOW)
    (record,) = History(failed.instance).newest(failed.target("waivers").key, 10)
    assert record.metadata["reason"] == "The speaker says one letter."
    assert record.metadata["observed"] == "1"
    assert record.metadata["limit"] == "3 to 400"
    (seen,) = failed.instance.fetch_observations(failed.target("base_validation").key, limit=10).records
    assert seen.asset_observation is not None
    assert "waived by anna" in str(seen.asset_observation.description)


def test_what_cannot_be_waived_is_refused(failed: ToyProject) -> None:
    assert "there is no rule 'base_validation/no_such'" in error_of("waive", "toy", "base_validation/no_such", *HOW)
    assert "base_validation/mono has not failed: it passed" in error_of("waive", "toy", "base_validation/mono", *HOW)
    assert "quality_report was never materialised" in error_of("waive", "toy", "quality_report/text_length_p95", *HOW)
    assert "there is no rule 'checkpoint/still_valid'" in error_of("waive", "toy", "checkpoint/still_valid", *HOW)
    assert "has no partitions" in error_of("waive", "toy", RULE, "--partition", "0-of-2", *HOW)
    assert "--partition is missing" in error_of("waive", "toy", "whisper_shard/cer_range", *HOW)
    assert "is over; today is" in error_of("waive", "toy", RULE, "--reason", "r", "--until", "2020-01-01")
    assert "write 1 to 1000 characters" in call("waive", "toy", RULE, "--reason", " ", "--until", LATER).output
    waive(RULE, *HOW)
    assert "already waived by anna" in error_of("waive", "toy", RULE, *HOW)
    failed.write_voice(never_waive=[RULE])
    assert "no waiver opens it" in error_of("waive", "toy", RULE, *HOW)
    assert "text_length: failed in run" in failed.blockers("clip_stats", SHARDS[0])[0]


def test_a_wrong_id_cannot_be_revoked(failed: ToyProject) -> None:
    found = waive(RULE, *HOW)
    assert f"there are: {found}" in error_of("waivers", "toy", "--revoke", "0000", "--reason", "r")
    assert "needs a --reason" in error_of("waivers", "toy", "--revoke", found)
    call("waivers", "toy", "--revoke", found, "--reason", "r", "--by", "boris")
    assert "already revoked by boris: r" in error_of("waivers", "toy", "--revoke", found, "--reason", "r")


def test_a_voice_file_that_never_waives_an_unknown_rule_does_not_load(failed: ToyProject) -> None:
    failed.write_voice(never_waive=["base_validation/no_such"])
    assert "never_waive.base_validation/no_such: no such rule" in error_of("voices")


def test_control_characters_of_a_person_reach_no_terminal(failed: ToyProject) -> None:
    waive(RULE, "--reason", "\x1b[2Jwiped", "--until", LATER, "--by", "an\x1bna")
    assert "\x1b" not in call("waivers", "toy").output


@pytest.mark.parametrize("command", ["waive", "waivers"])
def test_help_says_what_it_does(command: str) -> None:
    assert call(command, "--help").exit_code == 0
