"""The templates in ``deploy/`` are what the installed Dagster, Ray and systemd accept."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest
import yaml
from dagster._cli.api import ExecuteRunArgs

from voice_assets.definitions import build_definitions
from voice_assets.defs.training import TRAINING_POOL
from voice_assets.orchestration import pools
from voice_assets.orchestration.coordinator import PoolTags
from voice_assets.orchestration.launch import ASSET_JOB, InProcessRuns
from voice_assets.orchestration.leases import POOL
from voice_assets_tests.cluster.deployment import DEPLOY, command_of
from voice_assets_tests.cluster.processes import environment_of
from voice_assets_tests.toy_project import ToyProject

UNITS = sorted(path.name for path in (DEPLOY / "systemd").iterdir())
POOLS = {POOL, TRAINING_POOL}
VARIABLE = re.compile(r"^([A-Z_]+)=", re.MULTILINE)
SECRETS = {"PGPASSWORD", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}


def test_every_pool_of_the_graph_asks_the_engine_for_something(toy: ToyProject) -> None:
    graph = build_definitions().resolve_asset_graph()
    assert {pool for key in graph.get_all_asset_keys() for pool in graph.get(key).pools or ()} == POOLS


def named_in(node: object) -> set[str]:
    """The variables that a configuration reads from the environment."""
    if isinstance(node, dict):
        if node.keys() == {"env"}:
            return {node["env"]}
        return set().union(*map(named_in, node.values()))
    return set().union(*map(named_in, node)) if isinstance(node, list) else set()


def test_the_environment_sets_every_variable_and_no_secret() -> None:
    variables = set(VARIABLE.findall((DEPLOY / "environment").read_text(encoding="utf-8")))
    instance = yaml.safe_load((DEPLOY / "dagster.yaml").read_text(encoding="utf-8"))
    units = "".join((DEPLOY / "systemd" / unit).read_text(encoding="utf-8") for unit in UNITS)
    assert named_in(instance) | set(re.findall(r"\$\{(\w+)\}", units)) <= variables | SECRETS
    assert not variables & SECRETS


@pytest.mark.parametrize("unit", UNITS)
def test_the_environment_finds_the_programs_of_the_units(unit: str) -> None:
    """The Ray launcher calls `dagster` by its name."""
    (path,) = re.findall(r"^PATH=(.*)$", (DEPLOY / "environment").read_text(encoding="utf-8"), re.MULTILINE)
    assert path.split(":")[0] == str(Path(command_of(unit)[0]).parent)


@pytest.mark.slow
def test_the_instance_loads_with_the_real_classes(
    database: dict[str, str], s3_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = {"VOICE_RAY": "http://127.0.0.1:1", "VOICE_LOGS_BUCKET": "voices", "VOICE_LOGS_DIR": str(tmp_path / "logs")}
    for name, value in {**database, **ours}.items():
        monkeypatch.setenv(name, value)
    shutil.copy(DEPLOY / "dagster.yaml", tmp_path)
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        classes = [instance.run_launcher, instance.run_coordinator, instance.compute_log_manager, instance.event_log_storage]
        names = [type(one).__name__ for one in classes]
        assert names == ["HostedRuns", "PoolTags", "S3ComputeLogManager", "PostgresEventLogStorage"]
        assert isinstance(instance.run_coordinator, PoolTags)
        assert instance.run_coordinator.tags_by_pool.keys() == POOLS
        assert instance.run_launcher.supports_check_run_worker_health
        assert instance.get_runs() == []
        instance.event_log_storage.set_concurrency_slots(POOL, 7)
        pools.apply(instance, {POOL: 1})
        assert {one.name: one.limit for one in instance.event_log_storage.get_pool_limits()}[POOL] == 7


@pytest.mark.slow
def test_the_shell_command_of_a_run_has_no_quotation_mark_and_no_secret(
    toy: ToyProject, database: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The Ray launcher puts it between single quotes: one in the configuration would end the command."""
    origin = InProcessRuns(toy.instance)._code.get_python_origin()
    ours = {"VOICE_RAY": "http://127.0.0.1:1", "VOICE_LOGS_BUCKET": "voices", "VOICE_LOGS_DIR": str(tmp_path / "logs")}
    for name, value in {**database, **ours}.items():
        monkeypatch.setenv(name, value)
    shutil.copy(DEPLOY / "dagster.yaml", tmp_path)
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        run_id = "b1b54c2f-6d0f-4b8e-9d6a-3f1f6d1c8f11"
        arguments = ExecuteRunArgs(job_origin=origin, run_id=run_id, instance_ref=instance.get_ref()).get_command_args()
    assert ASSET_JOB in arguments[-1]
    assert "'" not in arguments[-1]
    assert database["PGPASSWORD"] not in arguments[-1]


@pytest.mark.parametrize("unit", UNITS)
def test_systemd_accepts_the_unit(unit: str, tmp_path: Path) -> None:
    text = (DEPLOY / "systemd" / unit).read_text(encoding="utf-8")
    assert "Environment=" not in text  # a password there would be readable to everybody
    program = Path(command_of(unit)[0])
    assert (Path(sys.executable).parent / program.name).is_file()
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    here = text.replace(str(program), "/bin/true").replace("User=voice-assets", "User=root")
    (tmp_path / unit).write_text(here, encoding="utf-8")
    done = subprocess.run(["systemd-analyze", "verify", tmp_path / unit], capture_output=True, text=True, check=False)
    assert (done.returncode, [line for line in done.stderr.splitlines() if unit in line]) == (0, [])


@pytest.mark.parametrize("unit", [unit for unit in UNITS if "ray" in unit])
def test_ray_knows_the_options_of_its_units(unit: str) -> None:
    from ray.scripts.scripts import start

    words = command_of(unit)
    assert words[1] == "start"
    known = {option for parameter in start.params for option in parameter.opts}
    assert {word.partition("=")[0] for word in words[2:]} <= known


@pytest.mark.slow
def test_a_run_of_a_machine_that_fell_silent_fails_within_a_minute() -> None:
    """Ray's head asks a machine so many times, each time with this patience; then Dagster asks Ray."""
    lines = (DEPLOY / "environment").read_text(encoding="utf-8").splitlines()
    set_there = dict(line.split("=", 1) for line in lines if line.startswith("RAY_health"))
    asked = "from ray._raylet import Config as c; " + (
        "print(c.health_check_failure_threshold() * (c.health_check_period_ms() + c.health_check_timeout_ms()))"
    )
    done = subprocess.run([sys.executable, "-c", asked], env=environment_of(**set_there), stdout=subprocess.PIPE, check=True)
    monitoring = yaml.safe_load((DEPLOY / "dagster.yaml").read_text(encoding="utf-8"))["run_monitoring"]
    assert monitoring["enabled"]
    assert int(done.stdout) / 1000 + monitoring["poll_interval_seconds"] <= 60


def test_kubernetes_and_ray_use_the_same_coordinator_for_the_same_pools() -> None:
    values = yaml.safe_load((DEPLOY / "kubernetes" / "values.yaml").read_text(encoding="utf-8"))
    chosen = values["dagsterDaemon"]["runCoordinator"]["config"]["customRunCoordinator"]
    ray = yaml.safe_load((DEPLOY / "dagster.yaml").read_text(encoding="utf-8"))["run_coordinator"]
    assert {**chosen, "config": None} == {**ray, "config": None}
    assert chosen["config"]["tags_by_pool"].keys() == ray["config"]["tags_by_pool"].keys() == POOLS
