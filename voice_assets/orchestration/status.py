"""How far a voice is: the last asset that is current and passed, the verdict there, and what comes next. Reads only.

Nothing is observed: a data set that was changed since its last observation counts as unchanged here. Not here: words and
colours (``cli.status``), and running anything (``runner``).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

import dagster as dg

from voice_assets.orchestration.blockers import in_words
from voice_assets.orchestration.epoch_choice import competing, epochs_to_make
from voice_assets.orchestration.gates import AssetPartition, Blocker, Gate, reports_on_failure
from voice_assets.orchestration.marks import DECISIONS, ON_DEMAND, RUN_OF
from voice_assets.orchestration.records import Materialisation

VALIDATIONS = ("base_validation", "whisper_validation")
PACKAGE = "voice_package"


class Verdict(StrEnum):
    """The verdict where a voice stands."""

    NEVER_RUN = "never run"
    PASS = "PASS"
    WARN = "WARN"
    FAIL = "FAIL"
    CLOSED = "CLOSED"


@dataclass(frozen=True)
class Standing:
    """Something that was made, and what speaks against it today."""

    of: Materialisation
    objections: tuple[Blocker, ...] = ()


@dataclass
class VoiceStatus:
    """How far one voice is.

    Attributes:
        voice: the voice's name.
        verdict: PASS, WARN: what was made is current and passed, perhaps with warnings. FAIL: a rule of ``next_asset``
            failed. CLOSED: ``next_asset`` is out of date or incomplete, or
            rules have no result. Nothing was ever made: never run.
        stage, asset: the last stage and asset that are current and passed; None when there are none.
        next_asset: the asset that comes next; None when all are made.
        reasons: why ``next_asset`` is not current and passed.
        standing: the newest materialisation of ``next_asset``, where that failed.
        validation: the newest validation of the data set.
        package: the newest voice package.
    """

    voice: str
    verdict: Verdict = Verdict.NEVER_RUN
    stage: str | None = None
    asset: str | None = None
    next_asset: str | None = None
    reasons: list[str] = field(default_factory=list)
    standing: Materialisation | None = None
    validation: Standing | None = None
    package: Standing | None = None


def voice_status(gate: Gate, voice: str) -> VoiceStatus:
    """How far ``voice`` is."""
    keys = [key for key in gate.graph.toposorted_asset_keys if key.path[0] == voice and _is_made(gate, key)]
    gate.read_ahead(keys)
    status, compared = VoiceStatus(voice), competing(gate.graph, keys)
    for key in keys:
        if not _add(gate, key, status, key in compared):
            status.next_asset = key.path[-1]
            break
    status.validation = _newest(gate, [key for key in keys if key.path[-1] in VALIDATIONS])
    status.package = _newest(gate, [key for key in keys if key.path[-1] == PACKAGE])
    return status


def _is_made(gate: Gate, key: dg.AssetKey) -> bool:
    """False for the observed data set, for the decisions of people, and for what a run makes on demand only."""
    others = {DECISIONS, ON_DEMAND} & gate.graph.get(key).metadata.keys() or reports_on_failure(gate.graph, key)
    return not gate.is_external(key) and not others


def _add(gate: Gate, key: dg.AssetKey, status: VoiceStatus, competes: bool) -> bool:
    """Add one asset to ``status``. Returns whether the asset is there, current, and passed.

    ``competes``: a tournament compares the epochs of the asset.
    """
    targets = list(_targets(gate, key))
    made = [(target, gate.history.latest(target.key, target.partition)) for target in targets]
    there = [(target, one) for target, one in made if one is not None]
    found = [blocker for target, one in there for blocker in _blockers(gate, target, one)]
    lost = [blocker for blocker in found if blocker.check is not None and not blocker.unjudged] if competes else []
    blockers = [blocker for blocker in found if blocker not in lost]  # an epoch that failed its rules only cannot win
    failed = [blocker for blocker in blockers if blocker.check is not None and not blocker.unjudged]
    if blockers:
        status.verdict = Verdict.FAIL if failed else Verdict.CLOSED
        status.reasons, status.standing = in_words(failed or blockers), there[-1][1]
        return False
    if not targets or len(there) < len(targets):
        missing = next((target for target, one in made if one is None), None)
        closed = [] if missing is None or status.asset is None else gate.blockers(missing)
        if there or closed:
            status.verdict = Verdict.CLOSED
            status.reasons = [f"{len(there)} of {len(targets)} partitions are made"] if there else list(map(str, closed))
        return False
    warned = bool(lost) or status.verdict == Verdict.WARN or any(gate.warnings(one) for _, one in there)
    status.verdict = Verdict.WARN if warned else Verdict.PASS
    status.stage, status.asset = _stage(gate, key), key.path[-1]
    return True


def _blockers(gate: Gate, target: AssetPartition, one: Materialisation) -> Iterator[Blocker]:
    """The failed and missing verdicts of one materialisation, and why it is out of date."""
    if gate.graph.get(target.key).metadata.get(RUN_OF) is not None:
        yield from gate.objections(one)  # a checkpoint stays current as long as its training counts
        return
    stale = gate.staleness(target, one)
    if stale is not None:
        yield Blocker(target, stale)
    yield from gate.verdicts(one)


def _targets(gate: Gate, key: dg.AssetKey) -> Iterator[AssetPartition]:
    """The partitions that a run would bring up to date: every shard, the candidates, the winner."""
    partitions = gate.graph.get(key).partitions_def
    if isinstance(partitions, dg.DynamicPartitionsDefinition):
        yield from (AssetPartition(key, epoch) for epoch in epochs_to_make(gate, key))
    elif partitions is None:
        yield AssetPartition(key)
    else:
        yield from (AssetPartition(key, partition) for partition in partitions.get_partition_keys())


def _stage(gate: Gate, key: dg.AssetKey) -> str:
    """The stage of an asset: its group without the voice."""
    return (gate.graph.get(key).group_name or "").rpartition("__")[2]


def _newest(gate: Gate, keys: list[dg.AssetKey]) -> Standing | None:
    """The newest materialisation of the assets ``keys``, and what speaks against it today."""
    made = [one for one in (gate.history.latest(key) for key in keys) if one is not None]
    newest = max(made, key=lambda one: one.storage_id, default=None)
    return None if newest is None else Standing(newest, tuple(dict.fromkeys(gate.objections(newest))))
