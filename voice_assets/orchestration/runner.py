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

from voice_assets.orchestration.gates import RUN_OF, Gate, Place
from voice_assets.orchestration.history import History, Materialisation
from voice_assets.orchestration.launch import Launcher, Outcome
from voice_assets.orchestration.partitions import parse_epoch_key
from voice_assets.orchestration.subprocess_runs import Apart


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


@dataclass(frozen=True)
class Errand:
    """What there is to do at one place, and why."""

    place: Place
    reason: str
    checks_only: bool = False


class Traveller(Protocol):
    """Whoever watches a road being walked. Several places may have started and not ended."""

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
    """Walks to an asset. ``widths`` says how many runs of a pool may go on at once; one, for a pool it does not name."""

    def __init__(
        self,
        graph: AssetGraph,
        launcher: Launcher,
        traveller: Traveller,
        epoch: str | None = None,
        widths: Mapping[str, int] | None = None,
    ):
        self.graph, self.launcher, self.traveller, self.epoch = graph, launcher, traveller, epoch
        self.instance, self.widths = launcher.instance, widths or {}

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
        if node.is_observable:
            self._do([Errand(Place(key), "the data set may have changed")], station)  # one observation covers every shard
            return station
        places = self._places(key)
        if not node.is_external:
            errands = [errand for errand in map(self._errand, places) if errand is not None]
            station.current = len(places) - len(errands)
            self._do(errands, station)
        if station.verdict == "CLOSED":
            return station
        for place in places:
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

    def _errand(self, place: Place) -> Errand | None:
        """What ``place`` needs: to be materialised when it is missing or out of date, its checks when only they are."""
        gate = Gate(self.graph, self.instance)
        latest = gate.history.latest(place.key, place.partition)
        reason = "never materialised" if latest is None else gate.staleness(place, latest)
        if reason is not None:
            return Errand(place, reason)
        assert latest is not None
        unjudged = [refusal for refusal in gate.verdicts(latest) if refusal.unjudged]
        return Errand(place, f"{len(unjudged)} rules without a verdict in force", checks_only=True) if unjudged else None

    def _do(self, errands: list[Errand], station: Station) -> None:
        """Run ``errands``, as many at once as the asset's pools allow; one at a time in this very process."""
        width = min([self.widths.get(pool, 1) for pool in self.graph.get(station.key).pools or ()], default=1)
        if width > 1 and len(errands) > 1:
            self._do_side_by_side(errands, station, width)
            return
        for errand in errands:
            if station.verdict == "CLOSED":
                return  # what closes the gate of one partition mostly closes that of the next
            self.traveller.starting(errand.place, errand.reason)
            checks = self._checks(errand)
            outcome = self.launcher.materialise(errand.place) if checks is None else self.launcher.check(errand.place, checks)
            self._ended(errand, outcome, station)

    def _do_side_by_side(self, errands: list[Errand], station: Station, width: int) -> None:
        """Run ``errands`` in processes of their own. What one of them does, even dying, leaves the others alone."""
        apart, left, going = Apart(self.instance), list(errands), dict[Future[Outcome], Errand]()
        with ThreadPoolExecutor(width) as threads:
            try:
                while left or going:
                    left = [] if station.verdict == "CLOSED" else left
                    while left and len(going) < width:
                        errand = left.pop(0)
                        self.traveller.starting(errand.place, errand.reason)
                        going[threads.submit(apart.run, errand.place, self._checks(errand))] = errand
                    for future in wait(going, return_when=FIRST_COMPLETED).done:
                        self._ended(going.pop(future), future.result(), station)
            except BaseException:  # Ctrl-C too: the threads wait for their processes
                apart.end()
                raise

    def _checks(self, errand: Errand) -> set[dg.AssetCheckKey] | None:
        return set(self.graph.get_check_keys_for_assets({errand.place.key})) if errand.checks_only else None

    def _ended(self, errand: Errand, outcome: Outcome, station: Station) -> None:
        self.traveller.ended(errand.place, outcome)
        station.ran += 1
        self._note(outcome, station)

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
