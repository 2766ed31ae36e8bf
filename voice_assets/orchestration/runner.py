"""The runner of ``voice-assets run``: it materialises the missing and outdated assets in order, up to the first closed gate.

Assets run one after the other. Partitions of one asset run side by side where the asset's pool is wider than one.

The runner asks the same ``gates`` as the assets themselves. Current assets stay as they are, so a second run does nothing.

Not here: how a run starts (``launcher``), and what the terminal shows (``cli.bars``).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import dagster as dg
from dagster._core.definitions.assets.graph.asset_graph import AssetGraph

from voice_assets.orchestration.blockers import in_words
from voice_assets.orchestration.epoch_choice import competing, epochs_to_make
from voice_assets.orchestration.gates import AssetPartition, Gate, reports_on_failure
from voice_assets.orchestration.launcher import Launcher, Outcome, Task
from voice_assets.orchestration.marks import CHOICE, DECISIONS, ON_DEMAND, RUN_OF, VERSIONS
from voice_assets.orchestration.records import Materialisation

FAILED_RULES = "blocking asset check"
"""Dagster's words for a run that ended because rules of its asset failed."""


class SelectionError(ValueError):
    """The voice, asset or epoch does not exist. The message names the existing ones."""


@dataclass
class AssetStatus:
    """The state of one asset after its part of the run.

    Attributes:
        verdict: PASS, WARN, FAIL (a rule failed), CLOSED (a gate upstream is closed) or ERROR.
        ran: runs that were started for the asset.
        current: partitions that needed no run.
        reasons: why the verdict is not PASS.
        results: the newest materialisation of each partition.
    """

    key: dg.AssetKey
    verdict: str = "PASS"
    ran: int = 0
    current: int = 0
    reasons: list[str] = field(default_factory=list)
    results: list[Materialisation] = field(default_factory=list)

    @property
    def open(self) -> bool:
        """Whether the next asset may run."""
        return self.verdict in ("PASS", "WARN")

    def add(self, outcome: Outcome) -> None:
        """Count one run. A failed run sets the verdict to CLOSED or ERROR; where rules failed, the records say so."""
        self.ran += 1
        if not outcome.success and FAILED_RULES not in outcome.message:
            self.verdict = "CLOSED" if outcome.closed or self.verdict == "CLOSED" else "ERROR"
            self.reasons.append(outcome.message)


class RunListener(Protocol):
    """Receives the events of the runner. Several runs may have started and not ended."""

    def starting(self, target: AssetPartition, reason: str) -> None:
        """A run starts for ``target``, because of ``reason``."""

    def ended(self, target: AssetPartition, outcome: Outcome) -> None:
        """The run for ``target`` has ended."""


def assets_to(graph: AssetGraph, voice: str, name: str | None, epoch: str | None = None) -> list[dg.AssetKey]:
    """``name`` and all assets of ``voice`` upstream of ``name``, upstream first; every asset of the voice when None.

    Decisions of people are not among them: a run can make none. An asset on demand is among them when it is ``name``.
    With an asset comes the report that is also made when the asset fails (``marks.AFTER_FAILURE``). With an ``epoch`` that
    a person chose, there is no tournament.

    Raises:
        SelectionError: no such voice or asset, the voice's file is broken, or ``name`` is the tournament beside an ``epoch``.
    """
    voices_keys = [key for key in graph.toposorted_asset_keys if key.path[0] == voice]
    mine = [key for key in voices_keys if DECISIONS not in graph.get(key).metadata]
    names = [key.path[-1] for key in mine]
    if not mine:
        voices = sorted({key.path[0] for key in graph.get_all_asset_keys()})
        raise SelectionError(f"there is no voice {voice!r}; there are: {', '.join(voices) or 'none'}")
    if names == ["voice_file"]:
        raise SelectionError(str(graph.get(mine[0]).metadata["error"]))
    chosen = [key for key in mine if epoch is None or CHOICE not in graph.get(key).metadata]
    if name is None:
        return [key for key in chosen if ON_DEMAND not in graph.get(key).metadata]
    if name not in names:
        raise SelectionError(f"there is no asset {name!r} in {voice}; there are: {', '.join(names)}")
    target = dg.AssetKey([voice, name])
    if VERSIONS in graph.get(target).metadata:
        raise SelectionError(f"{name} needs a version: voice-assets release {voice} --version 1.0.0")
    if target not in chosen:
        raise SelectionError(f"{name} chooses among the candidates: leave --epoch out")
    wanted = graph.get_ancestor_asset_keys(target) | {target}
    return [key for key in chosen if key in wanted or (reports_on_failure(graph, key) and graph.get(key).parent_keys <= wanted)]


