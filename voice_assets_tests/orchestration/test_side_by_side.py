"""Shards at once, each in a process of its own on a device of its own; their transcripts are in one cache."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from voice_assets.dataset.rows import clip_name
from voice_assets.dataset.shards import shard_of
from voice_assets.orchestration import pools
from voice_assets.orchestration.dead_runs import fail_dead_runs, process_of
from voice_assets.orchestration.history import History
from voice_assets.orchestration.instance import open_instance
from voice_assets.orchestration.launcher import Task
from voice_assets.orchestration.subprocess_runs import PRELOADED, SubprocessRuns
from voice_assets.runtime.processes import ProcessIdentity
from voice_assets.voices import load_voice
from voice_assets_tests.datasets import write_voice
from voice_assets_tests.defs.finished_voice import copy_part, run_cli
from voice_assets_tests.held_config import HeldConfig
from voice_assets_tests.orchestration.test_runner import RUNNING
from voice_assets_tests.toy_project import HERE, SHARDS, ToyProject

pytestmark = pytest.mark.slow
PARENT = """
import dagster as dg
from voice_assets.orchestration.gates import AssetPartition
from voice_assets.orchestration.instance import open_instance
from voice_assets.orchestration.launcher import Task
from voice_assets.orchestration.subprocess_runs import run_side_by_side

tasks = [Task(AssetPartition(dg.AssetKey(["toy", "clips"]), f"{shard}-of-2"), "a test") for shard in range(2)]
with open_instance() as instance:
    run_side_by_side(instance, tasks, 2, print)
