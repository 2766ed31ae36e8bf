"""What a lineage is asked of: a recorded file, found by its hash, an epoch, or an asset with a partition. Reads only."""

import dagster as dg

from voice_assets.orchestration.gates import AssetPartition, Gate
from voice_assets.orchestration.marks import DECISIONS
from voice_assets.orchestration.partitions import epochs, parse_epoch_key, partition_keys
from voice_assets.orchestration.records import Materialisation

OFTEN_ASKED = ("checkpoint", "onnx_voice", "voice_package")
"""Assets that are searched first: people have their files at hand."""
SHOWN = 5


class SubjectError(ValueError):
    """There is no such asset, partition, run or materialisation. The message names those there are."""


def find_file(gate: Gate, sha256: str) -> Materialisation | None:
    """The newest materialisation of any voice that recorded a file or folder with this hash; None when there is none."""
    keys = sorted(gate.graph.get_all_asset_keys(), key=lambda key: (key.path[-1] not in OFTEN_ASKED, key.path))
    for key in keys:
        for one in gate.history.all(key):
            files = [*one.artifacts.values(), *one.evidence.values()]
            if any(file.sha256 == sha256 for file in files):
                return one
    return None


def last_made(gate: Gate, voice: str) -> Materialisation:
    """The newest materialisation of the last asset of a voice that was ever made.

    Raises:
        SubjectError: there is no such voice, or nothing was made of it.
    """
    keys = _made(gate, voice)
    if not keys:
        raise SubjectError(f"there is no voice {voice!r}; {_listed('the voices', _voices(gate))}")
    newest = (gate.history.latest(key) for key in reversed(keys))
    found = next((one for one in newest if one is not None), None)
    if found is None:
        raise SubjectError(f"nothing was made of {voice} yet: `voice-assets run {voice}`")
    return found


def _made(gate: Gate, voice: str) -> list[dg.AssetKey]:
    """The assets of a voice, upstream first, without the decisions of people."""
    mine = [key for key in gate.graph.toposorted_asset_keys if key.path[0] == voice]
    return [key for key in mine if DECISIONS not in gate.graph.get(key).metadata]


def _voices(gate: Gate) -> list[str]:
    return sorted({key.path[0] for key in gate.graph.get_all_asset_keys()})


def last_of_epoch(gate: Gate, voice: str, epoch: str) -> Materialisation:
    """The newest materialisation of the last asset that was made of an epoch: its package, or how far it came.

    Raises:
        SubjectError: nothing was made of this epoch.
    """
    keys = [key for key in gate.graph.toposorted_asset_keys if key.path[0] == voice and _by_epoch(gate, key)]
    if not keys:
        raise SubjectError(f"there is no voice {voice!r}; {_listed('the voices', _voices(gate))}")
    for key in reversed(keys):
        if (one := gate.history.latest(key, epoch)) is not None:
            return one
    known = sorted(_epochs(gate, keys), key=parse_epoch_key)
    raise SubjectError(f"there is no epoch {epoch!r} of {voice}; {_listed('the newest epochs', known[-SHOWN:])}")


def _by_epoch(gate: Gate, key: dg.AssetKey) -> bool:
    return gate.graph.get(key).partitions_def == epochs(key.path[0])


def _epochs(gate: Gate, keys: list[dg.AssetKey]) -> set[str]:
    return {partition for key in keys for partition in _partitions(gate, key) if partition is not None}


def materialisations_of(gate: Gate, target: AssetPartition, run: str | None = None) -> list[Materialisation]:
    """The newest materialisations of ``target``; without a partition, of each of its partitions.

    Args:
        gate: where to look.
        target: the asset, and the partition if only one is meant.
        run: the first characters of the id of the run that made the materialisation; None takes the newest.

    Raises:
        SubjectError: there is no such voice, asset, partition, run or materialisation.
    """
    _require(gate, target)
    if run is not None:
        found = [one for one in gate.history.all(target.key) if one.run_id.startswith(run)]
        found = [one for one in found if target.partition in (None, one.partition)]
    else:
        partitions = [target.partition] if target.partition is not None else _partitions(gate, target.key)
        found = [one for one in (gate.history.latest(target.key, name) for name in partitions) if one is not None]
    if not found:
        made = f" by a run {run}..." if run is not None else ""
        raise SubjectError(f"{target}: never materialised{made}")
    return found


def _require(gate: Gate, target: AssetPartition) -> None:
    """Raise SubjectError when ``target`` is no asset, or no partition of its asset that is or was there."""
    voice, name = target.key.path[0], target.key.path[-1]
    if not gate.graph.has(target.key):
        names = [key.path[-1] for key in _made(gate, voice)]
        known = _listed(f"the assets of {voice}", names) if names else _listed("the voices", _voices(gate))
        raise SubjectError(f"there is no asset {name!r} of a voice {voice!r}; {known}")
    partitions = _partitions(gate, target.key)
    if target.partition in (None, *partitions) or gate.history.latest(target.key, target.partition) is not None:
        return
    names = [partition for partition in partitions if partition is not None]
    raise SubjectError(f"{target}: there is no such partition; {_listed('the last of them', names[-SHOWN:])}")


def _partitions(gate: Gate, key: dg.AssetKey) -> list[str | None]:
    return partition_keys(gate.graph.get(key).partitions_def, gate.history.instance)


def _listed(what: str, names: list[str]) -> str:
    return f"{what}: {', '.join(names) or 'none'}"
