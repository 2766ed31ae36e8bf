"""The gate of a run, which for a run of one shard does not cost more when a voice has more shards.

All runs of a stage ask the same of the assets over all shards, such as ``base_validation``: whether everything upstream is
current and passed. The first run asks everything. When its gate is open, it keeps a hash of all that the answer depends on, the
state. While the state is the same, other runs of the stage ask only about their own shard. A closed gate is not kept. The run
that judged the asset over all shards asks when it ends, and a planner before it starts the runs, so that none is the first.

The state does not cover files. A run of a shard looks at the files of its own shard and of the assets over all shards that
gate it, but no further. The gate of an asset over all shards looks at every file upstream.

Not here: what closes a gate (``gates``).
"""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.definitions.assets.graph.asset_graph import AssetGraph

from voice_assets.orchestration.gates import AssetPartition, Blocker, Gate
from voice_assets.orchestration.partitions import partition_keys
from voice_assets.orchestration.waivers import WAIVERS

CODE = hashlib.sha256(b"".join(file.read_bytes() for file in sorted(Path(__file__).parent.glob("*.py")))).hexdigest()
"""A hash of the code of this room when it was loaded: what a gate of other code found does not count."""


class ShardGate(Gate):
    """The gate of one shard. It takes the assets over all shards for open when their files are there: they are in ``assumed``.

    Only the records of one partition are read, each when it is asked for.
    """

    def __init__(self, graph: AssetGraph, instance: dg.DagsterInstance):
        super().__init__(graph, instance)
        self.assumed: set[dg.AssetKey] = set()

    def read_ahead(self, keys: Iterable[dg.AssetKey]) -> None:
        """Read nothing."""

    def _newest_blockers(self, target: AssetPartition, whole: bool) -> list[Blocker]:
        latest = self.history.latest(target.key) if target.partition is None else None
        if latest is None:
            return super()._newest_blockers(target, whole)
        self.assumed.add(target.key)
        damage = self._damage(latest)
        return [] if damage is None else [Blocker(target, damage)]


def ask(
    graph: AssetGraph, instance: dg.DagsterInstance, target: AssetPartition, epoch: str | None = None
) -> tuple[Gate, list[Blocker]]:
    """The gate of a run that makes ``target``, and its blockers. ``epoch``: see ``Gate``."""
    if _in_shards(graph, target.key):
        return _ask_about_shard(graph, instance, target)
    gate = Gate(graph, instance, epoch=epoch)
    return gate, gate.blockers(target)


def ask_ahead(graph: AssetGraph, instance: dg.DagsterInstance, target: AssetPartition) -> None:
    """Ask what all runs of the stage of ``target`` ask, where that is more than one shard: an open gate is kept for them."""
    if _in_shards(graph, target.key):
        _ask_about_shard(graph, instance, target)


def ask_below(graph: AssetGraph, instance: dg.DagsterInstance, key: dg.AssetKey) -> None:
    """``ask_ahead`` for every stage below ``key``, where ``key`` is the last asset over all shards that it waits for."""
    above = graph.get_ancestor_asset_keys(key, include_self=True)
    for below in sorted(graph.get(key).child_keys):
        whole = {one for one in graph.get(below).parent_keys if not graph.get(one).is_partitioned}
        if key in whole <= above and _in_shards(graph, below):
            first, *_ = partition_keys(graph.get(below).partitions_def, instance)
            ask_ahead(graph, instance, AssetPartition(below, first))


def _ask_about_shard(graph: AssetGraph, instance: dg.DagsterInstance, target: AssetPartition) -> tuple[Gate, list[Blocker]]:
    """``ask`` for a shard. The order of reading decides whether the answer is right.

    The kept state is read before anything else, and today's state after all that the short gate reads. So when both are the
    same, nothing changed in between. The full gate reads after the state that is kept: what is recorded meanwhile is news to
    the next run.
    """
    name = f"voice_assets/gate/{target.key.to_user_string()}"
    kept = instance.daemon_cursor_storage.get_cursor_values({name}).get(name)
    short = ShardGate(graph, instance)
    blockers = short.blockers(target)
    if not short.assumed:
        return short, blockers
    state = state_of(short, target.key)
    if state == kept and not blockers:
        return short, []
    gate = Gate(graph, instance)
    if not (blockers := gate.blockers(target)):
        instance.daemon_cursor_storage.set_cursor_values({name: state})
    return gate, blockers


def _in_shards(graph: AssetGraph, key: dg.AssetKey) -> bool:
    """Whether an asset has fixed partitions, and so have the assets above it, as far as they have any."""
    own = graph.get(key).partitions_def
    above = (graph.get(one).partitions_def for one in graph.get_ancestor_asset_keys(key))
    return isinstance(own, dg.StaticPartitionsDefinition) and all(one in (None, own) for one in above)


def state_of(gate: Gate, key: dg.AssetKey) -> str:
    """A hash of everything but files that decides whether the assets above ``key`` close a gate.

    That is: the records about them, the waivers and the day; the assets, settings and rules of today; the code of the gates.
    """
    from voice_assets.orchestration.event_log import EventLog  # loads SQLAlchemy, which a code location needs not

    above = sorted(gate.graph.get_ancestor_asset_keys(key))
    records = EventLog(gate.history.instance).state([*above, dg.AssetKey([key.path[0], WAIVERS])])
    assets = [_asset(gate, one) for one in [*above, key]]
    facts = (records, gate.day, assets, gate.partitions_of(key), CODE)
    return hashlib.sha256(repr(facts).encode()).hexdigest()


def _asset(gate: Gate, key: dg.AssetKey) -> tuple[Any, ...]:
    """What the graph says about an asset as far as gates obey it."""
    node = gate.graph.get(key)
    rules = [(check.name, gate.graph.get_check_spec(check).metadata) for check in gate.rules(key)]
    parents = sorted(node.parent_keys)
    return (key, node.code_version, node.is_observable, node.is_partitioned, parents, node.metadata, rules)
