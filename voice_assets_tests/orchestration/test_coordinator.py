"""Pools become tags of runs, with the Dagster that is installed: the coordinator is loaded as ``dagster.yaml`` names it."""

import json
from pathlib import Path

import dagster as dg
import pytest
import yaml
from dagster._core.remote_origin import GrpcServerCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin

from voice_assets.orchestration.coordinator import PoolTags

GPU = {"num_cpus": 1, "num_gpus": 1}
SERVER = GrpcServerCodeLocationOrigin(host="localhost", port=4000, location_name="voice_assets")
ORIGIN = RemoteJobOrigin(RemoteRepositoryOrigin(SERVER, "__repository__"), "__ASSET_JOB")
"""A run is only queued with an origin. Nothing is asked of this server."""
SETTINGS = {"tags_by_pool": {"gpu": {"engine/config": GPU, "queue": "big"}, "disk": {"engine/disk": 2}}}


@dg.asset(pool="gpu")
def heavy() -> None: ...


@dg.asset(pool="gpu", tags={"kind": "asset"})
def heavier() -> None: ...


@dg.asset(pool="disk")
def large() -> None: ...


@dg.asset
def light() -> None: ...


def instance_with(settings: dict[str, object], home: Path) -> dg.DagsterInstance:
    coordinator = {"module": PoolTags.__module__, "class": "PoolTags", "config": settings}
    (home / "dagster.yaml").write_text(yaml.safe_dump({"run_coordinator": coordinator}), encoding="utf-8")
    return dg.DagsterInstance.from_config(str(home))


def tags_of(assets: list[dg.AssetsDefinition], home: Path, **given: str) -> dict[str, str]:
    """The tags of a run of ``assets`` after the coordinator has queued it."""
    with instance_with({**SETTINGS, "dequeue_interval_seconds": 7}, home) as instance:
        assert instance.run_coordinator.dequeue_interval_seconds == 7
        job = dg.Definitions(assets=assets).resolve_implicit_global_asset_job_def()
        run = instance.create_run_for_job(job, status=dg.DagsterRunStatus.NOT_STARTED, tags=given, remote_job_origin=ORIGIN)
        queued = instance.run_coordinator.submit_run(dg.SubmitRunContext(run, workspace=None))  # type: ignore[arg-type]
        assert queued.status == dg.DagsterRunStatus.QUEUED
        return {name: value for name, value in queued.tags.items() if name in ("engine/config", "engine/disk", "queue")}


def test_a_run_gets_the_tags_of_its_pools(tmp_path: Path) -> None:
    assert tags_of([heavy, heavier, light], tmp_path) == {"engine/config": json.dumps(GPU), "queue": "big"}


def test_a_run_of_two_pools_gets_the_tags_of_both(tmp_path: Path) -> None:
    assert tags_of([heavy, large], tmp_path) == {"engine/config": json.dumps(GPU), "queue": "big", "engine/disk": "2"}


def test_a_run_without_a_pool_gets_none(tmp_path: Path) -> None:
    assert tags_of([light], tmp_path) == {}


def test_a_tag_that_a_run_has_stays(tmp_path: Path) -> None:
    assert tags_of([heavy], tmp_path, queue="mine") == {"engine/config": json.dumps(GPU), "queue": "mine"}


def test_a_setting_that_nobody_knows_is_an_error(tmp_path: Path) -> None:
    with (
        instance_with({"tags_by_pol": {}}, tmp_path) as instance,
        pytest.raises(dg.DagsterInvalidConfigError, match="tags_by_pol"),
    ):
        _ = instance.run_coordinator
