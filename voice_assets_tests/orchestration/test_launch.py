"""The private names of Dagster that this project uses, tried with the Dagster that is installed.

After an upgrade of Dagster this is the test to run first: its message says which version the code was written for and
which name is gone.
"""

import ast
import importlib
import subprocess
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import dagster as dg
import pytest

from voice_assets import definitions
from voice_assets.cli.web_server import SHARDS_COMPARED
from voice_assets.orchestration.launch import InProcessRuns
from voice_assets_tests.served_ui import served
from voice_assets_tests.toy_project import HERE, ToyProject

LAUNCH = HERE / "voice_assets" / "orchestration" / "launch.py"


def private_imports(file: Path) -> list[tuple[str, str]]:
    """Every ``from dagster._… import name`` in ``file``, as (module, name)."""
    text = file.read_text(encoding="utf-8")
    if "from dagster._" not in text:
        return []
    nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom)]
    private = [node for node in nodes if (node.module or "").startswith("dagster._")]
    return [(node.module or "", alias.name) for node in private for alias in node.names]


ALL = sorted({(file, *one) for file in (HERE / "voice_assets").rglob("*.py") for one in private_imports(file)})


def written_for() -> str:
    """``WRITTEN_FOR`` of ``launch.py``, read without importing a file that may not import."""
    for node in ast.parse(LAUNCH.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "WRITTEN_FOR":
            return str(ast.literal_eval(node.value))
    raise AssertionError(f"{LAUNCH}: no WRITTEN_FOR")


def incompatible(file: Path, gone: object) -> str:
    where = file.relative_to(HERE)
    return f"{where} was written for Dagster {written_for()}; Dagster {dg.__version__} is installed: {gone}"


@contextmanager
def compatible() -> Iterator[None]:
    """Report a private function that changed as what it is: a Dagster that ``launch.py`` was not written for."""
    try:
        yield
    except (AttributeError, TypeError, ImportError) as changed:
        pytest.fail(incompatible(LAUNCH, changed))


def test_dagster_has_the_limit_that_the_web_server_lowers() -> None:
    from dagster._core.definitions import data_version

    assert data_version.SKIP_PARTITION_DATA_VERSION_DEPENDENCY_THRESHOLD >= SHARDS_COMPARED


@pytest.mark.parametrize(("file", "module", "name"), ALL, ids=[f"{file.stem}-{name}" for file, _, name in ALL])
def test_a_private_name_of_dagster_is_there(file: Path, module: str, name: str) -> None:
    assert find_spec(module) is not None, incompatible(file, f"the module {module} is gone")
    assert hasattr(importlib.import_module(module), name), incompatible(file, f"{module}.{name} is gone")


def test_launch_has_all_private_names_that_runs_need() -> None:
    """So that the test above cannot pass for having found nothing."""
    assert {name for file, _, name in ALL if file == LAUNCH} >= {"ReconstructableJob", "execute_run", "RemoteJobOrigin"}


def test_the_locked_dagster_is_the_one_that_launch_was_written_for() -> None:
    locked = (HERE / "requirements.lock").read_text(encoding="utf-8").splitlines()
    assert f"dagster=={written_for()}" in locked


def test_a_missing_name_is_an_error_that_names_versions_and_name() -> None:
    script = "import dagster._core.execution.api as api; del api.execute_run; import voice_assets.orchestration.launch"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert f"was written for Dagster {written_for()}; Dagster {dg.__version__} is installed" in last
    assert "cannot import name 'execute_run' from 'dagster._core.execution.api'" in last


def test_a_run_is_recorded_as_the_ui_records_it(toy: ToyProject) -> None:
    """Origin, job name, partition and selection: with them the UI opens the run in its graph and can run it again."""
    toy.run("raw_dataset")
    with compatible():
        outcome = toy.run("clips", "0-of-2")
    assert outcome.success, outcome.message
    run = toy.instance.get_run_by_id(outcome.run_id)
    assert run is not None
    assert run.job_name == "__ASSET_JOB"
    assert run.asset_selection == {dg.AssetKey(["toy", "clips"])}
    assert run.asset_check_selection is None
    assert run.tags["dagster/partition"] == "0-of-2"
    origin = run.remote_job_origin
    assert origin is not None
    assert origin.job_name == "__ASSET_JOB"
    assert origin.repository_origin.repository_name == "__repository__"
    location = origin.repository_origin.code_location_origin
    assert location.location_name == "voice_assets"
    target = location.loadable_target_origin
    assert (target.module_name, target.working_directory) == ("voice_assets.definitions", str(Path.cwd()))
    assert toy.instance.get_job_snapshot(run.job_snapshot_id) is not None
    assert toy.instance.get_execution_plan_snapshot(run.execution_plan_snapshot_id) is not None


def test_the_runs_of_a_voice_load_its_definitions_once_and_no_other_voice(toy: ToyProject, monkeypatch) -> None:
    (toy.root / "voices" / "other.yaml").write_text((toy.root / "voices" / "toy.yaml").read_text())
    build, loaded = definitions.build_definitions, []

    def counted(*folder: Path, only: Collection[str] | None = None) -> dg.Definitions:
        loaded.append(only)
        return build(*folder, only=only)

    monkeypatch.setattr(definitions, "build_definitions", counted)
    runs = InProcessRuns(toy.instance)
    with compatible():
        outcomes = [runs.run(toy.target(*one)) for one in (("raw_dataset",), ("clips", "0-of-2"), ("clips", "1-of-2"))]
    assert all(outcome.success for outcome in outcomes), outcomes
    assert loaded == [{"toy"}]


PAGE = """query($id: ID!) { runOrError(runId: $id) { ... on Run {
  hasReExecutePermission assetSelection { path } repositoryOrigin { repositoryName repositoryLocationName }
  executionPlan { steps { key } } stepStats { stepKey status } pipelineSnapshotId parentPipelineSnapshotId } } }"""
SNAPSHOT = """query($id: String!) { pipelineSnapshotOrError(snapshotId: $id) { ... on PipelineSnapshot {
  name solidHandles { handleID } } } }"""
AGAIN = """mutation($params: ReexecutionParams!) { launchPipelineReexecution(reexecutionParams: $params) {
  ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""


@pytest.mark.slow
def test_the_ui_opens_a_run_that_knew_its_own_voice_only_and_runs_it_again(toy: ToyProject) -> None:
    (toy.root / "voices" / "other.yaml").write_text((toy.root / "voices" / "toy.yaml").read_text())
    outcomes = toy.run("raw_dataset"), toy.run("clips", "0-of-2")
    with served(toy) as ui:
        ui.wait_until(lambda: ui.ask("{ version }"))
        page = ui.ask(PAGE, id=outcomes[1].run_id)
        assert page is not None
        run = page["runOrError"]
        assert run["hasReExecutePermission"]
        assert run["assetSelection"] == [{"path": ["toy", "clips"]}]
        assert run["repositoryOrigin"] == {"repositoryName": "__repository__", "repositoryLocationName": "voice_assets"}
        assert run["executionPlan"]["steps"] == [{"key": "toy__clips"}]
        assert run["stepStats"] == [{"stepKey": "toy__clips", "status": "SUCCESS"}]
        for name, least in (("pipelineSnapshotId", 1), ("parentPipelineSnapshotId", 10)):
            snapshot = ui.ask(SNAPSHOT, id=run[name])
            assert snapshot is not None
            assert snapshot["pipelineSnapshotOrError"]["name"] == "__ASSET_JOB"
            assert len(snapshot["pipelineSnapshotOrError"]["solidHandles"]) >= least
        answer = ui.ask(AGAIN, params={"parentRunId": outcomes[1].run_id, "strategy": "ALL_STEPS"})
        assert answer is not None
        again = answer["launchPipelineReexecution"]["run"]["runId"]
        ui.wait_until(lambda: ui.run(again).is_finished)
    assert ui.run(again).is_success
    assert toy.latest("clips", "0-of-2").run_id == again


@pytest.mark.slow
def test_a_run_of_checks_alone_selects_them_and_no_asset(validated: ToyProject) -> None:
    before = validated.latest("base_validation")
    with compatible():
        outcome = validated.run_checks("base_validation")
    assert outcome.success, outcome.message
    run = validated.instance.get_run_by_id(outcome.run_id)
    assert run is not None
    assert run.job_name == "__ASSET_JOB"
    assert run.asset_selection == frozenset()
    key = dg.AssetKey(["toy", "base_validation"])
    assert run.asset_check_selection == validated.gate().graph.get_check_keys_for_assets({key})
    assert validated.latest("base_validation") == before
