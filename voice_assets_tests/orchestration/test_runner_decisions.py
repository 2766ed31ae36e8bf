"""What the runner asks its launcher for, and in which order. A scripted launcher stands in for the runs."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import dagster as dg
import pytest

from voice_assets.orchestration.gates import AssetPartition, Gate
from voice_assets.orchestration.history import History
from voice_assets.orchestration.launcher import Outcome
from voice_assets.orchestration.marks import AFTER_FAILURE, CANDIDATES, CHOICE
from voice_assets.orchestration.records import UPSTREAM, pins_json
from voice_assets.orchestration.runner import AssetStatus, RecordedPlanner, Runner, SelectionError, assets_to
from voice_assets.orchestration.status import voice_status
from voice_assets_tests.orchestration.recorded_events import Records
from voice_assets_tests.orchestration.scripted_launcher import ScriptedLauncher

SHARDS = dg.StaticPartitionsDefinition(["0-of-3", "1-of-3", "2-of-3"])
EPOCHS = dg.DynamicPartitionsDefinition(name="toy_epochs")
CLOSED = Outcome("", False, "The gate is closed", closed=True)
FAILED = Outcome("", False, "out of memory")


@dg.observable_source_asset(key=["toy", "raw"])
def raw() -> dg.DataVersion:
    return dg.DataVersion("1")


@dg.asset(key=["toy", "shard"], deps=[raw], partitions_def=SHARDS, pool="whisper")
def shard() -> None: ...


@dg.asset(key=["toy", "report"], deps=[shard])
def report() -> None: ...


@dg.asset(key=["toy", "training"], deps=[report])
def training() -> None: ...


@dg.asset(key=["toy", "onnx"], deps=[training], partitions_def=EPOCHS)
def onnx() -> None: ...


@dg.asset(key=["toy", "best_epoch"], deps=[onnx], metadata={CANDIDATES: None, CHOICE: True})
def best_epoch() -> None: ...


@dg.asset(key=["toy", "package"], deps=[onnx, best_epoch], partitions_def=EPOCHS)
def package() -> None: ...


@dg.asset(key=["toy", "comparison"], deps=[report], metadata={AFTER_FAILURE: True})
def comparison() -> None: ...


class Listener:
    """Notes when runs start and end."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def starting(self, target: AssetPartition, reason: str) -> None:
        self.seen.append(f"{target.key.path[-1]}{target.partition or ''} starts: {reason}")

    def ended(self, target: AssetPartition, outcome: Outcome) -> None:
        self.seen.append(f"{target.key.path[-1]}{target.partition or ''} {'done' if outcome.success else 'failed'}")


class Bench:
    """A graph of five assets, an empty instance, and a runner on a scripted launcher."""

    def __init__(self, instance: dg.DagsterInstance):
        self.instance, self.listener = instance, Listener()
        self.use(raw, shard, report)

    def use(self, *assets: object, checks: tuple[dg.AssetChecksDefinition, ...] = ()) -> None:
        self.graph = dg.Definitions(assets=assets, asset_checks=checks).resolve_asset_graph()  # type: ignore[arg-type]
        self.script({})

    def script(self, outcomes: dict[str, Outcome], at_once: int = 1) -> None:
        self.launcher = ScriptedLauncher(self.graph, self.instance, outcomes, at_once)

    def run(self, epoch: str | None = None, **widths: int) -> list[AssetStatus]:
        plan = RecordedPlanner(self.graph, self.instance, assets_to(self.graph, "toy", None, epoch), epoch, widths)
        return list(Runner(plan, self.launcher, self.listener).run())

    @property
    def asked(self) -> list[str]:
        """The targets that the launcher was asked for, in order."""
        return [str(task.target).removeprefix("toy/") for task in self.launcher.tasks]


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.setenv("VOICE_ASSETS_ROOT", str(tmp_path))
    with dg.DagsterInstance.ephemeral() as instance:
        yield Bench(instance)


ALL = ["raw", "shard[0-of-3]", "shard[1-of-3]", "shard[2-of-3]", "report"]


def test_what_is_missing_runs_upstream_first(bench: Bench) -> None:
    statuses = bench.run()
    assert bench.asked == ALL
    assert [(status.verdict, status.ran, status.current) for status in statuses] == [
        ("PASS", 1, 0),
        ("PASS", 3, 0),
        ("PASS", 1, 0),
    ]
    assert {task.reason for task in bench.launcher.tasks} == {"the data set may have changed", "never materialised"}
    assert all(task.checks is None for task in bench.launcher.tasks)


def test_what_is_current_only_costs_the_observation(bench: Bench) -> None:
    bench.run()
    bench.script({})
    statuses = bench.run()
    assert bench.asked == ["raw"]
    assert [(status.ran, status.current) for status in statuses] == [(1, 0), (0, 3), (0, 1)]


def test_what_was_built_from_something_older_runs_again(bench: Bench) -> None:
    bench.run()
    bench.script({})
    bench.launcher.record(AssetPartition(dg.AssetKey(["toy", "shard"]), "1-of-3"), version="2")
    bench.run()
    assert bench.asked == ["raw", "report"]
    assert bench.launcher.tasks[1].reason == "out of date: built from toy/shard[1-of-3] at 1, which is now at 2"


