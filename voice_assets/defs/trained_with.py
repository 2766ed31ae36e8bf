"""The settings that a training ran with. The voice file may say something else by the time that an epoch is exported.

Not here: what makes two trainings the same (``piper.identity``).
"""

from pathlib import Path
from typing import Any

import dagster as dg

from voice_assets.defs.training_files import shared_files
from voice_assets.orchestration.gates import Gate
from voice_assets.orchestration.partitions import parse_epoch_key
from voice_assets.orchestration.records import Materialisation
from voice_assets.piper.identity import IDENTITY, recorded_identity
from voice_assets.voices import PiperQuality, Voice

TRAINED_WITH = "trained_with"
"""The metadata entry of a training: its section of the voice file (``settings``) and its ``identity``, as plain JSON."""


def trained_with_entry(voice: Voice, folder: Path) -> dict[str, dg.JsonMetadataValue]:
    """The entry of the training in ``folder``, whose version folder has its identity. Files are named, not where they are."""
    settings = voice.training.model_dump(mode="json")
    for name in ("checkpoint", "start_from"):
        file = getattr(voice.training, name)
        settings[name] = None if file is None else file.name
    return {TRAINED_WITH: dg.MetadataValue.json({"settings": settings, "identity": recorded_identity(folder)})}


def trained_with(voice: Voice, gate: Gate, checkpoint: Materialisation) -> dict[str, Any]:
    """The settings and the identity of the training that wrote ``checkpoint``, as ``trained_with_entry`` records them.

    While the first training of a version runs, and of a training that recorded no such entry, the settings are those of the
    identity in the folder of the version.

    Raises:
        dagster.Failure: neither says it.
    """
    training = gate.trainings.whole(checkpoint) or gate.trainings.first(checkpoint)
    recorded = {} if training is None else training.metadata.get(TRAINED_WITH) or {}
    if recorded.get("identity"):
        return dict(recorded)
    version, _ = parse_epoch_key(checkpoint.partition or "")
    folder = shared_files(voice, version)
    identity = recorded_identity(folder)
    if identity is None:
        raise dg.Failure(
            f"{folder / IDENTITY}: cannot be read, and the training of {checkpoint.partition} recorded no settings, so nothing "
            "says which quality it trained; restore the file, or train again",
            allow_retries=False,
        )
    return {"settings": identity, "identity": identity}


def quality_of(voice: Voice, gate: Gate, checkpoint: Materialisation) -> PiperQuality:
    """Piper's quality name of the training that wrote ``checkpoint``. Raises as ``trained_with``."""
    quality: PiperQuality = trained_with(voice, gate, checkpoint)["identity"]["quality"]
    return quality