"""
"""A process whose runs a test holds and stops. The terminal sends Ctrl-C to the whole session."""
FOUR = tuple(f"{index}-of-4" for index in range(4))


@pytest.fixture(scope="module")
def validated(tmp_path_factory: pytest.TempPathFactory, ivrvoice: Path) -> Iterator[ToyProject]:
    """Real speech in four shards, the last without a clip, finished to ``whisper_validation`` with two workers on the CPU."""
    root = tmp_path_factory.mktemp("project")
    for name in ("dagster.yaml", "workspace.yaml"):
        shutil.copy(HERE / name, root / name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VOICE_ASSETS_ROOT", str(root))
        patch.setenv("DAGSTER_HOME", str(root / ".dagster"))
        dataset = copy_part(ivrvoice, root / "dataset", 32)
        empty_shard(dataset, FOUR[3])
        whisper = {"model": "base", "compute_type": "int8", "device": "cpu", "workers_per_device": 2, "max_low_ratio": 0.1}
        write_voice(root / "voices" / "toy.yaml", dataset, shards=4, asr_sample={"clips": 0}, whisper=whisper)
        done = run_cli("run", "toy", "--to", "whisper_validation")
        assert done.returncode == 0, done.stdout + done.stderr
        with open_instance() as instance:
            yield ToyProject(root, dataset, instance)


def empty_shard(dataset: Path, key: str) -> None:
    """Take the clips of one of four shards out of the data set."""
    metadata = dataset / "metadata_2col.csv"
    lines = metadata.read_text(encoding="utf-8").splitlines(keepends=True)
    gone = [line for line in lines if shard_of(line.split("|")[0], 4) == int(key[0])]
    assert gone
    metadata.write_text("".join(line for line in lines if line not in gone), encoding="utf-8")
    for line in gone:
        (dataset / "wavs" / f"{clip_name(line.split('|')[0])}.wav").unlink()


def spans(toy: ToyProject) -> list[tuple[float, float]]:
    """When the runs of ``whisper_shard`` began and ended."""
    records = toy.instance.get_run_records()
    mine = [record for record in records if "whisper_shard" in str(record.dagster_run.asset_selection)]
    return sorted((record.start_time, record.end_time) for record in mine)  # type: ignore[type-var]


def test_two_shards_run_at_once_and_never_three(validated: ToyProject) -> None:
    times = spans(validated)
    assert len(times) == 4
    at_once = [sum(begin <= moment < end for begin, end in times) for moment, _ in times]
    assert max(at_once) == 2
    runs = [run for run in validated.instance.get_runs() if "whisper_shard" in str(run.asset_selection)]
    assert len({process_of(run) for run in runs}) == 4


def test_a_shard_without_clips_closes_no_gate(validated: ToyProject) -> None:
    shard = History(validated.instance).latest(dg.AssetKey(["toy", "whisper_shard"]), FOUR[3])
    assert shard is not None
    assert shard.metadata["clips"] == 0


def test_every_device_is_free_afterwards(validated: ToyProject) -> None:
    leases = validated.root / ".cache" / "leases"
    assert {file.name for file in leases.iterdir()} == {"cpu.0.lock", "cpu.1.lock"}
    assert all(file.read_bytes() == b"" for file in leases.iterdir())


def test_an_edited_text_decodes_nothing(validated: ToyProject) -> None:
    cache = sqlite3.connect(validated.root / "artifacts" / "toy" / "whisper" / "transcripts.sqlite")
    before = cache.execute("SELECT * FROM hypotheses ORDER BY 1, 2").fetchall()
    assert len(before) >= 40  # a fast hypothesis and a level for each clip
    metadata = validated.dataset / "metadata_2col.csv"
    lines = metadata.read_text(encoding="utf-8").splitlines()
    lines[-1] = lines[-1].rstrip(".!") + "!"
    metadata.write_text("\n".join(lines) + "\n", encoding="utf-8")
    done = run_cli("run", "toy", "--to", "whisper_validation")
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(spans(validated)) == 5
    assert cache.execute("SELECT * FROM hypotheses ORDER BY 1, 2").fetchall() == before


def wait_for_runs(toy: ToyProject, threads: list[threading.Thread], shards: tuple[str, ...]) -> list[dg.DagsterRun]:
    """The runs of ``shards``, when all have started."""
    while True:
        runs = {run.tags.get("dagster/partition"): run for run in toy.instance.get_runs(RUNNING)}
        if set(shards) <= set(runs):
            return [runs[shard] for shard in shards]
        assert all(thread.is_alive() for thread in threads), "a run ended before all runs had started"
        time.sleep(0.05)


def test_a_run_whose_process_is_killed_is_marked_as_failed_and_leaves_the_other_alone(toy: ToyProject) -> None:
    toy.run("raw_dataset")
    runs, outcomes = SubprocessRuns(toy.instance), {}

    def run(shard: str) -> None:
        outcomes[shard] = runs.run(Task(toy.target("clips", shard), "a test"))

    threads = [threading.Thread(target=run, args=(shard,)) for shard in SHARDS]
    with HeldConfig(toy.dataset) as held:
        for thread in threads:
            thread.start()
        killed, _ = wait_for_runs(toy, threads, SHARDS)
        process = process_of(killed)
        assert process is not None
        os.kill(process.pid, signal.SIGKILL)
        threads[0].join()
        with held.released():
            threads[1].join()
    assert outcomes[SHARDS[1]].success, outcomes
    assert not outcomes[SHARDS[0]].success
    assert "was killed by signal 9" in outcomes[SHARDS[0]].message
    recorded = toy.instance.get_run_by_id(killed.run_id)
    assert recorded is not None
    assert recorded.status == dg.DagsterRunStatus.FAILURE


def test_ending_the_runs_ends_every_process_and_starts_no_other(toy: ToyProject) -> None:
    toy.run("raw_dataset")
    runs, outcomes = SubprocessRuns(toy.instance), []
    thread = threading.Thread(target=lambda: outcomes.append(runs.run(Task(toy.target("clips", SHARDS[0]), "a test"))))
    with HeldConfig(toy.dataset):
        thread.start()
        wait_for_runs(toy, [thread], SHARDS[:1])
        (process,) = runs._processes
        runs.end()
        assert process.exitcode is not None
        thread.join()
    assert [outcome.success for outcome in outcomes] == [False]
    assert toy.instance.get_runs(RUNNING) == []
    assert "the runs were ended" in runs.run(Task(toy.target("clips", SHARDS[1]), "a test")).message


def started_by_a_parent(toy: ToyProject, log: Path) -> tuple[subprocess.Popen[bytes], list[ProcessIdentity]]:
    """A parent in a session of its own, and the processes of its two runs. Use it inside ``HeldConfig``."""
    with log.open("wb") as printed:
        parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=printed, stderr=printed, start_new_session=True)
    while len(runs := toy.instance.get_runs(RUNNING)) < 2:
        assert parent.poll() is None, log.read_text()
        time.sleep(0.05)
    processes = [process for run in runs if (process := process_of(run)) is not None]
    assert len({parent.pid, *(process.pid for process in processes)}) == 3
    return parent, processes


def test_runs_end_when_their_parent_is_killed(toy: ToyProject, tmp_path: Path) -> None:
    toy.run("raw_dataset")
    with HeldConfig(toy.dataset):
        parent, processes = started_by_a_parent(toy, tmp_path / "log")
        parent.kill()
        parent.wait()
        while not all(process.ended for process in processes):
            time.sleep(0.05)
    assert len(fail_dead_runs(toy.instance)) == 2


def test_ctrl_c_ends_the_runs_of_a_session(toy: ToyProject, tmp_path: Path) -> None:
    toy.run("raw_dataset")
    log = tmp_path / "log"
    with HeldConfig(toy.dataset):
        parent, processes = started_by_a_parent(toy, log)
        os.killpg(parent.pid, signal.SIGINT)
        parent.wait()
        assert all(process.ended for process in processes)
    assert toy.instance.get_runs(RUNNING) == []
    assert log.read_text().count("Traceback") == 1  # of the parent: its processes print nothing into the terminal


def test_a_run_finds_the_libraries_loaded(toy: ToyProject, tmp_path: Path) -> None:
    """The process is forked from a server that has imported what every run needs."""
    context, found = SubprocessRuns(toy.instance)._context, tmp_path / "loaded"
    script = f"import sys; open({str(found)!r}, 'w').write(' '.join(sys.modules))"
    process = context.Process(target=exec, args=(script, {}))
    process.start()
    process.join()
    assert set(found.read_text().split()) >= set(PRELOADED)


def test_the_pool_is_as_wide_as_the_voice_with_most_slots(toy: ToyProject) -> None:
    toy.write_voice(whisper={"device": "cpu", "workers_per_device": 3})
    (toy.root / "voices" / "other.yaml").write_text((toy.root / "voices" / "toy.yaml").read_text().replace("3", "2"))
    widths = pools.widths(load_voice(file) for file in (toy.root / "voices").glob("*.yaml"))
    assert widths == {"whisper": 3}
    pools.apply(toy.instance, widths)
    assert toy.instance.event_log_storage.get_concurrency_info("whisper").slot_count == 3
