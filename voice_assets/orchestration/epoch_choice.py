"""Which epochs a run makes of an asset that is partitioned by epoch: the epoch asked for, the winner, or the candidates.

Not here: which epochs compete (``trained``), and choosing the winner (the asset ``best_epoch``).
"""

from collections.abc import Collection

import dagster as dg
from dagster._core.definitions.assets.graph.asset_graph import AssetGraph

from voice_assets.orchestration.gates import Gate
from voice_assets.orchestration.marks import CANDIDATES, CHOICE, WINNER


def epochs_to_make(gate: Gate, key: dg.AssetKey, asked: str | None = None) -> list[str]:
    """The epoch keys of ``key`` that a run brings up to date; empty while no training has ended.

    Args:
        gate: where the records are read.
        key: an asset that is partitioned by epoch.
        asked: the epoch that a person asked for.
    """
    if asked is not None:
        return [asked]
    choice = next((parent for parent in gate.graph.get(key).parent_keys if CHOICE in gate.graph.get(parent).metadata), None)
    if choice is None:
        return candidates(gate, key.path[0])
    tournament = gate.history.latest(choice)
    winner = None if tournament is None else tournament.metadata.get(WINNER)
    return [winner] if winner else []


def candidates(gate: Gate, voice: str) -> list[str]:
    """The epochs of ``voice`` that compete: those of its tournament, or those that its newest training recorded."""
    mine = [key for key in gate.graph.get_all_asset_keys() if key.path[0] == voice]
    tournament = next((key for key in mine if CANDIDATES in gate.graph.get(key).metadata), None)
    return gate.trainings.recorded(voice) if tournament is None else gate.trainings.candidates(tournament)


def competing(graph: AssetGraph, keys: Collection[dg.AssetKey]) -> set[dg.AssetKey]:
    """The assets that a tournament among ``keys`` compares epoch by epoch. An epoch that failed its rules only cannot win."""
    tournaments = [graph.get(key) for key in keys if CANDIDATES in graph.get(key).metadata]
    parents = {parent for tournament in tournaments for parent in tournament.parent_keys}
    return {key for key in parents if isinstance(graph.get(key).partitions_def, dg.DynamicPartitionsDefinition)}
