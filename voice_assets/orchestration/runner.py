"""The runner of ``voice-assets run``: it materialises the missing and outdated assets in order, up to the first closed gate.

Assets run one after the other. Partitions of one asset run side by side where the asset's pool is wider than one.

A ``Planner`` decides what an asset needs and judges what was made. ``RecordedPlanner`` asks the same ``gates`` as the assets
themselves. Current assets stay as they are, so a second run does nothing.

Not here: how a run starts (``launcher``), a plan that a server makes (``server_planner``), and what the terminal shows
(``cli.bars``).
"""

from collections.abc import Iterator, Mapping, Sequence
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
from voice_assets.orchestration.shard_gates import ask_ahead

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


@dataclass(frozen=True)
class Work:
    """What one asset needs.

    Attributes:
        tasks: the runs.
        current: partitions that need none.
        width: how many of the runs may run at the same time.
    """

    tasks: Sequence[Task]
    current: int = 0
    width: int = 1


class Planner(Protocol):
    """Decides what the assets ``keys`` need, which are in order, upstream first. Every answer is about this moment."""

    @property
    def keys(self) -> Sequence[dg.AssetKey]:
        """The assets."""

    def reports_on(self, key: dg.AssetKey) -> frozenset[dg.AssetKey] | None:
        """The inputs of an asset that is made although its inputs failed their rules; None for every other asset."""

    def work(self, key: dg.AssetKey) -> Work:
        """What ``key`` needs.

        Raises:
            SelectionError: there is no epoch to make, or one of them was never trained.
        """

    def judge(self, key: dg.AssetKey, status: AssetStatus) -> None:
        """Add the newest materialisation of each partition of ``key`` and the verdicts of its rules to ``status``."""


class RecordedPlanner:
    """A ``Planner`` by the records of one instance.

    Args:
        graph: the asset graph.
        instance: where runs are recorded.
        keys: the assets, upstream first.
        epoch: the epoch key for assets partitioned by epoch; None makes the candidates and ships the winner.
        widths: the number of runs that may run at the same time, by pool; one for a pool without an entry.
    """

    def __init__(
        self,
        graph: AssetGraph,
        instance: dg.DagsterInstance,
        keys: Sequence[dg.AssetKey],
        epoch: str | None = None,
        widths: Mapping[str, int] | None = None,
    ):
        self.graph, self.instance, self.keys = graph, instance, keys
        self.epoch, self.widths = epoch, widths or {}
        self._competing = competing(graph, keys)
        self._gate: Gate | None = None

    def reports_on(self, key: dg.AssetKey) -> frozenset[dg.AssetKey] | None:
        """See ``Planner.reports_on``."""
        return frozenset(self.graph.get(key).parent_keys) if reports_on_failure(self.graph, key) else None

    def to_make(self) -> set[str]:
        """The names of the assets that a run would make, as far as one can know before the data are read.

        An asset is among them when it is missing or out of date, or an asset above it is. Nothing is made.
        """
        gate = Gate(self.graph, self.instance)
        gate.read_ahead(self.keys)
        found: set[dg.AssetKey] = set()
        for key in self.keys:
            node = self.graph.get(key)
            if not node.is_observable and (node.parent_keys & found or (not node.is_external and self._outdated(gate, key))):
                found.add(key)
        return {key.path[-1] for key in found}

    def _outdated(self, gate: Gate, key: dg.AssetKey) -> bool:
        try:
            return any(needed_task(gate, target) is not None for target in self._partitions(gate, key))
        except SelectionError:  # no epoch was trained yet
            return True

    def work(self, key: dg.AssetKey) -> Work:
        """See ``Planner.work``."""
        node = self.graph.get(key)
        if node.is_observable:
            return Work([Task(AssetPartition(key), "the data set may have changed")])  # one observation covers every shard
        gate = self._gate_for(key)
        targets = self._partitions(gate, key)
        if node.is_external:
            return Work([])
        tasks = [task for task in (needed_task(gate, target) for target in targets) if task is not None]
        if len(tasks) > 1:
            ask_ahead(self.graph, self.instance, tasks[0].target)
        width = min([self.widths.get(pool, 1) for pool in node.pools or ()], default=1)
        return Work(tasks, len(targets) - len(tasks), width)

    def judge(self, key: dg.AssetKey, status: AssetStatus) -> None:
        """See ``Planner.judge``."""
        self._gate = None if status.ran else self._gate
        if self.graph.get(key).is_observable:
            return
        gate = self._gate_for(key)
        for target in self._partitions(gate, key):
            self._judge(gate, target, status)

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


class Runner:
    """Brings the assets of ``planner`` up to date: ``launcher`` starts the runs, ``listener`` receives the events."""

    def __init__(self, planner: Planner, launcher: Launcher, listener: RunListener):
        self.planner, self.launcher, self.listener = planner, launcher, listener

    def run(self) -> Iterator[AssetStatus]:
        """Bring each asset up to date, in order. Ends after the first asset that is not open.

        Where rules failed, the reports on that failure follow. Nothing is made from a report, so its own error ends nothing.
        """
        keys = self.planner.keys
        for position, key in enumerate(keys):
            status = self._status(key)
            yield status
            if not status.open and self.planner.reports_on(key) is None:
                yield from map(self._status, self._reports_on(status, keys[position + 1 :]))
                return

    def _reports_on(self, status: AssetStatus, keys: Sequence[dg.AssetKey]) -> list[dg.AssetKey]:
        """Those of ``keys`` that report on an asset whose rules failed."""
        return [key for key in keys if status.verdict == "FAIL" and status.key in (self.planner.reports_on(key) or ())]

    def _status(self, key: dg.AssetKey) -> AssetStatus:
        status = AssetStatus(key)
        try:
            while self._run_all(self.planner.work(key), status) and status.open:
                pass  # what somebody else made may be out of date already
            if status.verdict != "CLOSED":
                self.planner.judge(key, status)
        except SelectionError as error:
            return AssetStatus(key, "ERROR", reasons=[str(error)])
        return status

    def _run_all(self, work: Work, status: AssetStatus) -> bool:
        """Run the tasks, as many at the same time as they may. Returns whether one of the runs was of somebody else."""
        followed: list[Outcome] = []

        def ended(task: Task, outcome: Outcome) -> None:
            self.listener.ended(task.target, outcome)
            status.add(outcome)
            followed.extend([outcome] if outcome.followed else [])

        status.current = work.current
        self.launcher.run(self._until_closed(work.tasks, status), min(work.width, len(work.tasks)), ended)
        return bool(followed)

    def _until_closed(self, tasks: Sequence[Task], status: AssetStatus) -> Iterator[Task]:
        """Each of ``tasks`` when its run starts. Ends at a closed gate, which mostly closes the next partition too."""
        for task in tasks:
            if status.verdict == "CLOSED":
                return
            self.listener.starting(task.target, task.reason)
            yield task
