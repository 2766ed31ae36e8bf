"""Materialisations and check results, written into an instance as the runs of assets write them."""

import uuid
from collections.abc import Mapping
from typing import Any

import dagster as dg
from dagster._core.definitions.asset_checks.asset_check_evaluation import AssetCheckEvaluationTargetMaterializationData
from dagster._core.events import AssetObservationData, StepMaterializationData

from voice_assets.orchestration.history import History
from voice_assets.orchestration.records import SUITE, UPSTREAM, Materialisation


class Records:
    """Writes the records of one instance, as runs would write them."""

    def __init__(self, instance: dg.DagsterInstance):
        self.instance = instance

    def materialise(
        self,
        key: dg.AssetKey,
        data: str,
        partition: str | None = None,
        code: str | None = "2.1.0",
        run_id: str | None = None,
        **metadata: object,
    ) -> Materialisation:
        """Record a materialisation of the run ``run_id``; None is a new run."""
        tags = {"dagster/data_version": data} | ({} if code is None else {"dagster/code_version": code}) | _provenance(metadata)
        event = dg.AssetMaterialization(key, partition=partition, metadata=metadata, tags=tags)
        self._write(dg.DagsterEventType.ASSET_MATERIALIZATION, StepMaterializationData(event), run_id or str(uuid.uuid4()))
        found = History(self.instance).latest(key, partition)
        assert found is not None
        return found

    def judge(
        self,
        rule: str,
        of: Materialisation,
        passed: bool,
        suite: str = "today",
        warns: bool = False,
        *,
        run_id: str | None = None,
        **metadata: object,
    ) -> None:
        """Record the result of the check ``rule`` on ``of``, as a run or from outside; ``metadata`` adds entries."""
        about = AssetCheckEvaluationTargetMaterializationData(storage_id=of.storage_id, run_id=of.run_id, timestamp=of.time)
        result = dg.AssetCheckEvaluation(
            asset_key=of.key,
            check_name=rule,
            passed=passed,
            metadata={SUITE: suite, "observed": 0.5, "limit": ">= 0.9", **metadata},
            target_materialization_data=about,
            severity=dg.AssetCheckSeverity.WARN if warns else dg.AssetCheckSeverity.ERROR,
            description="Clips fit.",
            partition=None if run_id is None else of.partition,
        )
        if run_id is None:
            self.instance.report_runless_asset_event(result)
        else:
            self._write(dg.DagsterEventType.ASSET_CHECK_EVALUATION, result, run_id)

    def observe(self, observation: dg.AssetObservation) -> None:
        """Record an observation of a new run."""
        self._write(dg.DagsterEventType.ASSET_OBSERVATION, AssetObservationData(observation), str(uuid.uuid4()))

    def _write(self, kind: dg.DagsterEventType, what: object, run_id: str) -> None:
        event = dg.DagsterEvent(event_type_value=kind.value, job_name="__ASSET_JOB", event_specific_data=what)  # type: ignore[arg-type]
        self.instance.report_dagster_event(event, run_id=run_id)


def _provenance(metadata: Mapping[str, Any]) -> dict[str, str]:
    """The tags by which Dagster's pages know the inputs: of each asset, the last event that was read."""
    pins = metadata.get(UPSTREAM, [])
    pins = pins.value if isinstance(pins, dg.JsonMetadataValue) else pins
    last = {pin["asset"]: pin for pin in sorted(pins, key=lambda pin: pin["storage_id"])}
    versions = {f"dagster/input_data_version/{asset}": pin["data_version"] for asset, pin in last.items()}
    return versions | {f"dagster/input_event_pointer/{asset}": str(pin["storage_id"] or "NULL") for asset, pin in last.items()}
