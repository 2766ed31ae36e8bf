"""Materialisations and check results, written into an instance as the runs of assets write them."""

import uuid

import dagster as dg
from dagster._core.definitions.asset_checks.asset_check_evaluation import AssetCheckEvaluationTargetMaterializationData
from dagster._core.events import StepMaterializationData

from voice_assets.orchestration.history import SUITE, History, Materialisation


class Records:
    """Writes the records of one instance, as runs would write them."""

    def __init__(self, instance: dg.DagsterInstance):
        self.instance = instance

    def materialise(
        self, key: dg.AssetKey, data: str, partition: str | None = None, code: str | None = "2.1.0", **metadata: object
    ) -> Materialisation:
        tags = {"dagster/data_version": data} | ({} if code is None else {"dagster/code_version": code})
        event = dg.AssetMaterialization(key, partition=partition, metadata=metadata, tags=tags)
        self.instance.report_dagster_event(
            dg.DagsterEvent(
                event_type_value=dg.DagsterEventType.ASSET_MATERIALIZATION.value,
                job_name="__ASSET_JOB",
                event_specific_data=StepMaterializationData(event),
            ),
            run_id=str(uuid.uuid4()),
        )
        found = History(self.instance).latest(key, partition)
        assert found is not None
        return found

    def judge(
        self, rule: str, of: Materialisation, passed: bool, suite: str = "today", warns: bool = False, **metadata: str
    ) -> None:
        """Record the result of the check ``rule`` on ``of``; ``metadata`` adds entries."""
        about = AssetCheckEvaluationTargetMaterializationData(storage_id=of.storage_id, run_id=of.run_id, timestamp=of.time)
        self.instance.report_runless_asset_event(
            dg.AssetCheckEvaluation(
                asset_key=of.key,
                check_name=rule,
                passed=passed,
                metadata={SUITE: suite, "observed": 0.5, "limit": ">= 0.9", **metadata},
                target_materialization_data=about,
                severity=dg.AssetCheckSeverity.WARN if warns else dg.AssetCheckSeverity.ERROR,
                description="Clips fit.",
            )
        )
