"""What several machines cost: `make bench-cluster`. Last line: one JSON object.

The Russian demo's voice walks its road twice: with `voice-assets run` on one machine, and with `voice-assets run --server` over
two hosts that share PostgreSQL, S3's protocol and Ray, as the tests in ``voice_assets_tests/cluster`` start them. ``--clips``
takes the first clips of the data set, ``--to`` ends the road earlier. Both roads compute with one thread, as Ray's runs do.

CPU seconds of every process, looked at four times a second: ``local_cpu_s``; ``cluster_cpu_s`` with the client, the database,
the store, Ray, and Dagster's servers, from their start to their end. ``ratio``: the second by the first.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from benchmarks.processor_time import Meter, adopt_orphans
from voice_assets.importers.debian import IVRVOICE, build_demo
from voice_assets.runtime import project
from voice_assets_tests.cluster.deployment import deployed
from voice_assets_tests.cluster.processes import environment_of
from voice_assets_tests.postgres_server import new_database, running_postgres, url_of
from voice_assets_tests.s3_server import BUCKET, running_s3

VOICE = "ivrvoice_ru"
KINDS = {
    "voice_assets.workers": "workers of runs, as on one machine",
    "orchestration.run_host": "runs",
    "dagster api execute_run": "runs",
    "dagster-daemon": "Dagster's daemon, web server and code server",
    "voice_assets.cli.web_server": "Dagster's daemon, web server and code server",
    "code-server": "Dagster's daemon, web server and code server",
    "dagster api grpc": "Dagster's daemon, web server and code server",
    "voice_assets.cli": "the client",
    "JobSupervisor": "Ray: one process for each run",
    "ray": "Ray: its servers",
}
"""What the processes of a deployment are, by a part of their command lines."""
HERE = Path(__file__).resolve().parent.parent
CLI = [sys.executable, "-m", "voice_assets.cli"]


class Road(NamedTuple):
    """What `voice-assets run` is told after the name of the voice."""

    options: tuple[str, ...]

    def walk(self, environment: dict[str, str], *options: str) -> None:
        """Run the command in a new process.

        Raises:
            SystemExit: the command failed.
        """
        command = [*CLI, "run", VOICE, *self.options, *options]
        done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL)
        if done.returncode:
            raise SystemExit(f"{' '.join(command)}: exit code {done.returncode}")


def write_project(root: Path, clips: int | None) -> None:
    """Write a project with the demo's voice and its first ``clips``; None takes all."""
    made = build_demo(IVRVOICE, project.cache_dir() / "tests" / VOICE, None, project.cache_dir()).out
    rows = (made / "metadata_2col.csv").read_text(encoding="utf-8").splitlines()[:clips]
    dataset = root / "datasets" / VOICE
    (dataset / "wavs").mkdir(parents=True)
    shutil.copy(made / "config.json", dataset)
    (dataset / "metadata_2col.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    for row in rows:
        shutil.copy(made / "wavs" / f"{row.split('|')[0].removesuffix('.wav')}.wav", dataset / "wavs")
    (root / "voices").mkdir()
    shutil.copy(HERE / "voices" / f"{VOICE}.yaml", root / "voices")
    for name in ("dagster.yaml", "workspace.yaml"):
        shutil.copy(HERE / name, root / name)


def on_one_machine(root: Path, road: Road) -> float:
    """CPU seconds of the road on this machine, with records and files in the project."""
    started = time.perf_counter()
    with Meter() as meter:
        road.walk(environment_of(VOICE_ASSETS_ROOT=str(root), DAGSTER_HOME=str(root / ".dagster"), PYTHONPATH=str(HERE)))
    print(f"one machine: {meter.seconds:.0f} CPU s in {time.perf_counter() - started:.0f} s", flush=True)
    return meter.seconds


def on_two_hosts(folder: Path, root: Path, road: Road) -> float:
    """CPU seconds of the road in a deployment, from the start of its servers to their end."""
    started = time.perf_counter()
    with Meter() as meter, running_postgres() as server, running_s3():
        database = new_database(server)
        shared = {
            **database,
            "VOICE_STORE": f"{BUCKET}/project",
            "VOICE_TRANSCRIPTS": url_of(database),
            "VOICE_LOGS_BUCKET": BUCKET.removeprefix("s3://"),
        }
        with deployed(folder, root, shared) as deployment:
            print(f"the servers have started: {meter.seconds:.0f} CPU s", flush=True)
            road.walk(dict(os.environ), "--server", f"http://127.0.0.1:{deployment.ports['web']}")
    for kind, seconds in meter.by_kind(KINDS, "PostgreSQL and the store").items():
        print(f"{seconds:8.0f} CPU s  {kind}")
    print(f"two hosts: {meter.seconds:.0f} CPU s in {time.perf_counter() - started:.0f} s", flush=True)
    return meter.seconds


def main() -> None:
    """Walk the road twice in a temporary folder, and print."""
    parser = argparse.ArgumentParser(description="What several machines cost; last line one JSON object.")
    parser.add_argument("--clips", type=int, help="the first clips of the demo; all when not given")
    parser.add_argument("--to", help="the last asset of the road; the whole road when not given")
    options = parser.parse_args()
    road = Road(("--to", options.to) if options.to else ())
    os.environ["OMP_NUM_THREADS"] = "1"
    adopt_orphans()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve() / "project"
        write_project(root, options.clips)
        figures = {"cluster_cpu_s": on_two_hosts(Path(folder).resolve() / "hosts", root, road)}
        figures["local_cpu_s"] = on_one_machine(root, road)
    figures["ratio"] = figures["cluster_cpu_s"] / figures["local_cpu_s"]
    print(json.dumps({name: round(value, 2) for name, value in figures.items()}))


if __name__ == "__main__":
    main()
