"""A launcher that starts no run: it notes each task and records the materialisation that a run would have recorded."""

from collections.abc import Callable, Iterable, Mapping

import dagster as dg
from dagster._core.definitions.assets.graph.asset_graph import AssetGraph

from voice_assets.orchestration.gates import AssetPartition, Gate
from voice_assets.orchestration.history import History
from voice_assets.orchestration.launcher import Outcome, Task
from voice_assets.orchestration.records import UPSTREAM, Pin, pins_json

SUCCESS = Outcome("scripted", True)


class ScriptedLauncher:
    """``outcomes`` by target; every other run succeeds. ``at_once`` tasks start before the first of them ends."""

    def __init__(self, graph: AssetGraph, instance: dg.DagsterInstance, outcomes: Mapping[str, Outcome], at_once: int = 1):
        self.graph, self.instance, self.outcomes, self.at_once = graph, instance, outcomes, at_once
        self.tasks: list[Task] = []
        self.widths: list[int] = []

    def run(self, tasks: Iterable[Task], width: int, ended: Callable[[Task, Outcome], None]) -> None:
        self.widths.append(width)
        started: list[Task] = []
        for task in tasks:
            started.append(task)
            if len(started) == self.at_once:
                self._end(started, ended)
        self._end(started, ended)

    def _end(self, started: list[Task], ended: Callable[[Task, Outcome], None]) -> None:
        while started:
            task = started.pop(0)
            self.tasks.append(task)
            outcome = self.outcomes.get(str(task.target), SUCCESS)
            if outcome is SUCCESS and task.checks is None:
                self.record(task.target)
            ended(task, outcome)

    def record(self, target: AssetPartition, version: str = "1") -> None:
        """Record what a run of ``target`` would: an observation, or a materialisation with its pins."""
        tags = {"dagster/data_version": version}
        if self.graph.get(target.key).is_observable:
            self.instance.report_runless_asset_event(dg.AssetObservation(target.key, tags=tags))
            return
        metadata = {UPSTREAM: dg.MetadataValue.json(pins_json(self._pins(target)))}
        materialisation = dg.AssetMaterialization(target.key, partition=target.partition, metadata=metadata, tags=tags)
        self.instance.report_runless_asset_event(materialisation)

    def _pins(self, target: AssetPartition) -> list[Pin]:
        history, pins = History(self.instance), []
        for source, gate_only in Gate(self.graph, self.instance).inputs(target):
            latest = history.latest(source.key, source.partition)
            observed = history.observed_version(source.key) or ""
            name = source.key.to_user_string()
            pins.append(latest.pin(gate_only) if latest else Pin(name, source.partition, 0, "", observed, gate_only))
        return pins
