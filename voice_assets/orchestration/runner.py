"""The road to an asset: what is missing or out of date on the way, materialised in order, up to the first closed gate.

Assets follow one another; partitions of one asset run side by side where its pool is wider than one.

This is what ``voice-assets run`` does. It decides by the same ``gates`` as the assets themselves, and it leaves
alone what is current: a road walked twice does nothing the second time.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import dagster as dg
from dagster._core.definitions.assets.graph.asset_graph import AssetGraph

from voice_assets.orchestration.gates import RUN_OF, AssetPartition, Gate
from voice_assets.orchestration.history import History, Materialisation
from voice_assets.orchestration.launcher import Launcher, Outcome, Task
from voice_assets.orchestration.partitions import parse_epoch_key


class SelectionError(ValueError):
    """A destination that is not on the map. The message names what there is."""


@dataclass
class AssetStatus:
    """One asset on the road and how it stands: ``verdict`` is PASS, WARN, FAIL, CLOSED or ERROR."""

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
        """Count one run; a run that failed makes this CLOSED or ERROR."""
        self.ran += 1
        if not outcome.success:
            self.verdict = "CLOSED" if outcome.closed or self.verdict == "CLOSED" else "ERROR"
            self.reasons.append(outcome.message)


class RunListener(Protocol):
    """Whoever watches a road being walked. Several targets may have started and not ended."""

    def starting(self, target: AssetPartition, reason: str) -> None:
        """A run starts for ``target``, because of ``reason``."""

    def ended(self, target: AssetPartition, outcome: Outcome) -> None:
        """That run has ended."""


def assets_to(graph: AssetGraph, voice: str, name: str | None) -> list[dg.AssetKey]:
    """The assets of ``voice`` that lead to ``name`` (all of them when None), upstream first.

    Raises:
        SelectionError: no such voice or asset, or the voice's file is broken.
    """
    mine = [key for key in graph.toposorted_asset_keys if key.path[0] == voice]
    names = [key.path[-1] for key in mine]
    if not mine:
        voices = sorted({key.path[0] for key in graph.get_all_asset_keys()})
        raise SelectionError(f"there is no voice {voice!r}; there are: {', '.join(voices) or 'none'}")
    if names == ["voice_file"]:
        raise SelectionError(str(graph.get(mine[0]).metadata["error"]))
    if name is None:
        return mine
    if name not in names:
        raise SelectionError(f"there is no asset {name!r} in {voice}; there are: {', '.join(names)}")
    target = dg.AssetKey([voice, name])
    wanted = graph.get_ancestor_asset_keys(target) | {target}
    return [key for key in mine if key in wanted]


class Runner:
    """Walks to an asset. ``widths`` says how many runs of a pool may go on at once; one, for a pool it does not name."""

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

    def run(self, keys: list[dg.AssetKey]) -> Iterator[AssetStatus]:
        """Bring each asset of ``keys`` up to date, upstream first; ends after the first whose gate or rules are closed."""
        for key in keys:
            try:
                status = self._visit(key)
            except SelectionError as error:
                status = AssetStatus(key, "ERROR", reasons=[str(error)])
            yield status
            if not status.open:
                return

    def _visit(self, key: dg.AssetKey) -> AssetStatus:
        status = AssetStatus(key)
        node = self.graph.get(key)
        if node.is_observable:
            observation = Task(AssetPartition(key), "the data set may have changed")  # one observation covers every shard
            self._run_all([observation], status)
            return status
        targets = self._partitions(key)
        if not node.is_external:
            tasks = [task for task in map(self._task, targets) if task is not None]
            status.current = len(targets) - len(tasks)
            self._run_all(tasks, status)
        if status.verdict == "CLOSED":
            return status
        for target in targets:
            self._judge(target, status)
        return status

    def _partitions(self, key: dg.AssetKey) -> list[AssetPartition]:
        partitions = self.graph.get(key).partitions_def
        if partitions is None:
            return [AssetPartition(key)]
        if isinstance(partitions, dg.DynamicPartitionsDefinition):
            return [AssetPartition(key, self._epoch(key.path[0], partitions))]
        return [AssetPartition(key, partition) for partition in partitions.get_partition_keys()]

    def _epoch(self, voice: str, partitions: dg.DynamicPartitionsDefinition) -> str:
        """The epoch asked for, or the last one of the newest training that ended."""
        known = partitions.get_partition_keys(dynamic_partitions_store=self.instance)
        training = History(self.instance).latest(dg.AssetKey([voice, "mini_training"]))
        newest = max(training.metadata["checkpoints"], key=parse_epoch_key) if training else None
        epoch = self.epoch or newest
        if epoch is None or epoch not in known:
            raise SelectionError(f"there is no epoch {epoch!r}; there are: {', '.join(known) or 'none'}")
        return epoch

    def _task(self, target: AssetPartition) -> Task | None:
        """What ``target`` needs: to be materialised when it is missing or out of date, its checks when only they are."""
        gate = Gate(self.graph, self.instance)
        latest = gate.history.latest(target.key, target.partition)
        reason = "never materialised" if latest is None else gate.staleness(target, latest)
        if reason is not None:
            return Task(target, reason)
        assert latest is not None
        unjudged = [blocker for blocker in gate.verdicts(latest) if blocker.unjudged]
        if not unjudged:
            return None
        checks = frozenset(self.graph.get_check_keys_for_assets({target.key}))
        return Task(target, f"{len(unjudged)} rules without a verdict in force", checks)

    def _run_all(self, tasks: list[Task], status: AssetStatus) -> None:
        """Run ``tasks``, as many at once as the asset's pools allow."""
        width = min([self.widths.get(pool, 1) for pool in self.graph.get(status.key).pools or ()], default=1)

        def ended(task: Task, outcome: Outcome) -> None:
            self.listener.ended(task.target, outcome)
            status.add(outcome)

        self.launcher.run(self._until_closed(tasks, status), min(width, len(tasks)), ended)

    def _until_closed(self, tasks: list[Task], status: AssetStatus) -> Iterator[Task]:
        """Each of ``tasks`` when it starts. None after a closed gate: it is mostly closed for the next partition too."""
        for task in tasks:
            if status.verdict == "CLOSED":
                return
            self.listener.starting(task.target, task.reason)
            yield task

    def _judge(self, target: AssetPartition, status: AssetStatus) -> None:
        """Read how ``target`` stands now: its newest materialisation, and what its rules said of it."""
        gate = Gate(self.graph, self.instance)
        latest = gate.history.latest(target.key, target.partition)
        if latest is None:
            if status.open:
                status.verdict = "ERROR"
                status.reasons.append(f"{target}: nothing was materialised")
            return
        status.results.append(latest)
        failed = [] if self.graph.get(target.key).metadata.get(RUN_OF) else gate.verdicts(latest)
        if failed:
            status.verdict = "FAIL"
            status.reasons = [reason for reason in status.reasons if "blocking asset check" not in reason]
            status.reasons += [str(blocker) for blocker in failed]
        elif status.verdict == "PASS" and gate.warnings(latest):
            status.verdict = "WARN"
            status.reasons += [str(warning) for warning in gate.warnings(latest)]
