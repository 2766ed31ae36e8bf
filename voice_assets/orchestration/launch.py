"""One run in this process, recorded as the UI would record it.

A run needs three things: an origin, so that the UI can open it and run it again; a selection of checks; the job name
``__ASSET_JOB``, as every run of the UI has. No public function of Dagster gives all three, so this file uses private
ones, and it is the only file that starts runs with them. ``test_launch.py`` tries every private name with the Dagster
that is installed.
"""

import os
import uuid
from collections.abc import Collection, Mapping
from typing import Any

import dagster as dg

from voice_assets.orchestration.dead_runs import process_tags
from voice_assets.orchestration.failures import failure_of
from voice_assets.orchestration.gates import AssetPartition
from voice_assets.orchestration.launcher import Outcome

WRITTEN_FOR = "1.13.27"
"""The Dagster that the private names below were read in."""

try:
    from dagster._core.definitions.reconstruct import ReconstructableJob, ReconstructableRepository
    from dagster._core.execution.api import create_execution_plan, execute_run
    from dagster._core.remote_origin import ManagedGrpcPythonEnvCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin
    from dagster._core.snap import snapshot_from_execution_plan
    from dagster._core.storage.tags import PARTITION_NAME_TAG
    from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
except ImportError as gone:
    raise ImportError(
        f"voice_assets/orchestration/launch.py was written for Dagster {WRITTEN_FOR}; Dagster {dg.__version__} is installed: "
        f"{gone}. Install the Dagster of requirements.lock, or adapt launch.py."
    ) from gone

MODULE = "voice_assets.definitions"
LOCATION = "voice_assets"
ASSET_JOB = "__ASSET_JOB"
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


class InProcessRuns:
    """Runs assets and checks of the code location on one instance. The code and the voices are read once, at the start."""

    def __init__(self, instance: dg.DagsterInstance):
        self._instance = instance
        for cached in (ReconstructableJob.get_repository_definition, ReconstructableJob.get_definition):
            cached.cache_clear()  # Dagster keeps the last definitions, perhaps of other voice files
        repository = ReconstructableRepository.for_module(MODULE, "defs", os.getcwd())
        self._job = ReconstructableJob(repository, ASSET_JOB)
        target = LoadableTargetOrigin(module_name=MODULE, working_directory=os.getcwd())
        location = ManagedGrpcPythonEnvCodeLocationOrigin(loadable_target_origin=target, location_name=LOCATION)
        self._origin = RemoteJobOrigin(RemoteRepositoryOrigin(location, "__repository__"), ASSET_JOB)

    def run(
        self,
        target: AssetPartition,
        checks: Collection[dg.AssetCheckKey] | None = None,
        config: Mapping[str, Any] | None = None,
    ) -> Outcome:
        """Materialise ``target`` and execute its checks, or execute only ``checks`` on what is there.

        An observable source is observed. ``config``: the configuration of the asset, where it has one.

        Raises:
            KeyboardInterrupt: the run was stopped from outside.
        """
        if checks is None:
            return self._run(target.partition, frozenset([target.key]), None, config)
        return self._run(target.partition, frozenset(), frozenset(checks))

    def _run(
        self,
        partition: str | None,
        assets: frozenset[dg.AssetKey],
        checks: frozenset[dg.AssetCheckKey] | None,
        config: Mapping[str, Any] | None = None,
    ) -> Outcome:
        """Run the selection. ``checks``: None selects every check of ``assets``. ``config``: of the one asset."""
        job = self._job.get_subset(asset_selection=assets, asset_check_selection=checks)
        steps = {} if config is None else {"ops": {"__".join(key.path): {"config": dict(config)} for key in assets}}
        run = self._create_run(job, partition, assets, checks, {**QUIET, **steps})
        result = execute_run(job, run, self._instance, raise_on_error=False)
        return Outcome(run.run_id, True) if result.success else self._failed(run.run_id)

    def _create_run(
        self,
        job: ReconstructableJob,
        partition: str | None,
        assets: frozenset[dg.AssetKey],
        checks: frozenset[dg.AssetCheckKey] | None,
        config: Mapping[str, Any],
    ) -> dg.DagsterRun:
        """A run as the UI would create it. Dagster's own ``create_run_for_job`` cannot select checks."""
        definition = job.get_definition()
        plan = create_execution_plan(job, config)
        run_id = str(uuid.uuid4())
        return self._instance.create_run(
            job_name=ASSET_JOB,
            run_id=run_id,
            run_config=config,
            status=dg.DagsterRunStatus.NOT_STARTED,
            tags=process_tags(run_id) | ({} if partition is None else {PARTITION_NAME_TAG: partition}),
            root_run_id=None,
            parent_run_id=None,
            step_keys_to_execute=plan.step_keys_to_execute,
            execution_plan_snapshot=snapshot_from_execution_plan(plan, definition.get_job_snapshot_id()),
            job_snapshot=definition.get_job_snapshot(),
            parent_job_snapshot=definition.get_parent_job_snapshot(),
            asset_selection=assets,
            asset_check_selection=checks,
            resolved_op_selection=None,
            op_selection=None,
            remote_job_origin=self._origin,
            job_code_origin=job.get_python_origin(),
            asset_graph=definition.asset_layer.asset_graph,
        )

    def _failed(self, run_id: str) -> Outcome:
        """What the first step or run that failed recorded as its reason.

        Raises:
            KeyboardInterrupt: the run was stopped from outside; Dagster takes the signal for itself.
        """
        failure = failure_of(self._instance, run_id)
        if failure.interrupted:
            raise KeyboardInterrupt
        return Outcome(run_id, False, failure.reason, failure.closed)
