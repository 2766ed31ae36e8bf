"""The process of a run is forked by the run host, and is in every way the command that the client stands for."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import psutil
import pytest

from voice_assets.orchestration.run_client import ADDRESS, WAIT
from voice_assets_tests.cluster.deployment import BIN
from voice_assets_tests.cluster.processes import Server, environment_of
from voice_assets_tests.handbook.pages import ROOT

pytestmark = pytest.mark.slow

JOB = """
import os, pathlib, subprocess, time
import dagster as dg

TURNING = 'while :; do printf . >> turns.$$; sleep 0.05; done'

@dg.op
def tell():
    print("printed", os.environ["WORD"], os.getcwd(), flush=True)
    if os.environ["WORD"] == "bad":
        raise ValueError("a bad word")

@dg.op
def wait(context):
    started = subprocess.Popen(["sh", "-c", TURNING])
    note = pathlib.Path("pids.new")
    note.write_text(f"{os.getpid()} {started.pid}")
    note.rename("pids")
    while True:
        time.sleep(0.05)
        with open(f"turns.{os.getpid()}", "a") as turns:
            turns.write(".")

@dg.job(executor_def=dg.in_process_executor)
def telling():
    tell()

@dg.job(executor_def=dg.in_process_executor)
def waiting():
    wait()

@dg.repository
def both():
    return [telling, waiting]
