"""The run that releases one version of a voice: what stands in the way, what has to run, and how the version stands afterwards.

Not here: which epoch a version is built from (``released``), and what the asset does (``defs.releases``).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import dagster as dg
from dagster._core.definitions.assets.graph.asset_graph import AssetGraph

from voice_assets.orchestration.blockers import in_words
from voice_assets.orchestration.gates import AssetPartition, Gate
from voice_assets.orchestration.launch import InProcessRuns
from voice_assets.orchestration.launcher import Task
from voice_assets.orchestration.marks import ARCHIVE, VERSIONS
from voice_assets.orchestration.partitions import releases
from voice_assets.orchestration.records import Materialisation
from voice_assets.orchestration.released import epoch_of_version, released
from voice_assets.orchestration.runner import RunListener, SelectionError
from voice_assets.runtime.storage import project_store
from voice_assets.voices import Voice


@dataclass(frozen=True)
class VersionStatus:
    """How a version stands.

    Attributes:
        released: its record; None when it is not released.
        ran: whether a run was needed.
        reasons: why it is not released, or why a run that had to restore its archive failed.
        warnings: the rules that speak against a released version today.
    """

    released: Materialisation | None
    ran: bool = False
    reasons: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


class VersionRun:
    """One version of the release of ``voice``; ``epoch``: the one that a person asked for, None takes the newest package."""

    def __init__(self, graph: AssetGraph, instance: dg.DagsterInstance, voice: Voice, version: str, epoch: str | None):
        """Find the asset.

        Raises:
            SelectionError: the voice does not load.
        """
        mine = [key for key in graph.get_all_asset_keys() if key.path[0] == voice.name]
        asset = next((key for key in mine if VERSIONS in graph.get(key).metadata), None)
        if asset is None:
            raise SelectionError(str(graph.get(mine[0]).metadata.get("error")) if mine else f"there is no voice {voice.name!r}")
        self.graph, self.instance, self.voice, self.epoch = graph, instance, voice, epoch
        self.target = AssetPartition(asset, version)

    def _gate(self) -> Gate:
        """A new gate, which reads the records as they are now."""
        return Gate(self.graph, self.instance, epoch=self.epoch)

    def is_released(self) -> bool:
        """Whether this version was released before. Reads only."""
        return released(self._gate().history, self.target.key, self.target.partition) is not None

    def in_the_way(self) -> list[str]:
        """Why this version cannot be released; empty when nothing is known to stop it. Reads only."""
        gate = self._gate()
        made = released(gate.history, self.target.key, self.target.partition)
        return in_words(gate.blockers(self.target)) if made is None else self._another_package(gate, made)

    def _another_package(self, gate: Gate, made: Materialisation) -> list[str]:
        """What a person should know who releases a version again, and means another package."""
        (package,) = self.graph.get(self.target.key).parent_keys
        was = epoch_of_version(gate.history, self.target.key, self.target.partition, package, None)
        newest = gate.history.latest(package, self.epoch)
        if newest is None or newest.data_version == made.data_version or self.epoch == was:
            return []
        return [
            f"this version was released from {was}, and the package of {newest.partition} is another; a version is never "
            f"overwritten: choose another version (or, for {self.target.partition} as it is: --epoch {was})"
        ]

    def bring_up_to_date(self, config: Mapping[str, Any], listener: RunListener) -> VersionStatus:
        """Release the version, or do nothing when it is released.

        Args:
            config: the configuration of the asset.
            listener: receives the start and the end of the run.
        """
        task = self._task(self._gate())
        if task is None:
            return self._status([], ran=False)
        partitions = releases(self.voice.name).name
        assert partitions is not None
        assert self.target.partition is not None
        self.instance.add_dynamic_partitions(partitions, [self.target.partition])
        listener.starting(self.target, task.reason)
        try:
            outcome = InProcessRuns(self.instance).run(self.target, task.checks, None if task.checks else config)
            listener.ended(self.target, outcome)
        finally:
            if self._gate().history.latest(self.target.key, self.target.partition) is None:
                self.instance.delete_dynamic_partition(partitions, self.target.partition)
        judged = outcome.success or task.checks  # the verdicts say what a run of checks alone found
        return self._status([] if judged else [outcome.message], ran=True)

    def _task(self, gate: Gate) -> Task | None:
        """The run that is needed: of the asset, of its checks alone, or none."""
        made = released(gate.history, self.target.key, self.target.partition)
        if made is None:
            return Task(self.target, "not released")
        if (lost := self._lost(made)) is not None:
            return Task(self.target, lost)
        unjudged = [blocker for blocker in gate.verdicts(made) if blocker.unjudged]
        reason = f"{len(unjudged)} rules without a verdict in force"
        return Task(self.target, reason, frozenset(gate.rules(self.target.key))) if unjudged else None

    def _lost(self, made: Materialisation) -> str | None:
        """What happened to the archive; None when it has the recorded bytes. Its copy is in the data set of that time."""
        return project_store().damage(made.artifact(ARCHIVE), whole=True, every_byte=True)

    def _status(self, reasons: list[str], *, ran: bool) -> VersionStatus:
        gate = self._gate()
        made = released(gate.history, self.target.key, self.target.partition)
        latest = made or gate.history.latest(self.target.key, self.target.partition)
        against = [] if latest is None else in_words(gate.verdicts(latest))
        return VersionStatus(None, ran, against or reasons) if made is None else VersionStatus(made, ran, reasons, against)