def test_a_closed_gate_starts_no_other_partition_and_nothing_downstream(bench: Bench) -> None:
    bench.script({"toy/shard[1-of-3]": CLOSED})
    statuses = bench.run()
    assert bench.asked == ALL[:3]
    assert [status.verdict for status in statuses] == ["PASS", "CLOSED"]
    assert statuses[1].reasons == ["The gate is closed"]


def test_a_failed_run_leaves_the_other_partitions_alone_and_ends_the_runner(bench: Bench) -> None:
    bench.script({"toy/shard[1-of-3]": FAILED})
    statuses = bench.run()
    assert bench.asked == ALL[:4]
    assert [status.verdict for status in statuses] == ["PASS", "ERROR"]
    assert statuses[1].reasons == ["out of memory"]


def test_a_gate_stays_closed_when_a_run_beside_it_fails(bench: Bench) -> None:
    bench.script({"toy/shard[0-of-3]": CLOSED, "toy/shard[1-of-3]": FAILED}, at_once=2)
    statuses = bench.run(whisper=2)
    assert bench.asked == ALL[:3]
    assert statuses[1].verdict == "CLOSED"
    assert statuses[1].reasons == ["The gate is closed", "out of memory"]


def test_a_run_that_records_nothing_is_an_error(bench: Bench) -> None:
    bench.script({"toy/shard[0-of-3]": Outcome("", True)})
    statuses = bench.run()
    assert statuses[1].verdict == "ERROR"
    assert statuses[1].reasons == ["toy/shard[0-of-3]: nothing was materialised"]


def test_a_check_without_a_result_is_asked_for_without_its_asset(bench: Bench) -> None:
    bench.run()

    @dg.asset_check(asset=report)
    def all_shards() -> dg.AssetCheckResult:
        return dg.AssetCheckResult(passed=True)

    bench.use(raw, shard, report, checks=(all_shards,))
    (*_, status) = bench.run()
    assert bench.asked == ["raw", "report"]
    assert bench.launcher.tasks[1].checks == {dg.AssetCheckKey(dg.AssetKey(["toy", "report"]), "all_shards")}
    assert bench.launcher.tasks[1].reason == "1 rules without a verdict in force"
    assert status.verdict == "FAIL"  # the scripted launcher gave the check no result


def judged(asset: dg.AssetsDefinition) -> dg.AssetChecksDefinition:
    """A rule of ``asset``. The scripted launcher gives it no result, so the asset fails."""

    @dg.asset_check(asset=asset, name="all_shards")
    def rule() -> dg.AssetCheckResult:
        raise NotImplementedError

    return rule


def test_a_failed_rule_ends_the_runner_after_the_report_on_the_failure(bench: Bench) -> None:
    bench.use(raw, shard, report, comparison, training, checks=(judged(report),))
    statuses = bench.run()
    assert bench.asked == [*ALL, "comparison"]
    assert [(status.key.path[-1], status.verdict) for status in statuses][2:] == [("report", "FAIL"), ("comparison", "PASS")]


@pytest.mark.parametrize("outcome", [CLOSED, FAILED], ids=["closed", "failed"])
def test_without_a_result_there_is_nothing_to_report_on(bench: Bench, outcome: Outcome) -> None:
    bench.use(raw, shard, report, comparison, training)
    bench.script({"toy/report": outcome})
    assert [status.key.path[-1] for status in bench.run()] == ["raw", "shard", "report"]


def test_a_report_that_cannot_be_made_ends_nothing(bench: Bench) -> None:
    bench.use(raw, shard, report, comparison, training)
    bench.script({"toy/comparison": FAILED})
    assert [(status.key.path[-1], status.verdict) for status in bench.run()][3:] == [
        ("comparison", "ERROR"),
        ("training", "PASS"),
    ]


def test_a_failure_further_up_makes_no_report_on_what_comes_later(bench: Bench) -> None:
    bench.use(raw, shard, report, comparison, training, checks=(judged(shard),))
    assert [status.key.path[-1] for status in bench.run()] == ["raw", "shard"]


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ("shard", ["raw", "shard"]),
        ("report", ["raw", "shard", "report", "comparison"]),
        ("training", ["raw", "shard", "report", "comparison", "training"]),
        ("comparison", ["raw", "shard", "report", "comparison"]),
    ],
)
def test_with_an_asset_comes_the_report_on_its_failure(bench: Bench, asked: str, names: list[str]) -> None:
    bench.use(raw, shard, report, comparison, training)
    assert sorted(key.path[-1] for key in assets_to(bench.graph, "toy", asked)) == sorted(names)


@pytest.mark.parametrize(
    ("widths", "expected"),
    [({}, [1, 1, 1]), ({"whisper": 2}, [1, 2, 1]), ({"whisper": 8}, [1, 3, 1]), ({"other": 8}, [1, 1, 1])],
)
def test_the_width_is_that_of_the_pool_and_never_more_than_there_are_tasks(
    bench: Bench, widths: dict[str, int], expected: list[int]
) -> None:
    bench.run(**widths)
    assert bench.launcher.widths == expected


