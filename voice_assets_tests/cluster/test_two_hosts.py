"""A small voice over two hosts, made from a laptop: shards spread, a host dies, the control machine dies, and the result is
that of one machine.
"""

import json
import os
import re
import time
from pathlib import Path

import dagster as dg
import pandas as pd
import pytest

from voice_assets.orchestration.dead_runs import fail_dead_runs, process_of
from voice_assets.orchestration.history import History
from voice_assets.orchestration.records import TABLE, Materialisation
from voice_assets.runtime.storage import Store, project_store
from voice_assets.voices import load_voice
from voice_assets_tests.cli.projects import call
from voice_assets_tests.cli.test_run import rows
from voice_assets_tests.cluster.conftest import Cluster
from voice_assets_tests.cluster.deployment import NODES
from voice_assets_tests.cluster.transcripts import Held, held, stored
from voice_assets_tests.laptop import Client, read_until
from voice_assets_tests.toy_project import SHARDS, copied, opened

pytestmark = pytest.mark.slow

BEFORE_WHISPER = ("raw_dataset", "clips", "base_validation", "clip_stats", "quality_report")
WHISPER = ("whisper_shard", "whisper_validation")
SHARDED = ("clips", "clip_stats", "whisper_shard")
REPORTING = ("base_validation", "quality_report", "whisper_validation")


def partitions_of(name: str) -> tuple[str | None, ...]:
    return SHARDS if name in SHARDED else (None,)


def ended(cluster: Cluster, client: Client, code: int) -> dict[str, list[str]]:
    """The closing table of a command on the laptop, when the command has ended with this exit code."""
    cluster.deployment.until(lambda: client.poll() is not None)
    output, errors = client.communicate()
    assert client.returncode == code, output + errors
    return rows(output)


def succeeded(cluster: Cluster, *run_ids: str) -> None:
    """Return when the runs have ended well."""
    runs = cluster.deployment.wait(cluster.instance, *run_ids)
    assert [run.status for run in runs] == [dg.DagsterRunStatus.SUCCESS] * len(runs), reasons(cluster, runs)


def reasons(cluster: Cluster, runs: list[dg.DagsterRun]) -> str:
    kinds = {dg.DagsterEventType.STEP_FAILURE, dg.DagsterEventType.RUN_FAILURE, dg.DagsterEventType.ENGINE_EVENT}
    records = [record for run in runs for record in cluster.instance.get_records_for_run(run.run_id, of_type=kinds).records]
    events = [record.event_log_entry.dagster_event for record in records]
    return "\n".join(f"{event.message} {event.event_specific_data}"[-3000:] for event in events if event is not None)


def in_the_middle(cluster: Cluster, workers: Held, run_ids: list[str]) -> None:
    """Return when every run has stored hypotheses and waits before its next batch; the test fails when one ends before."""

    def seen() -> bool:
        runs = [run for run in map(cluster.instance.get_run_by_id, run_ids) if run is not None]
        assert not any(run.is_finished for run in runs), reasons(cluster, runs)
        return workers.waiting() == len(run_ids)

    cluster.deployment.until(seen)


def node_of(cluster: Cluster, run_id: str) -> str | None:
    """The node that executes a run."""
    run = cluster.instance.get_run_by_id(run_id)
    process = None if run is None else process_of(run)
    return (
        None if process is None else next((name for name in NODES if cluster.deployment.nodes[name].holds(process.pid)), None)
    )


@pytest.fixture(scope="module")
def ready(cluster: Cluster) -> Cluster:
    """The deployment as far as the quality report, which a laptop asked for: whatever Whisper needs is there."""
    table = ended(cluster, cluster.laptop.start("run", "toy", "--to", "quality_report"), 0)
    assert table.keys() == set(BEFORE_WHISPER)
    assert [table[name][:2] for name in ("clips", "quality_report")] == [["PASS", "2 made"], ["PASS", "made"]]
    return cluster


@pytest.fixture
def idle(ready: Cluster) -> Cluster:
    """The whole deployment, on which nothing runs."""
    assert {*ready.deployment.services, *ready.deployment.nodes} == {"code", "web", "daemon", *NODES}
    assert ready.unfinished() == [], "an earlier test of this file failed"
    return ready


def test_a_host_dies_in_the_middle_of_a_shard(ready: Cluster) -> None:
    """Two laptops want the same two shards, which spread. The lost run fails, the other goes on. The same command continues,
    and decodes nothing that was stored.
    """
    laptop, whole = ready.laptop, ("run", "toy", "--to", "whisper_validation")
    with held(ready.database) as workers:
        first = laptop.start(*whole)
        ready.deployment.until(lambda: len(ready.unfinished()) == len(SHARDS))
        lost, kept = (run.run_id for run in ready.unfinished())
        in_the_middle(ready, workers, [lost, kept])
        second = laptop.start(*whole)
        read_until(second, rf"toy/whisper_shard\[{SHARDS[1]}\]: run {kept[:8]} is on its way already")
        everything_answers(ready)
        homes = [node_of(ready, run_id) for run_id in (lost, kept)]
        assert sorted(map(str, homes)) == sorted(NODES)
        assert fail_dead_runs(ready.instance) == []
        before = stored(ready.database)
        assert before
        ready.lost.add(lost)
        killed = time.time()
        ready.deployment.nodes.pop(str(homes[0])).kill()
        (failed,) = ready.deployment.wait(ready.instance, lost)
        assert failed.status == dg.DagsterRunStatus.FAILURE
        print(f"marked as failed {end_of(ready, lost) - killed:.0f} s after its host died")
        workers.release()
    for client in (first, second):
        assert ended(ready, client, 1)["whisper_shard"][:2] == ["ERROR", "1 made, 1 failed"]
    succeeded(ready, kept)
    ready.deployment.start_node(str(homes[0]))
    table = ended(ready, laptop.start(*whole), 0)
    assert [table[name][:2] for name in WHISPER] == [["PASS", "1 made, 1 current"], ["PASS", "made"]]
    after = stored(ready.database)
    assert {row: after[row] for row in before} == before
    assert len(after) > len(before)


