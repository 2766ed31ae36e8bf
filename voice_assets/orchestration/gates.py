"""Gates: what refuses to run because something upstream failed, is missing, or is out of date.

A blocking Dagster check stops only its own run; a later run that asks for an asset downstream would go ahead. So
every asset starts with ``admit``, which walks the recorded inputs upwards and fails closed. It looks at exactly
what would be read: the newest materialisation of every input and, from there, at the pins each was built from.

Up to a checkpoint everything must be the newest there is. A checkpoint stays what it was trained from, so behind
it the walk follows the exact pins: an older epoch may be packaged for as long as *its* data were good.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import dagster as dg
from dagster._core.definitions.assets.graph.asset_graph import AssetGraph

from voice_assets.orchestration.history import LOG, SUITE, CheckVerdict, History, Materialisation, Pin
from voice_assets.orchestration.partitions import parse_epoch_key
from voice_assets.runtime.storage import DATASET, project_store

GATE_ONLY = "voice_assets/gate_only"
RUN_OF = "voice_assets/run_of"
CLOSED_BY = "closed_by"


@dataclass(frozen=True)
class AssetPartition:
    """An asset, and which partition of it."""

    key: dg.AssetKey
    partition: str | None = None

    def __str__(self) -> str:
        name = self.key.to_user_string()
        return name if self.partition is None else f"{name}[{self.partition}]"


@dataclass(frozen=True)
class Blocker:
    """Why a place cannot be used: the target, the rule where one failed, and the reason in words."""

    target: AssetPartition
    reason: str
    check: str | None = None
    unjudged: bool = False

    def __str__(self) -> str:
        return f"{self.target}: {self.check + ': ' if self.check else ''}{self.reason}"


class Gate:
    """Judges targets of one asset graph by one instance's history, as of now."""

    def __init__(self, graph: AssetGraph, instance: dg.DagsterInstance):
        self.graph = graph
        self.history = History(instance)
        self.store = project_store()
        self._judged: dict[tuple[dg.AssetKey, int, bool], list[Blocker]] = {}

    def inputs(self, target: AssetPartition) -> Iterator[tuple[AssetPartition, bool]]:
        """The targets that ``target`` reads or is gated by, each with whether it only gates."""
        node = self.graph.get(target.key)
        gate_only = set(node.metadata.get(GATE_ONLY, []))
        for parent in sorted(node.parent_keys):
            for partition in self._partitions(target, parent):
                yield AssetPartition(parent, partition), parent.path[-1] in gate_only

    def _partitions(self, target: AssetPartition, parent: dg.AssetKey) -> list[str | None]:
        """Same partition where both have the same ones; every partition where only the parent has some."""
        theirs = self.graph.get(parent).partitions_def
        if theirs is not None and self.graph.get(target.key).partitions_def == theirs:
            return [target.partition]
        return self._partitions_of(parent)

    def is_external(self, key: dg.AssetKey) -> bool:
        """True for the data set itself: observed, never materialised by us."""
        return self.graph.get(key).is_observable

    def blockers(self, target: AssetPartition) -> list[Blocker]:
        """Everything that keeps ``target`` from being materialised; empty when its gate is open."""
        return list(dict.fromkeys(blocker for source, _ in self.inputs(target) for blocker in self._judge_newest(source)))

    def _judge_newest(self, target: AssetPartition) -> list[Blocker]:
        """Refusals of the newest materialisation of ``target``; what lies on disk before us has none."""
        if self.is_external(target.key):
            return []
        latest = self.history.latest(target.key, target.partition)
        return [Blocker(target, "never materialised")] if latest is None else self._judge(latest, newest=True)

    def verdicts(self, of: Materialisation) -> list[Blocker]:
        """The blocking checks of one materialisation that do not let it pass.

        The newest materialisation must have been judged by today's rules and thresholds; an older one, which no
        check can judge again, by those of its time.
        """
        return [
            Blocker(AssetPartition(of.key, of.partition), verdict.reason, verdict.check.name, verdict.unjudged)
            for verdict in self._evaluate_checks(of)
            if verdict.reason is not None
        ]

    def warnings(self, of: Materialisation) -> list[Blocker]:
        """The rules that one materialisation broke and that only warn."""
        target = AssetPartition(of.key, of.partition)
        return [
            Blocker(target, verdict.warning, verdict.check.name)
            for verdict in self._evaluate_checks(of)
            if verdict.warning is not None
        ]

    def _evaluate_checks(self, of: Materialisation) -> Iterator[CheckVerdict]:
        newest = self.history.latest(of.key, of.partition)
        today = newest is not None and newest.storage_id == of.storage_id and of.partition in self._partitions_of(of.key)
        for check in sorted(self.graph.get_check_keys_for_assets({of.key}), key=lambda key: key.name):
            spec = self.graph.get_check_spec(check)
            yield self.history.verdict(check, of, spec.metadata.get(SUITE) if today else None, today)

    def _partitions_of(self, key: dg.AssetKey) -> list[str | None]:
        """Today's partitions of an asset; ``[None]`` for one without."""
        partitions = self.graph.get(key).partitions_def
        if partitions is None:
            return [None]
        return list(partitions.get_partition_keys(dynamic_partitions_store=self.history.instance))

    def staleness(self, target: AssetPartition, of: Materialisation) -> str | None:
        """Why ``of`` is out of date for ``target``, or None: other code or settings, or other inputs than today's."""
        code_version = self.graph.get(target.key).code_version
        if code_version is not None and of.code_version != code_version:
            return f"out of date: built with code or settings {of.code_version or '(none)'}, now {code_version}"
        if (gone := self._gone(of)) is not None:
            return f"out of date: {gone} is gone"
        pinned = {AssetPartition(pin.key, pin.partition): pin for pin in of.pins}
        for source, gate_only in self.inputs(target):
            if gate_only:
                continue  # it must be passed today, whatever it was then
            pin = pinned.get(source)
            if pin is None:
                return f"out of date: not built from {source}"
            if (now := self._version(source)) != pin.data_version:
                return f"out of date: built from {source} at {pin.data_version[:12]}, which is now at {(now or 'nothing')[:12]}"
        return None

    def _gone(self, of: Materialisation) -> str | None:
        """The first file of ``of`` that is not in the store; None when all are. Logs and reports may be cleared away."""
        kept = [one for name, one in of.artifacts.items() if name != LOG and not one.uri.startswith(DATASET)]
        missing = (artifact.uri for artifact in [*kept, *of.evidence.values()] if not self.store.exists(artifact))
        return next(missing, None)

    def _version(self, target: AssetPartition) -> str | None:
        if self.is_external(target.key):
            return self.history.observed_version(target.key, target.partition)
        latest = self.history.latest(target.key, target.partition)
        return latest.data_version if latest else None

    def _judge(self, of: Materialisation, newest: bool) -> list[Blocker]:
        identity = (of.key, of.storage_id, newest)
        if identity not in self._judged:
            self._judged[identity] = []
            self._judged[identity] = self._judge_now(of, newest)
        return self._judged[identity]

    def _judge_now(self, of: Materialisation, newest: bool) -> list[Blocker]:
        """Refusals of one materialisation and of all it was built from, following the newest or the exact inputs."""
        target = AssetPartition(of.key, of.partition)
        trained = self.graph.get(of.key).metadata.get(RUN_OF)
        if trained is not None:
            return self._judge_run(of, dg.AssetKey([*of.key.path[:-1], trained]))
        found = self.verdicts(of)
        if not newest:
            return [*found, *(blocker for pin in of.pins for blocker in self._judge_pin(pin))]
        if (stale := self.staleness(target, of)) is not None:
            return [*found, Blocker(target, stale)]
        return [*found, *self.blockers(target)]

    def _judge_pin(self, pin: Pin) -> list[Blocker]:
        """Refusals of the very materialisation that was read; a stage the voice has left out since has no rules to ask."""
        if not self.graph.has(pin.key) or self.is_external(pin.key):
            return []
        source = self.history.exact(pin)
        if source is None:
            return [Blocker(AssetPartition(pin.key, pin.partition), "the materialisation this was built from is gone")]
        return self._judge(source, newest=False)

    def _judge_run(self, of: Materialisation, parent: dg.AssetKey) -> list[Blocker]:
        """A checkpoint is as good as the training that wrote it: that training must have ended and passed."""
        target = AssetPartition(of.key, of.partition)
        training = self.training_of(of)
        if training is None:
            return [Blocker(AssetPartition(parent), f"the training that wrote {target} has not ended")]
        if training.metadata["checkpoints"].get(of.partition) != of.data_version:
            return [Blocker(target, f"not the checkpoint that the training in run {training.run_id[:8]} vouches for")]
        return self._judge(training, newest=False)

    def training_of(self, checkpoint: Materialisation) -> Materialisation | None:
        """The training that wrote a checkpoint; None while it has not ended, and for anything that is no checkpoint."""
        name = self.graph.get(checkpoint.key).metadata.get(RUN_OF) if self.graph.has(checkpoint.key) else None
        if name is None:
            return None
        version, _ = parse_epoch_key(checkpoint.partition or "")
        return self.history.trainings(dg.AssetKey([*checkpoint.key.path[:-1], name])).get(version)


