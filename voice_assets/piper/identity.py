"""The identity of a training: everything that changes its result, in ``identity.json`` of its version's folder.

Two trainings with the same identity are one training: the second goes on where the first stopped. How long a training lasts,
which checkpoints stay and how often it is validated are not part of the identity. Not here: the other files of a version
(``piper.checkpoints``, ``piper.loss_tables``) and the numbers of versions on disk (``piper.versions``).
"""

import json
from collections.abc import Collection, Mapping
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voice_assets.dataset.config import load_config
from voice_assets.piper.checkpoints import checkpoints_in
from voice_assets.piper.data import fingerprint
from voice_assets.piper.errors import TrainingError
from voice_assets.piper.requests import TrainRequest
from voice_assets.piper.versions import free_version, version_dir, versions_in
from voice_assets.runtime import files
from voice_assets.voices import Training

if TYPE_CHECKING:
    import pandas as pd

IDENTITY = "identity.json"

CODE = 1
"""Raise this number when the code of training changes the result of a training."""

SETTINGS = (
    "quality",
    "seed",
    "precision",
    "batch_size",
    "accumulate",
    "devices",
    "segment_size",
    "learning_rate",
    "learning_rate_d",
    "lr_decay",
    "lr_decay_d",
    "grad_clip",
    "c_mel",
    "c_kl",
    "use_mrd",
)
"""The settings that change the result by themselves.

Equal products of ``batch_size``, ``accumulate`` and ``devices`` are not the same training: each batch holds clips of one length
group, the KL and the duration loss are means over one batch, and each device draws its own noise. So another split of the same
product gives other batches, other means and other noise.
"""

BY_CONTENT = ("checkpoint", "take", "start_from", "start", "validation_ratio", "max_clips")
"""The settings that count through what they lead to: the hash of the start's weights, and the clips of the training set."""

NO_EFFECT = (
    "epochs",
    "max_epochs",
    "stop_when_level",
    "level_epochs",
    "max_gap",
    "validate_every",
    "checkpoint_every",
    "keep",
    "samples_every",
    "accelerator",
    "strategy",
    "stuck_after_s",
    "num_workers",
    "trust_checkpoint",
)
"""The settings that change no step: how long, what is kept, and where it is computed.

A GPU rounds and draws noise in another way than the CPU. So a training that goes on elsewhere does not repeat the same numbers,
but it is the same training: neither place is the right one.
"""


def identity_of(
    training: Training,
    rows: "pd.DataFrame",
    config: Path,
    start: Path | None = None,
    model_arguments: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The identity of a training, as values of JSON.

    Args:
        training: the voice's settings.
        rows: the training set (``TRAINING_SET``), in its order.
        config: the data set's ``config.json``.
        start: the checkpoint that was made from ``training.start_from``; by default ``training.checkpoint`` counts.
        model_arguments: as in ``TrainRequest``.

    Raises:
        dataset.config.ConfigError, OSError: a file cannot be read.
    """
    loaded = load_config(config)
    weights = start or training.checkpoint
    identity = {
        **training.model_dump(include=set(SETTINGS)),
        "training_set": fingerprint(rows, loaded),
        "config": files.sha256(config),
        "num_symbols": loaded.num_symbols,
        "start": files.sha256(weights) if weights else None,
        "take": training.take if weights else None,
        "piper": metadata.version("piper-tts"),
        "code": CODE,
        "model_arguments": dict(model_arguments or {}),
    }
    plain: dict[str, Any] = json.loads(json.dumps(identity, sort_keys=True))
    return plain


def identity_of_request(request: TrainRequest, rows: "pd.DataFrame") -> dict[str, Any]:
    """The identity that ``request`` asks for. Raises as :func:`identity_of`."""
    return identity_of(request.training, rows, request.config, request.start, request.model_arguments)


def recorded_identity(folder: Path) -> dict[str, Any] | None:
    """The identity in a version's folder; None where there is none that can be read."""
    try:
        content = json.loads((folder / IDENTITY).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None


def open_version(work: Path, identity: Mapping[str, Any], recorded: Collection[int]) -> int:
    """The number of the training to run, with its ``identity.json`` on disk.

    The newest version with this identity goes on, however many epochs it has. Without one, training starts under a new number.

    Args:
        work: the folder that holds ``lightning_logs``.
        identity: from :func:`identity_of`.
        recorded: the versions of all trainings that ended. Their numbers are never used again, also when their folder is gone.
    """
    same = [version for version in versions_in(work) if recorded_identity(version_dir(work, version)) == dict(identity)]
    if same:
        return same[-1]
    version = free_version(work, recorded)
    _write(version_dir(work, version), identity)
    return version


def claim(folder: Path, identity: Mapping[str, Any]) -> None:
    """Check that the version in ``folder`` has this identity. A new folder, without checkpoints, receives it.

    Raises:
        TrainingError: the version is another training; the message lists what differs.
    """
    before = recorded_identity(folder)
    if before is None:
        if checkpoints_in(folder):
            raise TrainingError(f"{folder}: it has checkpoints and no {IDENTITY} that can be read; take a new version")
        _write(folder, identity)
        return
    changed = differences(before, identity)
    if changed:
        raise TrainingError(
            f"{folder}: this version was started with other settings or data; take a new version, as the asset mini_training "
            f"does: {'; '.join(changed)}"
        )


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """What differs between two identities, in words, such as ``seed was 1234, now 5``."""
    keys = sorted({*before, *now})
    return [f"{key} was {before.get(key)!r}, now {now.get(key)!r}" for key in keys if before.get(key) != now.get(key)]


def _write(folder: Path, identity: Mapping[str, Any]) -> None:
    files.write_text(folder / IDENTITY, json.dumps(dict(identity), indent=1, sort_keys=True))