def needed_task(gate: Gate, target: AssetPartition) -> Task | None:
    """The run that ``target`` needs: of the asset, of its checks alone, or none."""
    latest = gate.history.latest(target.key, target.partition)
    reason = "never materialised" if latest is None else gate.staleness(target, latest)
    if reason is not None:
        return Task(target, reason)
    assert latest is not None
    unjudged = [blocker for blocker in gate.verdicts(latest) if blocker.unjudged]
    if not unjudged:
        return None
    return Task(target, f"{len(unjudged)} rules without a verdict in force", frozenset(gate.rules(target.key)))


class Runner:
    """Brings assets up to date.

    Args:
        graph: the asset graph.
        instance: where runs are recorded.
        launcher: starts the runs.
        listener: receives the events.
        epoch: the epoch key for assets partitioned by epoch; None makes the candidates and ships the winner.
        widths: the number of runs that may run at the same time, by pool; one for a pool without an entry.
    """

    def __init__(
        self,
        graph: AssetGraph,
        instance: dg.DagsterInstance,
        launcher: Launcher,
        listener: RunListener,
        epoch: str | None = None,
        widths: Mapping[str, int] | None = None,
    ):
        self.graph, self.instance, self.launcher, self.listener = graph, instance, launcher, listener
        self.epoch, self.widths = epoch, widths or {}
        self._competing: set[dg.AssetKey] = set()
        self._gate: Gate | None = None

    def run(self, keys: list[dg.AssetKey]) -> Iterator[AssetStatus]:
        """Bring each asset of ``keys`` up to date, in order. Ends after the first asset that is not open.

        Where rules failed, the reports on that failure follow. Nothing is made from a report, so its own error ends nothing.
        """
        self._competing = competing(self.graph, keys)
        for position, key in enumerate(keys):
            status = self._status(key)
            yield status
            if not status.open and not reports_on_failure(self.graph, key):
                yield from map(self._status, self._reports_on(status, keys[position + 1 :]))
                return

    def to_make(self, keys: list[dg.AssetKey]) -> set[str]:
        """The names of those of ``keys`` that `run` would make, as far as one can know before the data are read.

        An asset is among them when it is missing or out of date, or an asset above it is. Nothing is made.
        """
        gate = Gate(self.graph, self.instance)
        gate.read_ahead(keys)
        found: set[dg.AssetKey] = set()
        for key in keys:
            node = self.graph.get(key)
            if not node.is_observable and (node.parent_keys & found or (not node.is_external and self._outdated(gate, key))):
                found.add(key)
        return {key.path[-1] for key in found}

    def _outdated(self, gate: Gate, key: dg.AssetKey) -> bool:
        try:
            return any(needed_task(gate, target) is not None for target in self._partitions(gate, key))
        except SelectionError:  # no epoch was trained yet
            return True

    def _reports_on(self, status: AssetStatus, keys: list[dg.AssetKey]) -> list[dg.AssetKey]:
        """Those of ``keys`` that report on an asset whose rules failed."""
        reports = [key for key in keys if reports_on_failure(self.graph, key)] if status.verdict == "FAIL" else []
        return [key for key in reports if status.key in self.graph.get(key).parent_keys]

    def _status(self, key: dg.AssetKey) -> AssetStatus:
        try:
            return self._bring_up_to_date(key)
        except SelectionError as error:
            return AssetStatus(key, "ERROR", reasons=[str(error)])

    def _bring_up_to_date(self, key: dg.AssetKey) -> AssetStatus:
        status = AssetStatus(key)
        node = self.graph.get(key)
        if node.is_observable:
            observation = Task(AssetPartition(key), "the data set may have changed")  # one observation covers every shard
            self._run_all([observation], status)
            return status
        gate = self._gate_for(key)
        targets = self._partitions(gate, key)
        if not node.is_external:
            tasks = [task for task in (needed_task(gate, target) for target in targets) if task is not None]
            status.current = len(targets) - len(tasks)
            self._run_all(tasks, status)
        if status.verdict == "CLOSED":
            return status
        gate = self._gate_for(key)
        for target in targets:
            self._judge(gate, target, status)
        return status

    def _gate_for(self, key: dg.AssetKey) -> Gate:
        """The gate that has read the records of ``key`` and everything above: the last one, until a run changes the records."""
        self._gate = self._gate or Gate(self.graph, self.instance)
        self._gate.read_ahead([key])
        return self._gate

    def _partitions(self, gate: Gate, key: dg.AssetKey) -> list[AssetPartition]:
        partitions = self.graph.get(key).partitions_def
        if partitions is None:
            return [AssetPartition(key)]
        if isinstance(partitions, dg.DynamicPartitionsDefinition):
            return [AssetPartition(key, epoch) for epoch in self._epochs(gate, key, partitions)]
        return [AssetPartition(key, partition) for partition in partitions.get_partition_keys()]

    def _epochs(self, gate: Gate, key: dg.AssetKey, partitions: dg.DynamicPartitionsDefinition) -> list[str]:
        """The epochs of ``key`` to make.

        Raises:
            SelectionError: there are none yet, or one of them was never trained.
        """
        known = partitions.get_partition_keys(dynamic_partitions_store=self.instance)
        wanted = epochs_to_make(gate, key, self.epoch)
        missing = [epoch for epoch in wanted if epoch not in known]
        if missing or not wanted:
            asked = f"there is no epoch {missing[0]!r}" if missing else "no epoch was chosen, because no training has ended"
            raise SelectionError(f"{asked}; there are: {', '.join(known) or 'none'}")
        return wanted

    def _run_all(self, tasks: list[Task], status: AssetStatus) -> None:
        """Run ``tasks``, as many at the same time as the asset's pools allow."""
        width = min([self.widths.get(pool, 1) for pool in self.graph.get(status.key).pools or ()], default=1)

        def ended(task: Task, outcome: Outcome) -> None:
            self.listener.ended(task.target, outcome)
            status.add(outcome)

        self.launcher.run(self._until_closed(tasks, status), min(width, len(tasks)), ended)
        self._gate = None if tasks else self._gate

    def _until_closed(self, tasks: list[Task], status: AssetStatus) -> Iterator[Task]:
        """Each of ``tasks`` when its run starts. Ends at a closed gate, which mostly closes the next partition too."""
        for task in tasks:
            if status.verdict == "CLOSED":
                return
            self.listener.starting(task.target, task.reason)
            yield task

    def _judge(self, gate: Gate, target: AssetPartition, status: AssetStatus) -> None:
        """Add the newest materialisation of ``target`` and the verdicts of its rules to ``status``."""
        latest = gate.history.latest(target.key, target.partition)
        if latest is None:
            if status.open:
                status.verdict = "ERROR"
                status.reasons.append(f"{target}: nothing was materialised")
            return
        status.results.append(latest)
        failed = [] if self.graph.get(target.key).metadata.get(RUN_OF) else gate.verdicts(latest)
        if failed:
            lost = target.key in self._competing and not any(blocker.unjudged for blocker in failed)
            status.verdict = "FAIL" if not lost else "WARN" if status.verdict == "PASS" else status.verdict
            status.reasons += [*in_words(failed), *([f"{target.partition} competes and cannot win"] if lost else [])]
        elif status.verdict == "PASS" and (warnings := [*gate.warnings(latest), *gate.advice(target)]):
            status.verdict = "WARN"
            status.reasons += map(str, warnings)
