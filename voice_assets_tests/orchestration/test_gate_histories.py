"""Gates on written histories: only a pass or a waiver opens a closed gate, and only records of our own runs count."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

import dagster as dg
import pytest
from dagster._core.definitions.assets.graph.asset_graph import AssetGraph
from hypothesis import given
from hypothesis import strategies as st

from voice_assets.orchestration.gates import AssetPartition, Gate
from voice_assets.orchestration.history import History
from voice_assets.orchestration.marks import RUN_OF
from voice_assets.orchestration.records import SUITE, Materialisation, pins_json
from voice_assets.orchestration.waivers import NEVER_WAIVE, Waiver, grant, revoke
from voice_assets.runtime.storage import Artifact
from voice_assets_tests.orchestration.recorded_events import Records

VALIDATION, TRAINING, CHECKPOINT, VOICE = (
    dg.AssetKey(["toy", name]) for name in ("validation", "training", "checkpoint", "voice")
)
EPOCH = "v0-e0001"
RULE = dg.AssetCheckKey(VALIDATION, "mean")


TODAY = date(2026, 11, 28)


def graph(suite: str, never_waive: bool = False) -> AssetGraph:
    """A voice whose package reads a checkpoint: behind the checkpoint, the gate follows the pins of its training."""
    epochs = dg.StaticPartitionsDefinition([EPOCH])

    @dg.asset_check(asset=VALIDATION, name=RULE.name, blocking=True, metadata={SUITE: suite, NEVER_WAIVE: never_waive})
    def mean() -> dg.AssetCheckResult:
        raise NotImplementedError

    assets = [
        dg.AssetSpec(VALIDATION),
        dg.AssetSpec(TRAINING, deps=[VALIDATION]),
        dg.AssetSpec(CHECKPOINT, deps=[TRAINING], partitions_def=epochs, metadata={RUN_OF: ["training"]}),
        dg.AssetSpec(VOICE, deps=[CHECKPOINT], partitions_def=epochs),
    ]
    return dg.Definitions(assets=assets, asset_checks=[mean]).resolve_asset_graph()


class TrainedVoice(Records):
    """One validation with one rule, and a checkpoint that was trained on it."""

    def validate(self, data: str) -> Materialisation:
        return self.materialise(VALIDATION, data)

    def result(self, of: Materialisation, passed: bool, suite: str = "today") -> None:
        self.judge(RULE.name, of, passed, suite)

    def train(self) -> None:
        """Train one epoch on the newest validation."""
        pin = History(self.instance).latest(VALIDATION)
        assert pin is not None
        facts = {"version": 0, "checkpoints": {EPOCH: "weights"}, "config_sha256": "config"}
        self.materialise(TRAINING, "trained", **facts, upstream=pins_json([pin.pin()]))
        self.checkpoint()

    def checkpoint(self, data: str = "weights", weights: str = "weights", config: str = "config") -> None:
        """Record a checkpoint: its data version, and the hashes of its two files."""
        files = {
            name: Artifact(f"artifacts/{name}", sha256, 1).as_json()
            for name, sha256 in (("checkpoint", weights), ("config", config))
        }
        self.materialise(CHECKPOINT, data, EPOCH, **files)

    def waive(self, data: str, days: int = 1, rule: str = "validation/mean") -> Waiver:
        """Let the rule pass for ``data`` until so many days after today."""
        until = (TODAY + timedelta(days)).isoformat()
        decision = {
            "partition": None,
            "reason": "I listened.",
            "by": "anna",
            "until": until,
            "observed": "0.5",
            "limit": ">= 0.9",
        }
        return grant(self.instance, "toy", {"rule": rule, "data_version": data, **decision})

    def blockers(self, suite: str = "today", never_waive: bool = False, day: date = TODAY) -> list[str]:
        gate = Gate(graph(suite, never_waive), self.instance, day)
        return [str(blocker) for blocker in gate.blockers(AssetPartition(VOICE, EPOCH))]


@pytest.fixture
def trained() -> Iterator[TrainedVoice]:
    """A checkpoint that was trained on a validation that passed."""
    with dg.DagsterInstance.ephemeral() as instance:
        records = TrainedVoice(instance)
        records.result(records.validate("A"), passed=True)
        records.train()
        assert records.blockers() == []
        yield records


def test_the_same_data_judged_again_with_a_failure_close_what_was_built_from_them(trained: TrainedVoice) -> None:
    """A limit is tightened, and the validation runs again and fails: the older, passed validation must not count."""
    assert trained.blockers("stricter") == [
        "toy/validation: mean: judged by other rules or thresholds than today's: run the check again"
    ]
    trained.result(trained.validate("A"), passed=False, suite="stricter")
    assert ["failed in run" in blocker for blocker in trained.blockers("stricter")] == [True]


def test_the_same_data_that_nobody_judged_again_close_as_well(trained: TrainedVoice) -> None:
    trained.validate("A")
    assert trained.blockers() == ["toy/validation: mean: no result for the latest materialisation"]


def test_a_failure_stays_when_other_data_come_after_it(trained: TrainedVoice) -> None:
    trained.result(trained.validate("A"), passed=False)
    trained.result(trained.validate("B"), passed=True)
    assert ["failed in run" in blocker for blocker in trained.blockers()] == [True]


def test_other_data_that_fail_leave_an_epoch_open_that_passed(trained: TrainedVoice) -> None:
    trained.result(trained.validate("B"), passed=False)
    assert trained.blockers() == []


def test_a_later_pass_on_the_same_data_opens(trained: TrainedVoice) -> None:
    trained.result(trained.validate("A"), passed=False)
    trained.result(trained.validate("A"), passed=True)
    assert trained.blockers() == []


def test_a_wiped_validation_closes(trained: TrainedVoice) -> None:
    trained.instance.wipe_assets([VALIDATION])
    assert trained.blockers() == ["toy/validation: this materialisation, an input of the asset, is gone"]


@pytest.mark.parametrize("forged", [{"data": "others"}, {"weights": "others"}, {"config": "others"}])
def test_a_checkpoint_that_its_training_did_not_record_closes(trained: TrainedVoice, forged: dict[str, str]) -> None:
    trained.checkpoint(**forged)
    (blocker,) = trained.blockers()
    assert f"toy/checkpoint[{EPOCH}]: not the checkpoint and config that the training in run" in blocker


def test_a_materialisation_that_no_run_made_closes(trained: TrainedVoice) -> None:
    """Anybody who reaches the web server can report one, with any data version and any file."""
    trained.instance.report_runless_asset_event(
        dg.AssetMaterialization(CHECKPOINT, partition=EPOCH, tags={"dagster/data_version": "weights"})
    )
    (blocker,) = trained.blockers()
    assert blocker.startswith(f"toy/checkpoint[{EPOCH}]: reported from outside, by no run")


def test_a_training_that_no_run_made_changes_nothing(trained: TrainedVoice) -> None:
    """A click on `Report materialization` in the UI records one without any fact."""
    trained.instance.report_runless_asset_event(dg.AssetMaterialization(TRAINING))
    assert trained.blockers() == []


@pytest.fixture
def failed(trained: TrainedVoice) -> TrainedVoice:
    """The same data were judged again, and failed."""
    trained.result(trained.validate("A"), passed=False)
    assert ["failed in run" in blocker for blocker in trained.blockers()] == [True]
    return trained


def test_a_waiver_opens_its_rule_until_its_last_day(failed: TrainedVoice) -> None:
    failed.waive("A")
    assert failed.blockers() == failed.blockers(day=TODAY + timedelta(1)) == []
    assert ["failed in run" in blocker for blocker in failed.blockers(day=TODAY + timedelta(2))] == [True]


def test_a_revoked_waiver_closes(failed: TrainedVoice) -> None:
    revoke(failed.instance, "toy", failed.waive("A"), "boris", "It was a mistake.")
    assert ["failed in run" in blocker for blocker in failed.blockers()] == [True]


def test_a_second_waiver_survives_the_first(failed: TrainedVoice) -> None:
    first, _ = failed.waive("A"), failed.waive("A")
    revoke(failed.instance, "toy", first, "boris", "It was a mistake.")
    assert failed.blockers() == []


@pytest.mark.parametrize(("data", "rule"), [("B", "validation/mean"), ("A", "validation/others"), ("A", "others/mean")])
def test_a_waiver_opens_nothing_else(failed: TrainedVoice, data: str, rule: str) -> None:
    failed.waive(data, rule=rule)
    assert ["failed in run" in blocker for blocker in failed.blockers()] == [True]


def test_no_waiver_opens_a_rule_that_is_never_waived(failed: TrainedVoice) -> None:
    failed.waive("A")
    assert ["failed in run" in blocker for blocker in failed.blockers(never_waive=True)] == [True]


def test_no_waiver_opens_what_nobody_judged(trained: TrainedVoice) -> None:
    trained.validate("A")
    trained.waive("A")
    assert trained.blockers() == ["toy/validation: mean: no result for the latest materialisation"]


def test_a_failure_that_was_waived_when_it_was_judged_closes_when_the_waiver_ends(failed: TrainedVoice) -> None:
    """Dagster records such a failure with the severity WARN, so that it blocks nothing in its own run either."""
    waiver = failed.waive("A")
    failed.judge(RULE.name, failed.validate("A"), passed=False, warns=True, waiver=str(waiver))
    assert failed.blockers() == []
    revoke(failed.instance, "toy", waiver, "boris", "It was a mistake.")
    assert ["failed in run" in blocker for blocker in failed.blockers()] == [True]


def test_a_reported_waiver_without_a_decision_opens_nothing(failed: TrainedVoice) -> None:
    """A click on `Report materialization` in the UI records one without any value."""
    failed.instance.report_runless_asset_event(dg.AssetMaterialization(dg.AssetKey(["toy", "waivers"])))
    assert ["failed in run" in blocker for blocker in failed.blockers()] == [True]


def test_a_check_that_read_older_tables_says_nothing_about_newer_ones(trained: TrainedVoice) -> None:
    """The check read the old tables; while it ran, the asset was made again; Dagster names the newest materialisation."""
    old = trained.validate("A")
    newer = trained.validate("A")
    trained.judge(RULE.name, newer, passed=True, judged=old.storage_id)
    assert trained.blockers() == ["toy/validation: mean: no result for the latest materialisation"]
    trained.judge(RULE.name, newer, passed=True, judged=newer.storage_id)
    assert trained.blockers() == []


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["materialise", "judge the newest", "judge the first", "wipe", "waive", "revoke", "next day"]),
        st.sampled_from(["A", "B"]),
        st.booleans(),
    ),
    max_size=8,
)


@pytest.mark.slow
@given(STEPS)
def test_without_a_pass_or_a_waiver_no_history_opens_a_closed_gate(steps: Sequence[tuple[str, str, bool]]) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        records = TrainedVoice(instance)
        first = newest = records.validate("A")
        records.train()
        closed, day, waivers = bool(records.blockers()), TODAY, list[Waiver]()
        for step, data, passed in steps:
            if step == "materialise":
                newest = records.validate(data)
            elif step == "wipe":
                records.instance.wipe_assets([VALIDATION])
            elif step == "waive":
                waivers.append(records.waive(data))
            elif step == "revoke":
                for waiver in waivers[-1:]:
                    revoke(instance, "toy", waiver, "boris", "It was a mistake.")
            elif step == "next day":
                day += timedelta(1)
            else:
                records.result(newest if step == "judge the newest" else first, passed)
            now = bool(records.blockers(day=day))
            judged = step.startswith("judge")
            opens = (passed and judged) or (data == "A" and step == "waive") or (judged and any(waivers))
            assert now or not closed or opens, f"{step} opened the gate"
            closed = now
