"""A project of its own per test: a voice on a small data set, an instance, and the real asset graph over them."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import pytest

from voice_assets.definitions import build_definitions
from voice_assets.orchestration.gates import AssetPartition, Gate
from voice_assets.orchestration.history import History
from voice_assets.orchestration.instance import open_instance
from voice_assets.orchestration.launch import InProcessRuns
from voice_assets.orchestration.launcher import Outcome
from voice_assets.orchestration.records import Materialisation
from voice_assets.runtime.storage import Store, project_store
from voice_assets.voices import load_voice
from voice_assets_tests.datasets import write_dataset, write_voice

HERE = Path(__file__).resolve().parent.parent
SHARDS = ("0-of-2", "1-of-2")
WORDS = ("один", "два", "три", "четыре", "пять", "шесть", "семь", "восемь", "девять", "десять")


class ToyProject:
    """The voice ``toy`` in a project folder of its own, and what a person can do with it."""

    def __init__(self, root: Path, dataset: Path, instance: dg.DagsterInstance):
        self.root, self.dataset, self.instance = root, dataset, instance

    def write_voice(self, **changes: object) -> None:
        """Write ``voices/toy.yaml``; ``changes`` replace top-level keys. The data set is named relative to the project."""
        write_voice(self.root / "voices" / "toy.yaml", **{"dataset": Path("../dataset"), "shards": 2, **changes})

    def target(self, name: str, partition: str | None = None) -> AssetPartition:
        return AssetPartition(dg.AssetKey(["toy", name]), partition)

    def run(self, name: str, partition: str | None = None) -> Outcome:
        return InProcessRuns(self.instance).run(self.target(name, partition))

    def run_checks(self, name: str, partition: str | None = None) -> Outcome:
        """Run the checks of ``name`` again, on what is there."""
        target = self.target(name, partition)
        return InProcessRuns(self.instance).run(target, self.gate().graph.get_check_keys_for_assets({target.key}))

    def run_without_checks(self, name: str) -> None:
        """Materialise ``name`` with its checks deselected, as a person can in the UI."""
        assert InProcessRuns(self.instance)._run(None, frozenset([self.target(name).key]), frozenset()).success

    def run_shards(self, name: str) -> list[Outcome]:
        return [self.run(name, shard) for shard in SHARDS]

    def gate(self) -> Gate:
        return Gate(build_definitions().resolve_asset_graph(), self.instance)

    def blockers(self, name: str, partition: str | None = None) -> list[str]:
        return [str(blocker) for blocker in self.gate().blockers(self.target(name, partition))]

    def latest(self, name: str, partition: str | None = None) -> Materialisation:
        found = History(self.instance).latest(dg.AssetKey(["toy", name]), partition)
        assert found is not None
        return found

    def file(self, name: str, entry: str, partition: str | None = None) -> Path:
        """Where the newest materialisation of ``name`` keeps the file it recorded as ``entry``."""
        return self.store.local(self.latest(name, partition).artifact(entry).uri)

    @property
    def store(self) -> Store:
        return project_store(load_voice(self.root / "voices" / "toy.yaml"))

    def validate(self) -> None:
        """Go as far as a passed ``base_validation``."""
        self.run("raw_dataset")
        outcomes = [*self.run_shards("clips"), self.run("base_validation")]
        assert all(outcome.success for outcome in outcomes), outcomes


def new_project(root: Path) -> None:
    """Make a project in ``root`` with a data set of ten clips."""
    root.mkdir()
    for name in ("dagster.yaml", "workspace.yaml"):
        shutil.copy(HERE / name, root / name)
    write_dataset(root / "dataset", [f"Это предложение номер {word}." for word in WORDS])
    write_voice(root / "voices" / "toy.yaml", Path("../dataset"), shards=2)


@contextmanager
def opened(root: Path) -> Iterator[ToyProject]:
    """The project in ``root`` as the one of this process, with its instance open."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VOICE_ASSETS_ROOT", str(root))
        patch.setenv("DAGSTER_HOME", str(root / ".dagster"))
        with open_instance() as instance:
            yield ToyProject(root, root / "dataset", instance)


@pytest.fixture(scope="session")
def new_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a project that nothing was done with yet; its instance has its tables. Copy the folder."""
    root = tmp_path_factory.mktemp("new") / "project"
    new_project(root)
    with opened(root):
        return root


@pytest.fixture
def toy(new_once: Path, tmp_path: Path) -> Iterator[ToyProject]:
    """A project that nothing was done with yet."""
    with opened(copied(new_once, tmp_path)) as project:
        yield project


@pytest.fixture(scope="session")
def validated_once(new_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a project as far as a passed ``base_validation``. Copy it: what is recorded is relative to the folder."""
    root = copied(new_once, tmp_path_factory.mktemp("validated"))
    with opened(root) as project:
        project.validate()
    return root


@pytest.fixture
def validated(validated_once: Path, tmp_path: Path) -> Iterator[ToyProject]:
    """A project of its own as far as a passed ``base_validation``."""
    with opened(copied(validated_once, tmp_path)) as project:
        yield project


def break_first_text(toy: ToyProject) -> None:
    """Make one clip break a rule: a text of one character."""
    metadata = toy.dataset / "metadata_2col.csv"
    lines = metadata.read_text(encoding="utf-8").splitlines()
    lines[0] = lines[0].split("|")[0] + "|я"
    metadata.write_text("\n".join(lines) + "\n", encoding="utf-8")


def revalidate(toy: ToyProject) -> None:
    toy.run("raw_dataset")
    toy.run_shards("clips")
    toy.run("base_validation")


@pytest.fixture(scope="session")
def failed_once(validated_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a project that got as far as ``clip_stats``; then a text was broken, and ``base_validation`` failed."""
    root = copied(validated_once, tmp_path_factory.mktemp("failed"))
    with opened(root) as project:
        assert all(outcome.success for outcome in project.run_shards("clip_stats"))
        break_first_text(project)
        revalidate(project)
    return root


@pytest.fixture
def failed(failed_once: Path, tmp_path: Path) -> Iterator[ToyProject]:
    """A project of its own whose ``base_validation`` failed: the gate of ``clip_stats`` is closed."""
    with opened(copied(failed_once, tmp_path)) as project:
        yield project


def copied(root: Path, folder: Path) -> Path:
    """Copy the project in ``root`` to ``folder/project``; returns the copy."""
    return Path(shutil.copytree(root, folder / "project", symlinks=True))
