"""The matrix: every blocking rule is really broken, and every way to start something downstream is really tried.

The ways share one project: its runs, its web server and its daemon. After each way, no asset downstream may have been made.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta

import dagster as dg
import pytest
from dagster._core.execution.backfill import BULK_ACTION_TERMINAL_STATUSES

from voice_assets import definitions
from voice_assets.orchestration.revalidation import Since, plan
from voice_assets.orchestration.waivers import Waiver, grant, revoke, today
from voice_assets_tests.cli.projects import call
from voice_assets_tests.data_checks.good_tables import good
from voice_assets_tests.matrix import graph
from voice_assets_tests.matrix.project import CELLS, KINDS, Cell, Matrix, broken, opened, write_project
from voice_assets_tests.served_ui import Ui, served
from voice_assets_tests.toy_project import ToyProject

pytestmark = pytest.mark.slow

REPOSITORY = {"repositoryLocationName": "voice_assets", "repositoryName": "__repository__"}
LAUNCH = """mutation($params: ExecutionParams!) {
  launchPipelineExecution(executionParams: $params) { ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } }
}"""
AGAIN = """mutation($params: ReexecutionParams!) { launchPipelineReexecution(reexecutionParams: $params) {
  ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""
BACKFILL = """mutation($params: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $params) {
  ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } } }"""


class Proof:
    """The matrix with every rule broken, and the materialisations downstream from before."""

    def __init__(self, matrix: Matrix):
        self.matrix = matrix
        matrix.state(lambda cell: good(cell.suite))
        matrix.run(lambda cell: [cell.judged])
        self.passed_runs = matrix.run(lambda cell: [cell.after])
        self.break_again()
        self.before = matrix.made()
        assert all(self.before.values())

    def break_again(self) -> None:
        """Every judged asset breaks exactly its rule, and is judged."""
        self.matrix.state(broken)
        self.matrix.run(lambda cell: [cell.judged])
        assert self.matrix.failing() == {cell: [cell.rule] for cell in CELLS}

    def holes(self) -> list[str]:
        """The rules whose gate let something through."""
        made = self.matrix.made()
        return [str(cell) for cell in CELLS if made[cell] != self.before[cell]]


@pytest.fixture(scope="module")
def proof(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proof]:
    root = tmp_path_factory.mktemp("matrix")
    write_project(root)
    with opened(root) as matrix:
        yield Proof(matrix)


def in_the_same_run(matrix: Matrix) -> None:
    matrix.run(lambda cell: [cell.judged, cell.after])


def in_a_later_run(matrix: Matrix) -> None:
    matrix.run(lambda cell: [cell.after])


def in_the_same_run_without_the_failing_check(matrix: Matrix) -> None:
    matrix.run(lambda cell: [cell.judged, cell.after], lambda cells: matrix.checks(cells) - {cell.check for cell in cells})


def in_the_same_run_without_checks(matrix: Matrix) -> None:
    matrix.run(lambda cell: [cell.judged, cell.after], lambda _: [])


def in_a_later_run_after_a_run_without_checks(matrix: Matrix) -> None:
    matrix.run(lambda cell: [cell.judged], lambda _: [])
    matrix.run(lambda cell: [cell.after])


def with_the_checks_and_without_the_asset(matrix: Matrix) -> None:
    matrix.run(lambda cell: [cell.after], matrix.checks)


def by_the_command_line(matrix: Matrix) -> None:
    """`voice-assets run` for every voice; the graph is loaded once."""
    loaded = graph.defs()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(definitions, "build_definitions", lambda **_: loaded)
        done = {cell: call("run", cell.voice, "--to", "after") for cell in CELLS}
    assert {str(cell): result.output for cell, result in done.items() if result.exit_code != 1} == {}


def by_scheduled_revalidation(matrix: Matrix) -> None:
    gate = matrix.gate()
    for cell in CELLS:
        assert plan(gate, [cell.judged.key, cell.after.key], Since(), set()).requests == []


IN_PROCESS = [
    in_the_same_run,
    in_a_later_run,
    in_the_same_run_without_the_failing_check,
    in_the_same_run_without_checks,
    in_a_later_run_after_a_run_without_checks,
    with_the_checks_and_without_the_asset,
    by_the_command_line,
    by_scheduled_revalidation,
]


@pytest.mark.parametrize("way", IN_PROCESS, ids=lambda way: way.__name__)
def test_refused(proof: Proof, way: Callable[[Matrix], None]) -> None:
    way(proof.matrix)
    assert proof.holes() == []


@pytest.fixture(scope="module")
def ui(proof: Proof) -> Iterator[Ui]:
    """`voice-assets ui` on the matrix, with its daemon."""
    with served(ToyProject(proof.matrix.root, proof.matrix.root / "dataset", proof.matrix.instance)) as started:
        started.wait_until(lambda: started.ask("{ version }"))
        yield started


def ended(ui: Ui, run_ids: list[str]) -> bool:
    return all(ui.run(run_id).is_finished for run_id in run_ids)


def by_graphql(proof: Proof, ui: Ui) -> None:
    runs = []
    for cells in KINDS:
        keys = [{"path": list(cell.after.key.path)} for cell in cells]
        selector = {**REPOSITORY, "pipelineName": "__ASSET_JOB", "assetSelection": keys}
        tags = [{"key": "dagster/partition", "value": cells[0].partition}] if cells[0].partition else []
        params = {"selector": selector, "mode": "default", "executionMetadata": {"tags": tags}}
        answer = ui.ask(LAUNCH, params=params)
        assert answer is not None
        runs.append(answer["launchPipelineExecution"]["run"]["runId"])
    ui.wait_until(lambda: ended(ui, runs))


def by_reexecution(proof: Proof, ui: Ui) -> None:
    """The runs that made the assets downstream, when every rule passed, are executed again."""
    runs = []
    for run_id in proof.passed_runs:
        answer = ui.ask(AGAIN, params={"parentRunId": run_id, "strategy": "ALL_STEPS"})
        assert answer is not None
        runs.append(answer["launchPipelineReexecution"]["run"]["runId"])
    ui.wait_until(lambda: ended(ui, runs))


def by_a_backfill(proof: Proof, ui: Ui) -> None:
    backfills = []
    for cells in KINDS:
        keys = [{"path": list(cell.after.key.path)} for cell in cells]
        answer = ui.ask(BACKFILL, params={"assetSelection": keys, "allPartitions": True})
        assert answer is not None
        backfills.append(answer["launchPartitionBackfill"]["backfillId"])

    def done() -> bool:
        found = [proof.matrix.instance.get_backfill(backfill) for backfill in backfills]
        return all(one is not None and one.status in BULK_ACTION_TERMINAL_STATUSES for one in found)

    ui.wait_until(done)


def by_declarative_automation(proof: Proof, ui: Ui) -> None:
    """Eager automation wants to make everything downstream of what was just made, failed or not."""
    instance = proof.matrix.instance
    ui.wait_until(lambda: instance.get_ticks(*_sensor(proof, ui), limit=1))
    proof.break_again()
    wanted = {cell.after.key for cell in CELLS}

    def done() -> bool:
        runs = instance.get_runs(dg.RunsFilter(tags={"dagster/from_automation_condition": "true"}))
        return {key for run in runs if run.is_finished for key in run.asset_selection or ()} >= wanted

    ui.wait_until(done)


def _sensor(proof: Proof, ui: Ui) -> tuple[str, str]:
    """The origin and the selector of the automation sensor, once the daemon knows it."""
    states = ui.wait_until(lambda: [one for one in proof.matrix.instance.all_instigator_state() if one.name == "eager"])
    return states[0].instigator_origin_id, states[0].selector_id


BY_SERVER = [by_graphql, by_reexecution, by_a_backfill, by_declarative_automation]


@pytest.mark.parametrize("way", BY_SERVER, ids=lambda way: way.__name__)
def test_refused_by_the_server(proof: Proof, ui: Ui, way: Callable[[Proof, Ui], None]) -> None:
    way(proof, ui)
    assert proof.holes() == []


def test_waivers_and_a_pass_open(proof: Proof, capsys: pytest.CaptureFixture[str]) -> None:
    """The last test: a waiver for exactly the rule that is broken, revoked; then good data, judged again."""
    matrix = proof.matrix
    assert proof.holes() == []
    assert matrix.failing() == {cell: [cell.rule] for cell in CELLS}
    waivers = {cell: waive(matrix, cell) for cell in CELLS}
    matrix.run(lambda cell: [cell.after])
    waived = matrix.made()
    assert [str(cell) for cell in CELLS if waived[cell] == proof.before[cell]] == []
    for cell, waiver in waivers.items():
        revoke(matrix.instance, cell.voice, waiver, "boris", "It was a mistake.")
    matrix.run(lambda cell: [cell.after])
    assert matrix.made() == waived
    matrix.state(lambda cell: good(cell.suite))
    matrix.run(lambda cell: [cell.judged])
    matrix.run(lambda cell: [cell.after])
    opened_again = matrix.made()
    assert [str(cell) for cell in CELLS if opened_again[cell] == waived[cell]] == []
    with capsys.disabled():
        print(f"\nmatrix: {len(CELLS)} blocking rules x {len(IN_PROCESS) + len(BY_SERVER)} ways, no hole")


def waive(matrix: Matrix, cell: Cell) -> Waiver:
    latest = matrix.gate().history.latest(cell.judged.key, cell.partition)
    assert latest is not None
    until = (today() + timedelta(1)).isoformat()
    decision = {"rule": str(cell), "partition": cell.partition, "data_version": latest.data_version, "until": until}
    return grant(matrix.instance, cell.voice, {**decision, "reason": "r", "by": "anna", "observed": "0", "limit": "1"})
