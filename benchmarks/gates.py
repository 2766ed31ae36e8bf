"""What gates and lineage cost with a long history, and how that grows with the shards: `make bench-gates`. Last line: JSON.

A voice with 64 shards, 200 epochs and 1,000 past runs, one with 256 shards, and one with 1,024. Records and files are written
as runs would write them; nothing is transcribed and nothing is trained. The instance is real SQLite in a temporary folder.

Seconds are CPU seconds, medians, without imports. SQL: the statements that are sent to the databases.

``gate_s``: what the gate costs a run, for the slowest asset. ``gate_s_64``, ``gate_sql_64``: for the slowest run of one shard;
also with 256 and 1,024 shards. ``first_gate_s_1024``: for the first run of that stage after something upstream was recorded.
``ask_ahead_s_1024``: what was asked for it before, once a stage, about every shard: by the planner, and by the run that judged
the asset above. ``stage_ratio``: what the planner and all runs of that stage ask, one after the other, per shard: 256 shards
to 64. ``lineage_s``, ``lineage_sql``: ``voice-assets lineage`` for a package. ``idle_gates_s``: the gates' share of a run with
nothing to do; ``idle_run_s``: ``voice-assets run`` then, with its imports. ``page_s``, ``page_sql``: one poll of the UI's
graph page.
"""

import gc
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from sqlite3 import Connection
from typing import Any

import dagster as dg
from click.testing import CliRunner
from dagster._core.definitions.assets.graph.asset_graph import AssetGraph
from sqlalchemy import event
from sqlalchemy.engine import Engine

from benchmarks.graph_page import graph_page
from voice_assets.orchestration.records import Materialisation
from voice_assets_tests.datasets import write_dataset, write_voice
from voice_assets_tests.recorded_voice import RecordedVoice, opened_voice
from voice_assets_tests.statements import counted

SHARDS, MORE_SHARDS, EPOCHS, PAST_RUNS = 64, (256, 1024), 200, 1000
CLIPS_PER_SHARD = 4
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


def write_history(instance: dg.DagsterInstance, past_runs: int, epochs: int) -> str:
    """Write the past runs and the present state. Returns the packaged epoch."""
    voice = RecordedRuns(instance, opened_voice(instance, VOICE).voice)
    voice.observe()
    rounds = 0
    while voice.runs < past_runs:
        voice.validate(f"past {rounds}")
        rounds += 1
        print(f"{voice.runs} past runs", flush=True)
    voice.validate("now")
    voice.make("drift_report")
    epoch = voice.train(epochs)[-1]
    voice.package(epoch)
    print(f"{voice.voice.shards} shards, {epochs} epochs, {voice.runs} runs", flush=True)
    return epoch


def cpu_seconds(work: Callable[[], Any], turns: int = TURNS) -> float:
    """The median CPU time of ``work`` in this process."""
    seconds = []
    for _ in range(turns):
        started = time.process_time()
        work()
        seconds.append(time.process_time() - started)
    return statistics.median(seconds)


def statements(work: Callable[[], Any]) -> int:
    """The number of SQL statements of ``work``."""
    with counted() as found:
        work()
    return len(found)


def show_lineage() -> None:
    """`voice-assets lineage` for the package of the voice."""
    from voice_assets.cli.main import main as command

    done = CliRunner().invoke(command, ["lineage", VOICE])
    if done.exit_code or f"clips, {SHARDS} shards" not in done.output or "Nothing speaks against" not in done.output:
        raise SystemExit(f"the lineage is not that of the voice:\n{done.output}")


class Gates:
    """The gates of the voice in one instance. A gate that is closed ends the benchmark."""

    def __init__(self, graph: AssetGraph, instance: dg.DagsterInstance, epoch: str):
        self.graph, self.instance, self.epoch = graph, instance, epoch

    def check(self, key: dg.AssetKey, partition: str | None) -> None:
        """Check a gate as a run does."""
        from voice_assets.orchestration.gates import AssetPartition
        from voice_assets.orchestration.shard_gates import ask

        target = AssetPartition(key, partition)
        if blockers := ask(self.graph, self.instance, target)[1]:
            raise SystemExit(f"the gate of {target} is closed: {blockers[0]}")

    def partitions(self, key: dg.AssetKey) -> list[str | None]:
        """Every shard of a sharded asset; of another asset, what is checked of it."""
        definition = self.graph.get(key).partitions_def
        if definition is None:
            return [None]
        return [self.epoch] if isinstance(definition, dg.DynamicPartitionsDefinition) else [*definition.get_partition_keys()]

    def figures(self) -> Iterator[tuple[dg.AssetKey, float, int]]:
        """CPU seconds and statements of the gate of each asset that can be made."""
        for key in self.graph.toposorted_asset_keys:
            if self.graph.get(key).is_materializable:
                partition = self.partitions(key)[0]
                check = partial(self.check, key, partition)
                seconds, sql = cpu_seconds(check), statements(check)
                print(f"gate of {key.to_user_string()}[{partition}]: {seconds:.3f} s, {sql} SQL", flush=True)
                yield key, seconds, sql

    def of_shards(self) -> dict[str, float]:
        """The slowest gate of any asset; the slowest run of a shard; of a stage of such runs, the plan, the first, the mean."""
        from voice_assets.orchestration.gates import AssetPartition
        from voice_assets.orchestration.shard_gates import ask_ahead

        found = list(self.figures())
        key, seconds, sql = max((one for one in found if len(self.partitions(one[0])) > 1), key=lambda one: one[1])
        upstream = min(self.graph.get(key).parent_keys)
        self.instance.report_runless_asset_event(dg.AssetObservation(upstream))  # news: what was asked before counts no more
        shards = self.partitions(key)
        ahead = cpu_seconds(lambda: ask_ahead(self.graph, self.instance, AssetPartition(key, shards[0])), 1)
        stage = [cpu_seconds(partial(self.check, key, shard), 1) for shard in shards]
        return {
            "any": max(one[1] for one in found),
            "shard": seconds,
            "sql": sql,
            "ahead": ahead,
            "first": stage[0],
            "stage": (ahead + sum(stage)) / len(stage),
        }


