"""Which validation passed last, and what differs between two: data, model, code, settings, limits."""

from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import pandas as pd
import pytest
from dagster._core.definitions.assets.graph.asset_graph import AssetGraph

from voice_assets.orchestration.gates import Gate
from voice_assets.orchestration.marks import NO_RULE
from voice_assets.orchestration.records import EVIDENCE, SETTINGS, SUITE, WEIGHTS, Materialisation, pins_json
from voice_assets.orchestration.tables import put
from voice_assets.orchestration.validation_changes import differences, last_passed
from voice_assets.runtime.storage import project_store
from voice_assets_tests.orchestration.recorded_events import Records

SHARDS = ("0-of-2", "1-of-2")
CLIPS, SHARD, VALIDATION = (dg.AssetKey(["toy", name]) for name in ("clips", "shard", "validation"))


def graph() -> AssetGraph:
    def rule(name: str, **metadata: object) -> dg.AssetChecksDefinition:
        @dg.asset_check(asset=VALIDATION, name=name, metadata=metadata)
        def check() -> dg.AssetCheckResult:
            raise NotImplementedError

        return check

    shards = dg.StaticPartitionsDefinition(SHARDS)
    assets = [
        dg.AssetSpec(CLIPS, partitions_def=shards),
        dg.AssetSpec(SHARD, deps=[CLIPS], partitions_def=shards),
        dg.AssetSpec(VALIDATION, deps=[SHARD, CLIPS]),
    ]
    rules = [rule("mean", **{SUITE: "today"}), rule("low", **{SUITE: "today"}), rule("shown", **{NO_RULE: True})]
    return dg.Definitions(assets=assets, asset_checks=rules).resolve_asset_graph()


class Validations(Records):
    """Validations of two shards. What is not given is as in every other validation."""

    def validate(
        self,
        clips: tuple[str, str] = ("a", "b"),
        shard: dict[str, object] | None = None,
        own: dict[str, object] | None = None,
        code: str = "2.3.x",
        own_code: str = "2.5.y",
    ) -> Materialisation:
        pins = []
        for partition, data in zip(SHARDS, clips, strict=True):
            pins.append(self.materialise(CLIPS, data, partition).pin())
            transcripts = self.materialise(SHARD, f"t{data}", partition, code, **(shard or {}))
            pins.append(transcripts.pin())
        self.count = getattr(self, "count", 0) + 1
        table = put(project_store(), f"artifacts/toy/{self.count}.parquet", pd.DataFrame({"similarity": [1.0]}))
        records = {EVIDENCE: {"transcripts": table.as_json()}, "upstream": pins_json(pins), **(own or {})}
        return self.materialise(VALIDATION, "".join(clips), None, own_code, **records)

    def judged(self, *passed: bool, of: Materialisation | None = None, **changes: str) -> Materialisation:
        """A validation with a verdict for each of its two rules."""
        found = self.validate() if of is None else of
        for rule, one in zip(("mean", "low"), passed, strict=False):
            self.judge(rule, found, one, **changes)
        return found

    def gate(self) -> Gate:
        return Gate(graph(), self.instance)

    def last_passed(self, of: Materialisation) -> Materialisation | None:
        return last_passed(self.gate(), of)

    def differences(self, before: Materialisation, now: Materialisation) -> list[tuple[str, str, str, str]]:
        found = differences(self.gate(), before, now, "shard", "clips")
        return [(one.kind, one.what, one.before, one.now) for one in found]


@pytest.fixture
def records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Validations]:
    monkeypatch.setenv("VOICE_ASSETS_ROOT", str(tmp_path))
    with dg.DagsterInstance.ephemeral() as instance:
        yield Validations(instance)


def test_the_last_one_that_passed_is_the_newest_before_in_which_every_rule_passed(records: Validations) -> None:
    records.judged(True, True)
    passed = records.judged(True, True)
    records.judged(True, False)
    records.judged(True)  # the other rule was never judged
    now = records.judged(True, True)
    records.judged(True, True)
    assert records.last_passed(now) == passed


def test_a_rule_that_only_warns_stops_nothing(records: Validations) -> None:
    warned = records.judged(True)
    records.judge("low", warned, passed=False, warns=True)
    assert records.last_passed(records.validate()) == warned


