"""The time that gates and lineage take with a long history: `make bench-gates`. Last line: one JSON object.

A voice with 64 shards, 200 epochs and 1,000 past runs. Its records and files are written as runs would write them; nothing is
transcribed and nothing is trained. The instance is real SQLite in a temporary folder.

``lineage_s``: ``voice-assets lineage`` for a package, in this process. ``gate_s``: what the gate costs a run, for the slowest
asset. ``idle_run_s``: ``voice-assets run`` with nothing to do, as a process. Figures are medians.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from sqlite3 import Connection
from typing import Any

import dagster as dg
from click.testing import CliRunner
from sqlalchemy import event
from sqlalchemy.engine import Engine

from voice_assets.orchestration.records import Materialisation
from voice_assets_tests.datasets import write_dataset, write_voice
from voice_assets_tests.recorded_voice import RecordedVoice, opened_voice

SHARDS, EPOCHS, PAST_RUNS, CLIPS = 64, 200, 1000, 256
TURNS = 3
VOICE = "bench"


class RecordedRuns(RecordedVoice):
    """A recorded voice that also records every run, as Dagster's list of runs holds it."""

    runs = 0

    def materialise(
        self,
        key: dg.AssetKey,
        data: str,
        partition: str | None = None,
        code: str | None = None,
        run_id: str | None = None,
        **metadata: object,
    ) -> Materialisation:
        """Record the materialisation, and its run if that is a new one."""
        made = super().materialise(key, data, partition, code, run_id, **metadata)
        if run_id is None:
            run = dg.DagsterRun(
                job_name="__ASSET_JOB",
                run_id=made.run_id,
                status=dg.DagsterRunStatus.SUCCESS,
                asset_selection=frozenset([key]),
                tags={} if partition is None else {"dagster/partition": partition},
            )
            self.instance.add_run(run)
            self.runs += 1
        return made


def write_history(instance: dg.DagsterInstance) -> str:
    """Write the past runs and the present state. Returns the packaged epoch."""
    voice = RecordedRuns(instance, opened_voice(instance, VOICE).voice)
    voice.observe()
    rounds = 0
    while voice.runs < PAST_RUNS:
        voice.validate(f"past {rounds}")
        rounds += 1
        print(f"{voice.runs} past runs", flush=True)
    voice.validate("now")
    voice.make("drift_report")
    epoch = voice.train(EPOCHS)[-1]
    voice.package(epoch)
    print(f"{SHARDS} shards, {EPOCHS} epochs, {voice.runs} runs", flush=True)
    return epoch


def median_seconds(work: Callable[[], Any]) -> float:
    """The median time of ``work``."""
    seconds = []
    for _ in range(TURNS):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)


def lineage_seconds() -> float:
    """Seconds of `voice-assets lineage` for the package of the voice."""
    from voice_assets.cli.main import main as command

    def show() -> None:
        done = CliRunner().invoke(command, ["lineage", VOICE])
        if done.exit_code or f"clips, {SHARDS} shards" not in done.output or "Nothing speaks against" not in done.output:
            raise SystemExit(f"the lineage is not that of the voice:\n{done.output}")

    return median_seconds(show)


def gate_seconds(instance: dg.DagsterInstance, epoch: str) -> float:
    """Seconds of the slowest gate."""
    from voice_assets.definitions import build_definitions
    from voice_assets.orchestration.gates import AssetPartition, Gate

    graph = build_definitions().resolve_asset_graph()
    slowest = 0.0
    for key in graph.toposorted_asset_keys:
        node = graph.get(key)
        if not node.is_materializable:
            continue
        partition = None
        if node.partitions_def is not None:
            dynamic = isinstance(node.partitions_def, dg.DynamicPartitionsDefinition)
            partition = epoch if dynamic else node.partitions_def.get_partition_keys()[0]
        target = AssetPartition(key, partition)

        def check(target: AssetPartition = target) -> None:
            blockers = Gate(graph, instance).blockers(target)
            if blockers:
                raise SystemExit(f"the gate of {target} is closed: {blockers[0]}")

        seconds = median_seconds(check)
        print(f"gate of {target}: {seconds:.3f} s", flush=True)
        slowest = max(slowest, seconds)
    return slowest


def idle_run_seconds() -> float:
    """Seconds of `voice-assets run` when everything is current."""

    def run() -> None:
        done = subprocess.run([sys.executable, "-m", "voice_assets.cli", "run", VOICE], capture_output=True, text=True)
        if done.returncode or " made" in done.stdout:
            raise SystemExit(f"the run was not idle:\n{done.stdout}{done.stderr}")

    return median_seconds(run)


def write_project(root: Path) -> None:
    """Write a project with a data set of short clips."""
    here = Path(__file__).resolve().parent.parent
    for name in ("dagster.yaml", "workspace.yaml"):
        shutil.copy(here / name, root / name)
    write_dataset(root / "dataset", [f"Это предложение номер {number}." for number in range(CLIPS)], seconds=0.2)
    write_voice(root / "voices" / f"{VOICE}.yaml", Path("../dataset"), shards=SHARDS)


def _do_not_wait_for_the_disk(connection: Connection, _: object) -> None:
    connection.execute("PRAGMA synchronous=OFF")


def main() -> None:
    """Make the project in a temporary folder, measure, and print."""
    from voice_assets.orchestration.instance import open_instance

    event.listen(Engine, "connect", _do_not_wait_for_the_disk)  # a thousand runs are written; what is measured only reads
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        os.environ.update(VOICE_ASSETS_ROOT=str(root), DAGSTER_HOME=str(root / ".dagster"))
        write_project(root)
        with open_instance() as instance:
            epoch = write_history(instance)
            figures = {"lineage_s": lineage_seconds(), "gate_s": gate_seconds(instance, epoch)}
        figures["idle_run_s"] = idle_run_seconds()
    print(json.dumps({name: round(seconds, 3) for name, seconds in figures.items()}))


if __name__ == "__main__":
    main()
