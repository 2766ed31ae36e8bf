"""Stage `release` (the plan's stage 5): the voice package, one folder with the voice, its card, its reports and its lineage."""

from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

from voice_assets.defs.came_from import came_from
from voice_assets.defs.display import verdict_table
from voice_assets.defs.package_card import HEARD_FIRST, card_of
from voice_assets.defs.package_contents import curves_of, newest, recordings_of, reports_of, training_of
from voice_assets.defs.package_evidence import evidence_of, signer
from voice_assets.defs.voice import epoch_dir
from voice_assets.orchestration import tables
from voice_assets.orchestration.asset import asset
from voice_assets.orchestration.checks import judge, suite_checks
from voice_assets.orchestration.describe import describe
from voice_assets.orchestration.gates import AssetPartition, Gate
from voice_assets.orchestration.inputs import ResolvedInputs, gate_of, resolve_inputs
from voice_assets.orchestration.lineage import ancestry, lineage_json, unfinished
from voice_assets.orchestration.links import package_url
from voice_assets.orchestration.marks import WHOLE_TRAINING
from voice_assets.orchestration.partitions import epochs
from voice_assets.orchestration.records import Materialisation, Pin
from voice_assets.orchestration.results import OPEN, finished, keep_evidence, one_row, opened, recorded
from voice_assets.runtime.project import artifacts_dir
from voice_assets.runtime.storage import Artifact, project_store
from voice_assets.voices import Voice

if TYPE_CHECKING:
    from voice_assets.release.package import Contents
    from voice_assets.release.signing import SignedBy, Signer, Unsigned


def release_assets(voice: Voice) -> list[dg.AssetsDefinition]:
    """``voice_package``."""
    return [_voice_package(voice)]


def release_checks(voice: Voice) -> list[dg.AssetChecksDefinition]:
    """The rules of ``voice_package``."""
    return [suite_checks(voice, "voice_package", epochs(voice.name))]


def _voice_package(voice: Voice) -> dg.AssetsDefinition:
    settings = {"name": voice.package_name, **voice.model_dump(include={"title", "license", "credit", "advisory"})}

    @asset(
        **describe(
            voice,
            "voice_package",
            group="release",
            reads=["onnx_voice", "voice_samples", "best_epoch"],  # best_epoch only names the epoch: no gate asks it
            code=5,  # 5: the provenance lists every file of the package
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
        from voice_assets.release.signing import Unsigned

        inputs, gate, signs = resolve_inputs(context), gate_of(context), signer()
        whole = _whole_training(gate, list(inputs.sources.values()))
        contents = _contents(voice, context, inputs, gate, whole)
        folder, built, zipped, signed = _built(epoch_dir(voice, context), contents, signs, _signatures(voice))
        if isinstance(signed, Unsigned):
            context.log.warning(f"{folder.name}: {signed}")
        evidence = {"facts": one_row(_facts(folder, inputs, contents.sentence))}
        paths, _ = keep_evidence(context, evidence)
        figures = {
            OPEN: dg.MetadataValue.url(package_url(voice.name, context.partition_key, context.run_id, folder.name)),
            "package": recorded(built),
            "archive": recorded(zipped),
            "signature": str(signed),
            "files": sum(path.is_file() for path in folder.rglob("*")),
            "bytes": built.bytes,
            "built_from": len(contents.lineage["materialisations"]) - 1,
            "model_card": dg.MetadataValue.md(contents.card),
            "rules": verdict_table(judge(context, voice, "voice_package", evidence, built.sha256)),
            **came_from(gate, [*inputs.sources.values(), whole]),
        }
        return finished(_pins(inputs, whole), built.sha256, figures, evidence=paths)

    return voice_package


def _signatures(voice: Voice) -> Path:
    """The folder of the signatures that were made before."""
    return artifacts_dir(voice.name) / "signatures"


def _built(
    parent: Path, contents: "Contents", signs: "Signer", signatures: Path
) -> tuple[Path, Artifact, Artifact, "SignedBy | Unsigned"]:
    """Build the package and its zip in ``parent``. Returns the folder, both as the store recorded them, and who signed."""
    from voice_assets.release.archive import zip_package
    from voice_assets.release.package import build

    signed: list[SignedBy | Unsigned] = []
    folder = build(parent, contents, lambda package: signed.append(signs.sign(package, signatures)))
    zipped = zip_package(folder, folder.with_name(f"{folder.name}.zip"))
    return folder, project_store().add(folder), project_store().add(zipped), signed[0]


def _whole_training(gate: Gate, sources: list[Materialisation]) -> Materialisation:
    """The whole training of the version that the epoch belongs to; the gate has asked that it ended and passed."""
    found = (gate.trainings.whole(one) for one in ancestry(gate, sources))
    return next(training for training in found if training is not None)


def _contents(
    voice: Voice,
    context: dg.AssetExecutionContext,
    inputs: ResolvedInputs,
    gate: Gate,
    whole: Materialisation,
) -> "Contents":
    """The contents of the package, from exactly the materialisations that made this voice."""
    from voice_assets.release.package import Contents
    from voice_assets.reports.model_card import model_card

    model, spoken = inputs.one("onnx_voice"), inputs.one("voice_samples")
    ancestors = ancestry(gate, [*inputs.sources.values(), whole])
    name, config = model.artifact("model").name.removesuffix(".onnx"), opened(model, "config")
    checkpoint = newest(ancestors)["checkpoint"]
    training = training_of(voice, gate, checkpoint, whole)
    reports = reports_of(voice, context, gate, ancestors)
    target = AssetPartition(context.asset_key, context.partition_key)
    lineage = lineage_json(gate, ancestors, unfinished(gate, target, _pins(inputs, whole)))
    return Contents(
        name=name,
        model=opened(model, "model"),
        config=config,
        samples=opened(spoken, "folder"),
        tokens=opened(model, "tokens"),
        card=model_card(card_of(voice, gate, name, config, training, ancestors)),
        lineage=lineage,
        reports=reports,
        title=voice.title,
        sentence=tables.read(project_store(), spoken.evidence["samples"])["text"].iloc[0],
        training=training,
        curves=curves_of(whole, reports),
        evidence=evidence_of(voice, gate, model, lineage, training),
        recordings=recordings_of(voice, ancestors),
    )


def _pins(inputs: ResolvedInputs, whole: Materialisation) -> list[Pin]:
    """The inputs. The whole training counts also for an epoch of the mini-training, because its rules were asked too."""
    return [*inputs.pins, whole.pin(gate_only=True)]


def _facts(folder: Path, inputs: ResolvedInputs, sentence: str) -> dict[str, int | str]:
    """What the rules of the package judge."""
    from voice_assets.release.players import broken_links
    from voice_assets.release.verification import verify_folder

    model = inputs.one("onnx_voice")
    passed = {artifact.name: artifact.sha256 for artifact in (model.artifact("model"), model.artifact("config"))}
    passed |= {f"samples/{name}": digest for name, digest in inputs.one("voice_samples").metadata["sample_sha256"].items()}
    facts, broken = verify_folder(folder, passed=passed, sentence=sentence).facts(), broken_links(folder)
    said = [str(facts["problems"]), *(f"leads to no file: {link}" for link in broken)]
    return {**facts, "broken_links": len(broken), "problems": "; ".join(filter(None, said))}