def everything_answers(cluster: Cluster) -> None:
    """The commands that only ask, while both shards run."""
    seen = cluster.laptop.call("watch", "toy", "--once")
    assert (seen.returncode, seen.stderr) == (0, "")
    assert all(f"whisper_shard[{shard}]" in seen.stdout for shard in SHARDS), seen.stdout
    (status,) = json.loads(cluster.laptop.call("status", "toy", "--json").stdout)
    assert status["asset"] == "quality_report", status
    (first, *_) = json.loads(cluster.laptop.call("lineage", "toy/quality_report", "--json").stdout)["materialisations"]
    assert first["asset"] == "toy/quality_report"


def end_of(cluster: Cluster, run_id: str) -> float:
    """When a failed run was marked as failed, in seconds since the epoch."""
    (record,) = cluster.instance.get_records_for_run(run_id, of_type=dg.DagsterEventType.RUN_FAILURE).records
    return record.timestamp


def test_the_control_machine_dies_while_shards_run(idle: Cluster) -> None:
    """The runs go on without it. What was queued runs when it is back."""
    with held(idle.database) as workers:
        shards = [idle.deployment.launch("whisper_shard", shard) for shard in SHARDS]
        in_the_middle(idle, workers, shards)
        idle.deployment.services.pop("daemon").kill()
        queued = idle.deployment.launch("clip_stats", SHARDS[0])
        idle.deployment.kill_control()
        workers.release()
    succeeded(idle, *shards)
    run = idle.instance.get_run_by_id(queued)
    assert run is not None
    assert run.status == dg.DagsterRunStatus.QUEUED
    idle.deployment.start_control()
    succeeded(idle, queued)


def test_the_result_is_that_of_one_machine(idle: Cluster, speech_project: Path, tmp_path: Path) -> None:
    """Every table, data version and code version. The control machine opens every table and report, and wrote none of them."""
    ended(idle, idle.laptop.start("run", "toy", "--to", "whisper_validation"), 0)
    control = idle.deployment.control.folder / "project"
    there = {(name, part): newest(idle.instance, name, part) for name, part in made()}
    store = project_store(load_voice(control / "voices" / "toy.yaml"))
    assert not (control / "dataset" / "reports").exists()
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("VOICE_")]:
            patch.delenv(name)
        with opened(copied(speech_project, tmp_path)) as one:
            assert call("run", "toy", "--to", "whisper_validation").exit_code == 0
            for target, theirs in there.items():
                same(theirs, store, newest(one.instance, *target), one.store)


def test_no_run_of_a_live_host_was_marked_as_failed(ready: Cluster) -> None:
    """In all that the tests of this file did, on two hosts at a time."""
    assert {run.run_id for run in ready.instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE]))} == ready.lost
    assert {run.status for run in ready.instance.get_runs()} <= {dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.SUCCESS}


def made() -> list[tuple[str, str | None]]:
    names = [name for name in (*BEFORE_WHISPER, *WHISPER) if name != "raw_dataset"]
    return [(name, partition) for name in names for partition in partitions_of(name)]


def newest(instance: dg.DagsterInstance, name: str, partition: str | None) -> Materialisation:
    found = History(instance).latest(dg.AssetKey(["toy", name]), partition)
    assert found is not None, (name, partition)
    return found


def same(theirs: Materialisation, their_store: Store, ours: Materialisation, our_store: Store) -> None:
    """Both recorded the same versions, the same tables, and reports of the same files."""
    assert (theirs.data_version, theirs.code_version) == (ours.data_version, ours.code_version), ours.key
    tables = [{**one.evidence, **({TABLE: one.artifact(TABLE)} if TABLE in one.artifacts else {})} for one in (theirs, ours)]
    assert tables[0].keys() == tables[1].keys()
    for name, artifact in tables[0].items():
        pd.testing.assert_frame_equal(
            pd.read_parquet(their_store.open(artifact)),
            pd.read_parquet(our_store.open(tables[1][name])),
            obj=f"{ours.key} {name}",
        )
    if theirs.report is not None and ours.report is not None:
        folders = [their_store.open(theirs.report), our_store.open(ours.report)]
        assert files_in(folders[0]) == files_in(folders[1])
    assert (theirs.report is None) == (ours.report is None) == (ours.key.path[-1] not in REPORTING)


def files_in(report: Path) -> list[str]:
    """The names of a report's files; a stamp says when it was written."""
    names = (file.relative_to(report).as_posix() for file in report.rglob("*") if file.is_file())
    return sorted(re.sub(r"\d{8}_\d{6}_\d{3}", "STAMP", name) for name in names)
