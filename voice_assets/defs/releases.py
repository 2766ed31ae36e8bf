"""Stage `release`, last asset: a package with a version, archived and tagged. Made only for a version that somebody names."""

import dagster as dg
from pydantic import Field

from voice_assets.defs.came_from import came_from
from voice_assets.defs.display import preview, verdict_table
from voice_assets.defs.release_draft import NAME, SIGNED_BY, WARNINGS, Draft
from voice_assets.orchestration.asset import asset
from voice_assets.orchestration.checks import judge, suite_checks
from voice_assets.orchestration.deployment_locks import DeploymentLock
from voice_assets.orchestration.describe import describe
from voice_assets.orchestration.inputs import gate_of, resolve_inputs
from voice_assets.orchestration.leases import POOL
from voice_assets.orchestration.marks import ON_DEMAND, RELEASED, VERSIONS
from voice_assets.orchestration.partitions import releases
from voice_assets.orchestration.results import finished, keep_evidence
from voice_assets.runtime import project
from voice_assets.voices import Voice


class ReleaseConfig(dg.Config):
    """What a person chooses for one version."""

    epoch: str = Field("", description="The epoch to release, such as v3-e0050; empty: that of the newest package.")
    tag: bool = Field(True, description="Whether the version gets an annotated Git tag on the commit that the project is at.")


SCHEMA = ReleaseConfig.to_config_schema()


def releases_assets(voice: Voice) -> list[dg.AssetsDefinition]:
    """``release``."""
    return [_release(voice)]


def releases_checks(voice: Voice) -> list[dg.AssetChecksDefinition]:
    """The rules of ``release``."""
    return [suite_checks(voice, NAME, releases(voice.name))]


def _release(voice: Voice) -> dg.AssetsDefinition:
    @asset(
        **describe(
            voice,
            NAME,
            group="release",
            reads=["voice_package"],
            kinds=["git", "file", "greatexpectations"],
            metadata={ON_DEMAND: True, VERSIONS: True},
        ),
        partitions_def=releases(voice.name),
        pool=POOL,
        config_schema=SCHEMA,
        description="A voice package with a version: verified, spoken by the programs that people use, archived with its "
        "checkpoint, config and logs, written into PROJECT_STATUS.md, tagged in Git. A version is never overwritten: "
        f"`voice-assets release {voice.name} --version 1.0.0`.",
    )
    def release(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        lock = DeploymentLock(context.instance, f"release {voice.name}", project.artifacts_dir(voice.name) / "release.lock")
        with lock.held_by_run(f"releases {voice.name}"):
            return _publish(context, voice)

    return release


def _publish(context: dg.AssetExecutionContext, voice: Voice) -> dg.MaterializeResult:
    config = ReleaseConfig(**context.op_execution_context.op_config)
    inputs, gate = resolve_inputs(context, config.epoch or None), gate_of(context)
    package = inputs.one("voice_package")
    draft = Draft(context, voice, gate, package, config.tag)
    draft.require_possible(config.epoch)
    evidence = draft.evidence()
    paths, _ = keep_evidence(context, evidence)
    verdicts = judge(context, voice, NAME, evidence, package.data_version)
    report, made = draft.publish(evidence, verdicts)
    figures = {
        "version": draft.version,
        "epoch": package.partition,
        RELEASED: report is not None,
        **made,
        **{name: str(evidence["facts"][name].iloc[0]) for name in (SIGNED_BY, WARNINGS)},
        "clients": preview(evidence["clients"], list(evidence["clients"].columns)),
        "rules": verdict_table(verdicts),
        **came_from(gate, [package]),
    }
    return finished(inputs.pins, package.data_version, figures, evidence=paths, report=report)
