"""Stage `release` (the plan's stage 5): the voice package, one folder with the voice, its card, its reports and its lineage."""

from pathlib import Path
from typing import Any

import dagster as dg

from voice_assets.defs.came_from import came_from
from voice_assets.defs.display import verdict_table
from voice_assets.defs.ended_training import STARTED_FROM
from voice_assets.defs.tournament import chosen_by
from voice_assets.defs.voice import epoch_dir
from voice_assets.orchestration import tables
from voice_assets.orchestration.checks import judge, suite_checks
from voice_assets.orchestration.describe import describe
from voice_assets.orchestration.gates import AssetPartition, Gate
from voice_assets.orchestration.inputs import ResolvedInputs, gate_of, resolve_inputs
from voice_assets.orchestration.lineage import ancestry, lineage_json, unfinished
from voice_assets.orchestration.links import package_url
from voice_assets.orchestration.listening import verdicts_on
from voice_assets.orchestration.marks import WHOLE_TRAINING
from voice_assets.orchestration.partitions import epochs
from voice_assets.orchestration.recorded_verdicts import recorded_verdicts
from voice_assets.orchestration.records import Materialisation, Pin
from voice_assets.orchestration.results import OPEN, finished, keep_evidence, one_row, opened, recorded
from voice_assets.runtime.storage import StoreError, project_store
from voice_assets.voices import Voice

HEARD_FIRST = ("quality_report", "voice_samples")
"""The assets whose samples people should have heard."""
REPORTS = ("report", "problems")
"""The metadata entries of reports for people."""


def release_assets(voice: Voice) -> list[dg.AssetsDefinition]:
    """``voice_package``."""
    return [_voice_package(voice)]


def release_checks(voice: Voice) -> list[dg.AssetChecksDefinition]:
    """The rules of ``voice_package``."""
    return [suite_checks(voice, "voice_package", epochs(voice.name))]


