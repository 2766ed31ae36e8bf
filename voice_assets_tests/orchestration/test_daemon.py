"""Scheduled re-validation under the daemon that `voice-assets ui` starts, with real Whisper on real speech."""

import json
import shutil
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import dagster as dg
import psutil
import pytest

from voice_assets.orchestration.revalidation import SCHEDULED
from voice_assets_tests.cli.projects import call
from voice_assets_tests.datasets import write_voice
from voice_assets_tests.served_ui import Ui, served
from voice_assets_tests.toy_project import HERE, ToyProject, opened

pytestmark = pytest.mark.slow

CLIPS = 12
CHAIN = ("clips", "base_validation", "clip_stats", "quality_report", "whisper_shard", "whisper_validation", "drift_report")
BY_SCHEDULE = ("whisper_validation", "drift_report")
"""What every scheduled re-validation makes, changed or not."""
INSTIGATORS = """query($repository: RepositorySelector!) {
  repositoryOrError(repositorySelector: $repository) { ... on Repository {
    schedules { name scheduleState { id status } } sensors { name sensorState { status } } } } }"""
STOP = "mutation($id: String!) { stopRunningSchedule(id: $id) { ... on ScheduleStateResult { scheduleState { status } } } }"
LAUNCH = """mutation($params: ExecutionParams!) {
  launchPipelineExecution(executionParams: $params) { ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } }
}"""


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory, ivrvoice: Path) -> Iterator[ToyProject]:
    """A project with twelve clips of real speech, validated once, that looks for changes every minute."""
    root = tmp_path_factory.mktemp("daemon") / "project"
    root.mkdir()
    for name in ("dagster.yaml", "workspace.yaml"):
        shutil.copy(HERE / name, root / name)
    dataset = root / "dataset"
    (dataset / "wavs").mkdir(parents=True)
    shutil.copy(ivrvoice / "config.json", dataset)
    rows = (ivrvoice / "metadata_2col.csv").read_text(encoding="utf-8").splitlines()[:CLIPS]
    (dataset / "metadata_2col.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    for row in rows:
        shutil.copy(ivrvoice / "wavs" / f"{row.split('|')[0]}.wav", dataset / "wavs")
    write_voice(
        root / "voices" / "toy.yaml",
        Path("../dataset"),
        shards=2,
        asr_sample={"clips": 0},
        whisper={"model": "base", "compute_type": "int8", "max_low_ratio": 0.5, "min_mean_similarity": 0.5},
        revalidate={"cron": "* * * * *"},
    )
    hook = f"import sys; open({str(root / 'notices.txt')!r}, 'a').write(sys.stdin.read())"
    (root / "project.yaml").write_text(json.dumps({"notify": {"command": [sys.executable, "-c", hook]}}), encoding="utf-8")
    with opened(root) as project:
        assert call("run", "toy", "--to", "whisper_validation").exit_code == 0
        yield ToyProject(root, dataset, project.instance)


def counts(toy: ToyProject) -> Counter[str]:
    """How often each asset was materialised."""
    keys = [dg.AssetKey(["toy", name]) for name in CHAIN]
    found = {key: toy.instance.fetch_materializations(key, limit=100).records for key in keys}
    return Counter({key.path[-1]: len(records) for key, records in found.items()})


def validated_again(toy: ToyProject, before: Counter[str]) -> bool:
    """Whether a new validation was compared with the old one, the last thing that runs by itself."""
    return counts(toy)["drift_report"] > before["drift_report"] and not busy(toy)


def busy(toy: ToyProject) -> bool:
    statuses = [dg.DagsterRunStatus[name] for name in ("QUEUED", "NOT_STARTED", "STARTING", "STARTED")]
    return bool(toy.instance.get_runs(dg.RunsFilter(statuses=statuses)))


def stop_the_schedule(ui: Ui) -> None:
    """What the switch on the page Automation does."""
    repository = {"repositoryLocationName": "voice_assets", "repositoryName": "__repository__"}
    found = ui.ask(INSTIGATORS, repository=repository)
    assert found is not None
    (schedule,) = found["repositoryOrError"]["schedules"]
    assert (schedule["name"], schedule["scheduleState"]["status"]) == ("toy__revalidate", "RUNNING")
    sensors = {one["name"]: one["sensorState"]["status"] for one in found["repositoryOrError"]["sensors"]}
    names = {"toy__validate_changes", "drift_reports", "closed_gates_and_failed_runs"}
    assert sensors == dict.fromkeys(names, "RUNNING")
    stopped = ui.ask(STOP, id=schedule["scheduleState"]["id"])
    assert stopped == {"stopRunningSchedule": {"scheduleState": {"status": "STOPPED"}}}


def observe(ui: Ui) -> None:
    """Start what the schedule starts, at once."""
    selector = {"repositoryLocationName": "voice_assets", "repositoryName": "__repository__", "pipelineName": "toy__observe"}
    tags = {"tags": [{"key": SCHEDULED, "value": "toy"}]}
    answer = ui.ask(LAUNCH, params={"selector": selector, "mode": "default", "executionMetadata": tags})
    assert answer is not None
    run_id = answer["launchPipelineExecution"]["run"]["runId"]
    ui.wait_until(lambda: ui.run(run_id).is_finished)
    assert ui.run(run_id).is_success


def change_first_text(toy: ToyProject, change: str) -> None:
    metadata = toy.dataset / "metadata_2col.csv"
    first, _, others = metadata.read_text(encoding="utf-8").partition("\n")
    metadata.write_text(f"{first}{change}\n{others}" if change else f"{first.removesuffix('!')}\n{others}", encoding="utf-8")


def test_a_changed_clip_is_validated_again_by_itself(toy: ToyProject) -> None:
    """The schedule fires; a clip changes; the change is taken back, and everything is killed in the middle; a rule fails."""
    with served(toy) as ui:
        before = counts(toy)
        ui.wait_until(lambda: validated_again(toy, before))
        stop_the_schedule(ui)
        ui.wait_until(lambda: not busy(toy))
        assert {name: times for name, times in (counts(toy) - before).items() if name not in BY_SCHEDULE} == {}

        before = counts(toy)
        change_first_text(toy, "!")
        observe(ui)
        ui.wait_until(lambda: validated_again(toy, before))
        assert counts(toy) - before == Counter(dict.fromkeys(CHAIN, 1))  # of the two shards, one

        before = counts(toy)
        change_first_text(toy, "")
        observe(ui)
        ui.wait_until(lambda: counts(toy)["clips"] > before["clips"])
        for process in [*psutil.Process(ui.process.pid).children(recursive=True)]:
            with suppress(psutil.NoSuchProcess):  # a run may have ended since
                process.kill()
    with served(toy) as ui:
        ui.wait_until(lambda: validated_again(toy, before))
        made = counts(toy) - before
        assert set(made) == set(CHAIN)
        assert toy.gate().blockers(toy.target("training_set")) == []
        change_first_text(toy, "\x07!")
        observe(ui)
        notices = toy.root / "notices.txt"
        for kind in ("failed run: toy/base_validation: ", "closed gate: the gate of toy/clip_stats["):
            ui.wait_until(lambda kind=kind: notices.is_file() and kind in notices.read_text(encoding="utf-8"))
        ui.wait_until(lambda: not busy(toy))
        lines = notices.read_text(encoding="utf-8").splitlines()
        assert sum(line.startswith("failed run: toy/base_validation: ") for line in lines) == 1
