"""The check ``still_valid``: shows in the UI when a validation upstream fails after a checkpoint, voice or package was made.

The check is no rule: it warns, and no gate reads it. It runs with its asset, and the run of a comparison logs its
`results` again after each validation, so that the asset's health follows the data.

Not here: what speaks against a materialisation (``gates.Gate.objections``).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg
from dagster._core.definitions.asset_checks.asset_check_evaluation import AssetCheckEvaluationTargetMaterializationData

from voice_assets.orchestration.asset import checks
from voice_assets.orchestration.describe import asset_key
from voice_assets.orchestration.gates import AssetPartition, Gate
from voice_assets.orchestration.lineage import ancestry
from voice_assets.orchestration.marks import NO_RULE
from voice_assets.orchestration.records import Materialisation
from voice_assets.voices import Voice

CHECK = "still_valid"
NOTHING = "Nothing upstream speaks against it."


@dataclass(frozen=True)
class Standing:
    """What speaks today against one materialisation, from its inputs; ``reasons`` is empty when nothing does."""

    of: Materialisation
    reasons: tuple[str, ...]

    @property
    def name(self) -> str:
        """The asset and its partition."""
        return str(AssetPartition(self.of.key, self.of.partition))

    @property
    def result(self) -> dict[str, Any]:
        """The verdict, in the arguments that the result of a check and a recorded evaluation share."""
        listed = "\n".join(f"- {reason}" for reason in self.reasons)
        return {
            "passed": not self.reasons,
            "severity": dg.AssetCheckSeverity.WARN,
            "description": "; ".join(self.reasons) or NOTHING,
            "metadata": {"reasons": dg.MetadataValue.md(listed)} if listed else {},
        }


def standing(gate: Gate, of: Materialisation, validations: Sequence[str]) -> Standing:
    """What speaks today against ``of`` from upstream.

    Args:
        gate: finds the blockers.
        of: a materialisation. Its own rules do not count here; their verdicts are shown beside this check.
        validations: names of assets that judge the data. When the newest materialisation of one fails on newer data than ``of``
            was built from, that is said as well: the gate stays open, and a person should know.
    """
    own = AssetPartition(of.key, of.partition)
    found = [str(blocker) for blocker in gate.objections(of) if blocker.target != own or blocker.check is None]
    built_from = {(one.key, one.data_version) for one in ancestry(gate, [of])}
    for key in (dg.AssetKey([*of.key.path[:-1], name]) for name in validations):
        newest = gate.history.latest(key)
        if newest is not None and (key, newest.data_version) not in built_from:
            failed = (blocker for blocker in gate.verdicts(newest) if not blocker.unjudged)
            found += [f"newer data, which this was not built from, fail: {blocker}" for blocker in failed]
    return Standing(of, tuple(dict.fromkeys(found)))


def standings(gate: Gate, keys: Sequence[dg.AssetKey], validations: Sequence[str]) -> Iterator[Standing]:
    """The `standing` of the newest materialisation of each of ``keys``, in each partition that has one."""
    for key in keys:
        for partition in gate.partitions_of(key):
            latest = gate.history.latest(key, partition)
            if latest is not None:
                yield standing(gate, latest, validations)


def results(gate: Gate, found: Sequence[Standing]) -> list[dg.AssetCheckEvaluation]:
    """The results of the check for a run to log: ``context.log_event``. Without a run, Dagster stores one result only.

    The UI shows an asset with partitions by the result that was recorded last. So results that warn come last, also when they
    are not new; results that pass are left out when they are not new.
    """
    new = [one for one in found if one.reasons or not _passes_already(gate, one.of)]
    return [_evaluation(one) for one in sorted(new, key=lambda standing: bool(standing.reasons))]


def _passes_already(gate: Gate, of: Materialisation) -> bool:
    result = gate.history.verdict(dg.AssetCheckKey(of.key, CHECK), of, None, newest=False).result
    return result is not None and result.passed


def _evaluation(one: Standing) -> dg.AssetCheckEvaluation:
    of = one.of
    return dg.AssetCheckEvaluation(
        asset_key=of.key,
        check_name=CHECK,
        partition=of.partition,
        target_materialization_data=AssetCheckEvaluationTargetMaterializationData(
            storage_id=of.storage_id, run_id=of.run_id, timestamp=of.time
        ),
        **one.result,
    )


def still_valid_check(
    voice: Voice, name: str, validations: Sequence[str], partitions: dg.PartitionsDefinition
) -> dg.AssetChecksDefinition:
    """The check of the asset ``name``; see `standing` for ``validations``."""
    spec = dg.AssetCheckSpec(
        CHECK,
        asset=asset_key(voice, name),
        description="Whether the data, rules and training that this was built from still pass today. No gate reads this check.",
        metadata={NO_RULE: True},
        partitions_def=partitions,
    )

    @checks(f"{voice.name}__{name}_{CHECK}", [spec])
    def still_valid(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        gate = Gate(context.repository_def.asset_graph, context.instance)
        latest = gate.history.latest(asset_key(voice, name), context.partition_key)
        if latest is None:
            raise dg.Failure(f"{voice.name}/{name}: never materialised, so there is nothing to check", allow_retries=False)
        yield dg.AssetCheckResult(**standing(gate, latest, validations).result)

    return still_valid
