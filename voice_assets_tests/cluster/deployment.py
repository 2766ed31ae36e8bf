"""The deployment of ``deploy/``, with the same files and commands, on ports of this machine."""

import json
import os
import shutil
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import dagster as dg

from voice_assets_tests.cluster.processes import Server, environment_of, port_answers
from voice_assets_tests.handbook.pages import ROOT
from voice_assets_tests.ports import free_port

DEPLOY = ROOT / "deploy"
BIN = Path(sys.executable).parent
NODES = ("studio", "attic")
STARTS = 5
LAUNCH = """mutation($params: ExecutionParams!) {
  launchPipelineExecution(executionParams: $params) { __typename ... on LaunchRunSuccess { run { runId } }
    ... on PythonError { message } } }"""
LOCATIONS = """query { workspaceOrError { ... on Workspace { locationEntries { loadStatus locationOrLoadError { __typename
  ... on PythonError { message } } } } } }"""


class Host:
    """One machine: folders of its own, and the environment in which its services run."""

    def __init__(self, name: str, folder: Path, project: Path, shared: dict[str, str]):
        self.name, self.folder = name, folder / name
        for part in ("home", "dagster", "logs"):
            (self.folder / part).mkdir(parents=True)
        shutil.copytree(project, self.folder / "project")
        settings = (DEPLOY / "dagster.yaml").read_text(encoding="utf-8")
        patient = settings.replace("start_timeout_seconds: 120", "start_timeout_seconds: 1200")  # on however slow a machine
        (self.folder / "dagster" / "dagster.yaml").write_text(patient, encoding="utf-8")
        self.environment = environment_of(
            **ray_settings(),
            **shared,
            PATH=f"{BIN}{os.pathsep}{os.environ['PATH']}",
            HOME=str(self.folder / "home"),
            DAGSTER_HOME=str(self.folder / "dagster"),
            VOICE_ASSETS_ROOT=str(self.folder / "project"),
            VOICE_LOGS_DIR=str(self.folder / "logs"),
            VOICE_RUN_HOST=str(self.folder / "runs.sock"),
            PYTHONPATH=str(ROOT),
        )

    def server(self, name: str, *command: str) -> Server:
        """Start one service of this machine."""
        return Server(name, [str(BIN / command[0]), *command[1:]], self.environment, self.folder)


class Node(NamedTuple):
    """What runs on a worker machine: Ray, and the run host, which is the parent of every run."""

    ray: Server
    runs: Server

    def require_alive(self) -> None:
        self.ray.require_alive()
        self.runs.require_alive()

    def holds(self, pid: int) -> bool:
        """Whether the process ``pid`` is a run of this node, or belongs to one."""
        return self.runs.holds(pid)

    def kill(self) -> None:
        """End everything as a power cut does: Ray first, so that no process of it sees a run ending and reports that."""
        self.ray.kill()
        self.runs.kill()

    def end(self) -> None:
        self.ray.end()
        self.runs.end()


