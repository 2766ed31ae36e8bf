"""Scheduled re-validation: exactly what changed runs, in order, once, and a closed gate starts nothing."""

import json
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import dagster as dg
import pytest

from voice_assets.definitions import build_definitions
from voice_assets.orchestration import revalidation
from voice_assets.orchestration.gates import Gate
from voice_assets.orchestration.instance import only_runner
from voice_assets.orchestration.launch import InProcessRuns
from voice_assets.orchestration.revalidation import FULL, SCHEDULED, Plan, in_flight, since
from voice_assets.orchestration.runner import assets_to
from voice_assets_tests.toy_project import SHARDS, ToyProject, break_first_text, copied, opened

REVALIDATE = {"cron": "0 3 * * 1", "timezone": "Europe/Berlin"}
AGGREGATES = ["toy/base_validation", "toy/quality_report"]


class Daemon:
    """What the daemon does with the plans of a voice: it starts every run key once."""

    def __init__(self, toy: ToyProject, last: str = "quality_report"):
        self.toy, self.last = toy, last
        self.started: set[str] = set()

    def observe(self, tag: str = SCHEDULED) -> None:
        """What the schedule starts."""
        run_id = self.toy.run("raw_dataset").run_id
        self.toy.instance.add_run_tags(run_id, {SCHEDULED: "toy", tag: "toy"})

    def plan(self) -> Plan:
        graph, instance = build_definitions().resolve_asset_graph(), self.toy.instance
        return revalidation.plan(
            Gate(graph, instance), assets_to(graph, "toy", self.last), since(instance, "toy"), in_flight(instance, "toy")
        )

    def tick(self) -> list[str]:
        """Start what the plan asks for. Returns what ran."""
        new = [request for request in self.plan().requests if request.run_key not in self.started]
        for request in new:
            self.started.add(request.run_key)
            InProcessRuns(self.toy.instance).run(request.target)
        return [str(request.target) for request in new]

    def ticks(self, most: int = 20) -> list[str]:
        """Tick until nothing starts, and then as often as makes ``most``; what ran, in order."""
        return [name for _ in range(most) for name in self.tick()]


