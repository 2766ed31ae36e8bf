"""Runs whose process has ended are failed; every other run is left alone."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace

import dagster as dg
import psutil
import pytest
from dagster._core.storage.tags import TagType, get_tag_type

from voice_assets.orchestration import run_host
from voice_assets.orchestration.dead_runs import CLIENT_TAG, PROCESS_TAG, fail_dead_runs, process_of, process_tags
from voice_assets.runtime.processes import ProcessIdentity
from voice_assets_tests.held_config import HeldConfig
from voice_assets_tests.served_ui import Ui, served
from voice_assets_tests.toy_project import ToyProject


def ended_process() -> ProcessIdentity:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    identity = ProcessIdentity.of(process.pid)
    process.communicate(b"\n")
    assert identity is not None
    return identity


def unfinished(
    toy: ToyProject, process: ProcessIdentity | None, status: dg.DagsterRunStatus = dg.DagsterRunStatus.STARTED
) -> dg.DagsterRun:
    """The record of a run that ``process`` executes; None records no process."""
    run = dg.DagsterRun(job_name="__ASSET_JOB", status=status)
    tags = {PROCESS_TAG: f"{run.run_id} {process.text}"} if process else {}
    return toy.instance.add_run(run.with_tags(tags))


@pytest.mark.parametrize("tag", [PROCESS_TAG, CLIENT_TAG])
def test_the_ui_does_not_show_the_tags(tag: str) -> None:
    assert get_tag_type(tag) is TagType.HIDDEN


def status_of(toy: ToyProject, run: dg.DagsterRun) -> dg.DagsterRunStatus:
    found = toy.instance.get_run_by_id(run.run_id)
    assert found is not None
    return found.status


@pytest.mark.parametrize("status", ["NOT_STARTED", "STARTING", "STARTED"])
def test_a_run_of_an_ended_process_is_failed_and_names_the_process(toy: ToyProject, status: str) -> None:
    process = ended_process()
    run = unfinished(toy, process, dg.DagsterRunStatus[status])
    assert fail_dead_runs(toy.instance) == [run.run_id]
    assert status_of(toy, run) == dg.DagsterRunStatus.FAILURE
    (event,) = toy.instance.get_records_for_run(run.run_id, of_type=dg.DagsterEventType.RUN_FAILURE).records
    assert (
        f"This run was executed by process {process.pid} on host {process.host_name}, which was killed or crashed. Materialise"
        in event.event_log_entry.message
    )
    assert fail_dead_runs(toy.instance) == []


def test_a_run_whose_client_has_ended_before_the_run_began_is_failed(toy: ToyProject) -> None:
    client = ended_process()
    run = dg.DagsterRun(job_name="__ASSET_JOB", status=dg.DagsterRunStatus.STARTING)
    toy.instance.add_run(run.with_tags(process_tags(run.run_id, client, CLIENT_TAG)))
    assert fail_dead_runs(toy.instance) == [run.run_id]
    (event,) = toy.instance.get_records_for_run(run.run_id, of_type=dg.DagsterEventType.RUN_FAILURE).records
    assert f"by process {client.pid} on host" in event.event_log_entry.message


def test_a_run_that_somebody_cancelled_is_cancelled(toy: ToyProject) -> None:
    run = unfinished(toy, ended_process(), dg.DagsterRunStatus.CANCELING)
    assert fail_dead_runs(toy.instance) == [run.run_id]
    assert status_of(toy, run) == dg.DagsterRunStatus.CANCELED


def elsewhere(process: ProcessIdentity, **parts: str) -> ProcessIdentity:
    """The same id and start on a host that differs from this one in some parts of its text, and shares the database."""
    own = dict(zip(("name", "machine", "boot", "namespaces"), process.host.split("/"), strict=True))
    return replace(process, host="/".join({**own, **parts}.values()))


OTHER_HOSTS = {
    "another machine": {"name": "studio", "machine": "0123456789ab", "boot": "ba9876543210"},
    "a machine of the same name": {"machine": "0123456789ab", "boot": "ba9876543210"},
    "a machine with a copy of this disk": {"name": "studio", "boot": "ba9876543210"},
    "another container of this machine": {"namespaces": "4026539999.4026531834"},
    "another container of the same name and image": {"boot": "ba9876543210", "namespaces": "4026539999.4026531834"},
}


def test_a_reused_id_hides_no_dead_run(toy: ToyProject) -> None:
    own = ProcessIdentity.own()
    run = unfinished(toy, replace(own, started=own.started - 60))
    assert fail_dead_runs(toy.instance) == [run.run_id]


LEFT_ALONE: dict[str, Callable[[], ProcessIdentity | None]] = {
    "its process runs": ProcessIdentity.own,
    "its process is not known": lambda: None,
}


@pytest.mark.parametrize("why", LEFT_ALONE)
def test_a_run_is_left_alone_when(toy: ToyProject, why: str) -> None:
    run = unfinished(toy, LEFT_ALONE[why]())
    assert fail_dead_runs(toy.instance) == []
    assert status_of(toy, run) == dg.DagsterRunStatus.STARTED


@pytest.mark.parametrize("process", [ended_process, ProcessIdentity.own])
@pytest.mark.parametrize("host", OTHER_HOSTS)
def test_a_run_of_another_host_is_left_alone_whatever_has_its_process_id_here(
    toy: ToyProject, host: str, process: Callable[[], ProcessIdentity]
) -> None:
    run = unfinished(toy, elsewhere(process(), **OTHER_HOSTS[host]))
    assert fail_dead_runs(toy.instance) == []
    assert status_of(toy, run) == dg.DagsterRunStatus.STARTED


def test_a_run_is_left_alone_when_it_copied_the_tags_of_a_dead_run(toy: ToyProject) -> None:
    """As the UI does when somebody executes a run again."""
    dead = unfinished(toy, ended_process())
    fail_dead_runs(toy.instance)
    again = dg.DagsterRun(job_name="__ASSET_JOB", status=dg.DagsterRunStatus.STARTING, tags=dead.tags)
    toy.instance.add_run(again)
    assert fail_dead_runs(toy.instance) == []
    assert process_of(again) is None


def test_a_tag_that_is_no_process_is_no_process(toy: ToyProject) -> None:
    run = dg.DagsterRun(job_name="__ASSET_JOB", status=dg.DagsterRunStatus.STARTED)
    toy.instance.add_run(run.with_tags({PROCESS_TAG: f"{run.run_id} 4242"}))
    assert fail_dead_runs(toy.instance) == []


def test_every_run_names_its_process(toy: ToyProject) -> None:
    outcome = toy.run("raw_dataset")
    run = toy.instance.get_run_by_id(outcome.run_id)
    assert run is not None
    assert process_of(run) == ProcessIdentity.own()
    assert run.tags[PROCESS_TAG] == process_tags(run.run_id)[PROCESS_TAG]


@pytest.fixture
def ui(toy: ToyProject) -> Iterator[Ui]:
    toy.run("raw_dataset")
    with served(toy) as started:
        yield started


@pytest.mark.slow
def test_the_ui_fails_a_run_that_died_with_its_host(ui: Ui) -> None:
    ui.wait_until(lambda: ui.ask("query { version }"))
    with HeldConfig(ui.toy.dataset):
        run_id = ui.materialise("clips", "0-of-2")
        process = ui.wait_until(lambda: process_of(ui.run(run_id)))
        host = psutil.Process(process.pid).ppid()
        assert run_host.__name__ in psutil.Process(host).cmdline()
        for pid in (host, process.pid):
            os.kill(pid, signal.SIGKILL)
        ui.wait_until(lambda: ui.run(run_id).status == dg.DagsterRunStatus.FAILURE)
    assert f"run {run_id[:8]} was killed" in ui.printed()
