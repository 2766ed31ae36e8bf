"""The gate that a run of a shard asks gives the answer of the full gate, whatever happened, at a cost without the shards."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from itertools import count
from pathlib import Path

import dagster as dg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event
from sqlalchemy.engine import Engine

from voice_assets.dataset.shards import shard_keys
from voice_assets.orchestration import shard_gates, waivers
from voice_assets.orchestration.gates import AssetPartition, Gate
from voice_assets.orchestration.instance import open_instance
from voice_assets.orchestration.runner import RecordedPlanner
from voice_assets.orchestration.shard_gates import ShardGate, ask
from voice_assets.runtime.storage import Artifact, Store
from voice_assets_tests.datasets import write_voice
from voice_assets_tests.orchestration.disturbances import DISTURBANCES, SHARDED, DisturbedVoice
from voice_assets_tests.recorded_voice import RecordedVoice, opened_voice
from voice_assets_tests.statements import counted
from voice_assets_tests.toy_project import SHARDS, ToyProject, copied, opened

pytestmark = pytest.mark.slow
TODAY = date(2026, 11, 28)


@contextmanager
def disturbed(root: Path, folder: Path) -> Iterator[DisturbedVoice]:
    """A voice of its own whose gates are open and were all asked once."""
    with opened(copied(root, folder)) as toy, pytest.MonkeyPatch.context() as calendar:
        voice = DisturbedVoice(toy.instance, TODAY)
        calendar.setattr(waivers, "today", lambda: voice.day)
        assert [voice.asked(target)[1] for target in voice.targets()] == [[]] * 8
        assert [voice.asked(target)[0] for target in voice.targets()] == [ShardGate] * 8
        yield voice


@pytest.mark.parametrize("name", DISTURBANCES)
def test_one_thing_happens(recorded_once: Path, tmp_path: Path, name: str) -> None:
    with disturbed(recorded_once, tmp_path) as voice:
        DISTURBANCES[name](voice, 1)
        voice.compare()


STEPS = st.lists(st.tuples(st.sampled_from(sorted(DISTURBANCES)), st.sampled_from([0, 1])), min_size=2, max_size=6)


@settings(max_examples=15)
@given(STEPS)
def test_many_things_happen(
    recorded_once: Path, tmp_path_factory: pytest.TempPathFactory, steps: Sequence[tuple[str, int]]
) -> None:
    with disturbed(recorded_once, tmp_path_factory.mktemp("steps")) as voice:
        for name, shard in steps:
            DISTURBANCES[name](voice, shard)
            voice.compare()
        for target in voice.targets():
            kind, blockers = voice.asked(target)
            assert kind is ShardGate or (blockers and kind is Gate)


@contextmanager
def before_statement(number: int, happens: Callable[[], object]) -> Iterator[list[object]]:
    """Let something happen just before the ``number``-th statement of the block, from 0. The list stays empty if none came."""
    sent, happened = count(), list[object]()

    def note(*_: object) -> None:
        if next(sent) == number:
            happened.append(happens())

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield happened
    finally:
        event.remove(Engine, "before_cursor_execute", note)


STATEMENTS = range(16)
"""More than a gate sends."""


@pytest.mark.parametrize("known", [True, False])
def test_what_is_recorded_while_a_gate_is_asked_counts(recorded_once: Path, tmp_path: Path, known: bool) -> None:
    """A rule fails just before each of the statements of a gate that was asked before, or that has to ask everything."""
    with disturbed(recorded_once, tmp_path) as voice, open_instance() as instance:
        target, elsewhere = voice.voice.target("whisper_shard", "1-of-2"), DisturbedVoice(instance, TODAY)
        for number in STATEMENTS:
            voice.judge("quality_report", passed=True)
            if known:
                assert voice.asked(target)[1] == []
            with before_statement(number, lambda: elsewhere.judge("quality_report", passed=False)) as happened:
                voice.asked(target)
            if happened:
                assert voice.asked(target)[1] == voice.walked(target) != [], number
        assert not happened


@pytest.mark.parametrize("passes", [True, False])
def test_an_open_gate_is_about_what_the_run_reads(recorded_once: Path, tmp_path: Path, passes: bool) -> None:
    """Just before each statement, the validation is made again with another verdict, and another run asks."""
    with disturbed(recorded_once, tmp_path) as voice, open_instance() as instance:
        (target, other), elsewhere = voice.targets()[2:4], DisturbedVoice(instance, TODAY)
        key = voice.voice.target("base_validation").key

        def happens() -> None:
            elsewhere.make("base_validation", None, "A" if passes else "B", failing=not passes)
            elsewhere.asked(other)

        for number in STATEMENTS:
            voice.make("base_validation", None, "B" if passes else "A", failing=passes)
            voice.asked(target)
            with before_statement(number, happens) as happened:
                gate, blockers = ask(voice.voice.graph, voice.instance, target)
                read = gate.history.latest(key)
            assert read is not None
            assert blockers or voice.voice.gate().verdicts(read) == [], number
        assert not happened


def asked_of_stores(voice: RecordedVoice, target: AssetPartition) -> tuple[int, list[str]]:
    """How many SQL statements the gate of a run sends, and the files that it asks the store about."""
    files, damage = list[str](), Store.damage

    def noted(store: Store, artifact: Artifact, whole: bool) -> str | None:
        files.append(artifact.uri)
        return damage(store, artifact, whole)

    with pytest.MonkeyPatch.context() as patch, counted() as statements:
        patch.setattr(Store, "damage", noted)
        assert ask(voice.graph, voice.instance, target)[1] == []
    return len(statements), files


def test_more_shards_cost_no_more_statements_and_no_more_files(new_once: Path, tmp_path: Path) -> None:
    found = []
    for shards in (4, 16):
        with opened(copied(new_once, tmp_path / str(shards))) as toy:
            write_voice(toy.root / "voices" / "toy.yaml", Path("../dataset"), shards=shards)
            voice = opened_voice(toy.instance)
            voice.observe()
            voice.validate()
            targets = [voice.target(name, shard) for name in SHARDED for shard in shard_keys(shards)[:2]]
            asked = [asked_of_stores(voice, target) for target in targets]
            first, others = asked[::2], asked[1::2]
            found.append([(statements, len(files)) for statements, files in others])
            assert max(statements for statements, _ in first) <= 20
            assert all(len(files) > shards for _, files in first[1:]), "the first run of a stage asks about every file upstream"
    assert found[0] == found[1]
    assert max(statements for statements, _ in found[0]) <= 10


def test_a_planner_asks_ahead_for_the_runs_of_a_stage(recorded_once: Path, tmp_path: Path) -> None:
    with disturbed(recorded_once, tmp_path) as voice:
        voice.write(asr_sample={"seed": 7})
        targets = voice.targets()[4:6]
        planner = RecordedPlanner(voice.voice.graph, voice.instance, [targets[0].key])
        assert [task.target for task in planner.work(targets[0].key).tasks] == targets
        assert [voice.asked(target) for target in targets] == [(ShardGate, [])] * 2


def test_a_run_that_judges_an_asset_over_all_shards_asks_ahead_for_the_stages_below(
    validated: ToyProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody plans the runs that people start in the UI."""
    monkeypatch.setattr(waivers, "today", lambda: TODAY)
    clip_stats = [validated.target("clip_stats", shard) for shard in SHARDS]
    validated.instance.report_runless_asset_event(dg.AssetObservation(validated.target("base_validation").key))
    assert validated.run_checks("base_validation").success
    assert [type(ask(validated.gate().graph, validated.instance, target)[0]) for target in clip_stats] == [ShardGate] * 2
    validated.instance.report_runless_asset_event(dg.AssetObservation(validated.target("base_validation").key))
    assert type(ask(validated.gate().graph, validated.instance, clip_stats[0])[0]) is Gate