def _voice_package(voice: Voice) -> dg.AssetsDefinition:
    settings = {"name": voice.package_name, **voice.model_dump(include={"title", "license", "credit", "advisory"})}

    @dg.asset(
        **describe(
            voice,
            "voice_package",
            group="release",
            reads=["onnx_voice", "voice_samples", "best_epoch"],  # best_epoch only names the epoch: no gate asks it
            code=3,  # 3: the card says why this epoch, and what the training started from
            heard=HEARD_FIRST,
            settings=settings,
            metadata={WHOLE_TRAINING: True},
            kinds=["onnx", "file"],
        ),
        partitions_def=epochs(voice.name),
        description=f"The package `{voice.package_name}/`: ONNX, config, samples, model card, reports, lineage, "
        "checksums. The package can speak without any other file of the project.",
    )
    def voice_package(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        from voice_assets.release import package

        inputs, gate = resolve_inputs(context), gate_of(context)
        whole = _whole_training(gate, list(inputs.sources.values()))
        pins = [*inputs.pins, whole.pin(gate_only=True)]  # also for an epoch of the mini-training: its rules were asked too
        ancestors = ancestry(gate, [*inputs.sources.values(), whole])
        contents = _contents(voice, context, inputs, gate, ancestors, pins)
        folder = package.build(epoch_dir(voice, context), contents)
        model = inputs.one("onnx_voice")
        passed = {artifact.name: artifact.sha256 for artifact in (model.artifact("model"), model.artifact("config"))}
        passed |= {f"samples/{name}": digest for name, digest in inputs.one("voice_samples").metadata["sample_sha256"].items()}
        facts = package.verify(folder, passed, contents.sentence)
        evidence = {"facts": one_row(facts)}
        paths, _ = keep_evidence(context, evidence)
        built = project_store().add(folder)
        figures = {
            OPEN: dg.MetadataValue.url(package_url(voice.name, context.partition_key, context.run_id, folder.name)),
            "package": recorded(built),
            "files": sum(path.is_file() for path in folder.rglob("*")),
            "bytes": built.bytes,
            "built_from": len(ancestors),
            "model_card": dg.MetadataValue.md(contents.card),
            "rules": verdict_table(judge(context, voice, "voice_package", evidence, built.sha256)),
            **came_from(gate, [*inputs.sources.values(), whole]),
        }
        return finished(pins, built.sha256, figures, evidence=paths)

    return voice_package


def _whole_training(gate: Gate, sources: list[Materialisation]) -> Materialisation:
    """The whole training of the version that the epoch belongs to; the gate has asked that it ended and passed."""
    found = (gate.trainings.whole(one) for one in ancestry(gate, sources))
    return next(training for training in found if training is not None)


def _contents(
    voice: Voice,
    context: dg.AssetExecutionContext,
    inputs: ResolvedInputs,
    gate: Gate,
    ancestors: list[Materialisation],
    pins: list[Pin],
) -> Any:
    """The contents of the package, from exactly the materialisations that made this voice."""
    from voice_assets.release.package import Contents
    from voice_assets.reports.model_card import model_card

    model, spoken = inputs.one("onnx_voice"), inputs.one("voice_samples")
    target = AssetPartition(context.asset_key, context.partition_key)
    return Contents(
        name=voice.package_name,
        model=opened(model, "model"),
        config=opened(model, "config"),
        samples=opened(spoken, "folder"),
        tokens=opened(model, "tokens"),
        card=model_card(_card(voice, context.partition_key, spoken, gate, ancestors)),
        lineage=lineage_json(gate, ancestors, unfinished(gate, target, context.run_id, pins)),
        reports=_reports(voice, context, ancestors),
        title=voice.title,
        sentence=tables.read(project_store(), spoken.evidence["samples"])["text"].iloc[0],
    )


def _newest(ancestors: list[Materialisation]) -> dict[str, Materialisation]:
    """The newest materialisation of each asset among the ancestors, by asset name."""
    return {one.key.path[-1]: one for one in sorted(ancestors, key=lambda ancestor: ancestor.storage_id)}


def _card(voice: Voice, epoch: str, spoken: Materialisation, gate: Gate, ancestors: list[Materialisation]) -> Any:
    """The model card's values. The verdicts are those that were recorded for exactly the materialisations of this voice."""
    from voice_assets.reports.model_card import Card

    newest, verdicts = _newest(ancestors), recorded_verdicts(gate, ancestors)
    _refuse_failures(verdicts)
    trained_on = newest["training_set"].metadata
    store = project_store()
    return Card(
        name=voice.package_name,
        title=voice.title,
        language=f"{voice.language}_{voice.region}",
        quality=voice.training.quality,
        epoch=epoch,
        sample_rate=voice.sample_rate,
        clips=trained_on["clips"],
        hours=trained_on["hours"],
        samples=tables.read(store, spoken.evidence["samples"]),
        licence=voice.license,
        credit=voice.credit,
        verdicts=verdicts,
        listening=_listening(voice, gate, ancestors),
        started_from=_started_from(newest),
        chosen=chosen_by(voice, gate, epoch),
        lineage=[(str(AssetPartition(one.key, one.partition)), one.data_version[:16]) for one in ancestors],
    )


def _started_from(newest: dict[str, Materialisation]) -> str:
    """What the training of the voice started from; empty for random weights."""
    start = newest.get("starting_checkpoint")
    if start is not None:
        source = start.metadata["source"]
        licence, credit = source["license"] or "licence not named", source["credit"] or "credit not named"
        return (
            f"the published voice {source['name']} (SHA-256 {source['sha256']}; {licence}; {credit}). Its generator was "
            "rebuilt, its posterior encoder distilled from its own speech, its decoder tuned to the recordings, then all of it "
            "was trained"
        )
    return str(newest["mini_training"].metadata.get(STARTED_FROM, ""))


def _refuse_failures(verdicts: dict[str, list[dict[str, Any]]]) -> None:
    """Raise dagster.Failure when the card would show a FAIL. The gate has asked the same; a shipped voice is asked twice."""
    failed = [f"{suite}/{row['rule']}: {row['message']}" for suite, rows in verdicts.items() for row in rows if row["blocks"]]
    if failed:
        raise dg.Failure("the model card would show failed rules:\n" + "\n".join(failed), allow_retries=False)


def _listening(voice: Voice, gate: Gate, ancestors: list[Materialisation]) -> list[str]:
    """What people said who heard the samples of the data and of the epoch."""
    if voice.listening == "off":
        return []
    lines = []
    for heard, verdict in verdicts_on(gate.history, ancestors, HEARD_FIRST):
        said = f"{verdict.word} by {verdict.by}. {verdict.comment}".strip() if verdict else "nobody has heard the samples."
        lines.append(f"{AssetPartition(heard.key, heard.partition)}: {said}")
    return lines


def _reports(voice: Voice, context: dg.AssetExecutionContext, ancestors: list[Materialisation]) -> dict[str, Path]:
    """The reports of the ancestors, by their names under ``reports/``.

    Raises:
        dagster.Failure: a report was changed. Tables that people fill in may be.
    """
    store = project_store(voice.dataset)
    written = [one.artifacts[entry] for one in ancestors for entry in REPORTS if entry in one.artifacts]
    for artifact in written:
        if not store.exists(artifact):
            context.log.warning(f"{artifact.uri}: this report was removed; the package does not have it")
    try:
        return {artifact.name: store.open(artifact) for artifact in written if store.exists(artifact)}
    except StoreError as error:
        raise dg.Failure(f"a report of the package: {error}", allow_retries=False) from error