"""


TURNS = 400
"""A process that was to end has gone on when it makes so many more turns: each is a sleep, so any other thread had its turn."""


class Machine:
    """A folder, a Dagster instance in it, and the environment of clients."""

    def __init__(self, folder: Path):
        self.folder, self.address = folder, folder / "runs.sock"
        (folder / "dagster").mkdir()
        (folder / "dagster" / "dagster.yaml").write_text("telemetry: {enabled: false}\n", encoding="utf-8")
        (folder / "job.py").write_text(JOB, encoding="utf-8")
        self.environment = environment_of(
            PATH=f"{BIN}{os.pathsep}{os.environ['PATH']}",
            DAGSTER_HOME=str(folder / "dagster"),
            PYTHONPATH=str(ROOT),
            **{ADDRESS: str(self.address)},
        )

    def host(self, name: str = "runs", *options: str) -> Server:
        """A new run host."""
        command = [sys.executable, "-m", "voice_assets.orchestration.run_host", *options]
        return Server(name, command, self.environment, self.folder)

    def client(self, *command: str, word: str = "good") -> "subprocess.Popen[str]":
        """A client in the machine's folder."""
        return subprocess.Popen(
            [sys.executable, "-m", "voice_assets.orchestration.run_client", *command],
            cwd=self.folder,
            env={**self.environment, "WORD": word},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def job(self, name: str, word: str = "good") -> "subprocess.Popen[str]":
        return self.client("dagster", "job", "execute", "-f", "job.py", "-j", name, word=word)


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    return Machine(tmp_path_factory.mktemp("machine"))


@pytest.fixture(scope="module")
def host(machine: Machine) -> Iterator[Server]:
    server = machine.host()
    try:
        server.until(partial(server.said, "run host: ready"))
        yield server
    finally:
        server.end()


def waiting(machine: Machine, host: Server) -> tuple["subprocess.Popen[str]", psutil.Process, psutil.Process]:
    """A client whose run waits for ever, the run, and the process that the run started."""
    note = machine.folder / "pids"
    note.unlink(missing_ok=True)
    client = machine.job("waiting")
    host.until(note.exists)
    run, started = note.read_text(encoding="utf-8").split()
    return client, psutil.Process(int(run)), psutil.Process(int(started))


def ended(machine: Machine, *processes: psutil.Process) -> None:
    """Wait until the processes have ended, which ``waiting`` gave. Fails when one goes on."""
    turns = {process: machine.folder / f"turns.{process.pid}" for process in processes}
    before = {process: _turned(file) for process, file in turns.items()}
    while alive := psutil.wait_procs(processes, timeout=0.1)[1]:
        on = [process for process in alive if _turned(turns[process]) >= before[process] + TURNS]
        assert not on, f"{on[0]} went on for {TURNS} turns after its end was due"


def _turned(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


def test_a_run_has_the_environment_the_folder_and_the_output_of_its_client(machine: Machine, host: Server) -> None:
    output, errors = (client := machine.job("telling", word="strange")).communicate()
    assert (client.returncode, output) == (0, f"printed strange {machine.folder}\n"), errors
    assert "RUN_SUCCESS" in errors


@pytest.mark.parametrize(("command", "code"), [(["job", "execute", "-f", "job.py", "-j", "telling"], 1), (["no-such"], 2)])
def test_the_exit_code_is_that_of_the_command(machine: Machine, host: Server, command: list[str], code: int) -> None:
    _, errors = (client := machine.client("dagster", *command, word="bad")).communicate()
    assert client.returncode == code, errors
    assert "a bad word" in errors or "No such command" in errors


def test_runs_are_children_of_the_host_and_stand_beside_each_other(machine: Machine, host: Server) -> None:
    first, second = waiting(machine, host), waiting(machine, host)
    assert host.holds(first[1].pid)
    assert host.holds(second[1].pid)
    os.kill(first[0].pid, signal.SIGKILL)
    ended(machine, first[1], first[2])
    assert second[1].is_running()
    assert second[0].poll() is None
    second[0].kill()
    ended(machine, second[1], second[2])
    for client in (first[0], second[0]):
        client.communicate()


def test_a_client_that_dies_takes_the_run_and_all_that_it_started_with_it(machine: Machine, host: Server) -> None:
    client, *started = waiting(machine, host)
    client.kill()
    client.communicate()
    ended(machine, *started)
    host.require_alive()


def test_a_client_that_shall_wait_asks_when_its_input_ends(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    client = machine.client(WAIT, "dagster", "--version")
    late = machine.host()
    late.until(partial(late.said, "run host: ready"))
    output, errors = client.communicate()
    late.end()
    assert (client.returncode, "version" in output, errors) == (0, True, "")


def test_a_lazy_host_loads_the_libraries_for_the_first_client(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    lazy = machine.host("lazy", "--lazy")
    lazy.until(lambda: _answers(machine.address))
    _, errors = (client := machine.job("telling")).communicate()
    lazy.end()
    assert client.returncode == 0, errors
    assert errors.startswith("20"), "the first line is of Dagster's log"


def test_a_client_that_dies_before_it_asks_ends_nothing_but_itself(machine: Machine, host: Server) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as silent:
        silent.connect(str(machine.address))
    assert machine.client("dagster", "--version").wait() == 0
    host.require_alive()


def test_a_signal_reaches_the_run_which_records_its_end(machine: Machine, host: Server) -> None:
    client, run, started = waiting(machine, host)
    client.send_signal(signal.SIGTERM)
    ended(machine, run)
    started.kill()
    _, errors = client.communicate()
    assert client.returncode == 1, errors
    assert "DagsterExecutionInterruptedError" in errors


def test_a_host_that_dies_ends_no_run_and_the_next_one_takes_over_its_socket(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    first = machine.host()
    first.until(lambda: _answers(machine.address))
    client, run, started = waiting(machine, first)  # which asks before the host has loaded its libraries
    first.process.kill()
    first.process.wait()
    assert run.is_running()
    assert client.poll() is None
    second = machine.host()
    second.until(lambda: _answers(machine.address))
    client.kill()
    client.communicate()
    ended(machine, run, started)
    second.kill()


def _answers(address: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as probe:
        return probe.connect_ex(str(address)) == 0


def test_a_second_host_of_the_same_socket_is_refused_and_the_first_goes_on(machine: Machine, host: Server) -> None:
    second = machine.host("second")
    assert second.process.wait() == 1
    assert "another run host answers here" in second.log.read_text(encoding="utf-8")
    assert machine.client("dagster", "--version").wait() == 0
    assert machine.address.stat().st_mode & 0o077 == 0


def test_without_a_host_the_client_is_the_command(machine: Machine, tmp_path: Path) -> None:
    alone = Machine(tmp_path)
    _, errors = (client := alone.job("telling")).communicate()
    assert client.returncode == 0, errors
    assert errors.startswith(f"run host {alone.address}: ")
    assert "This run loads its libraries itself." in errors


def test_where_the_host_dies_before_the_run_begins_the_client_is_the_command(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as dying:
        dying.bind(str(machine.address))
        dying.listen()
        client = machine.job("telling")
        dying.accept()[0].close()
    _, errors = client.communicate()
    assert client.returncode == 0, errors
    assert errors.startswith(f"run host {machine.address}: ")
    assert "RUN_SUCCESS" in errors


def test_the_client_imports_nothing_but_the_standard_library() -> None:
    program = "import sys, voice_assets.orchestration.run_client; print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout.split()
    foreign = {name for name in loaded if name not in sys.stdlib_module_names and not name.startswith(("_", "voice_assets"))}
    assert {name for name in foreign if name != "sitecustomize"} == set()
