"""The process of a run that Dagster started reads the voice files of the run's voices, and no other."""

import os
import re
import subprocess
import sys
import uuid
from collections import defaultdict
from pathlib import Path

import dagster as dg
import pytest
from dagster._grpc.types import ExecuteRunArgs
from dagster._serdes import serialize_value

from voice_assets.definitions import build_definitions
from voice_assets.orchestration.run_process import VOICE, voices_of, voices_of_own_run
from voice_assets_tests.datasets import write_voice
from voice_assets_tests.served_ui import served
from voice_assets_tests.toy_project import ToyProject

CLIPS, RULE = dg.AssetKey(["toy", "clips"]), dg.AssetCheckKey(dg.AssetKey(["other", "clips"]), "rule")
NOTES_VOICE_FILES = """
import os, sys

def note(event, arguments):
    if event == "open" and str(arguments[0]).endswith(".yaml") and "/voices/" in str(arguments[0]):
        with open(os.environ["FILES_READ"], "a") as notes:
            notes.write(f"{os.getpid()} {arguments[0]}\\n")

sys.addaudithook(note)
"""


@pytest.mark.parametrize(
    ("tags", "assets", "checks", "voices"),
    [
        ({}, {CLIPS}, None, {"toy"}),
        ({}, set(), {RULE}, {"other"}),
        ({}, {CLIPS}, {RULE}, {"toy", "other"}),
        ({}, None, None, None),
        ({VOICE: "other"}, None, None, {"other"}),
        ({VOICE: "other"}, {CLIPS}, None, {"toy"}),
    ],
)
def test_the_voices_of_a_run(tags: dict, assets: set | None, checks: set | None, voices: set | None) -> None:
    run = dg.DagsterRun(job_name="any", tags=tags, asset_selection=assets, asset_check_selection=checks)
    assert voices_of(run) == voices


def test_every_job_says_whose_it_is(tmp_path: Path) -> None:
    write_voice(tmp_path / "toy.yaml", tmp_path, revalidate={"cron": "0 3 * * 1"}, training={"samples_every": 2})
    jobs = build_definitions(tmp_path).get_repository_def().get_all_jobs()
    assert {job.name: job.tags.get(VOICE) for job in jobs if not job.name.startswith("__")} == {
        "toy__observe": "toy",
        "toy__sample_epoch": "toy",
    }


def test_outside_of_a_run_every_voice_is_needed() -> None:
    assert voices_of_own_run() is None


@pytest.mark.slow
def test_a_run_of_the_ui_and_one_of_a_cluster_read_their_own_voice_file(toy: ToyProject, tmp_path: Path, monkeypatch) -> None:
    (toy.root / "voices" / "other.yaml").write_text((toy.root / "voices" / "toy.yaml").read_text())
    toy.run("raw_dataset")
    (tmp_path / "hook").mkdir()
    (tmp_path / "hook" / "sitecustomize.py").write_text(NOTES_VOICE_FILES)
    monkeypatch.setenv("FILES_READ", str(tmp_path / "read.txt"))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path / "hook"), *sys.path]))
    with served(toy) as ui:
        ui.wait_until(lambda: ui.ask("{ version }"))
        by_ui = ui.materialise("clips", "0-of-2")
        ui.wait_until(lambda: ui.run(by_ui).is_finished)
    by_cluster = execute_again(toy, by_ui)
    read = defaultdict(set)
    for line in (tmp_path / "read.txt").read_text().splitlines():
        read[line.split()[0]].add(Path(line.split()[1]).stem)
    assert {"toy", "other"} in read.values(), "the code server reads every voice file"
    for run_id in (by_ui, by_cluster):
        assert ui.run(run_id).is_success
        assert read[process_of(toy, run_id)] == {"toy"}


def execute_again(toy: ToyProject, run_id: str) -> str:
    """Execute a copy of a run as Ray and Kubernetes do: with ``dagster api execute_run``. Returns the copy's id."""
    run = toy.instance.get_run_by_id(run_id)
    assert run is not None
    copy = run._replace(run_id=str(uuid.uuid4()), status=dg.DagsterRunStatus.NOT_STARTED)
    toy.instance.run_storage.add_run(copy)
    asked = ExecuteRunArgs(job_origin=copy.job_code_origin, run_id=copy.run_id, instance_ref=toy.instance.get_ref())
    command = [sys.executable, "-m", "dagster", "api", "execute_run", serialize_value(asked)]
    subprocess.run(command, check=True, capture_output=True, cwd=toy.root)
    return copy.run_id


def process_of(toy: ToyProject, run_id: str) -> str:
    """The process of a run, as Dagster's first event names it."""
    messages = [entry.message for entry in toy.instance.all_logs(run_id)]
    return next(found[1] for message in messages if (found := re.search(r"Started process for run \(pid: (\d+)\)", message)))