def idle_gates(graph: AssetGraph, instance: dg.DagsterInstance) -> None:
    """What `voice-assets run` asks of the gates when everything is current; the data set is not observed."""
    from voice_assets.orchestration.runner import RecordedPlanner, Runner, assets_to

    keys = [key for key in assets_to(graph, VOICE, None) if not graph.get(key).is_observable]
    for status in Runner(RecordedPlanner(graph, instance, keys), NoRuns(), NoRuns()).run():
        if not status.open:
            raise SystemExit(f"{status.key.to_user_string()} is not current: {status.reasons}")


class NoRuns:
    """A launcher that is asked for nothing."""

    def run(self, tasks: Iterable[Any], width: int, ended: Callable[..., None]) -> None:  # noqa: ARG002
        """Refuse any task."""
        if wanted := list(tasks):
            raise SystemExit(f"not current: {wanted[0]}")

    def starting(self, target: Any, reason: str) -> None:
        """Refuse: nothing may start."""
        raise SystemExit(f"{target}: {reason}")

    def ended(self, *_: object) -> None:
        """Nothing started."""


def idle_run_seconds() -> float:
    """CPU seconds of `voice-assets run` when everything is current."""
    before = getrusage(RUSAGE_CHILDREN)
    done = subprocess.run([sys.executable, "-m", "voice_assets.cli", "run", VOICE], capture_output=True, text=True)
    if done.returncode or " made" in done.stdout:
        raise SystemExit(f"the run was not idle:\n{done.stdout}{done.stderr}")
    after = getrusage(RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _do_not_wait_for_the_disk(connection: Connection, _: object) -> None:
    connection.execute("PRAGMA synchronous=OFF")


@contextmanager
def recorded(shards: int, past_runs: int, epochs: int) -> Iterator[tuple[Gates, Path]]:
    """A project with a voice of ``shards`` shards in a temporary folder: its gates, and the folder."""
    from voice_assets.definitions import build_definitions
    from voice_assets.orchestration.instance import open_instance

    here = Path(__file__).resolve().parent.parent
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        os.environ.update(VOICE_ASSETS_ROOT=str(root), DAGSTER_HOME=str(root / ".dagster"))
        for name in ("dagster.yaml", "workspace.yaml"):
            shutil.copy(here / name, root / name)
        texts = [f"Это предложение номер {number}." for number in range(shards * CLIPS_PER_SHARD)]
        write_dataset(root / "dataset", texts, seconds=0.2)
        write_voice(root / "voices" / f"{VOICE}.yaml", Path("../dataset"), shards=shards)
        with open_instance() as instance:
            epoch = write_history(instance, past_runs, epochs)
            gc.collect()
            gc.freeze()  # as a run does with what it has loaded
            yield Gates(build_definitions().resolve_asset_graph(), instance, epoch), root


def main() -> None:
    """Make the projects in temporary folders, measure, and print."""
    event.listen(Engine, "connect", _do_not_wait_for_the_disk)  # a thousand runs are written; what is measured only reads
    with recorded(SHARDS, PAST_RUNS, EPOCHS) as (gates, root):
        few = gates.of_shards()
        figures = {"lineage_s": cpu_seconds(show_lineage), "lineage_sql": statements(show_lineage)}
        figures["idle_gates_s"] = cpu_seconds(lambda: idle_gates(gates.graph, gates.instance))
        figures["idle_run_s"] = idle_run_seconds()
        print(figures, flush=True)
        with graph_page(gates.instance, root / "workspace.yaml", VOICE) as page:
            figures |= {"page_s": cpu_seconds(page.poll), "page_sql": statements(page.poll)}
    many = {SHARDS: few}
    for shards in MORE_SHARDS:
        with recorded(shards, 0, 1) as (gates, _):
            many[shards] = gates.of_shards()
    for shards, found in many.items():
        figures |= {f"gate_s_{shards}": found["shard"], f"gate_sql_{shards}": found["sql"]}
    figures |= {
        "gate_s": few["any"],
        "first_gate_s_1024": many[1024]["first"],
        "ask_ahead_s_1024": many[1024]["ahead"],
        "stage_ratio": many[256]["stage"] / few["stage"],
    }
    print(json.dumps({name: round(value, 3) for name, value in figures.items()}))


if __name__ == "__main__":
    main()
