"""Two machines that share nothing but PostgreSQL: what one of them does, the other knows."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import dagster as dg
import pytest
import yaml

from voice_assets.orchestration.deployment_locks import DeploymentLock
from voice_assets.orchestration.instance import only_runner, open_instance, runs_in_a_shell
from voice_assets.runtime.locks import LockError
from voice_assets_tests.cli.projects import call
from voice_assets_tests.handbook.pages import ROOT
from voice_assets_tests.toy_project import copied

pytestmark = pytest.mark.slow

RUNS_TOY = """import sys
from voice_assets.orchestration.instance import only_runner, open_instance
with open_instance() as instance, only_runner(instance, "toy"):
    print("held", flush=True)
    sys.stdin.read()
"""


class Machine:
    """A machine with a project and an instance folder of its own, whose records are in ``database``."""

    def __init__(self, root: Path, database: dict[str, str]):
        settings = yaml.safe_load((ROOT / "deploy" / "dagster.yaml").read_text(encoding="utf-8"))
        (root / "dagster.yaml").write_text(yaml.safe_dump({"storage": settings["storage"]}), encoding="utf-8")
        self.environment = {**database, "VOICE_ASSETS_ROOT": str(root), "DAGSTER_HOME": str(root / "home")}

    @contextmanager
    def here(self) -> Iterator[dg.DagsterInstance]:
        """This process is on the machine."""
        with pytest.MonkeyPatch.context() as patch:
            for name, value in self.environment.items():
                patch.setenv(name, value)
            with open_instance() as instance:
                yield instance

    def start_runner(self) -> "subprocess.Popen[str]":
        """A process on the machine that runs the voice ``toy``."""
        environment = {**os.environ, **self.environment, "LOGNAME": "anna"}
        command = [sys.executable, "-c", RUNS_TOY]
        runner = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment, start_new_session=True
        )
        assert runner.stdout is not None
        assert runner.stdout.readline() == "held\n"
        return runner


@pytest.fixture
def machines(new_once: Path, tmp_path: Path, database: dict[str, str]) -> tuple[Machine, Machine]:
    studio, attic = (tmp_path / name for name in ("studio", "attic"))
    for folder in (studio, attic):
        folder.mkdir()
    return Machine(copied(new_once, studio), database), Machine(copied(new_once, attic), database)


def test_a_voice_has_one_runner_in_the_deployment_and_a_dead_one_is_none(machines: tuple[Machine, Machine]) -> None:
    studio, attic = machines
    with attic.here() as instance, studio.start_runner() as runner:
        assert runs_in_a_shell(instance, "toy")
        refused = call("run", "toy", "--to", "clips")
        assert refused.exit_code == 2
        assert re.search(
            rf"another `voice-assets run toy` is running: anna, process {runner.pid} on host \S+ holds the lock `run toy` "
            r"of the deployment since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC; wait for that run, or end it",
            " ".join(refused.output.split()),
        )
        with only_runner(instance, "another_voice"):
            pass
        runner.kill()
        while runs_in_a_shell(instance, "toy"):
            pass
        with only_runner(instance, "toy"):
            pass


def test_the_lock_is_free_as_soon_as_the_block_ends_however_it_ends(machines: tuple[Machine, Machine]) -> None:
    with machines[0].here() as instance:
        lock = DeploymentLock(instance, "train toy", Path("no file is needed"))
        for error in (None, ValueError("the training failed")):
            with pytest.raises(ValueError, match="failed") if error else nullcontext(), lock.held():
                assert lock.is_held()
                with pytest.raises(LockError, match=rf"process {os.getpid()} on host"), lock.held():
                    pytest.fail("two hold one lock")
                if error:
                    raise error
            assert not lock.is_held()
        assert not lock.file.exists()


def test_postgresql_looks_after_a_holder_whose_machine_falls_silent(machines: tuple[Machine, Machine]) -> None:
    """A machine without power closes no connection. With PostgreSQL's own settings the lock would stay for two hours."""
    with machines[0].here() as instance, DeploymentLock(instance, "run toy", Path())._connected() as connection:
        names = ("tcp_keepalives_idle", "tcp_keepalives_interval", "tcp_keepalives_count")
        idle, interval, count = (int(connection.exec_driver_sql(f"SHOW {name}").scalar_one()) for name in names)
    assert 0 < idle + interval * count <= 30
