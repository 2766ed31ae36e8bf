"""The evidence of a voice package: its statements, the description of its data set, and its signature.

Not here: the formats (``release.statements``, ``release.croissant``, ``release.signing``).
"""

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import dagster as dg

from voice_assets.orchestration.gates import Gate
from voice_assets.orchestration.lineage import training_set_of
from voice_assets.orchestration.records import Materialisation
from voice_assets.orchestration.results import recorded_table
from voice_assets.voices import Voice

if TYPE_CHECKING:
    from voice_assets.release.signing import Signer
    from voice_assets.reports.lineage import Lineage


def evidence_of(
    voice: Voice, gate: Gate, model: Materialisation, lineage: Mapping[str, Any], training: Mapping[str, Any]
) -> dict[str, Any]:
    """The files under ``evidence/``, as plain JSON.

    Args:
        voice: the voice.
        gate: where the records are read.
        model: the ``onnx_voice`` of the package.
        lineage: the content of ``lineage.json``.
        training: the content of ``training.json``.

    Raises:
        dagster.Failure: the records do not say what the data set or a gate was.
    """
    from voice_assets.release.package import as_json
    from voice_assets.release.statements import DATASET_FILE, StatementError, statements
    from voice_assets.reports.lineage import LineageError, parse

    files = {artifact.name: artifact.sha256 for artifact in (model.artifact("model"), model.artifact("config"))}
    try:
        known = parse(lineage, "lineage.json")
        dataset = _dataset(voice, gate, model, known)
        digest = hashlib.sha256(as_json(dataset).encode()).hexdigest()
        return {**statements(known, training, files, digest), DATASET_FILE: dataset}
    except (LineageError, StatementError) as error:
        raise dg.Failure(f"the evidence of the package: {error}", allow_retries=False) from error


def _dataset(voice: Voice, gate: Gate, model: Materialisation, lineage: "Lineage") -> dict[str, Any]:
    """The data set that ``model`` was trained on, from the clips that its training set was chosen from."""
    from voice_assets.release.croissant import DatasetFacts, describe_dataset

    training_set = training_set_of(gate, model)
    chosen = recorded_table(training_set)
    read = [one for one in gate.history.exact_of(training_set.pins) if one is not None and one.key.path[-1] == "clips"]
    tables = [recorded_table(one) for one in read]
    clips: list[Any] = [row for table in tables for row in table[table["structure"] == ""].to_dict("records")]
    facts = DatasetFacts(
        name=voice.name,
        title=voice.title,
        language=f"{voice.language}-{voice.region}",
        licence=voice.license,
        credit=voice.credit,
        config_sha256=training_set.metadata["config_sha256"],
        version=lineage.data_sets().get(f"{voice.name}/raw_dataset", ""),
    )
    return describe_dataset(facts, clips, dict(zip(chosen["clip_id"], chosen["split"], strict=True)))


def signer() -> "Signer":
    """The signer that the environment asks for.

    Raises:
        dagster.Failure: its key cannot sign, or the environment contradicts itself.
    """
    from voice_assets.release.signing import Signer, SigningError

    try:
        return Signer.from_environment()
    except SigningError as error:
        raise dg.Failure(f"the signature of the package: {error}", allow_retries=False) from error
