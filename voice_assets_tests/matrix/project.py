"""The project of the matrix: its voices, its evidence, and every way to start something in it."""

import shutil
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import dagster as dg
import pytest

from voice_assets.orchestration import launch
from voice_assets.orchestration.gates import AssetPartition, Gate
from voice_assets.orchestration.history import History
from voice_assets.orchestration.instance import open_instance
from voice_assets.orchestration.launch import InProcessRuns
from voice_assets_tests.datasets import write_voice
from voice_assets_tests.matrix import graph
from voice_assets_tests.matrix.broken_states import STATES, Tables, blocking_rules
from voice_assets_tests.toy_project import HERE


@dataclass(frozen=True)
class Cell:
    """One blocking rule; its voice has the judged asset and ``after``."""

    suite: str
    rule: str

    @property
    def voice(self) -> str:
        return f"{self.suite}__{self.rule}"

    @property
    def partition(self) -> str | None:
        return graph.PARTITION if self.suite in graph.PARTITIONED else None

    @property
    def judged(self) -> AssetPartition:
        return AssetPartition(dg.AssetKey([self.voice, self.suite]), self.partition)

    @property
    def after(self) -> AssetPartition:
        return AssetPartition(dg.AssetKey([self.voice, "after"]), self.partition)

    @property
    def check(self) -> dg.AssetCheckKey:
        return dg.AssetCheckKey(self.judged.key, self.rule)

    def __str__(self) -> str:
        return f"{self.suite}/{self.rule}"


CELLS = [Cell(suite, rule) for suite, rule in blocking_rules()]
KINDS = [[one for one in CELLS if one.partition is None], [one for one in CELLS if one.partition is not None]]
"""The cells without and with partitions: one run has one partition."""


class Matrix:
    """The cells in one project. A method that starts something starts it for every cell."""

    def __init__(self, root: Path, instance: dg.DagsterInstance):
        self.root, self.instance = root, instance
        self.graph = graph.defs().resolve_asset_graph()

    def state(self, tables: Callable[[Cell], Tables]) -> None:
        """Put the tables into the evidence that the judged assets will record."""
        for cell in CELLS:
            folder = self.root / "evidence" / cell.voice
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            for name, table in tables(cell).items():
                table.to_parquet(folder / f"{name}.parquet")

    def checks(self, cells: Collection[Cell]) -> frozenset[dg.AssetCheckKey]:
        return frozenset(self.graph.get_check_keys_for_assets({cell.judged.key for cell in cells}))

    def run(
        self,
        assets: Callable[[Cell], Collection[AssetPartition]],
        checks: Callable[[Collection[Cell]], Collection[dg.AssetCheckKey]] | None = None,
    ) -> list[str]:
        """Run the assets, in one run for each kind of cell. ``checks``: None runs all of the selected assets."""
        found = []
        for cells in KINDS:
            keys = frozenset(target.key for cell in cells for target in assets(cell))
            chosen = None if checks is None else frozenset(checks(cells))
            found.append(InProcessRuns(self.instance)._run(cells[0].partition, keys, chosen).run_id)
        return found

    def gate(self) -> Gate:
        return Gate(self.graph, self.instance)

    def made(self) -> dict[Cell, int]:
        """The newest materialisation of every ``after``, by its storage id; 0 for none."""
        history = History(self.instance)
        history.read_ahead([cell.after.key for cell in CELLS])
        newest = {cell: history.latest(cell.after.key, cell.partition) for cell in CELLS}
        return {cell: one.storage_id if one else 0 for cell, one in newest.items()}

    def failing(self) -> dict[Cell, list[str]]:
        """The rules of every judged asset that close its gate."""
        gate, found = self.gate(), {}
        gate.read_ahead([cell.judged.key for cell in CELLS])
        for cell in CELLS:
            latest = gate.history.latest(cell.judged.key, cell.partition)
            assert latest is not None
            found[cell] = [verdict.check.name for verdict in gate.check_verdicts(latest) if verdict.reason is not None]
        return found


@cache
def broken(cell: Cell) -> Tables:
    """Tables that break exactly the rule of ``cell``."""
    return STATES[cell.suite, cell.rule]()


def write_project(root: Path) -> None:
    """A voice per rule; the workspace loads the graph of the matrix."""
    for cell in CELLS:
        write_voice(root / "voices" / f"{cell.voice}.yaml", root / "dataset", shards=1)
    (root / "dataset").mkdir()
    shutil.copy(HERE / "dagster.yaml", root / "dagster.yaml")
    location = f"module_name: {graph.__name__}\n      working_directory: {HERE}\n      location_name: voice_assets\n"
    (root / "workspace.yaml").write_text(f"load_from:\n  - python_module:\n      {location}", encoding="utf-8")


@contextmanager
def opened(root: Path) -> Iterator[Matrix]:
    """The matrix in ``root`` as the project of this process, whose runs load the graph of the matrix."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VOICE_ASSETS_ROOT", str(root))
        patch.setenv("DAGSTER_HOME", str(root / ".dagster"))
        patch.setattr(launch, "MODULE", graph.__name__)
        with open_instance() as instance:
            yield Matrix(root, instance)
