"""Gates: an asset is not materialised while something upstream failed, is missing or is out of date.

A blocking Dagster check stops only its own run; a later run that selects an asset downstream would go ahead. So every
asset starts with ``inputs.resolve_inputs``. That function checks exactly what the asset would read: the newest materialisation
of every input, and every materialisation upstream of those. A missing verdict closes the gate like a failed one.

Up to a checkpoint, every input must be the newest. A checkpoint never changes with the data, so behind a checkpoint the
gate follows the recorded pins: an older epoch may be packaged as long as *its own* data passed. An epoch can be exported while
its training still runs, as soon as the first training of its version passed. What is shipped waits for the whole training.

Not here: reading the instance (``history``), and deciding what to run (``runner``).
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import dagster as dg
from dagster._core.definitions.assets.graph.asset_graph import AssetGraph, AssetNode

from voice_assets.orchestration.listening import HEARD, unapproved
from voice_assets.orchestration.marks import (
    AFTER_FAILURE,
    CANDIDATES,
    CHOICE,
    DECISIONS,
    GATE_ONLY,
    SHIPPED,
    VERSIONS,
    WHOLE_TRAINING,
)
from voice_assets.orchestration.records import LOG, Materialisation, Pin
from voice_assets.orchestration.released import epoch_of_version
from voice_assets.orchestration.trained import Trainings, records
from voice_assets.orchestration.verdicts import Verdicts
from voice_assets.runtime.storage import DATASET, project_store

OUTSIDE = "reported from outside, by no run, so nothing proves what it holds: materialise it again"


@dataclass(frozen=True)
class AssetPartition:
    """An asset and one of its partitions; ``partition`` is None for an asset without partitions."""

    key: dg.AssetKey
    partition: str | None = None

    def __str__(self) -> str:
        name = self.key.to_user_string()
        return name if self.partition is None else f"{name}[{self.partition}]"


@dataclass(frozen=True)
class Blocker:
    """One reason why a gate is closed.

    ``check`` names the rule, where a rule is the reason. ``unjudged``: the rule has no valid result; running the check
    again may open the gate.
    """

    target: AssetPartition
    reason: str
    check: str | None = None
    unjudged: bool = False

    def __str__(self) -> str:
        return f"{self.target}: {self.check + ': ' if self.check else ''}{self.reason}"


def reports_on_failure(graph: AssetGraph, key: dg.AssetKey) -> bool:
    """Whether an asset is made although its inputs failed their rules."""
    return AFTER_FAILURE in graph.get(key).metadata


class Gate(Verdicts):
    """Finds the blockers of one asset graph's assets in one instance. Answers are cached: make a new one to ask again.

    ``day`` decides which waivers are in force; None is today. ``epoch``: the one to release; None: of the newest package.
    """

    def __init__(self, graph: AssetGraph, instance: dg.DagsterInstance, day: date | None = None, epoch: str | None = None):
        super().__init__(graph, instance, day)
        self.trainings = Trainings(graph, self.history)
        self.store = project_store()
        self.epoch = epoch
        self._parents: dict[dg.AssetKey, list[tuple[dg.AssetKey, bool, bool]]] = {}
        self._known: dict[tuple[dg.AssetKey, int, bool, bool], list[Blocker]] = {}

    def inputs(self, target: AssetPartition) -> Iterator[tuple[AssetPartition, bool]]:
        """Every input of ``target``, with True where the input only gates and its data do not go in."""
        for parent, gate_only, same in self._parents_of(target.key):
            for partition in [target.partition] if same else self._read_by(target, parent):
                yield AssetPartition(parent, partition), gate_only

    def _parents_of(self, key: dg.AssetKey) -> list[tuple[dg.AssetKey, bool, bool]]:
        """What ``key`` reads: each asset with whether it only gates, and whether a partition reads the same partition."""
        if key not in self._parents:
            node = self.graph.get(key)
            parents = [self.graph.get(parent) for parent in sorted(node.parent_keys)]
            self._parents[key] = [
                (parent.key, parent.key.path[-1] in node.metadata.get(GATE_ONLY, []), self._same_partitions(node, parent))
                for parent in parents
                if not {DECISIONS, CHOICE} & parent.metadata.keys()
            ]
        return self._parents[key]

    def _same_partitions(self, node: AssetNode, parent: AssetNode) -> bool:
        if VERSIONS in node.metadata or self._compares(AssetPartition(node.key), parent.key):
            return False
        return parent.partitions_def is not None and node.partitions_def == parent.partitions_def

    def _read_by(self, target: AssetPartition, parent: dg.AssetKey) -> list[str | None]:
        """The partitions of ``parent`` that ``target`` depends on, where those are others than its own: all or some."""
        if VERSIONS in self.graph.get(target.key).metadata:
            return [epoch_of_version(self.history, target.key, target.partition, parent, self.epoch)]
        return list(self.trainings.candidates(target.key)) if self._compares(target, parent) else self.partitions_of(parent)

    def _compares(self, target: AssetPartition, parent: dg.AssetKey) -> bool:
        """Whether ``target`` compares some partitions of ``parent``: a partition that failed its rules is one of them."""
        compares = CANDIDATES in self.graph.get(target.key).metadata
        return compares and isinstance(self.graph.get(parent).partitions_def, dg.DynamicPartitionsDefinition)

    def blockers(self, target: AssetPartition) -> list[Blocker]:
        """The reasons why ``target`` may not be materialised; empty when its gate is open."""
        self.read_ahead(self.graph.get(target.key).parent_keys)
        removed = [blocker for source, _ in self.inputs(target) for blocker in self._removed(source)]
        found = [*removed, *self._input_blockers(target, whole=False)]
        return list(dict.fromkeys([*found, *self._required_approval(target)]))

    def _input_blockers(self, target: AssetPartition, whole: bool) -> Iterator[Blocker]:
        """The blockers of every input of ``target``; ``whole``: the training that wrote a checkpoint must have passed."""
        whole = whole or self._needs_whole(target.key)
        for source, _ in self.inputs(target):
            if reports_on_failure(self.graph, target.key) or self._compares(target, source.key):
                yield from self._not_current(source)
            else:
                yield from self._newest_blockers(source, whole)

    def _removed(self, source: AssetPartition) -> list[Blocker]:
        """A checkpoint whose file retention removed. What was made from it before stays valid."""
        reason = self.history.removed(source.key, source.partition) if self.trainings.names(source.key) else ""
        return [Blocker(source, reason)] if reason else []

    def _needs_whole(self, key: dg.AssetKey) -> bool:
        return WHOLE_TRAINING in self.graph.get(key).metadata

    def advice(self, target: AssetPartition) -> list[Blocker]:
        """What people have not approved among the samples behind ``target``, where that only warns."""
        return [blocker for blocker, mode in self._not_approved(target) if mode == "advisory"]

    def _required_approval(self, target: AssetPartition) -> list[Blocker]:
        return [blocker for blocker, mode in self._not_approved(target) if mode == "required"]

    def _not_approved(self, target: AssetPartition) -> Iterator[tuple[Blocker, str]]:
        """What people have not approved among the newest samples that ``target`` would be built from; with the voice's mode."""
        wanted = self.graph.get(target.key).metadata.get(HEARD)
        if wanted is None:
            return
        sources = (self.history.latest(source.key, source.partition) for source, _ in self.inputs(target))
        ancestors = self.ancestors([source for source in sources if source is not None])
        for heard, reason in unapproved(self.history, ancestors, wanted["assets"]):
            yield Blocker(AssetPartition(heard.key, heard.partition), reason, "listening"), wanted["mode"]
        there = {one.key.path[-1] for one in ancestors}
        for name in (name for name in wanted["assets"] if ancestors and name not in there):
            yield (
                Blocker(target, f"would be built from no {name}, whose samples a person must hear", "listening"),
                wanted["mode"],
            )

    def ancestors(self, starts: Sequence[Materialisation]) -> list[Materialisation]:
        """``starts`` and every materialisation upstream by the recorded pins: nearest first, each once.

        The ancestors of a checkpoint include the training that wrote the checkpoint, though it was materialised later.
        """
        self.read_ahead({one.key for one in starts if self.graph.has(one.key)})
        found: dict[int, Materialisation] = {}
        waiting = deque(starts)
        while waiting:
            one = waiting.popleft()
            if one.storage_id in found:
                continue
            found[one.storage_id] = one
            sources = [*self.history.exact_of(one.pins), self.trainings.wrote(one)]
            waiting.extend(source for source in sources if source is not None)
        return list(found.values())

    def _not_current(self, target: AssetPartition) -> list[Blocker]:
        """Why the newest materialisation of ``target`` cannot be reported on; the verdicts of its rules do not matter."""
        latest = self.history.latest(target.key, target.partition)
        if latest is None:
            return [Blocker(target, "never materialised")]
        reason = self.staleness(target, latest) if latest.run_id else OUTSIDE
        return [] if reason is None else [Blocker(target, reason)]

    def _newest_blockers(self, target: AssetPartition, whole: bool) -> list[Blocker]:
        """The blockers of the newest materialisation of ``target``; the observed data set has none."""
        if self.is_external(target.key):
            return []
        latest = self.history.latest(target.key, target.partition)
        return [Blocker(target, "never materialised")] if latest is None else self._blockers_of(latest, True, whole)

    def objections(self, of: Materialisation) -> list[Blocker]:
        """What speaks today against the recorded ``of`` and what it was built from; empty when nothing does."""
        self.read_ahead({of.key} if self.graph.has(of.key) else ())
        return self._blockers_of(of, newest=False, whole=False)

    def verdicts(self, of: Materialisation) -> list[Blocker]:
        """The checks that one materialisation has not passed.

        A later materialisation with the same data governs: when the same data are judged again and fail, everything that
        was built from them is blocked. Today's rules and thresholds count for the newest materialisation. A check cannot
        run again on an older one, so the rules and thresholds of its time count where the data have changed since.
        """
        return [
            Blocker(AssetPartition(of.key, of.partition), verdict.reason, verdict.check.name, verdict.unjudged)
            for verdict in self.check_verdicts(of)
            if verdict.reason is not None
        ]

    def warnings(self, of: Materialisation) -> list[Blocker]:
        """The failed rules of one materialisation that only warn."""
        target = AssetPartition(of.key, of.partition)
        return [
            Blocker(target, verdict.warning, verdict.check.name)
            for verdict in self.check_verdicts(of)
            if verdict.warning is not None
        ]

    def staleness(self, target: AssetPartition, of: Materialisation) -> str | None:
        """Why the materialisation ``of`` is out of date, or None: a file is damaged, or code, settings or inputs changed."""
        code_version = self.graph.get(target.key).code_version
        if code_version is not None and of.code_version != code_version:
            return f"out of date: built with code or settings {of.code_version or '(none)'}, now {code_version}"
        if (damage := self._damage(of)) is not None:
            return f"out of date: {damage}"
        pinned = {AssetPartition(pin.key, pin.partition): pin for pin in of.pins}
        for source, gate_only in self.inputs(target):
            if gate_only:
                continue  # the asset must pass today; its version at that time does not matter
            pin = pinned.get(source)
            if pin is None:
                return f"out of date: not built from {source}"
            if (now := self._version(source)) != pin.data_version:
                return f"out of date: built from {source} at {pin.data_version[:12]}, which is now at {(now or 'nothing')[:12]}"
            if reports_on_failure(self.graph, target.key) and self._made_again(source, pin):
                return f"out of date: {source} was made again, with the same data"
        return None

    def _made_again(self, source: AssetPartition, pin: Pin) -> bool:
        latest = self.history.latest(source.key, source.partition)
        return latest is not None and latest.storage_id != pin.storage_id

    def _damage(self, of: Materialisation) -> str | None:
        """What happened to the files of ``of`` in the store; None when all are as recorded.

        Logs and reports may be edited and cleared away. The bytes of what is shipped are compared, the size of everything else.
        """
        kept = [(one, name in SHIPPED) for name, one in of.artifacts.items() if name != LOG and not one.uri.startswith(DATASET)]
        kept += [(one, False) for one in of.evidence.values()]
        kept += [(one, True) for one in self.trainings.last_checkpoint(of)]
        return next((found for one, whole in kept if (found := self.store.damage(one, whole)) is not None), None)

    def _version(self, target: AssetPartition) -> str | None:
        if self.is_external(target.key):
            return self.history.observed_version(target.key, target.partition)
        latest = self.history.latest(target.key, target.partition)
        return latest.data_version if latest else None

    def _blockers_of(self, of: Materialisation, newest: bool, whole: bool) -> list[Blocker]:
        """The blockers of one materialisation and of everything upstream of it, each materialisation asked once."""
        whole = whole or (self.graph.has(of.key) and self._needs_whole(of.key))
        identity = (of.key, of.storage_id, newest, whole)
        if identity not in self._known:
            self._known[identity] = []
            self._known[identity] = self._find_blockers(of, newest, whole)
        return self._known[identity]

    def _find_blockers(self, of: Materialisation, newest: bool, whole: bool) -> list[Blocker]:
        """``newest``: upstream means today's newest inputs; otherwise the recorded pins."""
        target = AssetPartition(of.key, of.partition)
        if not of.run_id:
            return [Blocker(target, OUTSIDE)]
        if self.trainings.names(of.key):
            return self._checkpoint_blockers(of, whole)
        found = self.verdicts(of)
        if not newest:
            self.history.exact_of(of.pins)  # one query per asset, not one per pin
            return [*found, *(blocker for pin in of.pins for blocker in self._pin_blockers(pin, of, whole))]
        if (stale := self.staleness(target, of)) is not None:
            return [*found, Blocker(target, stale)]
        return [*found, *self._input_blockers(target, whole), *self._required_approval(target)]

    def _pin_blockers(self, pin: Pin, of: Materialisation, whole: bool) -> list[Blocker]:
        """The blockers of one pinned materialisation; none for an asset that the voice no longer has."""
        if not self.graph.has(pin.key) or self.is_external(pin.key):
            return []
        source = self.history.exact(pin)
        if source is None:
            return [Blocker(AssetPartition(pin.key, pin.partition), "this materialisation, an input of the asset, is gone")]
        if self._compares(AssetPartition(of.key, of.partition), pin.key):
            return []
        return self._blockers_of(source, False, whole)

    def _checkpoint_blockers(self, of: Materialisation, whole: bool) -> list[Blocker]:
        """The blockers of the trainings behind a checkpoint: the first of its version, and for ``whole`` the whole training."""
        target = AssetPartition(of.key, of.partition)
        wrote = self.trainings.wrote(of)
        training = self.trainings.whole(of) if whole else self.trainings.first(of)
        if training is None or (whole and wrote is None):
            names = self.trainings.names(of.key)
            parent = AssetPartition(dg.AssetKey([*of.key.path[:-1], names[-1] if whole else names[0]]))
            return [Blocker(parent, f"the {'whole ' if whole else ''}training of {target} has not ended")]
        if wrote is not None and not records(wrote, of):
            return [Blocker(target, f"not the checkpoint and config that the training in run {wrote.run_id[:8]} recorded")]
        return self._blockers_of(training, newest=False, whole=False)