def test_a_task_is_announced_when_it_starts_not_earlier(bench: Bench) -> None:
    bench.run()
    assert bench.listener.seen[2:6] == [
        "shard0-of-3 starts: never materialised",
        "shard0-of-3 done",
        "shard1-of-3 starts: never materialised",
        "shard1-of-3 done",
    ]


@dg.asset_check(asset=onnx, name="natural", blocking=True, partitions_def=EPOCHS)
def natural() -> dg.AssetCheckResult:
    raise NotImplementedError


class Trainer(ScriptedLauncher):
    """Records a training with two candidates, of which the first wins; ``unnatural`` epochs fail their rule."""

    unnatural: frozenset[str] = frozenset()
    judges = True
    known: Mapping[str, Mapping[str, object]] = {
        "training": {"candidates": ["v0-e0009", "v0-e0010"]},
        "best_epoch": {"winner": "v0-e0009"},
    }

    def record(self, target: AssetPartition, version: str = "1") -> None:
        metadata = self.known.get(target.key.path[-1])
        if metadata is None:
            super().record(target, version)
        else:
            pins = {UPSTREAM: dg.MetadataValue.json(pins_json(self._pins(target)))}
            tags = {"dagster/data_version": version}
            event = dg.AssetMaterialization(target.key, metadata={**metadata, **pins}, tags=tags)
            self.instance.report_runless_asset_event(event)
        if target.key == onnx.key and self.judges:
            made = History(self.instance).latest(target.key, target.partition)
            assert made is not None
            Records(self.instance).judge("natural", made, target.partition not in self.unnatural)


@pytest.fixture
def trained(bench: Bench) -> Callable[..., list[AssetStatus]]:
    """A function that runs everything after a training with three checkpoints."""
    bench.use(raw, shard, report, training, onnx, best_epoch, package, checks=(natural,))
    bench.instance.add_dynamic_partitions("toy_epochs", ["v0-e0008", "v0-e0009", "v0-e0010"])
    bench.launcher = Trainer(bench.graph, bench.instance, {})
    return bench.run


def test_the_candidates_are_made_and_the_winner_is_shipped(bench: Bench, trained: Callable[..., list[AssetStatus]]) -> None:
    trained()
    assert bench.asked[-4:] == ["onnx[v0-e0009]", "onnx[v0-e0010]", "best_epoch", "package[v0-e0009]"]


RULE_FAILED = Outcome("", False, "1 blocking asset check failed with ERROR severity")


def test_a_candidate_that_failed_its_rules_ends_nothing_and_its_own_package_is_refused(
    bench: Bench, trained: Callable[..., list[AssetStatus]]
) -> None:
    bench.launcher.unnatural = frozenset({"v0-e0010"})
    *_, of_epochs, best, shipped = trained()
    assert (of_epochs.verdict, best.verdict, shipped.verdict) == ("WARN", "PASS", "PASS")
    assert "v0-e0010 competes and cannot win" in of_epochs.reasons
    assert bench.asked[-2:] == ["best_epoch", "package[v0-e0009]"]
    status = voice_status(Gate(bench.graph, bench.instance), "toy")
    assert (status.verdict, status.asset, status.next_asset) == ("WARN", "package", None)
    assert trained(epoch="v0-e0010")[-1].verdict == "FAIL"


def test_a_candidate_without_a_verdict_ends_the_runner(bench: Bench, trained: Callable[..., list[AssetStatus]]) -> None:
    bench.launcher.judges = False
    assert [status.verdict for status in trained()][-1] == "FAIL"
    assert "best_epoch" not in bench.asked


def test_a_run_whose_rules_failed_is_judged_by_the_rules(bench: Bench) -> None:
    status = AssetStatus(report.key)
    status.add(RULE_FAILED)
    assert (status.verdict, status.reasons, status.ran) == ("PASS", [], 1)


def test_a_chosen_epoch_is_shipped_without_a_tournament(bench: Bench, trained: Callable[..., list[AssetStatus]]) -> None:
    trained(epoch="v0-e0008")
    assert bench.asked[-3:] == ["training", "onnx[v0-e0008]", "package[v0-e0008]"]


def test_with_a_chosen_epoch_there_is_no_tournament_to_run_to(bench: Bench, trained: Callable[..., list[AssetStatus]]) -> None:
    assert best_epoch.key not in assets_to(bench.graph, "toy", None, "v0-e0008")
    with pytest.raises(SelectionError, match="best_epoch chooses among the candidates: leave --epoch out"):
        assets_to(bench.graph, "toy", "best_epoch", "v0-e0008")


def test_an_unknown_epoch_is_an_error_that_names_the_known_ones(trained: Callable[..., list[AssetStatus]]) -> None:
    (*_, status) = trained(epoch="v7-e0000")
    assert status.verdict == "ERROR"
    assert status.reasons == ["there is no epoch 'v7-e0000'; there are: v0-e0008, v0-e0009, v0-e0010"]