class ResolvedInputs:
    """What an admitted asset may read: the exact materialisations its gate looked at."""

    def __init__(self, sources: dict[AssetPartition, Materialisation], pins: list[Pin]):
        self.sources = sources
        self.pins = pins

    def one(self, name: str) -> Materialisation:
        """The only materialisation of the input asset called ``name`` (the last part of its key)."""
        (source,) = self.all(name)
        return source

    def all(self, name: str) -> list[Materialisation]:
        """Every pinned materialisation of the input asset called ``name``, by partition."""
        return [source for target, source in self.sources.items() if target.key.path[-1] == name]


def gate_of(context: dg.AssetExecutionContext) -> Gate:
    """The gate as the running asset sees it: its own code location's graph, the instance's history as of now."""
    return Gate(context.repository_def.asset_graph, context.instance)


def resolve_inputs(context: dg.AssetExecutionContext) -> ResolvedInputs:
    """Open the gate for the asset that is starting, or stop its run.

    Raises:
        dagster.Failure: without retries, naming every closed asset, partition, rule, observed value and limit.
    """
    gate = gate_of(context)
    target = AssetPartition(context.asset_key, context.partition_key if context.has_partition_key else None)
    blockers = gate.blockers(target)
    if blockers:
        raise dg.Failure(
            description=f"The gate of {target} is closed:\n" + "\n".join(f"- {blocker}" for blocker in blockers),
            metadata={CLOSED_BY: dg.MetadataValue.md("\n".join(f"- {blocker}" for blocker in blockers))},
            allow_retries=False,
        )
    sources, pins = {}, []
    for source, gate_only in gate.inputs(target):
        if gate.is_external(source.key):
            continue
        latest = gate.history.latest(source.key, source.partition)
        assert latest is not None
        sources[source] = latest
        pins.append(latest.pin(gate_only))
    return ResolvedInputs(sources, pins)
