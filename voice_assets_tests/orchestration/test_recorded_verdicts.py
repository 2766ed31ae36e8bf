"""The verdicts on a model card are those that were recorded for the voice's own materialisations."""

from collections.abc import Iterator

import dagster as dg
import pytest

from voice_assets.orchestration.gates import Gate
from voice_assets.orchestration.recorded_verdicts import recorded_verdicts
from voice_assets.orchestration.records import SUITE, Materialisation
from voice_assets.reports.verdicts import rule_rows, rule_word
from voice_assets_tests.orchestration.recorded_events import Records

SHARDS = ("0-of-2", "1-of-2")
SHARD = dg.AssetKey(["toy", "whisper_shard"])
REPORT = dg.AssetKey(["toy", "report"])


class Voice(Records):
    def verdicts(self, *ancestors: Materialisation) -> dict[str, list[dict[str, object]]]:
        return recorded_verdicts(Gate(_graph(), self.instance), ancestors)


def _graph() -> object:
    @dg.asset_check(asset=SHARD, name="scored", description="Every clip has a score.", metadata={SUITE: "today"})
    def scored() -> dg.AssetCheckResult:
        raise NotImplementedError

    @dg.asset_check(asset=REPORT, name="mean", metadata={SUITE: "today"})
    def mean() -> dg.AssetCheckResult:
        raise NotImplementedError

    assets = [dg.AssetSpec(SHARD, partitions_def=dg.StaticPartitionsDefinition(SHARDS)), dg.AssetSpec(REPORT, deps=[SHARD])]
    return dg.Definitions(assets=assets, asset_checks=[scored, mean]).resolve_asset_graph()


@pytest.fixture
def voice() -> Iterator[Voice]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield Voice(instance)


@pytest.fixture
def shards(voice: Voice) -> list[Materialisation]:
    return [voice.materialise(SHARD, shard, shard) for shard in SHARDS]


def test_a_result_is_shown_as_it_was_recorded(voice: Voice) -> None:
    report = voice.materialise(REPORT, "A")
    voice.judge("mean", report, passed=False, warns=True)
    (row,) = rule_rows(voice.verdicts(report)["report"])
    assert row == {"rule": "mean", "verdict": "WARNING", "observed": "0.5", "limit": ">= 0.9", "note": "Clips fit."}


def test_an_old_result_is_not_judged_by_the_rules_of_today(voice: Voice) -> None:
    old = voice.materialise(REPORT, "A")
    voice.judge("mean", old, passed=True, suite="of its time")
    voice.judge("mean", voice.materialise(REPORT, "B"), passed=False)
    assert [rule_word(verdict) for verdict in voice.verdicts(old)["report"]] == ["PASS"]


def test_without_a_result_nothing_passed(voice: Voice) -> None:
    (verdict,) = voice.verdicts(voice.materialise(REPORT, "A"))["report"]
    assert rule_word(verdict) == "FAIL"
    assert verdict["message"] == "no result for the latest materialisation"


def test_a_rule_that_passed_in_all_shards_is_one_verdict(voice: Voice, shards: list[Materialisation]) -> None:
    for shard in shards:
        voice.judge("scored", shard, passed=True)
    (verdict,) = voice.verdicts(*shards)["whisper_shard"]
    assert rule_word(verdict) == "PASS"
    assert verdict["observed"] == "2 of 2 shards"
    assert verdict["message"] == "Every clip has a score."


def test_a_shard_that_did_not_pass_is_named(voice: Voice, shards: list[Materialisation]) -> None:
    voice.judge("scored", shards[0], passed=True)
    voice.judge("scored", shards[1], passed=False)
    failed, passed = voice.verdicts(*shards)["whisper_shard"]
    assert (failed["rule"], rule_word(failed)) == ("scored[1-of-2]", "FAIL")
    assert (passed["rule"], rule_word(passed), passed["observed"]) == ("scored", "PASS", "1 of 2 shards")


def test_the_newest_asset_comes_first(voice: Voice, shards: list[Materialisation]) -> None:
    assert list(voice.verdicts(*shards, voice.materialise(REPORT, "A"))) == ["report", "whisper_shard"]
