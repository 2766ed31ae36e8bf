"""The values of a package's model card, from exactly the materialisations that made the voice.

Not here: the text of the card (``reports.model_card``).
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

from voice_assets.defs.ended_training import STARTED_FROM
from voice_assets.defs.package_contents import newest
from voice_assets.defs.tournament import chosen_by
from voice_assets.orchestration import tables
from voice_assets.orchestration.gates import AssetPartition, Gate
from voice_assets.orchestration.listening import verdicts_on
from voice_assets.orchestration.recorded_verdicts import recorded_verdicts
from voice_assets.orchestration.records import Materialisation
from voice_assets.orchestration.results import recorded_table
from voice_assets.runtime.storage import project_store
from voice_assets.voices import Voice

if TYPE_CHECKING:
    from voice_assets.reports.model_card import Card, Trained

HEARD_FIRST = ("quality_report", "voice_samples")
"""The assets whose samples people should have heard."""
SHOWN = ("batch_size", "accumulate", "devices", "segment_size", "learning_rate", "precision", "seed", "piper")
"""The settings of a training on the card; ``training.json`` has all."""


def card_of(
    voice: Voice, gate: Gate, name: str, config: Path, training: dict[str, Any], ancestors: list[Materialisation]
) -> "Card":
    """The card's values. The verdicts are those that were recorded for exactly the materialisations of this voice.

    Args:
        voice: title, licence and credit as its owner gives them today.
        gate: where verdicts are read.
        name: the name of the package.
        config: the voice's ``.onnx.json``.
        training: the content of ``training.json``.
        ancestors: the materialisations behind the package.

    Raises:
        dagster.Failure: a rule failed.
    """
    from voice_assets.reports.model_card import Card

    latest, verdicts = newest(ancestors), recorded_verdicts(gate, ancestors)
    _refuse_failures(verdicts)
    player = json.loads(config.read_text(encoding="utf-8"))
    return Card(
        name=name,
        title=voice.title,
        language=player["language"]["code"],
        quality=player["audio"]["quality"],
        epoch=training["epoch"],
        sample_rate=player["audio"]["sample_rate"],
        espeak_voice=player["espeak"]["voice"],
        trained=_trained(latest, training),
        samples=tables.read(project_store(), latest["voice_samples"].evidence["samples"]),
        licence=voice.license,
        credit=voice.credit,
        verdicts=verdicts,
        listening=_listening(voice, gate, ancestors),
        started_from=_started_from(latest),
        chosen=chosen_by(voice, gate, training["epoch"]),
        lineage=[(str(AssetPartition(one.key, one.partition)), one.data_version[:16]) for one in ancestors],
    )


def _trained(latest: dict[str, Materialisation], training: dict[str, Any]) -> "Trained":
    """What the voice was trained on, and how."""
    from voice_assets.reports.model_card import Trained

    clips = recorded_table(latest["training_set"])
    return Trained(
        clips=len(clips),
        hours=float(clips["duration_s"].sum()) / 3600,
        durations_s=(float(clips["duration_s"].min()), float(clips["duration_s"].max())),
        characters=(int(clips["text"].str.len().min()), int(clips["text"].str.len().max())),
        epochs=training["epochs"],
        settings={name: training["identity"].get(name) for name in SHOWN},
    )


def _started_from(latest: dict[str, Materialisation]) -> str:
    """What the training of the voice started from; empty for random weights."""
    start = latest.get("starting_checkpoint")
    if start is not None:
        source = start.metadata["source"]
        licence, credit = source["license"] or "licence not named", source["credit"] or "credit not named"
        return (
            f"the published voice {source['name']} (SHA-256 {source['sha256']}; {licence}; {credit}). Its generator was "
            "rebuilt, its posterior encoder distilled from its own speech, its decoder tuned to the recordings, then all of it "
            "was trained"
        )
    return str(latest["mini_training"].metadata.get(STARTED_FROM, ""))


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
