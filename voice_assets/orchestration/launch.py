"""Executing one asset, one partition or its checks in this process, as a run of the code location that the UI knows."""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import dagster as dg
from dagster._core.definitions.reconstruct import ReconstructableJob, ReconstructableRepository
from dagster._core.execution.api import create_execution_plan, execute_run
from dagster._core.remote_origin import ManagedGrpcPythonEnvCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin
from dagster._core.snap import snapshot_from_execution_plan
from dagster._core.storage.tags import PARTITION_NAME_TAG
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin

from voice_assets.orchestration.gates import CLOSED_BY, AssetPartition
from voice_assets.orchestration.instance import PID_TAG

MODULE = "voice_assets.definitions"
LOCATION = "voice_assets"
ASSET_JOB = "__ASSET_JOB"
CLASS_PATH = re.compile(r"^(\w+\.)+(?=\w+(: |$))")  # `ValueError: ...` says enough, its package does not help
INTERRUPTED = "DagsterExecutionInterruptedError"
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@dataclass(frozen=True)
class Outcome:
    """How one run ended; ``message`` says why when it did not succeed, ``closed`` whether a gate was closed."""

    run_id: str
    success: bool
    message: str = ""
    closed: bool = False


class Launcher:
    """Runs targets of the graph on one instance."""

    def __init__(self, instance: dg.DagsterInstance):
        self.instance = instance
        repository = ReconstructableRepository.for_module(MODULE, "defs", os.getcwd())
        self.job = ReconstructableJob(repository, ASSET_JOB)
        target = LoadableTargetOrigin(module_name=MODULE, working_directory=os.getcwd())
        location = ManagedGrpcPythonEnvCodeLocationOrigin(loadable_target_origin=target, location_name=LOCATION)
        self.origin = RemoteJobOrigin(RemoteRepositoryOrigin(location, "__repository__"), ASSET_JOB)

    def materialise(self, target: AssetPartition) -> Outcome:
        """Materialise one asset (in one partition) and run its checks. An observable source is observed."""
        return self._run(target, assets={target.key}, checks=None)

    def check(self, target: AssetPartition, names: Iterable[dg.AssetCheckKey]) -> Outcome:
        """Run the checks of one asset again, on what is there."""
        return self._run(target, assets=set(), checks=set(names))

    def _run(self, target: AssetPartition, assets: set[dg.AssetKey], checks: set[dg.AssetCheckKey] | None) -> Outcome:
        subset = self.job.get_subset(asset_selection=assets, asset_check_selection=checks)
        run = self._create_run(subset, target.partition, assets, checks)
        result = execute_run(subset, run, self.instance, raise_on_error=False)
        return Outcome(run.run_id, True) if result.success else self._failed(run.run_id)

    def _create_run(
        self, job: ReconstructableJob, partition: str | None, assets: set[dg.AssetKey], checks: set[dg.AssetCheckKey] | None
    ) -> dg.DagsterRun:
        """A run as the UI would create it. Dagster's own ``create_run_for_job`` cannot select checks."""
        definition = job.get_definition()
        plan = create_execution_plan(job, QUIET)
        return self.instance.create_run(
            job_name=ASSET_JOB,
            run_id=None,
            run_config=QUIET,
            status=dg.DagsterRunStatus.NOT_STARTED,
            tags={PID_TAG: str(os.getpid()), **({} if partition is None else {PARTITION_NAME_TAG: partition})},
            root_run_id=None,
            parent_run_id=None,
            step_keys_to_execute=plan.step_keys_to_execute,
            execution_plan_snapshot=snapshot_from_execution_plan(plan, definition.get_job_snapshot_id()),
            job_snapshot=definition.get_job_snapshot(),
            parent_job_snapshot=definition.get_parent_job_snapshot(),
            asset_selection=frozenset(assets),
            asset_check_selection=None if checks is None else frozenset(checks),
            resolved_op_selection=None,
            op_selection=None,
            remote_job_origin=self.origin,
            job_code_origin=job.get_python_origin(),
            asset_graph=definition.asset_layer.asset_graph,
        )

    def _failed(self, run_id: str) -> Outcome:
        """What the first step or run that failed said.

        Raises:
            KeyboardInterrupt: the run was stopped from outside; Dagster takes the signal for itself.
        """
        failures = {dg.DagsterEventType.STEP_FAILURE, dg.DagsterEventType.RUN_FAILURE}
        for record in self.instance.get_records_for_run(run_id, of_type=failures).records:
            event = record.event_log_entry.dagster_event
            data: Any = event.event_specific_data if event is not None else None
            said = getattr(data, "user_failure_data", None)
            if said is not None and said.description:
                return Outcome(run_id, False, said.description, CLOSED_BY in said.metadata)
            error = getattr(data, "error", None)
            if error is not None:
                if INTERRUPTED in (error.cls_name, error.cause.cls_name if error.cause else None):
                    raise KeyboardInterrupt
                return Outcome(run_id, False, CLASS_PATH.sub("", (error.cause or error).message.strip()))
        return Outcome(run_id, False, "the run failed; its log in the UI says why")
