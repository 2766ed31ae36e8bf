"""The time that Dagster adds to a run of one partition: `make bench-overhead`. Last line: one JSON object.

``per_run_s``: runs that start as from a click in the UI: web server, queue, daemon, a new process. ``in_shell_s``: runs as
``voice-assets run`` starts them, in one process. The asset is the real ``clips`` of a small data set; the time of its own work
is measured in this process and subtracted. The figures are medians of alternating runs.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from voice_assets_tests.datasets import write_dataset, write_voice

RUNS = 6
SHARDS = 2
PORT = 3917
LAUNCH = """mutation($params: ExecutionParams!) {
  launchPipelineExecution(executionParams: $params) { ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } }
}"""
STATUS = "query($run: ID!) { runOrError(runId: $run) { ... on Run { status } } }"


def ask(query: str, **variables: Any) -> dict[str, Any]:
    """One GraphQL request to the web server under test."""
    body = json.dumps({"query": query, "variables": variables}).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{PORT}/graphql", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)["data"]


def run_in_ui(partition: str) -> float:
    """Seconds from the click to the end of the run."""
    selector = {
        "repositoryLocationName": "voice_assets",
        "repositoryName": "__repository__",
        "pipelineName": "__ASSET_JOB",
        "assetSelection": [{"path": ["bench", "clips"]}],
    }
    tags = [{"key": "dagster/partition", "value": partition}]
    started = time.perf_counter()
    params = {"selector": selector, "mode": "default", "executionMetadata": {"tags": tags}}
    run = ask(LAUNCH, params=params)["launchPipelineExecution"]["run"]["runId"]
    while (status := ask(STATUS, run=run)["runOrError"]["status"]) not in ("SUCCESS", "FAILURE", "CANCELED"):
        time.sleep(0.05)
    if status != "SUCCESS":
        raise SystemExit(f"run {run} ended with {status}")
    return time.perf_counter() - started


def wait_for_server() -> None:
    """Wait until the web server answers and the daemon has had time to start."""
    for _ in range(240):
        try:
            ask("query { version }")
            break
        except OSError:
            time.sleep(0.25)
    time.sleep(5)


def measure_overhead(root: Path) -> dict[str, float]:
    """The figures, with a server running on the project in ``root``."""
    from voice_assets.dataset.clips import read_shard
    from voice_assets.dataset.faults import Limits
    from voice_assets.dataset.shards import shard_key
    from voice_assets.orchestration.gates import AssetPartition
    from voice_assets.orchestration.instance import open_instance
    from voice_assets.orchestration.launch import InProcessRuns
    from voice_assets.voices import load_voice

    voice = load_voice(root / "voices" / "bench.yaml")
    own, shell, clicked = list[float](), list[float](), list[float]()
    with open_instance() as instance:
        runs = InProcessRuns(instance)
        runs.run(AssetPartition(_key("raw_dataset")))
        runs.run(AssetPartition(_key("clips"), shard_key(0, SHARDS)))  # so imports are in neither measurement
        for turn in range(RUNS):
            partition = shard_key(turn % SHARDS, SHARDS)
            own.append(_seconds(partial(read_shard, voice.dataset, partition, Limits.of(voice))))
            shell.append(_seconds(partial(runs.run, AssetPartition(_key("clips"), partition))))
            clicked.append(run_in_ui(partition))
    own_s = statistics.median(own)
    return {
        "per_run_s": round(statistics.median(clicked) - own_s, 3),
        "in_shell_s": round(statistics.median(shell) - own_s, 3),
        "own_work_s": round(own_s, 3),
        "runs": RUNS,
    }


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _key(name: str) -> Any:
    import dagster as dg

    return dg.AssetKey(["bench", name])


def main() -> None:
    """Make a project in a temporary folder, serve it, measure, and print."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        here = Path(__file__).resolve().parent.parent
        for name in ("dagster.yaml", "workspace.yaml"):
            shutil.copy(here / name, root / name)
        write_dataset(root / "dataset", [f"Это предложение номер {number}." for number in range(40)])
        write_voice(root / "voices" / "bench.yaml", dataset=root / "dataset", shards=SHARDS)
        os.environ.update(VOICE_ASSETS_ROOT=str(root), DAGSTER_HOME=str(root / ".dagster"))
        command = [sys.executable, "-m", "voice_assets.cli", "ui", "--port", str(PORT)]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_for_server()
            figures = measure_overhead(root)
        finally:
            server.terminate()
            server.wait()
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
