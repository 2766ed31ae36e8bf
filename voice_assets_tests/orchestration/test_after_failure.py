"""An asset that is made although its input failed, and a check that is no rule."""

from collections.abc import Iterator

import dagster as dg
import pytest
from dagster._core.definitions.assets.graph.asset_graph import AssetGraph

from voice_assets.definitions import build_definitions
from voice_assets.orchestration.gates import AssetPartition, Gate
from voice_assets.orchestration.marks import AFTER_FAILURE, NO_RULE
from voice_assets.orchestration.records import SUITE, pins_json
from voice_assets_tests.orchestration.recorded_events import Records
from voice_assets_tests.test_keys import VOICE, VOICES

SHARD, VALIDATION, REPORT, TRAINING = (dg.AssetKey(["toy", name]) for name in ("shard", "validation", "report", "training"))


@dg.asset_check(asset=VALIDATION, blocking=True, metadata={SUITE: "today"})
def mean() -> dg.AssetCheckResult:
    raise NotImplementedError


@dg.asset_check(asset=VALIDATION, metadata={NO_RULE: True})
def shown() -> dg.AssetCheckResult:
    raise NotImplementedError


def graph() -> AssetGraph:
    assets = [
        dg.AssetSpec(SHARD),
        dg.AssetSpec(VALIDATION, deps=[SHARD]),
        dg.AssetSpec(REPORT, deps=[VALIDATION], metadata={AFTER_FAILURE: True}),
        dg.AssetSpec(TRAINING, deps=[VALIDATION]),
    ]
    return dg.Definitions(assets=assets, asset_checks=[mean, shown]).resolve_asset_graph()


class Validated(Records):
    def validate(self, data: str = "A") -> None:
        """Validate the newest shard; the rule has no result yet."""
        pins = pins_json([shard.pin()]) if (shard := self.gate().history.latest(SHARD)) else []
        self.newest = self.materialise(VALIDATION, data, upstream=pins)

    def gate(self) -> Gate:
        return Gate(graph(), self.instance)

    def report(self) -> None:
        self.materialise(REPORT, "report", upstream=pins_json([self.newest.pin()]))

    def blockers(self, key: dg.AssetKey) -> list[str]:
        return [str(blocker) for blocker in self.gate().blockers(AssetPartition(key))]

    def staleness(self, key: dg.AssetKey) -> str | None:
        gate = self.gate()
        latest = gate.history.latest(key)
        assert latest is not None
        return gate.staleness(AssetPartition(key), latest)


@pytest.fixture
def records() -> Iterator[Validated]:
    with dg.DagsterInstance.ephemeral() as instance:
        records = Validated(instance)
        records.materialise(SHARD, "1")
        yield records


def test_a_failure_leaves_the_report_open_and_closes_everything_else(records: Validated) -> None:
    records.validate()
    assert records.blockers(REPORT) == []
    assert records.blockers(TRAINING) == ["toy/validation: mean: no result for the latest materialisation"]
    records.judge("mean", records.newest, passed=False)
    assert records.blockers(REPORT) == []
    assert ["failed in run" in one for one in records.blockers(TRAINING)] == [True]


def test_a_report_needs_something_to_report_on(records: Validated) -> None:
    assert records.blockers(REPORT) == ["toy/validation: never materialised"]
    records.instance.report_runless_asset_event(dg.AssetMaterialization(VALIDATION))
    assert ["reported from outside" in one for one in records.blockers(REPORT)] == [True]


def test_a_report_on_outdated_results_is_refused(records: Validated) -> None:
    records.validate()
    records.materialise(SHARD, "2")
    assert records.blockers(REPORT) == ["toy/validation: out of date: built from toy/shard at 1, which is now at 2"]


def test_each_validation_gets_its_own_report_also_with_the_same_data(records: Validated) -> None:
    records.validate()
    records.report()
    assert records.staleness(REPORT) is None
    records.materialise(TRAINING, "t", upstream=pins_json([records.newest.pin()]))
    records.validate()
    assert records.staleness(REPORT) == "out of date: toy/validation was made again, with the same data"
    assert records.staleness(TRAINING) is None


@pytest.mark.parametrize("passed", [True, False, None])
def test_a_check_that_is_no_rule_opens_and_closes_nothing(records: Validated, passed: bool | None) -> None:
    records.validate()
    if passed is not None:
        records.judge("shown", records.newest, passed)
    assert records.blockers(TRAINING) == ["toy/validation: mean: no result for the latest materialisation"]
    records.judge("mean", records.newest, passed=True)
    assert records.blockers(TRAINING) == []
    assert [one.name for one in records.gate().rules(VALIDATION)] == ["mean"]


def test_nothing_reads_an_asset_that_is_made_after_a_failure() -> None:
    """Its own gate does not ask whether anything passed, so nothing may rely on it."""
    real = build_definitions(VOICES).resolve_asset_graph()
    made = [key for key in real.get_all_asset_keys() if AFTER_FAILURE in real.get(key).metadata]
    assert [key.path[-1] for key in made if key.path[0] == VOICE] == ["drift_report"]
    assert {key for one in made for key in real.get(one).child_keys} == set()
