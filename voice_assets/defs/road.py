"""The road to an asset: what is missing or out of date on the way, materialised in order, up to the first closed gate.

This is what ``voice-assets run`` does. It decides by the same ``gates`` as the assets themselves, and it leaves
alone what is current: a road walked twice does nothing the second time.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

import dagster as dg
from dagster._core.definitions.assets.graph.asset_graph import AssetGraph

from voice_assets.defs.gates import RUN_OF, Gate, Place
from voice_assets.defs.history import History, Materialisation
from voice_assets.defs.launch import Launcher, Outcome
from voice_assets.defs.partitions import parse_epoch_key


class RoadError(ValueError):
    """A destination that is not on the map. The message names what there is."""


@dataclass
class Station:
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


class Traveller(Protocol):
    """Whoever watches a road being walked."""

    def starting(self, place: Place, reason: str) -> None:
        """A run starts for ``place``, because of ``reason``."""

    def ended(self, place: Place, outcome: Outcome) -> None:
        """That run has ended."""


def road_to(graph: AssetGraph, voice: str, name: str | None) -> list[dg.AssetKey]:
    """The assets of ``voice`` that lead to ``name`` (all of them when None), upstream first.

    Raises:
        RoadError: no such voice or asset, or the voice's file is broken.
    """
    mine = [key for key in graph.toposorted_asset_keys if key.path[0] == voice]
    names = [key.path[-1] for key in mine]
    if not mine:
        voices = sorted({key.path[0] for key in graph.get_all_asset_keys()})
        raise RoadError(f"there is no voice {voice!r}; there are: {', '.join(voices) or 'none'}")
    if names == ["voice_file"]:
        raise RoadError(str(graph.get(mine[0]).metadata["error"]))
    if name is None:
        return mine
    if name not in names:
        raise RoadError(f"there is no asset {name!r} in {voice}; there are: {', '.join(names)}")
    target = dg.AssetKey([voice, name])
    wanted = graph.get_ancestor_asset_keys(target) | {target}
    return [key for key in mine if key in wanted]


class Road:
    """Walks to an asset, one run at a time."""

    def __init__(self, graph: AssetGraph, launcher: Launcher, traveller: Traveller, epoch: str | None = None):
        self.graph, self.launcher, self.traveller, self.epoch = graph, launcher, traveller, epoch
        self.instance = launcher.instance

    def walk(self, keys: list[dg.AssetKey]) -> Iterator[Station]:
        """Bring each asset of ``keys`` up to date, upstream first; ends after the first whose gate or rules are closed."""
        for key in keys:
            try:
                station = self._visit(key)
            except RoadError as error:
                station = Station(key, "ERROR", reasons=[str(error)])
            yield station
            if not station.open:
                return

    def _visit(self, key: dg.AssetKey) -> Station:
        station = Station(key)
        node = self.graph.get(key)
        for place in self._places(key):
            if node.is_observable:
                self._observe(place, station)
                break  # one observation covers every shard
            if not node.is_external:
                self._bring_up_to_date(place, station)
            if station.verdict == "CLOSED":
                break  # what closes the gate of one partition mostly closes that of the next
            self._judge(place, station)
        return station

    def _places(self, key: dg.AssetKey) -> list[Place]:
        partitions = self.graph.get(key).partitions_def
        if partitions is None:
            return [Place(key)]
        if isinstance(partitions, dg.DynamicPartitionsDefinition):
            return [Place(key, self._epoch(key.path[0], partitions))]
        return [Place(key, partition) for partition in partitions.get_partition_keys()]

    def _epoch(self, voice: str, partitions: dg.DynamicPartitionsDefinition) -> str:
        """The epoch asked for, or the last one of the newest training that ended."""
        known = partitions.get_partition_keys(dynamic_partitions_store=self.instance)
        training = History(self.instance).latest(dg.AssetKey([voice, "mini_training"]))
        newest = max(training.metadata["checkpoints"], key=parse_epoch_key) if training else None
        epoch = self.epoch or newest
        if epoch is None or epoch not in known:
            raise RoadError(f"there is no epoch {epoch!r}; there are: {', '.join(known) or 'none'}")
        return epoch

    def _observe(self, place: Place, station: Station) -> None:
        self._run(Place(place.key), station, "the data set may have changed")

    def _bring_up_to_date(self, place: Place, station: Station) -> None:
        """Materialise ``place`` if it is missing or out of date, or run its checks if only they are."""
        gate = Gate(self.graph, self.instance)
        latest = gate.history.latest(place.key, place.partition)
        reason = "never materialised" if latest is None else gate.staleness(place, latest)
        if reason is not None:
            self._run(place, station, reason)
            return
        assert latest is not None
        unjudged = [refusal for refusal in gate.verdicts(latest) if refusal.unjudged]
        if unjudged:
            outcome = self._launch(place, f"{len(unjudged)} rules without a verdict in force", checks_only=True)
            station.ran += 1
            self._note(outcome, station)
        else:
            station.current += 1

    def _run(self, place: Place, station: Station, reason: str) -> None:
        outcome = self._launch(place, reason, checks_only=False)
        station.ran += 1
        self._note(outcome, station)

    def _launch(self, place: Place, reason: str, *, checks_only: bool) -> Outcome:
        self.traveller.starting(place, reason)
        checks = self.graph.get_check_keys_for_assets({place.key})
        outcome = self.launcher.check(place, checks) if checks_only else self.launcher.materialise(place)
        self.traveller.ended(place, outcome)
        return outcome

    def _note(self, outcome: Outcome, station: Station) -> None:
        if not outcome.success:
            station.verdict = "CLOSED" if outcome.closed else "ERROR"
            station.reasons.append(outcome.message)

    def _judge(self, place: Place, station: Station) -> None:
        """Read how ``place`` stands now: its newest materialisation, and what its rules said of it."""
        gate = Gate(self.graph, self.instance)
        latest = gate.history.latest(place.key, place.partition)
        if latest is None:
            if station.open:
                station.verdict = "ERROR"
                station.reasons.append(f"{place}: nothing was materialised")
            return
        station.results.append(latest)
        failed = [] if self.graph.get(place.key).metadata.get(RUN_OF) else gate.verdicts(latest)
        if failed:
            station.verdict = "FAIL"
            station.reasons = [reason for reason in station.reasons if "blocking asset check" not in reason]
            station.reasons += [str(refusal) for refusal in failed]
        elif station.verdict == "PASS" and gate.warnings(latest):
            station.verdict = "WARN"
            station.reasons += [str(warning) for warning in gate.warnings(latest)]
