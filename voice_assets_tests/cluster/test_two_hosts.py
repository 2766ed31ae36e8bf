"""A small voice over two hosts: shards spread, a host dies, the control machine dies, and the result is that of one machine."""

import os
import re
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
from voice_assets_tests.cluster.conftest import Cluster
from voice_assets_tests.cluster.deployment import NODES
from voice_assets_tests.cluster.transcripts import Held, held, stored
from voice_assets_tests.toy_project import SHARDS, copied, opened

pytestmark = pytest.mark.slow

BEFORE_WHISPER = ("raw_dataset", "clips", "base_validation", "clip_stats", "quality_report")
WHISPER = ("whisper_shard", "whisper_validation")
SHARDED = ("clips", "clip_stats", "whisper_shard")
REPORTING = ("base_validation", "quality_report", "whisper_validation")


def partitions_of(name: str) -> tuple[str | None, ...]:
    return SHARDS if name in SHARDED else (None,)


def walk(cluster: Cluster, *names: str) -> None:
    """Make the assets, one stage after the other, all shards of a stage at once."""
    for name in names:
        succeeded(cluster, *[cluster.deployment.launch(name, partition) for partition in partitions_of(name)])


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
    """The deployment as far as the quality report: whatever Whisper needs is there."""
    walk(cluster, *BEFORE_WHISPER)
    return cluster


def test_a_host_dies_in_the_middle_of_a_shard(ready: Cluster) -> None:
    """The shards spread. The lost run fails, the other goes on, and a new run decodes nothing that was stored."""
    with held(ready.database) as workers:
        lost, kept = (ready.deployment.launch("whisper_shard", shard) for shard in SHARDS)
        in_the_middle(ready, workers, [lost, kept])
        homes = [node_of(ready, run_id) for run_id in (lost, kept)]
        assert sorted(map(str, homes)) == sorted(NODES)
        assert fail_dead_runs(ready.instance) == []
        before = stored(ready.database)
        assert before
        ready.deployment.nodes.pop(str(homes[0])).kill()
        (failed,) = ready.deployment.wait(ready.instance, lost)
        assert failed.status == dg.DagsterRunStatus.FAILURE
        workers.release()
    succeeded(ready, kept)
    ready.deployment.start_node(str(homes[0]))
    succeeded(ready, ready.deployment.launch("whisper_shard", SHARDS[0]))
    after = stored(ready.database)
    assert {row: after[row] for row in before} == before
    assert len(after) > len(before)


def test_the_control_machine_dies_while_shards_run(ready: Cluster) -> None:
    """The runs go on without it. What was queued runs when it is back."""
    with held(ready.database) as workers:
        shards = [ready.deployment.launch("whisper_shard", shard) for shard in SHARDS]
        in_the_middle(ready, workers, shards)
        ready.deployment.services.pop("daemon").kill()
        queued = ready.deployment.launch("clip_stats", SHARDS[0])
        ready.deployment.kill_control()
        workers.release()
    succeeded(ready, *shards)
    run = ready.instance.get_run_by_id(queued)
    assert run is not None
    assert run.status == dg.DagsterRunStatus.QUEUED
    ready.deployment.start_control()
    succeeded(ready, queued)


def test_the_result_is_that_of_one_machine(ready: Cluster, speech_project: Path, tmp_path: Path) -> None:
    """Every table, data version and code version. The control machine opens every table and report, and wrote none of them."""
    walk(ready, *WHISPER)
    control = ready.deployment.control.folder / "project"
    there = {(name, part): newest(ready.instance, name, part) for name, part in made()}
    store = project_store(load_voice(control / "voices" / "toy.yaml"))
    assert not (control / "dataset" / "reports").exists()
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("VOICE_")]:
            patch.delenv(name)
        with opened(copied(speech_project, tmp_path)) as one:
            assert call("run", "toy", "--to", "whisper_validation").exit_code == 0
            for target, theirs in there.items():
                same(theirs, store, newest(one.instance, *target), one.store)


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
