"""The road: what is missing or out of date is run, nothing else is, and the first closed gate ends it."""

import os
import signal
import subprocess
import sys
import time

import dagster as dg
import pytest

from voice_assets.definitions import build_definitions
from voice_assets.orchestration.instance import BusyError, fail_dead_runs, only_walker
from voice_assets.orchestration.runner import Road, RoadError, Station, road_to
from voice_assets_tests.toy_project import SHARDS, Town

RUNNING = dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED])


class Silent:
    """A traveller who only remembers where runs started."""

    def __init__(self) -> None:
        self.started: list[str] = []

    def starting(self, place, reason) -> None:
        self.started.append(str(place).removeprefix("toy/"))

    def ended(self, place, outcome) -> None:
        pass


def walk(town: Town, to: str) -> tuple[list[Station], list[str]]:
    graph = build_definitions().resolve_asset_graph()
    traveller = Silent()
    stations = list(Road(graph, town.launcher(), traveller).walk(road_to(graph, "toy", to)))
    return stations, traveller.started


def change_a_text(town: Town, old: str, new: str) -> None:
    metadata = town.dataset / "metadata_2col.csv"
    text = metadata.read_text(encoding="utf-8")
    assert old in text
    metadata.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.slow
def test_a_second_walk_only_looks_at_the_data(town: Town) -> None:
    stations, started = walk(town, "clip_stats")
    assert [station.verdict for station in stations] == ["PASS"] * 4
    shards = [f"{name}[{shard}]" for name in ("clips", "clip_stats") for shard in SHARDS]
    assert started == ["raw_dataset", *shards[:2], "base_validation", *shards[2:]]
    stations, started = walk(town, "clip_stats")
    assert started == ["raw_dataset"]
    assert [station.current for station in stations] == [0, 2, 1, 2]


@pytest.mark.slow
def test_an_edited_text_costs_its_own_shard(town: Town) -> None:
    walk(town, "clip_stats")
    change_a_text(town, "номер один.", "номер сто один.")
    _, started = walk(town, "clip_stats")
    assert len([place for place in started if place.startswith("clips[")]) == 1
    assert len([place for place in started if place.startswith("clip_stats[")]) == 1


def test_a_closed_gate_ends_the_road_and_names_the_clip(town: Town) -> None:
    change_a_text(town, "Это предложение номер один.", "я")
    stations, started = walk(town, "clip_stats")
    assert [station.key.path[-1] for station in stations] == ["raw_dataset", "clips", "base_validation"]
    assert stations[-1].verdict == "FAIL"
    assert "clip-000" in " ".join(stations[-1].reasons)
    assert not any(place.startswith("clip_stats") for place in started)


@pytest.mark.slow
def test_a_failed_verdict_is_kept_without_running_again(town: Town) -> None:
    change_a_text(town, "Это предложение номер один.", "я")
    walk(town, "clip_stats")
    stations, started = walk(town, "clip_stats")
    assert started == ["raw_dataset"]
    assert stations[-1].verdict == "FAIL"


@pytest.mark.slow
def test_another_threshold_runs_only_the_checks(town: Town) -> None:
    change_a_text(town, "Это предложение номер один.", "I am 1.")
    town.write_voice(advisory={"base_validation/text_script": "one English sentence, on purpose"})
    stations, _ = walk(town, "base_validation")
    assert stations[-1].verdict == "WARN"
    before = town.latest("base_validation").storage_id
    town.write_voice()
    stations, started = walk(town, "base_validation")
    assert started == ["raw_dataset", "base_validation"]
    assert stations[-1].verdict == "FAIL"
    assert town.latest("base_validation").storage_id == before


@pytest.mark.parametrize(
    ("voice", "asset", "words"), [("toi", None, "there is no voice 'toi'"), ("toy", "clip", "no asset 'clip'")]
)
def test_a_road_to_nowhere(town: Town, voice: str, asset: str | None, words: str) -> None:
    with pytest.raises(RoadError, match=words):
        road_to(build_definitions().resolve_asset_graph(), voice, asset)


def test_a_missing_data_set_names_file_key_and_folder(town: Town) -> None:
    town.write_voice(dataset="/nowhere/at/all")
    stations, _ = walk(town, "clips")
    (reason,) = stations[0].reasons
    assert stations[0].verdict == "ERROR"
    assert "toy.yaml: dataset: /nowhere/at/all: no such folder" in reason


def test_two_walkers_of_one_voice(town: Town) -> None:
    with only_walker("toy"), pytest.raises(BusyError, match=r"walking\.lock"), only_walker("toy"):
        pass


def start_and_wait_for_a_run(town: Town) -> subprocess.Popen[bytes]:
    """A shell that walks to ``clip_stats``, with its first run started."""
    command = [sys.executable, "-m", "voice_assets.cli", "run", "toy", "--to", "clip_stats"]
    shell = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ)
    deadline = time.monotonic() + 120
    while not town.instance.get_runs(RUNNING):
        assert time.monotonic() < deadline, "the walk never started a run"
        time.sleep(0.01)
    return shell


@pytest.mark.slow
def test_kill_9_leaves_nothing_half_done_and_the_next_walk_goes_on(town: Town) -> None:
    town.run("raw_dataset")
    shell = start_and_wait_for_a_run(town)
    os.kill(shell.pid, signal.SIGKILL)
    shell.wait()
    assert len(fail_dead_runs(town.instance)) == 1
    assert town.instance.get_runs(RUNNING) == []
    stations, _ = walk(town, "clip_stats")
    assert [station.verdict for station in stations] == ["PASS"] * 4
    assert sum(result.metadata["clips"] for result in stations[-1].results) == 10


@pytest.mark.slow
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_walk_stops_at_once(town: Town, stop: signal.Signals) -> None:
    town.run("raw_dataset")
    shell = start_and_wait_for_a_run(town)
    runs = town.instance.get_runs_count()
    deadline = time.monotonic() + 60
    while shell.poll() is None:  # as a person would: Dagster may lose a signal that comes while it loads
        assert time.monotonic() < deadline, "the walk goes on whatever one does"
        os.kill(shell.pid, stop)
        time.sleep(2)
    assert shell.returncode == 130
    assert town.instance.get_runs_count() <= runs + 1  # the signal may come between two runs
