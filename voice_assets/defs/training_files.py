"""The files of a training on every machine of a deployment, whichever machine trained.

Where machines share a store, it has every recorded checkpoint that was not removed and, from the time of the last one, the
files beside the checkpoints: identity, losses, list of checkpoints; the logs follow at the end. So another machine reads them,
and goes on with the training. On one machine, everything is in the folder of the training already.

Not here: what these files are (``piper``), and the lock that lets one machine train at a time (``defs.training_run``).
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import dagster as dg

from voice_assets.orchestration.describe import asset_key
from voice_assets.orchestration.history import History
from voice_assets.orchestration.partitions import epoch_key, epochs, parse_epoch_key
from voice_assets.orchestration.records import Materialisation
from voice_assets.piper.checkpoints import checkpoints_in
from voice_assets.piper.identity import IDENTITY
from voice_assets.piper.versions import version_dir
from voice_assets.runtime import files
from voice_assets.runtime.contents import names, there
from voice_assets.runtime.project import artifacts_dir
from voice_assets.runtime.storage import project_store
from voice_assets.voices import Voice

GROWING = ("train.log", "events.out.tfevents")
"""What the names of files begin with that grow while the training runs."""


def training_dir(voice: Voice) -> Path:
    """The folder that holds ``lightning_logs/``, on this machine."""
    return artifacts_dir(voice.name) / "training"


def share(folder: Path, *, ended: bool = False) -> None:
    """Put the files beside the checkpoints of a version's ``folder`` into a store that machines share.

    ``ended``: the worker has ended, so the files that grow are whole.
    """
    if project_store().apart:
        for name in _beside(names(folder)):
            if ended or not name.startswith(GROWING):
                project_store().add(folder / name)


def shared_files(voice: Voice, version: int) -> Path:
    """A folder with the files beside the checkpoints of a training. Read only: this is a copy where machines share a store."""
    store, folder = project_store(), version_dir(training_dir(voice), version)
    uri = store.uri(folder)
    found = [store.local(f"{uri}/{name}") for name in _beside(names(store.at(uri)))] if store.apart else []
    return found[0].parent if found else folder


def known_versions(voice: Voice, instance: dg.DagsterInstance) -> set[int]:
    """The numbers of all trainings that recorded a checkpoint. What the store has of their identities is here now."""
    store, found = project_store(), {version for version, _ in _epochs(voice, instance)}
    for version in found if store.apart else ():
        identity = version_dir(training_dir(voice), version) / IDENTITY
        if not identity.exists() and there(store.at(store.uri(identity))):
            _copy(store.local(store.uri(identity)), identity)
    return found


def bring_here(voice: Voice, instance: dg.DagsterInstance, version: int) -> None:
    """Bring a training here as far as any machine recorded it, unless this machine has its newest checkpoint.

    The caller holds the lock of the trainings.

    Raises:
        StoreError: a recorded checkpoint has other bytes.
    """
    store, folder = project_store(), version_dir(training_dir(voice), version)
    recorded = _recorded(voice, instance, version) if store.apart else []
    here = {one.path.name: one.sha256 for one in checkpoints_in(folder)}
    if not recorded or _name_and_hash(recorded[-1]) in here.items():
        return
    beside = shared_files(voice, version)
    for name in _beside(names(beside)):
        _copy(beside / name, folder / name)
    kept = dict(map(_name_and_hash, recorded))
    for name in here.keys() - kept.keys():
        (folder / "checkpoints" / name).unlink()
    for one in recorded:  # the newest last: with it, the training is here
        _copy(store.open(one.artifact("checkpoint")), folder / "checkpoints" / one.artifact("checkpoint").name)


def _recorded(voice: Voice, instance: dg.DagsterInstance, version: int) -> list[Materialisation]:
    """The checkpoints of a training that were recorded, were not removed and are in the store, by epoch."""
    history, key = History(instance), asset_key(voice, "checkpoint")
    wanted = sorted(one for one in _epochs(voice, instance) if one[0] == version)
    made = [history.latest(key, epoch_key(*one)) for one in wanted]
    return [
        one
        for one in made
        if one is not None and not history.removed(key, one.partition) and project_store().exists(one.artifact("checkpoint"))
    ]


def _epochs(voice: Voice, instance: dg.DagsterInstance) -> Iterator[tuple[int, int]]:
    """The version and the epoch of each checkpoint that was ever recorded."""
    return map(parse_epoch_key, epochs(voice.name).get_partition_keys(dynamic_partitions_store=instance))


def _name_and_hash(checkpoint: Materialisation) -> tuple[str, str]:
    file = checkpoint.artifact("checkpoint")
    return file.name, file.sha256


def _beside(inside: list[str]) -> list[str]:
    """The names of files beside the checkpoints; hidden ones are half written."""
    return [name for name in inside if "/" not in name and not name.startswith(".")]


def _copy(source: Path, target: Path) -> None:
    """Copy a file, whole or not at all."""
    if source != target:
        with files.replacing(target) as temporary:
            shutil.copyfile(source, temporary)
