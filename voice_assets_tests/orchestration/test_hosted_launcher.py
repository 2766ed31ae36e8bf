"""The runs of `voice-assets ui` are forked from its run host; without a host they start as Dagster starts them."""

import os
import signal
from collections.abc import Iterator

import dagster as dg
import psutil
import pytest

from voice_assets.orchestration import run_host
from voice_assets.orchestration.dead_runs import CLIENT_TAG, process_of
from voice_assets.orchestration.run_client import ADDRESS
from voice_assets_tests.held_config import HeldConfig
from voice_assets_tests.served_ui import Ui, served
from voice_assets_tests.toy_project import ToyProject

pytestmark = pytest.mark.slow

TERMINATE = """mutation($id: String!) { terminateRun(runId: $id) { __typename ... on TerminateRunFailure { message } } }"""


@pytest.fixture
def ui(toy: ToyProject) -> Iterator[Ui]:
    toy.run("raw_dataset")
    with served(toy) as started:
        started.wait_until(lambda: started.ask("{ version }"))
        yield started


def host_of(ui: Ui) -> psutil.Process:
    """The run host of ``ui``, which has to have one."""
    (found,) = [one for one in psutil.Process(ui.process.pid).children() if run_host.__name__ in one.cmdline()]
    return found


def finished(ui: Ui, run_id: str) -> dg.DagsterRun:
    ui.wait_until(lambda: ui.run(run_id).is_finished)
    return ui.run(run_id)


def test_runs_are_forked_by_the_host_and_without_it_dagster_starts_them(ui: Ui) -> None:
    with HeldConfig(ui.toy.dataset) as config:
        first = ui.materialise("clips", "0-of-2")
        process = ui.wait_until(lambda: process_of(ui.run(first)))
        host, client = host_of(ui), process_of(ui.run(first), CLIENT_TAG)
        assert psutil.Process(process.pid).ppid() == host.pid
        assert client is not None
        assert "dagster._daemon" in psutil.Process(client.pid).parent().cmdline()
        with config.released():
            assert finished(ui, first).is_success
    folder = host.environ()[ADDRESS]
    host.kill()
    second = ui.materialise("clips", "1-of-2")
    assert finished(ui, second).is_success
    assert process_of(ui.run(second), CLIENT_TAG) is None
    ui.process.terminate()
    ui.process.wait()
    assert not os.path.exists(os.path.dirname(folder))


@pytest.mark.parametrize("hosted", [True, False])
def test_the_ui_ends_a_run_which_records_its_end(ui: Ui, hosted: bool) -> None:
    if not hosted:
        host_of(ui).kill()
    with HeldConfig(ui.toy.dataset):
        run_id = ui.materialise("clips", "0-of-2")
        process = ui.wait_until(lambda: process_of(ui.run(run_id)))
        assert (process_of(ui.run(run_id), CLIENT_TAG) is not None) == hosted
        answer = ui.ask(TERMINATE, id=run_id)
        assert answer == {"terminateRun": {"__typename": "TerminateRunSuccess"}}
        assert finished(ui, run_id).status is dg.DagsterRunStatus.CANCELED
        ui.wait_until(lambda: process.ended)
        answer = ui.ask(TERMINATE, id=run_id)
        assert answer is not None
        assert answer["terminateRun"]["__typename"] == "TerminateRunFailure"


def test_a_run_goes_on_when_the_ui_ends(ui: Ui) -> None:
    with HeldConfig(ui.toy.dataset) as config:
        run_id = ui.materialise("clips", "0-of-2")
        process = ui.wait_until(lambda: process_of(ui.run(run_id)))
        ui.process.send_signal(signal.SIGTERM)
        ui.process.wait()
        assert not process.ended
        with config.released():
            psutil.wait_procs([psutil.Process(process.pid)])
    assert ui.run(run_id).is_success
