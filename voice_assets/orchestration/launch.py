"""One run in this process, recorded as the UI would record it.

A run needs three things: an origin, so that the UI can open it and run it again; a selection of checks; the job name
``__ASSET_JOB``, as every run of the UI has. No public function of Dagster gives all three, so this file uses private
ones, and it is the only file that starts runs with them. ``test_launch.py`` tries every private name with the Dagster
that is installed.
"""

import importlib
import os
import uuid
from collections.abc import Collection, Iterable, Mapping, Set
from typing import Any

import dagster as dg

from voice_assets.orchestration.dead_runs import process_tags
from voice_assets.orchestration.failures import failure_of
from voice_assets.orchestration.gates import AssetPartition
from voice_assets.orchestration.launcher import Outcome

WRITTEN_FOR = "1.13.27"
"""The Dagster that the private names below were read in."""

try:
    from dagster._core.definitions.job_base import IJob
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


class _LoadedJob(IJob):
    """``__ASSET_JOB`` of loaded definitions, for one selection. Dagster's own job loads the definitions again for each."""

    op_selection = None

    def __init__(
        self,
        repository: dg.RepositoryDefinition,
        assets: Set[dg.AssetKey] | None,
        checks: Set[dg.AssetCheckKey] | None,
    ):
        self._repository = repository
        self._definition = repository.get_maybe_subset_job_def(ASSET_JOB, None, assets, checks)

    @property
    def asset_selection(self) -> Any:
        return self._definition.asset_selection

    @property
    def asset_check_selection(self) -> Any:
        return self._definition.asset_check_selection

    def get_definition(self) -> dg.JobDefinition:
        return self._definition

    def get_repository_definition(self) -> dg.RepositoryDefinition:
        return self._repository

    def get_subset(self, *, asset_selection: Any = None, asset_check_selection: Any = None, **_: object) -> "_LoadedJob":
        return _LoadedJob(self._repository, asset_selection, asset_check_selection)


class InProcessRuns:
    """Runs assets and checks of the code location on one instance.

    Only the voices of a run are loaded, from the voice files as they are when the first run starts.
    """

    def __init__(self, instance: dg.DagsterInstance):
        self._instance = instance
        self._repositories: dict[frozenset[str], dg.RepositoryDefinition] = {}
        self._code = ReconstructableJob(ReconstructableRepository.for_module(MODULE, "defs", os.getcwd()), ASSET_JOB)
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
        job = _LoadedJob(self._loaded([*assets, *(check.asset_key for check in checks or ())]), assets, checks)
        steps = {} if config is None else {"ops": {"__".join(key.path): {"config": dict(config)} for key in assets}}
        run = self._create_run(job, partition, assets, checks, {**QUIET, **steps})
        result = execute_run(job, run, self._instance, raise_on_error=False)
        return Outcome(run.run_id, True) if result.success else self._failed(run.run_id)

    def _loaded(self, keys: Iterable[dg.AssetKey]) -> dg.RepositoryDefinition:
        """The definitions of the voices of ``keys``."""
        voices = frozenset(key.path[0] for key in keys)
        if voices not in self._repositories:
            self._repositories[voices] = importlib.import_module(MODULE).defs_of(voices).get_repository_def()
        return self._repositories[voices]

    def _create_run(
        self,
        job: _LoadedJob,
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
            job_code_origin=self._code.get_python_origin(),
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