def test_the_verdict_of_its_time_counts_when_the_same_data_fail_later(records: Validations) -> None:
    """A limit is tightened: the comparison with the validation that passed then says so."""
    passed = records.judged(True, True, limit=">= 0.8")
    assert records.last_passed(records.judged(False, True, limit=">= 0.95")) == passed


def test_there_may_be_none(records: Validations) -> None:
    assert records.last_passed(records.judged(True, True)) is None
    records.instance.report_runless_asset_event(dg.AssetMaterialization(CLIPS, partition=SHARDS[0]))
    assert records.last_passed(records.judged(False, False)) is not None


@pytest.mark.parametrize(
    "damage", [Path.unlink, lambda table: table.write_bytes(b"x" * table.stat().st_size)], ids=["gone", "changed"]
)
def test_a_validation_whose_tables_are_not_as_recorded_cannot_be_compared(
    records: Validations, damage: Callable[[Path], object]
) -> None:
    older = records.judged(True, True)
    passed = records.judged(True, True)
    damage(project_store().local(passed.evidence["transcripts"].uri))
    assert records.last_passed(records.validate()) == older


RECORDED = {SETTINGS: {"model": "base", "beam_size": 5}, WEIGHTS: "0" * 64}


def test_nothing_differs_between_two_validations_of_the_same(records: Validations) -> None:
    assert records.differences(records.validate(shard=RECORDED), records.validate(shard=RECORDED)) == []
    assert records.differences(records.validate(), records.validate()) == []


def test_data_differ_by_shard(records: Validations) -> None:
    before, now = records.validate(("a" * 64, "b")), records.validate(("c" * 64, "b"))
    assert records.differences(before, now) == [("data", "clips[0-of-2]", "a" * 12, "c" * 12)]


def test_settings_the_model_and_its_weights_are_named(records: Validations) -> None:
    other = {SETTINGS: {"model": "large-v3", "beam_size": 8, "vad": True}, WEIGHTS: "f" * 64}
    found = records.differences(records.validate(shard=RECORDED), records.validate(shard=other, code="2.3.z"))
    assert found == [
        ("model", "shard: weights", "0" * 12, "f" * 12),
        ("model", "shard: model", "base", "large-v3"),
        ("settings", "shard: beam_size", "5", "8"),
        ("settings", "shard: vad", "–", "True"),
    ]


def test_what_an_older_validation_did_not_record_is_said(records: Validations) -> None:
    found = records.differences(records.validate(), records.validate(shard=RECORDED, code="2.3.z"))
    assert found == [
        ("model", "shard: weights", "not recorded", "0" * 12),
        ("settings", "shard: settings differ", "not recorded", "recorded"),
    ]


def test_code_differs_without_the_settings(records: Validations) -> None:
    found = records.differences(records.validate(), records.validate(code="2.4.x", own_code="3.5.y"))
    assert found == [("code", "shard: code", "2.3", "2.4"), ("code", "validation: code", "2.5", "3.5")]


def test_settings_of_the_validation_itself(records: Validations) -> None:
    sides = ({SETTINGS: {"low_similarity": low, "decisions": ""}} for low in (0.8, 0.85))
    before, now = (records.validate(own=one, own_code=f"2.5.{number}") for number, one in enumerate(sides))
    assert records.differences(before, now) == [("settings", "validation: low_similarity", "0.8", "0.85")]


def test_limits_are_those_of_the_recorded_verdicts(records: Validations) -> None:
    before, now = records.judged(True, True), records.judged(True, True, limit=">= 0.95")
    records.judge("low", now, passed=True)
    assert records.differences(before, now) == [("limits", "rule mean", ">= 0.9", ">= 0.95")]
    assert records.differences(before, records.judged(True)) == [("limits", "rule low", ">= 0.9", "no verdict")]


def test_inputs_that_were_wiped_are_not_recorded(records: Validations) -> None:
    before, now = records.validate(shard=RECORDED), records.validate(shard=RECORDED)
    records.instance.wipe_assets([SHARD])
    assert records.differences(before, now) == []
