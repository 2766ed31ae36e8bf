"""The runner materialises what is missing or out of date, and nothing else, up to the first closed gate."""

import os
import signal
import subprocess
import sys
import time

import dagster as dg
import pytest

from voice_assets.definitions import build_definitions
from voice_assets.orchestration.dead_runs import fail_dead_runs
from voice_assets.orchestration.instance import BusyError, only_runner
from voice_assets.orchestration.local_launcher import LocalLauncher
from voice_assets.orchestration.runner import AssetStatus, RecordedPlanner, Runner, SelectionError, assets_to
from voice_assets_tests.held_config import HeldConfig
from voice_assets_tests.toy_project import SHARDS, ToyProject

RUNNING = dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED])


class Silent:
    """A listener that only notes the targets of the started runs."""

    def __init__(self) -> None:
        self.started: list[str] = []

    def starting(self, target, reason) -> None:
        self.started.append(str(target).removeprefix("toy/"))

    def ended(self, target, outcome) -> None:
        pass


def run_to(toy: ToyProject, to: str) -> tuple[list[AssetStatus], list[str]]:
    graph = build_definitions().resolve_asset_graph()
    listener = Silent()
    plan = RecordedPlanner(graph, toy.instance, assets_to(graph, "toy", to))
    statuses = list(Runner(plan, LocalLauncher(toy.instance), listener).run())
    return statuses, listener.started


def change_a_text(toy: ToyProject, old: str, new: str) -> None:
    metadata = toy.dataset / "metadata_2col.csv"
    text = metadata.read_text(encoding="utf-8")
    assert old in text
    metadata.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.slow
def test_a_second_run_only_observes_the_data(toy: ToyProject) -> None:
    statuses, started = run_to(toy, "clip_stats")
    assert [status.verdict for status in statuses] == ["PASS"] * 4
    shards = [f"{name}[{shard}]" for name in ("clips", "clip_stats") for shard in SHARDS]
    assert started == ["raw_dataset", *shards[:2], "base_validation", *shards[2:]]
    statuses, started = run_to(toy, "clip_stats")
    assert started == ["raw_dataset"]
    assert [status.current for status in statuses] == [0, 2, 1, 2]


@pytest.mark.slow
def test_an_edited_text_costs_its_own_shard(toy: ToyProject) -> None:
    run_to(toy, "clip_stats")
    change_a_text(toy, "номер один.", "номер сто один.")
    _, started = run_to(toy, "clip_stats")
    assert len([target for target in started if target.startswith("clips[")]) == 1
    assert len([target for target in started if target.startswith("clip_stats[")]) == 1


@pytest.mark.slow
def test_a_closed_gate_ends_the_run_and_names_the_clip(toy: ToyProject) -> None:
    change_a_text(toy, "Это предложение номер один.", "я")
    statuses, started = run_to(toy, "clip_stats")
    assert [status.key.path[-1] for status in statuses] == ["raw_dataset", "clips", "base_validation"]
    assert statuses[-1].verdict == "FAIL"
    assert "clip-000" in " ".join(statuses[-1].reasons)
    assert not any(target.startswith("clip_stats") for target in started)


@pytest.mark.slow
def test_a_failed_verdict_is_kept_without_running_again(toy: ToyProject) -> None:
    change_a_text(toy, "Это предложение номер один.", "я")
    run_to(toy, "clip_stats")
    statuses, started = run_to(toy, "clip_stats")
    assert started == ["raw_dataset"]
    assert statuses[-1].verdict == "FAIL"


@pytest.mark.slow
def test_another_threshold_runs_only_the_checks(toy: ToyProject) -> None:
    change_a_text(toy, "Это предложение номер один.", "I am 1.")
    toy.write_voice(advisory={"base_validation/text_script": "one English sentence, on purpose"})
    statuses, _ = run_to(toy, "base_validation")
    assert statuses[-1].verdict == "WARN"
    before = toy.latest("base_validation").storage_id
    toy.write_voice()
    statuses, started = run_to(toy, "base_validation")
    assert started == ["raw_dataset", "base_validation"]
    assert statuses[-1].verdict == "FAIL"
    assert toy.latest("base_validation").storage_id == before


@pytest.mark.parametrize(
    ("voice", "asset", "words"), [("toi", None, "there is no voice 'toi'"), ("toy", "clip", "no asset 'clip'")]
)
def test_an_unknown_voice_or_asset_is_an_error(toy: ToyProject, voice: str, asset: str | None, words: str) -> None:
    with pytest.raises(SelectionError, match=words):
        assets_to(build_definitions().resolve_asset_graph(), voice, asset)


def test_a_missing_data_set_names_file_key_and_folder(toy: ToyProject) -> None:
    toy.write_voice(dataset="/nowhere/at/all")
    statuses, _ = run_to(toy, "clips")
    (reason,) = statuses[0].reasons
    assert statuses[0].verdict == "ERROR"
    assert "toy.yaml: dataset: /nowhere/at/all: no such folder" in reason


def test_a_voice_has_one_runner_at_a_time(toy: ToyProject) -> None:
    named = (
        rf"another `voice-assets run toy` is running: process {os.getpid()} on host \S+ holds the lock \S+running\.lock; wait"
    )
    with only_runner(toy.instance, "toy"), pytest.raises(BusyError, match=named), only_runner(toy.instance, "toy"):
        pass


def start_and_wait_for_a_run(toy: ToyProject) -> subprocess.Popen[bytes]:
    """A shell that runs the voice to ``clip_stats``, with the run of a shard started. Use it inside ``HeldConfig``."""
    command = [sys.executable, "-m", "voice_assets.cli", "run", "toy", "--to", "clip_stats"]
    shell = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ)
    while not any("dagster/partition" in run.tags for run in toy.instance.get_runs(RUNNING)):
        assert shell.poll() is None, "the command ended before a run of a shard had started"
        time.sleep(0.05)
    return shell


@pytest.mark.slow
def test_kill_9_leaves_nothing_half_done_and_the_next_run_continues(toy: ToyProject) -> None:
    toy.run("raw_dataset")
    with HeldConfig(toy.dataset):
        shell = start_and_wait_for_a_run(toy)
        shell.kill()
        shell.wait()
    assert len(fail_dead_runs(toy.instance)) == 1
    assert toy.instance.get_runs(RUNNING) == []
    statuses, _ = run_to(toy, "clip_stats")
    assert [status.verdict for status in statuses] == ["PASS"] * 4, [status.reasons for status in statuses]
    assert sum(result.metadata["clips"] for result in statuses[-1].results) == 10


@pytest.mark.slow
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_command_ends_its_run_and_starts_no_other(toy: ToyProject, stop: signal.Signals) -> None:
    toy.run("raw_dataset")
    with HeldConfig(toy.dataset):
        shell = start_and_wait_for_a_run(toy)
        runs = toy.instance.get_runs_count()
        while shell.poll() is None:  # repeated, as a person would: Dagster may lose a signal that comes while it loads
            os.kill(shell.pid, stop)
            time.sleep(2)
    assert shell.returncode in (130, -stop)  # -stop: one more signal came while Python was already ending
    assert toy.instance.get_runs_count() == runs
    assert toy.instance.get_runs(RUNNING) == []