def asked_after(voice: RecordedVoice, name: str) -> list[str]:
    """The stages whose gates are asked after the rules of ``name``."""
    asked, target = list[str](), voice.target(name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shard_gates, "ask_ahead", lambda graph, instance, one: asked.append(str(one)))
        shard_gates.ask_below(voice.graph, voice.instance, target.key)
    return asked


def test_a_stage_is_asked_about_once_all_that_it_waits_for_is_there(recorded: RecordedVoice) -> None:
    after = ["base_validation", "quality_report", "asr_sample_report", "whisper_validation", "clips", "training"]
    assert {name: found for name in after if (found := asked_after(recorded, name))} == {
        "base_validation": ["toy/clip_stats[0-of-2]"],
        "quality_report": ["toy/asr_sample[0-of-2]"],
        "asr_sample_report": ["toy/whisper_shard[0-of-2]"],
    }


def test_a_lost_file_closes_its_own_shard_and_every_asset_over_all_shards(recorded_once: Path, tmp_path: Path) -> None:
    with disturbed(recorded_once, tmp_path) as voice:
        table = voice.lose("clips", 1)
        gone = {target: [one for one in voice.asked(target)[1] if f"{table} is gone" in one] for target in voice.targets()}
        assert [target for target, blockers in gone.items() if blockers] == [voice.targets()[one] for one in (3, 5, 7)]
        for name in ("base_validation", "quality_report", "whisper_validation", "training_set"):
            assert any(f"{table} is gone" in blocker for blocker in voice.asked(voice.voice.target(name))[1])


def test_a_lost_file_of_a_gating_asset_closes_every_shard(recorded_once: Path, tmp_path: Path) -> None:
    with disturbed(recorded_once, tmp_path) as voice:
        table = voice.lose("quality_report")
        assert [any(f"{table} is gone" in one for one in voice.asked(target)[1]) for target in voice.targets()] == [
            target.key.path[-1] in ("asr_sample", "whisper_shard") for target in voice.targets()
        ]


def test_another_process_finds_the_same_state(recorded_once: Path, tmp_path: Path) -> None:
    """Python orders sets in another way in each process."""
    program = """
import dagster as dg
from voice_assets.definitions import build_definitions
from voice_assets.orchestration.gates import Gate
from voice_assets.orchestration.instance import open_instance
from voice_assets.orchestration.shard_gates import state_of

with open_instance() as instance:
    print(state_of(Gate(build_definitions().resolve_asset_graph(), instance), dg.AssetKey(["toy", "whisper_shard"])))
"""
    with opened(copied(recorded_once, tmp_path)):
        command = [sys.executable, "-c", program]
        states = [subprocess.check_output(command, env={**os.environ, "PYTHONHASHSEED": seed}) for seed in "12"]
    assert states[0] == states[1] != b""
