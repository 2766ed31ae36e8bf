"""The fast core of the matrix, on written histories: every blocking rule closes its gate until a pass or a waiver opens it."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import dagster as dg
import pytest
from dagster._core.definitions.assets.graph.asset_graph import AssetGraph

from voice_assets.orchestration.gates import Gate
from voice_assets.orchestration.history import History
from voice_assets.orchestration.records import ERRORED, SUITE, Materialisation
from voice_assets.orchestration.waivers import grant, revoke, today
from voice_assets_tests.matrix.broken_states import STATES, blocking_rules
from voice_assets_tests.matrix.project import CELLS, Cell, opened, write_project
from voice_assets_tests.orchestration.recorded_events import Records

pytestmark = pytest.mark.slow


def test_every_blocking_rule_has_a_state_that_breaks_it() -> None:
    assert sorted(set(blocking_rules()) - set(STATES)) == []


def core_graph(specs: AssetGraph) -> AssetGraph:
    """The assets of the matrix as plain specifications, each judged by the rule of its cell alone."""
    judged = [dg.AssetSpec(cell.judged.key, partitions_def=specs.get(cell.judged.key).partitions_def) for cell in CELLS]
    after = [
        dg.AssetSpec(cell.after.key, deps=[cell.judged.key], partitions_def=specs.get(cell.after.key).partitions_def)
        for cell in CELLS
    ]

    @dg.multi_asset_check(specs=[specs.get_check_spec(cell.check)._replace(partitions_def=None) for cell in CELLS])
    def rules() -> Iterator[dg.AssetCheckResult]:
        yield from ()

    return dg.Definitions(assets=[*judged, *after], asset_checks=[rules]).resolve_asset_graph()


class Core(Records):
    """Writes the histories of cells."""

    def __init__(self, graph: AssetGraph, instance: dg.DagsterInstance, elsewhere: dg.DagsterInstance | None = None):
        super().__init__(instance)
        self.graph = graph
        self.elsewhere = self if elsewhere is None else Core(graph, elsewhere)

    def make(self, cell: Cell, data: str = "A") -> Materialisation:
        return self.materialise(cell.judged.key, data, cell.partition)

    def verdict(self, rule: str, of: Materialisation, passed: bool, **entries: str) -> None:
        suite = self.graph.get_check_spec(dg.AssetCheckKey(of.key, rule)).metadata[SUITE]
        self.judge(rule, of, passed, suite, **entries)

    def fail(self, cell: Cell, data: str = "A", **entries: str) -> Materialisation:
        made = self.make(cell, data)
        self.verdict(cell.rule, made, False, **entries)
        return made

    def waive(self, cell: Cell, data: str = "A", days: int = 1) -> str:
        decision = {"rule": str(cell), "partition": cell.partition, "data_version": data, "reason": "r", "by": "anna"}
        until = (today() + timedelta(days)).isoformat()
        waiver = grant(self.instance, cell.voice, {**decision, "until": until, "observed": "0", "limit": "1"})
        if days > 1:
            revoke(self.instance, cell.voice, waiver, "boris", "r")
        return waiver.id


def never_judged(core: Core, cell: Cell) -> None:
    core.make(cell)


def failed(core: Core, cell: Cell) -> None:
    core.fail(cell)


def passed_then_failed(core: Core, cell: Cell) -> None:
    core.verdict(cell.rule, core.make(cell), True)
    core.fail(cell)


def made_again_and_never_judged(core: Core, cell: Cell) -> None:
    core.verdict(cell.rule, core.make(cell), True)
    core.make(cell)


def other_data_passed(core: Core, cell: Cell) -> None:
    core.verdict(cell.rule, core.make(cell, "B"), True)
    core.fail(cell)


def crashed(core: Core, cell: Cell) -> None:
    core.fail(cell, **{ERRORED: "yes"})


def crashed_and_waived(core: Core, cell: Cell) -> None:
    core.fail(cell, **{ERRORED: "yes"})
    core.waive(cell)


def other_thresholds(core: Core, cell: Cell) -> None:
    core.judge(cell.rule, core.make(cell), True, suite="of another time")


def another_instance(core: Core, cell: Cell) -> None:
    core.elsewhere.verdict(cell.rule, core.make(cell), True)


def a_waiver_that_is_over(core: Core, cell: Cell) -> None:
    core.fail(cell)
    core.waive(cell, days=-1)


def a_waiver_that_was_revoked(core: Core, cell: Cell) -> None:
    core.fail(cell)
    core.waive(cell, days=2)


def a_waiver_for_other_data(core: Core, cell: Cell) -> None:
    core.fail(cell)
    core.waive(cell, data="B")


def reported_from_outside(core: Core, cell: Cell) -> None:
    event = dg.AssetMaterialization(cell.judged.key, partition=cell.partition, tags={"dagster/data_version": "A"})
    core.instance.report_runless_asset_event(event)
    made = History(core.instance).latest(cell.judged.key, cell.partition)
    assert made is not None
    core.verdict(cell.rule, made, True)


def passed(core: Core, cell: Cell) -> None:
    core.verdict(cell.rule, core.make(cell), True)


def failed_then_passed(core: Core, cell: Cell) -> None:
    core.fail(cell)
    core.verdict(cell.rule, core.make(cell), True)


def failed_and_waived(core: Core, cell: Cell) -> None:
    core.fail(cell)
    core.waive(cell)


CLOSED = [
    never_judged,
    failed,
    passed_then_failed,
    made_again_and_never_judged,
    other_data_passed,
    crashed,
    crashed_and_waived,
    other_thresholds,
    another_instance,
    a_waiver_that_is_over,
    a_waiver_that_was_revoked,
    a_waiver_for_other_data,
    reported_from_outside,
]
OPEN = [passed, failed_then_passed, failed_and_waived]


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> AssetGraph:
    root = tmp_path_factory.mktemp("core")
    write_project(root)
    with opened(root) as matrix:
        return core_graph(matrix.graph)


@pytest.fixture
def core(graph: AssetGraph) -> Iterator[Core]:
    with dg.DagsterInstance.ephemeral() as instance, dg.DagsterInstance.ephemeral() as other:
        yield Core(graph, instance, other)


@pytest.mark.parametrize("state", CLOSED, ids=lambda state: state.__name__)
def test_every_rule_closes_its_gate(core: Core, state: Callable[[Core, Cell], None]) -> None:
    for cell in CELLS:
        state(core, cell)
    gate = Gate(core.graph, core.instance)
    gate.read_ahead([cell.judged.key for cell in CELLS])  # three statements for all gates
    reasons = {str(cell): {blocker.check for blocker in gate.blockers(cell.after)} for cell in CELLS}
    outside = state is reported_from_outside
    assert reasons == {str(cell): {None if outside else cell.rule} for cell in CELLS}


@pytest.mark.parametrize("state", OPEN, ids=lambda state: state.__name__)
def test_a_pass_and_a_waiver_open_it(core: Core, state: Callable[[Core, Cell], None]) -> None:
    for cell in CELLS:
        state(core, cell)
    gate = Gate(core.graph, core.instance)
    gate.read_ahead([cell.judged.key for cell in CELLS])  # three statements for all gates
    assert {str(cell): gate.blockers(cell.after) for cell in CELLS if gate.blockers(cell.after)} == {}
