"""What the launcher of the UI's runs does to end one: this process is the client that the run lives with."""

import signal
import uuid
from collections.abc import Iterator
from dataclasses import replace

import dagster as dg
import pytest

from voice_assets.orchestration.dead_runs import CLIENT_TAG, process_tags
from voice_assets.orchestration.hosted_launcher import HostedLauncher
from voice_assets.runtime.processes import ProcessIdentity
from voice_assets_tests.toy_project import ToyProject

OWN = ProcessIdentity.own()


@pytest.fixture
def received() -> Iterator[list[int]]:
    """The signals that this process gets."""
    signals = list[int]()
    before = signal.signal(signal.SIGTERM, lambda number, _: signals.append(number))
    yield signals
    signal.signal(signal.SIGTERM, before)


def terminated(toy: ToyProject, status: dg.DagsterRunStatus, client: ProcessIdentity) -> tuple[bool, dg.DagsterRunStatus]:
    """What the launcher answers for a run of ``client``, and the status of the run then."""
    launcher, run_id = HostedLauncher(), str(uuid.uuid4())
    launcher.register_instance(toy.instance)
    tags = process_tags(run_id, client, CLIENT_TAG)
    toy.instance.add_run(dg.DagsterRun(job_name="__ASSET_JOB", run_id=run_id, status=status, tags=tags))
    answer = launcher.terminate(run_id)
    run = toy.instance.get_run_by_id(run_id)
    assert run is not None
    return answer, run.status


def test_the_client_of_the_run_is_told_to_end(toy: ToyProject, received: list[int]) -> None:
    assert terminated(toy, dg.DagsterRunStatus.STARTED, OWN) == (True, dg.DagsterRunStatus.CANCELING)
    assert received == [signal.SIGTERM]


@pytest.mark.parametrize(
    ("status", "client"),
    [
        (dg.DagsterRunStatus.SUCCESS, OWN),
        (dg.DagsterRunStatus.STARTED, replace(OWN, started=OWN.started - 1)),
        (dg.DagsterRunStatus.STARTED, replace(OWN, host=f"elsewhere{OWN.host}")),
    ],
    ids=["ended", "the id of the client is that of a later process", "another host"],
)
def test_no_signal_goes_to_a_process_that_is_not_the_client_of_an_unfinished_run(
    toy: ToyProject, received: list[int], status: dg.DagsterRunStatus, client: ProcessIdentity
) -> None:
    assert terminated(toy, status, client) == (False, status)
    assert received == []