class Deployment:
    """A control machine, two nodes, and what a client asks the control machine for."""

    def __init__(self, folder: Path, project: Path, shared: dict[str, str]):
        self.ports = {name: free_port() for name in ("ray", "jobs", "code", "web")}
        shared = {**shared, "VOICE_RAY": f"http://127.0.0.1:{self.ports['jobs']}"}
        self.control = Host("control", folder, project, shared)
        self.hosts = {name: Host(name, folder, project, shared) for name in NODES}
        self.nodes: dict[str, Node] = {}
        self.services: dict[str, Server] = {}
        self.head: Server | None = None

    def start_head(self) -> None:
        at = ("--port", str(self.ports["ray"]), "--dashboard-port", str(self.ports["jobs"]), "--dashboard-host", "127.0.0.1")
        head = partial(self.control.server, "head", "ray", "start", "--head", *at, *_node(cpus=0, gpus=0))
        self.head = _started(head)
        self.head.until(lambda: port_answers(self.ports["jobs"]))

    def start_node(self, name: str) -> None:
        """Start a node and wait until Ray knows it: two that start at once can miss each other."""
        host, address = self.hosts[name], f"127.0.0.1:{self.ports['ray']}"
        program, *words = command_of("voice-assets-runs.service")
        runs = host.server("runs", Path(program).name, *words)
        ray = _started(partial(host.server, "node", "ray", "start", "--address", address, *_node(cpus=2, gpus=1)))
        runs.until(partial(runs.said, "run host: ready"))
        self.nodes[name] = Node(ray, runs)

    def start_control(self) -> None:
        """Start what ``deploy/systemd`` starts on the control machine, with the commands of these files."""
        code, web = str(self.ports["code"]), str(self.ports["web"])
        workspace = self.control.folder / "project" / "workspace.yaml"
        text = (DEPLOY / "workspace.yaml").read_text(encoding="utf-8")
        workspace.write_text(text.replace("4000", code), encoding="utf-8")
        at = {"4000": code, "3000": web, "/var/lib/voice-assets/project/workspace.yaml": str(workspace)}
        for name in ("code", "web", "daemon"):
            words = [at.get(word, word) for word in command_of(f"voice-assets-{name}.service")]
            self.services[name] = self.control.server(name, Path(words[0]).name, *words[1:])
        self.services["web"].until(self._loaded)

    def _loaded(self) -> bool:
        for service in self.services.values():
            service.require_alive()
        answer = self.ask(LOCATIONS)
        entries = answer["workspaceOrError"].get("locationEntries") if answer else None
        found = [entry["locationOrLoadError"] for entry in entries or () if entry["loadStatus"] == "LOADED"]
        return bool(found) and found[0]["__typename"] == "RepositoryLocation"

    def kill_control(self) -> None:
        """End the code server, the web server and the daemon as a power cut does."""
        for service in self.services.values():
            service.kill()
        self.services.clear()

    def ask(self, query: str, **variables: Any) -> dict[str, Any] | None:
        """The answer of the web server; None while it does not listen."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        address = f"http://127.0.0.1:{self.ports['web']}/graphql"
        request = urllib.request.Request(address, body, {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return dict(json.load(answer)["data"])
        except OSError:
            return None

    def launch(self, name: str, partition: str | None = None) -> str:
        """Submit a run of an asset of ``toy``, as the button of the UI does. Returns the run id."""
        selector = {
            "repositoryLocationName": "voice_assets",
            "repositoryName": "__repository__",
            "pipelineName": "__ASSET_JOB",
            "assetSelection": [{"path": ["toy", name]}],
        }
        tags = [] if partition is None else [{"key": "dagster/partition", "value": partition}]
        parameters = {"selector": selector, "mode": "default", "executionMetadata": {"tags": tags}}
        answer = self.ask(LAUNCH, params=parameters)
        assert answer is not None
        made = answer["launchPipelineExecution"]
        assert made["__typename"] == "LaunchRunSuccess", made
        return str(made["run"]["runId"])

    def wait(self, instance: dg.DagsterInstance, *run_ids: str) -> list[dg.DagsterRun]:
        """The runs, when all of them have ended."""
        return [self.until(lambda run_id=run_id: _ended(instance, run_id)) for run_id in run_ids]

    def until(self, done: Any) -> Any:
        """Wait for an event of the deployment; the test fails when one of its services ends before."""
        assert self.head is not None

        def seen() -> Any:
            for server in (*self.nodes.values(), *self.services.values()):
                server.require_alive()
            return done()

        return self.head.until(seen)

    def end(self) -> None:
        for server in (*self.services.values(), *self.nodes.values(), *([self.head] if self.head else [])):
            server.end()


def _ended(instance: dg.DagsterInstance, run_id: str) -> dg.DagsterRun | None:
    run = instance.get_run_by_id(run_id)
    assert run is not None
    return run if run.is_finished else None


def _started(start: Callable[[], Server]) -> Server:
    """A server of Ray that Ray's head knows. Ray gives up a start after 30 s, on a slow machine too; its unit repeats it."""
    for _ in range(STARTS):
        server = start()
        while server.process.poll() is None:
            if server.said("Ray runtime started."):
                return server
            time.sleep(0.1)
    server.require_alive()
    return server


def _node(cpus: int, gpus: int) -> list[str]:
    """A node on this machine: the ports that Ray takes as fixed ones are others for every node, and the memory is small."""
    fixed = ("dashboard-agent-listen-port", "dashboard-agent-grpc-port", "metrics-export-port", "runtime-env-agent-port")
    ports = [word for name in fixed for word in (f"--{name}", str(free_port()))]
    size = ["--num-cpus", str(cpus), "--num-gpus", str(gpus), "--object-store-memory", str(100 * 2**20)]
    (log_monitor,) = (word for word in command_of("voice-assets-ray-worker.service") if "log-monitor" in word)
    return [*size, "--node-ip-address", "127.0.0.1", *ports, log_monitor, "--block"]


def ray_settings() -> dict[str, str]:
    """What ``deploy/environment`` says about Ray, but for addresses."""
    lines = (DEPLOY / "environment").read_text(encoding="utf-8").splitlines()
    named = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    return {
        name: value
        for name, value in named.items()
        if name.startswith(("RAY_", "METRICS_", "REPORTER_")) and name != "RAY_HEAD"
    }


def command_of(unit: str) -> list[str]:
    """The words of the command that a unit of ``deploy/systemd`` starts."""
    lines = (DEPLOY / "systemd" / unit).read_text(encoding="utf-8").splitlines()
    (command,) = (line.partition("=")[2] for line in lines if line.startswith("ExecStart="))
    return command.split()


@contextmanager
def deployed(folder: Path, project: Path, shared: dict[str, str]) -> Iterator[Deployment]:
    """The whole deployment, ended at the end."""
    deployment = Deployment(folder, project, shared)
    with ExitStack() as stack:
        stack.callback(deployment.end)
        deployment.start_head()
        for name in NODES:
            deployment.start_node(name)
        deployment.start_control()
        yield deployment