@pytest.fixture(scope="module")
def current_once(validated_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a project whose quality report is up to date."""
    root = copied(validated_once, tmp_path_factory.mktemp("current"))
    with opened(root) as project:
        project.write_voice(revalidate=REVALIDATE)
        made = Daemon(project)
        made.observe()
        assert made.ticks(4) == [*(f"toy/clip_stats[{shard}]" for shard in SHARDS), "toy/quality_report"]
    return root


@pytest.fixture
def daemon(current_once: Path, tmp_path: Path) -> Iterator[Daemon]:
    """A project of its own whose quality report is up to date, and the daemon at work on it."""
    with opened(copied(current_once, tmp_path)) as project:
        yield Daemon(project)


def change_a_text(toy: ToyProject, old: str, new: str) -> None:
    metadata = toy.dataset / "metadata_2col.csv"
    metadata.write_text(metadata.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")


def shards_of(ran: list[str]) -> set[str]:
    return {name.partition("[")[2].rstrip("]") for name in ran if "[" in name}


@pytest.mark.slow
def test_an_untouched_data_set_needs_nothing(daemon: Daemon) -> None:
    daemon.observe()
    assert daemon.plan() == Plan([], [])


@pytest.mark.slow
def test_one_changed_clip_runs_one_shard_and_the_aggregates_and_so_does_taking_it_back(daemon: Daemon) -> None:
    shards = []
    for old, new in (("номер один.", "номер сто один."), ("номер сто один.", "номер один.")):
        change_a_text(daemon.toy, old, new)
        daemon.observe()
        ran = daemon.ticks()
        (shard,) = shards_of(ran)
        assert ran == [f"toy/clips[{shard}]", AGGREGATES[0], f"toy/clip_stats[{shard}]", AGGREGATES[1]]
        shards.append(shard)
    assert shards[0] == shards[1]


@pytest.mark.slow
def test_a_failed_rule_is_judged_once_in_twenty_ticks_and_the_closed_gate_is_named(daemon: Daemon) -> None:
    break_first_text(daemon.toy)
    daemon.observe()
    ran = daemon.ticks(20)
    (shard,) = shards_of(ran)
    assert ran == [f"toy/clips[{shard}]", "toy/base_validation"]
    assert daemon.plan().requests == []
    assert "the gate of toy/clip_stats" in daemon.plan().waiting[0]
    assert "text_length: failed in run" in daemon.plan().waiting[0]


@pytest.mark.slow
def test_a_run_that_crashed_is_not_repeated_until_the_schedule_comes_round(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    from voice_assets.reports import quality

    def crash(*_: object) -> None:
        raise OSError("the disk is full")

    change_a_text(daemon.toy, "номер один.", "номер сто один.")
    daemon.observe()
    with monkeypatch.context() as broken:
        broken.setattr(quality, "write", crash)
        assert daemon.ticks().count("toy/quality_report") == 1
    assert daemon.ticks() == []
    daemon.observe()
    assert daemon.ticks() == ["toy/quality_report"]


@pytest.mark.slow
def test_two_ticks_at_once_ask_for_the_same_runs(daemon: Daemon) -> None:
    change_a_text(daemon.toy, "номер один.", "номер сто один.")
    daemon.observe()
    first, second = daemon.plan(), daemon.plan()
    assert len(first.requests) == 1
    assert first == second


@pytest.mark.slow
@pytest.mark.parametrize("status", [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED])
def test_what_a_run_is_making_is_not_asked_for_nor_what_comes_after_it(daemon: Daemon, status: dg.DagsterRunStatus) -> None:
    change_a_text(daemon.toy, "номер один.", "номер сто один.")
    daemon.observe()
    (request,) = daemon.plan().requests
    run = dg.DagsterRun(
        job_name="__ASSET_JOB",
        status=status,
        asset_selection=frozenset([request.target.key]),
        tags={"dagster/partition": str(request.target.partition)},
    )
    daemon.toy.instance.add_run(run)
    assert in_flight(daemon.toy.instance, "toy") == {request.target}
    assert daemon.plan() == Plan([], [])


@pytest.mark.slow
def test_a_full_one_makes_everything_again_once_and_in_order(daemon: Daemon) -> None:
    daemon.observe(FULL)
    ran = daemon.ticks()
    shards = {name: [f"toy/{name}[{shard}]" for shard in SHARDS] for name in ("clips", "clip_stats")}
    assert ran == [*shards["clips"], AGGREGATES[0], *shards["clip_stats"], AGGREGATES[1]]
    assert since(daemon.toy.instance, "toy").everything is not None


def sensor_context(toy: ToyProject, cursor: str | None = None) -> dg.SensorEvaluationContext:
    definitions = build_definitions()
    return dg.build_sensor_context(instance=toy.instance, cursor=cursor, definitions=definitions)


def evaluate(toy: ToyProject, cursor: str | None = None) -> dg.SensorResult | dg.SkipReason:
    sensor = build_definitions().get_repository_def().get_sensor_def("toy__validate_changes")
    result = sensor(sensor_context(toy, cursor))
    assert isinstance(result, dg.SensorResult | dg.SkipReason)
    return result


@pytest.mark.slow
def test_the_sensor_asks_for_a_partition_and_says_why(daemon: Daemon) -> None:
    change_a_text(daemon.toy, "номер один.", "номер сто один.")
    daemon.observe()
    result = evaluate(daemon.toy)
    assert isinstance(result, dg.SensorResult)
    (request,) = result.run_requests or []
    assert request.asset_selection == [dg.AssetKey(["toy", "clips"])]
    assert request.partition_key in SHARDS
    assert "out of date: built from toy/raw_dataset" in request.tags["voice_assets/reason"]
    run = dg.DagsterRun(
        job_name="__ASSET_JOB", status=dg.DagsterRunStatus.FAILURE, tags={"dagster/run_key": str(request.run_key)}
    )
    daemon.toy.instance.add_run(run)
    again = evaluate(daemon.toy, result.cursor)
    assert isinstance(again, dg.SensorResult)
    assert not again.run_requests
    assert "its run failed and is not repeated" in str(again.skip_reason.skip_message if again.skip_reason else "")
    assert isinstance(evaluate(daemon.toy, again.cursor), dg.SkipReason)


@pytest.mark.slow
def test_the_sensor_looks_again_until_the_runs_at_work_have_ended(daemon: Daemon) -> None:
    """The last event of a run is there before its status is: a tick in between must not be the last that looks."""
    break_first_text(daemon.toy)
    daemon.observe()
    daemon.ticks(4)
    run = dg.DagsterRun(
        job_name="__ASSET_JOB",
        status=dg.DagsterRunStatus.STARTED,
        asset_selection=frozenset([dg.AssetKey(["toy", "whisper_validation"])]),
    )
    daemon.toy.instance.add_run(run)
    cursor = None
    for _ in range(2):
        result = evaluate(daemon.toy, cursor)
        assert isinstance(result, dg.SensorResult)
        cursor = result.cursor
    daemon.toy.instance.report_run_canceled(run)
    last = evaluate(daemon.toy, cursor)
    assert isinstance(last, dg.SensorResult)
    nothing = evaluate(daemon.toy, last.cursor)
    assert isinstance(nothing, dg.SkipReason)
    assert nothing.skip_message == "nothing happened since the last tick"


@pytest.mark.slow
def test_a_gate_that_stays_closed_is_told_once(daemon: Daemon) -> None:
    told = daemon.toy.root / "told.txt"
    hook = f"import sys; open({str(told)!r}, 'a').write(sys.stdin.read())"
    (daemon.toy.root / "project.yaml").write_text(json.dumps({"notify": {"command": [sys.executable, "-c", hook]}}))
    break_first_text(daemon.toy)
    daemon.observe()
    daemon.ticks(4)
    first = evaluate(daemon.toy)
    second = evaluate(daemon.toy, first.cursor if isinstance(first, dg.SensorResult) else None)
    assert isinstance(second, dg.SkipReason)
    lines = told.read_text(encoding="utf-8").splitlines()
    assert lines
    assert len(lines) == len(set(lines))
    assert all(line.startswith("closed gate: the gate of toy/") and "text_length" in line for line in lines), lines


def test_the_sensor_waits_for_the_schedule_and_for_a_run_in_a_shell(validated: ToyProject) -> None:
    validated.write_voice(revalidate=REVALIDATE)
    result = evaluate(validated)
    assert isinstance(result, dg.SkipReason)
    assert "the schedule toy__revalidate has not observed the data set yet" in str(result.skip_message)
    with only_runner(validated.instance, "toy"):
        busy = evaluate(validated)
    assert isinstance(busy, dg.SkipReason)
    assert "`voice-assets run toy` is at work" in str(busy.skip_message)


def test_without_revalidate_nothing_runs_by_itself(validated: ToyProject) -> None:
    repository = build_definitions().get_repository_def()
    assert repository.schedule_defs == []
    assert [sensor.name for sensor in repository.sensor_defs] == ["drift_reports"]


def requested(toy: ToyProject, at: str) -> dict[str, str]:
    """The tags of the run that the schedule asks for at this time. Records the run, as the daemon would."""
    schedule = build_definitions().get_repository_def().get_schedule_def("toy__revalidate")
    moment = datetime.fromisoformat(at)
    request = schedule(dg.build_schedule_context(instance=toy.instance, scheduled_execution_time=moment))
    run = dg.DagsterRun(job_name="toy__observe", status=dg.DagsterRunStatus.SUCCESS, tags=request.tags)
    toy.instance.add_run(run)
    return dict(request.tags)


@pytest.mark.parametrize(("days", "full"), [(7, [False, True, True]), (8, [False, False, True]), (14, [False, False, True])])
def test_the_schedule_asks_for_a_full_one_after_exactly_so_many_days(
    validated: ToyProject, days: int, full: list[bool]
) -> None:
    """Every Monday at 03:00 in Berlin; between the second and the third, summer time begins."""
    validated.write_voice(revalidate={**REVALIDATE, "full_every": days})
    mondays = ("2026-03-16T02:00:00+00:00", "2026-03-23T02:00:00+00:00", "2026-03-30T01:00:00+00:00")
    tags = [requested(validated, monday) for monday in mondays]
    assert [FULL in one for one in tags] == full
    assert {one["dagster/max_retries"] for one in tags} == {"2"}


def test_without_full_every_nothing_is_full(validated: ToyProject) -> None:
    validated.write_voice(revalidate=REVALIDATE)
    assert FULL not in requested(validated, "2026-03-16T02:00:00+00:00") | requested(validated, "2027-03-16T02:00:00+00:00")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"cron": "every day"}, "revalidate.cron: 'every day' is no cron expression"),
        ({"timezone": "Berlin"}, "revalidate.timezone: 'Berlin' is no time zone"),
        ({"full_every": 0}, "revalidate.full_every"),
    ],
)
def test_a_wrong_setting_is_an_error_of_the_voice_file(toy: ToyProject, changes: dict[str, object], message: str) -> None:
    toy.write_voice(revalidate={**REVALIDATE, **changes})
    graph = build_definitions().resolve_asset_graph()
    (broken,) = [graph.get(key) for key in graph.get_all_asset_keys()]
    assert message in broken.metadata["error"]


def test_a_dead_run_is_started_again_and_a_failed_one_is_not(validated: ToyProject) -> None:
    """Dagster's daemon decides so by the settings in ``dagster.yaml`` and the tag of the requests."""
    from dagster._core.events import RunFailureReason
    from dagster._core.execution.retries import auto_reexecution_should_retry_run as should_retry

    run = dg.DagsterRun(job_name="__ASSET_JOB", status=dg.DagsterRunStatus.FAILURE, tags={"dagster/max_retries": "2"})
    validated.instance.add_run(run)
    assert validated.instance.run_retries_enabled
    assert should_retry(validated.instance, run, RunFailureReason.UNKNOWN)
    assert not should_retry(validated.instance, run, RunFailureReason.STEP_FAILURE)
    other = dg.DagsterRun(job_name="__ASSET_JOB", status=dg.DagsterRunStatus.FAILURE)
    validated.instance.add_run(other)
    assert not should_retry(validated.instance, other, RunFailureReason.UNKNOWN)
