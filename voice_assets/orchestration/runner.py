"""The road to an asset: what is missing or out of date on the way, materialised in order, up to the first closed gate.

Assets follow one another; partitions of one asset run side by side where its pool is wider than one.

This is what ``voice-assets run`` does. It decides by the same ``gates`` as the assets themselves, and it leaves
alone what is current: a road walked twice does nothing the second time.
"""

from collections.abc import Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Protocol

import dagster as dg
from dagster._core.definitions.assets.graph.asset_graph import AssetGraph

from voice_assets.orchestration.gates import RUN_OF, AssetPartition, Gate
from voice_assets.orchestration.history import History, Materialisation
from voice_assets.orchestration.launch import Launcher, Outcome
from voice_assets.orchestration.partitions import parse_epoch_key
from voice_assets.orchestration.subprocess_runs import SubprocessRuns


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
        """Whether the road goes on after this asset."""
        return self.verdict in ("PASS", "WARN")


@dataclass(frozen=True)
class Task:
    """What there is to do at one target, and why."""

    target: AssetPartition
    reason: str
    checks_only: bool = False


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
        launcher: Launcher,
        listener: RunListener,
        epoch: str | None = None,
        widths: Mapping[str, int] | None = None,
    ):
        self.graph, self.launcher, self.listener, self.epoch = graph, launcher, listener, epoch
        self.instance, self.widths = launcher.instance, widths or {}

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
            self._do([Task(AssetPartition(key), "the data set may have changed")], status)  # one observation covers every shard
            return status
        targets = self._places(key)
        if not node.is_external:
            tasks = [task for task in map(self._task, targets) if task is not None]
            status.current = len(targets) - len(tasks)
            self._do(tasks, status)
        if status.verdict == "CLOSED":
            return status
        for target in targets:
            self._judge(target, status)
        return status

    def _places(self, key: dg.AssetKey) -> list[AssetPartition]:
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
        return Task(target, f"{len(unjudged)} rules without a verdict in force", checks_only=True) if unjudged else None

    def _do(self, tasks: list[Task], status: AssetStatus) -> None:
        """Run ``tasks``, as many at once as the asset's pools allow; one at a time in this very process."""
        width = min([self.widths.get(pool, 1) for pool in self.graph.get(status.key).pools or ()], default=1)
        if width > 1 and len(tasks) > 1:
            self._do_side_by_side(tasks, status, width)
            return
        for task in tasks:
            if status.verdict == "CLOSED":
                return  # what closes the gate of one partition mostly closes that of the next
            self.listener.starting(task.target, task.reason)
            checks = self._checks(task)
            outcome = self.launcher.materialise(task.target) if checks is None else self.launcher.check(task.target, checks)
            self._ended(task, outcome, status)

    def _do_side_by_side(self, tasks: list[Task], status: AssetStatus, width: int) -> None:
        """Run ``tasks`` in processes of their own. What one of them does, even dying, leaves the others alone."""
        runs, left, going = SubprocessRuns(self.instance), list(tasks), dict[Future[Outcome], Task]()
        with ThreadPoolExecutor(width) as threads:
            try:
                while left or going:
                    left = [] if status.verdict == "CLOSED" else left
                    while left and len(going) < width:
                        task = left.pop(0)
                        self.listener.starting(task.target, task.reason)
                        going[threads.submit(runs.run, task.target, self._checks(task))] = task
                    for future in wait(going, return_when=FIRST_COMPLETED).done:
                        self._ended(going.pop(future), future.result(), status)
            except BaseException:  # Ctrl-C too: the threads wait for their processes
                runs.end()
                raise

    def _checks(self, task: Task) -> set[dg.AssetCheckKey] | None:
        return set(self.graph.get_check_keys_for_assets({task.target.key})) if task.checks_only else None

    def _ended(self, task: Task, outcome: Outcome, status: AssetStatus) -> None:
        self.listener.ended(task.target, outcome)
        status.ran += 1
        self._note(outcome, status)

    def _note(self, outcome: Outcome, status: AssetStatus) -> None:
        if not outcome.success:
            status.verdict = "CLOSED" if outcome.closed else "ERROR"
            status.reasons.append(outcome.message)

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
