"""The verdicts that count today: for one materialisation, the recorded result of each rule, or the waiver that opens it.

Reads only. Not here: which results are valid (``history``), and what a verdict closes (``gates``).
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date

import dagster as dg
from dagster._core.definitions.assets.graph.asset_graph import AssetGraph

from voice_assets.orchestration import waivers
from voice_assets.orchestration.history import History
from voice_assets.orchestration.marks import NO_RULE
from voice_assets.orchestration.partitions import partition_keys
from voice_assets.orchestration.records import PLACE, SUITE, CheckVerdict, Materialisation
from voice_assets.orchestration.waivers import NEVER_WAIVE, Waivers


class Verdicts:
    """The verdicts of one asset graph's rules in one instance. Answers are cached: make a new object to ask again.

    ``day`` decides which waivers are in force; None is today.
    """

    def __init__(self, graph: AssetGraph, instance: dg.DagsterInstance, day: date | None = None):
        self.graph = graph
        self.history = History(instance)
        self.day = day or waivers.today()
        self._waivers: dict[str, Waivers] = {}
        self._external: dict[dg.AssetKey, bool] = {}
        self._rules: dict[dg.AssetKey, list[dg.AssetCheckKey]] = {}
        self._partitions_of: dict[dg.AssetKey, dict[str | None, None]] = {}

    def read_ahead(self, keys: Iterable[dg.AssetKey]) -> None:
        """Read the records of ``keys`` and of everything above them with a few queries, whatever the number of shards.

        Records of epochs and versions are read when they are asked for: there may be thousands, and a gate asks for one.
        """
        above = {one for key in keys for one in self.graph.get_ancestor_asset_keys(key, include_self=True)}
        nodes = [
            node for node in map(self.graph.get, above) if not isinstance(node.partitions_def, dg.DynamicPartitionsDefinition)
        ]
        self.history.read_ahead([node.key for node in nodes if not node.is_observable])
        self.history.observations.read_ahead([node.key for node in nodes if node.is_observable])
        self.history.results.read_ahead([rule for node in nodes for rule in self.rules(node.key)])

    def is_external(self, key: dg.AssetKey) -> bool:
        """True for the data set: this project observes it and never materialises it."""
        if key not in self._external:
            self._external[key] = self.graph.get(key).is_observable
        return self._external[key]

    def rules(self, key: dg.AssetKey) -> list[dg.AssetCheckKey]:
        """The checks of an asset that are rules, in the order of the suite."""
        if key not in self._rules:
            specs = map(self.graph.get_check_spec, self.graph.get_check_keys_for_assets({key}))
            rules = [spec for spec in specs if NO_RULE not in spec.metadata]
            self._rules[key] = [spec.key for spec in sorted(rules, key=lambda spec: (spec.metadata.get(PLACE, 0), spec.name))]
        return self._rules[key]

    def partitions_of(self, key: dg.AssetKey) -> list[str | None]:
        """The partitions that an asset has today; ``[None]`` for an asset without partitions."""
        return list(self._partitions(key))

    def _partitions(self, key: dg.AssetKey) -> dict[str | None, None]:
        if key not in self._partitions_of:
            self._partitions_of[key] = dict.fromkeys(partition_keys(self.graph.get(key).partitions_def, self.history.instance))
        return self._partitions_of[key]

    def check_verdicts(self, of: Materialisation) -> Iterator[CheckVerdict]:
        """The verdict of every rule of the asset on one materialisation, in the order of the suite."""
        if not (rules := self.rules(of.key)):
            return
        judged = self.history.governing(of)
        newest = self.history.latest(of.key, of.partition)
        today = newest is not None and newest.storage_id == judged.storage_id and of.partition in self._partitions(of.key)
        self.history.results.read(rules, judged.partition)
        for check in rules:
            spec = self.graph.get_check_spec(check)
            verdict = self.history.verdict(check, judged, spec.metadata.get(SUITE) if today else None, today)
            yield self._waived(verdict, judged) if verdict.failed and not spec.metadata.get(NEVER_WAIVE) else verdict

    def _waived(self, verdict: CheckVerdict, judged: Materialisation) -> CheckVerdict:
        """``verdict``, opened when a waiver of the voice is in force for this rule and these data."""
        rule = f"{judged.key.path[-1]}/{verdict.check.name}"
        waiver = self.waivers(judged.key.path[0]).in_force(rule, judged.partition, judged.data_version, self.day)
        if waiver is None:
            return verdict
        return replace(verdict, reason=None, warning=f"{waiver}; {verdict.reason}", waiver=waiver)

    def waivers(self, voice: str) -> Waivers:
        """The waivers of a voice."""
        if voice not in self._waivers:
            self._waivers[voice] = Waivers(self.history, voice)
        return self._waivers[voice]
