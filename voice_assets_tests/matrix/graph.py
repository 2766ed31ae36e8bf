"""The asset graph of the matrix: a voice per rule, with the asset that the rule judges and an asset downstream of it.

The checks, the gate, the runs and Dagster are the real ones. Only the judged asset is a stand-in: it records the tables in
``evidence/<voice>/`` of the project, as the real asset records what it made.
"""

from collections.abc import Collection

import dagster as dg

from voice_assets.definitions import build_definitions
from voice_assets.orchestration.checks import suite_checks
from voice_assets.orchestration.describe import describe
from voice_assets.orchestration.inputs import resolve_inputs
from voice_assets.orchestration.results import finished, keep_evidence
from voice_assets.runtime import project
from voice_assets.voices import Voice

PARTITIONED = ("whisper_shard", "onnx_voice", "voice_samples", "voice_package", "release")
PARTITION = "only"


def suite_of(voice: Voice) -> str:
    """A voice is called ``<suite>__<rule>``."""
    return voice.name.partition("__")[0]


def _partitions(voice: Voice) -> dg.StaticPartitionsDefinition | None:
    return dg.StaticPartitionsDefinition([PARTITION]) if suite_of(voice) in PARTITIONED else None


def assets(voice: Voice) -> list[dg.AssetsDefinition]:
    """The judged asset and ``after``, which Dagster's eager automation wants to make after every change upstream."""
    suite = suite_of(voice)

    @dg.asset(**describe(voice, suite, group="judged"), partitions_def=_partitions(voice))
    def judged(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        import pandas as pd

        folder = project.root() / "evidence" / voice.name
        evidence, version = keep_evidence(context, {file.stem: pd.read_parquet(file) for file in sorted(folder.iterdir())})
        return finished([], version, {}, evidence=evidence)

    @dg.asset(
        **describe(voice, "after", group="after", reads=[suite]),
        partitions_def=_partitions(voice),
        automation_condition=dg.AutomationCondition.eager(),
    )
    def after(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        inputs = resolve_inputs(context)
        return finished(inputs.pins, inputs.one(suite).data_version, {})

    return [judged, after]


def checks(voice: Voice) -> list[dg.AssetChecksDefinition]:
    """The real checks of the suite."""
    return [suite_checks(voice, suite_of(voice), _partitions(voice))]


@dg.definitions
def defs() -> dg.Definitions:
    """What the matrix's workspace loads."""
    return defs_of(None)


def defs_of(voices: Collection[str] | None) -> dg.Definitions:
    """What a run of the matrix loads: these voices, or all."""
    sensor = dg.AutomationConditionSensorDefinition(
        "eager", target=dg.AssetSelection.all(), default_status=dg.DefaultSensorStatus.RUNNING, minimum_interval_seconds=1
    )
    return dg.Definitions.merge(
        build_definitions(only=voices, stages=[assets], rules=[checks], automations=[]), dg.Definitions(sensors=[sensor])
    )
