"""``voice-assets ui`` as a process, and what a browser sends to it."""

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import dagster as dg

from voice_assets_tests.ports import free_port
from voice_assets_tests.toy_project import ToyProject

LAUNCH = """mutation($params: ExecutionParams!) {
  launchPipelineExecution(executionParams: $params) { ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } }
}"""


class Ui:
    """``voice-assets ui`` on the project, and what a click in it does."""

    def __init__(self, toy: ToyProject):
        self.toy = toy
        self.port = free_port()
        self.log = (toy.root / "ui.log").open("w+")
        command = [sys.executable, "-m", "voice_assets.cli", "ui", "--port", str(self.port)]
        self.process = subprocess.Popen(command, stdout=self.log, stderr=subprocess.STDOUT, cwd=toy.root)

    def wait_until(self, done: Callable[[], Any]) -> Any:
        """Wait for an event of the UI; the test fails when the UI ends before."""
        while not (found := done()):
            assert self.process.poll() is None, self.printed()
            time.sleep(0.1)
        return found

    def printed(self) -> str:
        self.log.flush()
        return (self.toy.root / "ui.log").read_text()

    def ask(self, query: str, **variables: Any) -> dict[str, Any] | None:
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/graphql", body, {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)["data"]
        except OSError:  # the server does not listen yet
            return None

    def materialise(self, name: str, partition: str) -> str:
        """Send a run as the button `Materialize` does. Returns the run id."""
        selector = {
            "repositoryLocationName": "voice_assets",
            "repositoryName": "__repository__",
            "pipelineName": "__ASSET_JOB",
            "assetSelection": [{"path": ["toy", name]}],
        }
        tags = {"tags": [{"key": "dagster/partition", "value": partition}]}
        answer = self.ask(LAUNCH, params={"selector": selector, "mode": "default", "executionMetadata": tags})
        assert answer is not None
        return answer["launchPipelineExecution"]["run"]["runId"]

    def run(self, run_id: str) -> dg.DagsterRun:
        run = self.toy.instance.get_run_by_id(run_id)
        assert run is not None
        return run


@contextmanager
def served(toy: ToyProject) -> Iterator[Ui]:
    """The UI of the project, ended at the end."""
    ui = Ui(toy)
    try:
        yield ui
    finally:
        ui.process.terminate()
        ui.process.wait()
        ui.log.close()
