"""The lineage of a materialisation: its pins, and the pins of its inputs, back to every shard of the data set. Reads only.

``lineage_json`` is the one format of a lineage: a voice package holds it as ``lineage.json``, and `voice-assets lineage` makes
it from the event log. Not here: showing a lineage (``reports.lineage``), and finding its start (``lineage_subjects``).
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from voice_assets.orchestration.gates import AssetPartition, Gate
from voice_assets.orchestration.listening import HEARD, verdict_on
from voice_assets.orchestration.recorded_verdicts import judged_by, verdict_row
from voice_assets.orchestration.records import SOURCE, Materialisation, Pin, pins_json

FORMAT = 2
"""The format of ``lineage.json``. 2: verdicts, hashes of files, the training of a checkpoint, and the package itself."""


def ancestry(gate: Gate, starts: list[Materialisation]) -> list[Materialisation]:
    """``starts`` and every materialisation upstream by the recorded pins: nearest first, each once.

    The ancestors of a checkpoint include the training that wrote the checkpoint, though it was materialised later.
    """
    return gate.ancestors(starts)


def training_set_of(gate: Gate, of: Materialisation) -> Materialisation:
    """The training set that the checkpoint behind ``of``, or ``of`` itself, was trained on.

    There may be several among the ancestors: a training set that was made again with the same data leaves the mini-training
    as it is, and the training pins the newer one. All of them have the same data, so the nearest is taken.

    Raises:
        StopIteration: ``of`` is behind no training set.
    """
    return next(one for one in gate.ancestors([of]) if one.key.path[-1] == "training_set")


def descendants(gate: Gate, starts: Iterable[Materialisation]) -> list[Materialisation]:
    """Every materialisation that was built from the data of ``starts``, in the order in which they were made.

    A pin counts when it names the asset, the partition and the data version. So a validation that judged the same data again
    leads to everything that was built on the first one.
    """
    starts = list(starts)
    identities = {_identity(one.pin()) for one in starts}
    keys = {one.key for one in starts}
    below = [key for key in gate.graph.get_all_asset_keys() if keys & gate.graph.get_ancestor_asset_keys(key)]
    found = []
    for one in sorted((one for key in below for one in gate.history.all(key)), key=lambda one: one.storage_id):
        training = gate.trainings.wrote(one)
        pins = [*one.pins, *([] if training is None else [training.pin()])]
        if identities.intersection(map(_identity, pins)):
            identities.add(_identity(one.pin()))
            found.append(one)
    return found


def _identity(pin: Pin) -> tuple[str, str | None, str]:
    return pin.asset, pin.partition, pin.data_version


def lineage_json(gate: Gate, ancestors: list[Materialisation], package: dict[str, Any] | None = None) -> dict[str, Any]:
    """``lineage.json``: one entry per materialisation, with run, time, versions, pins, verdicts and hashes of files.

    Args:
        gate: where verdicts are read.
        ancestors: a materialisation and its ancestors, the nearest first.
        package: the entry of the package that is being made, which comes before its ancestors; see ``unfinished``.
    """
    heard = _heard_assets(gate)
    entries = [_entry(gate, one, heard.get((one.key.path[0], one.key.path[-1]), set())) for one in ancestors]
    return {"format": FORMAT, "materialisations": entries if package is None else [package, *entries]}


def _entry(gate: Gate, one: Materialisation, modes: set[str]) -> dict[str, Any]:
    training = gate.trainings.wrote(one)
    files = [*one.artifacts.values(), *one.evidence.values()]
    verdicts = list(gate.check_verdicts(one))
    return {
        "asset": one.key.to_user_string(),
        "partition": one.partition,
        "storage_id": one.storage_id,
        "run_id": one.run_id,
        "time": datetime.fromtimestamp(one.time, UTC).isoformat(timespec="seconds"),
        "data_version": one.data_version,
        "code_version": one.code_version,
        "built_from": pins_json(one.pins),
        "trained_by": None if training is None else pins_json([training.pin()])[0],
        "verdicts": [*map(verdict_row, verdicts), *_heard(gate, one, modes)],
        "judged_by": judged_by(verdicts),
        "artifacts": {file.uri: file.sha256 for file in files},
        "source": one.metadata.get(SOURCE),
    }


def _heard_assets(gate: Gate) -> dict[tuple[str, str], set[str]]:
    """The assets, by voice and name, whose samples people hear: whether they must approve them, or only should."""
    found: dict[tuple[str, str], set[str]] = {}
    for key in gate.graph.get_all_asset_keys():
        wanted = gate.graph.get(key).metadata.get(HEARD) or {"assets": []}
        for name in wanted["assets"]:
            found.setdefault((key.path[0], name), set()).add(wanted["mode"])
    return found


def _heard(gate: Gate, one: Materialisation, modes: set[str]) -> list[dict[str, Any]]:
    """The verdict of a person who heard the samples of ``one``, as the verdict of a rule; empty when nobody did."""
    verdict = verdict_on(gate.history, one) if modes else None
    if verdict is None:
        return []
    approved = verdict.word == "approved"
    message = f"{verdict.word} by {verdict.by}: {verdict.comment or 'no comment'}"
    blocks = not approved and "required" in modes
    return [{"rule": "listening", "passed": approved, "blocks": blocks, "message": message}]


def unfinished(gate: Gate, target: AssetPartition, pins: list[Pin]) -> dict[str, Any]:
    """The entry of a package in its own ``lineage.json``: what is known before the package is complete and judged.

    Neither run nor time is in it, so that a package made again from the same pins has the same bytes.
    """
    return {
        "asset": target.key.to_user_string(),
        "partition": target.partition,
        "storage_id": None,
        "run_id": "",
        "time": None,
        "data_version": "",
        "code_version": gate.graph.get(target.key).code_version or "",
        "built_from": pins_json(pins),
        "trained_by": None,
        "verdicts": [],
        "judged_by": {},
        "artifacts": {},
        "source": None,
    }
