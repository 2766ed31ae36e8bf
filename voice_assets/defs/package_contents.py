"""What goes into a voice package, read from exactly the materialisations that made the voice: reports, curves, settings, clips.

Not here: the model card (``defs.package_card``), the asset (``defs.release``), and arranging the files (``release.package``).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

from voice_assets.defs.ended_training import STARTED_FROM
from voice_assets.defs.tournament import judged_by
from voice_assets.defs.trained_with import trained_with
from voice_assets.orchestration.gates import Gate
from voice_assets.orchestration.records import TABLE, Materialisation
from voice_assets.orchestration.results import recorded_table
from voice_assets.runtime.storage import Artifact, StoreError, project_store
from voice_assets.voices import Voice

if TYPE_CHECKING:
    from voice_assets.release.players import Recordings

REPORTS = ("report", "problems")
"""The metadata entries of reports for people."""
CURVES = ("epochs.tsv", "loss_curve.png", "step_curves.png")
"""The files in the report of a training with its losses."""


def newest(ancestors: Sequence[Materialisation]) -> dict[str, Materialisation]:
    """The newest materialisation of each asset among the ancestors, by asset name."""
    return {one.key.path[-1]: one for one in sorted(ancestors, key=lambda ancestor: ancestor.storage_id)}


def reports_of(voice: Voice, context: dg.AssetExecutionContext, gate: Gate, made: Sequence[Materialisation]) -> dict[str, Path]:
    """The reports of ``made`` and of the tournament that ranked the epoch, by their names under ``reports/``.

    Raises:
        dagster.Failure: a report was changed. Tables that people fill in may be.
    """
    tournament = judged_by(voice, gate, context.partition_key)
    every = [*made, *([] if tournament is None else [tournament])]
    return _opened(voice, context, [one.artifacts[entry] for one in every for entry in REPORTS if entry in one.artifacts])


def _opened(voice: Voice, context: dg.AssetExecutionContext, written: Sequence[Artifact]) -> dict[str, Path]:
    store = project_store(voice)
    for artifact in written:
        if not store.exists(artifact):
            context.log.warning(f"{artifact.uri}: this report was removed; the package does not have it")
    try:
        return {artifact.name: store.open(artifact) for artifact in written if store.exists(artifact)}
    except StoreError as error:
        raise dg.Failure(f"a report of the package: {error}", allow_retries=False) from error


def curves_of(whole: Materialisation, reports: dict[str, Path]) -> dict[str, Path]:
    """The losses of the whole training and their pictures, from its report among ``reports``; empty without the report."""
    folder = None if whole.report is None else reports.get(whole.report.name)
    return {} if folder is None else {name: folder / name for name in CURVES if (folder / name).is_file()}


def training_of(voice: Voice, gate: Gate, checkpoint: Materialisation, whole: Materialisation) -> dict[str, Any]:
    """``training.json``: the settings and the identity of the training, its epochs, and what it started from."""
    return {
        **trained_with(voice, gate, checkpoint),
        "epoch": checkpoint.partition,
        "epochs": whole.metadata["epochs"],
        "ended": whole.metadata.get("ended", ""),
        "started_from": whole.metadata.get(STARTED_FROM, ""),
    }


def recordings_of(voice: Voice, ancestors: Sequence[Materialisation]) -> "Recordings":
    """The clips that were judged, for the players of the reports."""
    from voice_assets.dataset.mirror import Mirror
    from voice_assets.release.players import Recordings

    digests: dict[str, set[str]] = {}
    for one in ancestors:
        if one.key.path[-1] == "clips" and TABLE in one.artifacts:
            clips = recorded_table(one)
            for path, digest in zip(clips["path"], clips["audio_sha256"], strict=True):
                digests.setdefault(path, set()).add(digest)
    return Recordings(voice.dataset, digests, Mirror.of(voice))
