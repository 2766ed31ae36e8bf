"""What an asset reads: the start of every asset. It passes the gate, or ends there.

Not here: what closes a gate (``gates``).
"""

import dagster as dg
from dagster._check import CheckError
from dagster._core.definitions.assets.graph.asset_graph import AssetGraph

from voice_assets.orchestration import shard_gates
from voice_assets.orchestration.blockers import in_words
from voice_assets.orchestration.gates import AssetPartition, Blocker, Gate
from voice_assets.orchestration.records import Materialisation, Pin

CLOSED_BY = "closed_by"


class ClosedGate(dg.Failure):
    """A gate is closed. Nothing retries the run: only a change upstream opens the gate."""

    def __init__(self, target: AssetPartition, blockers: list[Blocker]):
        reasons = "\n".join(f"- {reason}" for reason in in_words(blockers))
        super().__init__(
            description=f"The gate of {target} is closed:\n{reasons}",
            metadata={CLOSED_BY: dg.MetadataValue.md(reasons)},
            allow_retries=False,
        )


class ResolvedInputs:
    """The materialisations that an asset reads: exactly those that its gate checked, and a pin on each."""

    def __init__(self, sources: dict[AssetPartition, Materialisation], pins: list[Pin]):
        self.sources = sources
        self.pins = pins

    def one(self, name: str) -> Materialisation:
        """The one materialisation of the input ``name`` (the last part of its key).

        Raises:
            ValueError: the input has several partitions, or there is no such input.
        """
        (source,) = self.all(name)
        return source

    def all(self, name: str) -> list[Materialisation]:
        """Every materialisation of the input ``name``, in the order of its partitions."""
        return [source for target, source in self.sources.items() if target.key.path[-1] == name]


def gate_of(context: dg.AssetExecutionContext, epoch: str | None = None) -> Gate:
    """The gate of the running asset: the graph of its code location, and its instance. ``epoch``: the one to release.

    Raises:
        dagster.Failure: the run belongs to no code location, as with ``dagster.materialize``.
    """
    return Gate(graph_of(context), context.instance, epoch=epoch)


def graph_of(context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext) -> AssetGraph:
    """The graph of the code location; raises as ``gate_of`` does."""
    try:
        return context.repository_def.asset_graph
    except CheckError as error:
        message = (
            "this run belongs to no code location, so its gate cannot be read: materialise the asset in the Dagster UI, or "
        )
        raise dg.Failure(f"{message}with `voice-assets run`", allow_retries=False) from error


def resolve_inputs(context: dg.AssetExecutionContext, epoch: str | None = None) -> ResolvedInputs:
    """Check the gate of the asset that is starting, and return what the asset may read. ``epoch``: the one to release.

    Raises:
        ClosedGate: the message names every asset, partition, rule, observed value and limit.
        dagster.Failure: the run belongs to no code location.
    """
    target = AssetPartition(context.asset_key, context.partition_key if context.has_partition_key else None)
    gate, blockers = shard_gates.ask(graph_of(context), context.instance, target, epoch)
    if blockers:
        raise ClosedGate(target, blockers)
    sources, pins = {}, []
    for source, gate_only in gate.inputs(target):
        if gate.is_external(source.key):
            continue
        latest = gate.history.latest(source.key, source.partition)
        assert latest is not None
        sources[source] = latest
        pins.append(latest.pin(gate_only))
    return ResolvedInputs(sources, pins)
