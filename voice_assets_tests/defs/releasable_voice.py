"""A project whose voice can be released: a recorded history, and a real package of a small voice that makes noise.

The project is a Git repository. What the release does with the package is real: verification, the other programs, Whisper.
"""

import json
import shutil
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from voice_assets.orchestration.gates import Gate
from voice_assets.orchestration.records import SUITE, Materialisation, pins_json
from voice_assets.orchestration.released import released
from voice_assets.release.archive import zip_package
from voice_assets.runtime import project
from voice_assets.runtime.storage import Artifact, project_store
from voice_assets_tests.datasets import write_dataset, write_voice
from voice_assets_tests.recorded_voice import OF_AN_EPOCH, RecordedVoice, opened_voice
from voice_assets_tests.release.repositories import committed
from voice_assets_tests.toy_project import HERE, ToyProject, opened

EPOCHS = ("v0-e0000", "v0-e0001")
NAMED = {"license": "CC0-1.0", "credit": "nobody"}
WHISPER = {"model": "base", "compute_type": "int8"}
IGNORED = ".dagster/\n.cache\nartifacts/\ndataset/\n"


@dataclass
class Releasable:
    """A voice ``toy`` with packages that can be released."""

    project: ToyProject
    voice: RecordedVoice
    package: Path

    @property
    def root(self) -> Path:
        return self.project.root

    def write_voice(self, **changes: object) -> None:
        self.project.write_voice(**{"license": "", "credit": "", "whisper": WHISPER, **NAMED, **changes})

    def package_folder(self, epoch: str) -> Path:
        """The folder of a package, made of the small voice where it is not there yet."""
        folder = self.root / "artifacts" / "toy" / "voice_package" / epoch / "run" / self.package.name
        if not folder.exists():
            shutil.copytree(self.package, folder)
        return folder

    def make_package(self, epoch: str, **more: Any) -> Artifact:
        """Record a package of ``epoch`` with the files of the small voice, all rules passed. Returns the folder's record.

        ``more``: other entries.
        """
        target, folder, store = self.voice.target("voice_package", epoch), self.package_folder(epoch), project_store()
        kept = {"package": store.add(folder), "archive": store.add(zip_package(folder, folder.with_suffix(".zip")))}
        gate = self.voice.gate()
        whole = gate.history.latest(self.voice.target("training").key)
        assert whole is not None
        pins = pins_json([*self.voice._pins(target, gate), whole.pin(gate_only=True)])
        entries = {**{name: one.as_json() for name, one in kept.items()}, **more}
        code = gate.graph.get(target.key).code_version
        made = self.voice.materialise(target.key, kept["package"].sha256, epoch, code, upstream=pins, **entries)
        self._judge(made, gate)
        return kept["package"]

    def pass_checks(self, version: str, failing: Collection[str] = ()) -> None:
        """Record that every rule passed on the newest record of a version, but those that are ``failing``."""
        gate = self.voice.gate()
        self.project.instance.add_dynamic_partitions("toy_releases", [version])
        self._judge(self.project.latest("release", version), gate, failing)

    def _judge(self, made: Materialisation, gate: Gate, failing: Collection[str] = ()) -> None:
        for check in gate.rules(made.key):
            suite = gate.graph.get_check_spec(check).metadata[SUITE]
            self.voice.judge(check.name, made, check.name not in failing, suite, run_id=made.run_id)

    def record(self, version: str) -> dict[str, object] | None:
        """The metadata of a version that is released."""
        found = released(self.project.gate().history, dg.AssetKey(["toy", "release"]), version)
        return None if found is None else dict(found.metadata)

    def versions(self) -> list[str]:
        return list(self.project.instance.get_dynamic_partitions("toy_releases"))


def _write(root: Path) -> None:
    root.mkdir()
    for name in ("dagster.yaml", "workspace.yaml"):
        shutil.copy(HERE / name, root / name)
    write_dataset(root / "dataset", ["Это предложение номер один.", "Это предложение номер два."])
    write_voice(root / "voices" / "toy.yaml", Path("../dataset"), shards=2, whisper=WHISPER, **NAMED)
    (root / ".gitignore").write_text(IGNORED, encoding="utf-8")


def _logs(root: Path) -> str:
    """The folder of a training that has a log and its losses; returns the URI."""
    folder = root / "artifacts" / "toy" / "training" / "lightning_logs" / "version_0"
    (folder / "checkpoints").mkdir(parents=True)
    (folder / "checkpoints" / "epoch=1.ckpt").write_text("weights", encoding="utf-8")
    (folder / "train.log").write_text("epoch 0\nepoch 1\n", encoding="utf-8")
    (folder / "training.json").write_text(json.dumps({"ended": "epochs"}), encoding="utf-8")
    return folder.relative_to(root).as_posix()


@pytest.fixture(scope="module")
def releasable_once(tmp_path_factory: pytest.TempPathFactory, small_package: Path) -> Path:
    """The folder of the project: two epochs trained, the second one packaged. Copy the folder."""
    cache, root = project.cache_dir(), tmp_path_factory.mktemp("releasable") / "project"
    cache.mkdir(exist_ok=True)
    _write(root)
    (root / ".cache").symlink_to(cache)  # the environment of the clients and Whisper's weights are made once
    committed(root)
    with opened(root) as toy:
        voice = opened_voice(toy.instance)
        voice.observe()
        voice.validate()
        voice.train(epochs=len(EPOCHS), lightning_logs=_logs(root))
        for epoch in EPOCHS:
            for name in OF_AN_EPOCH:
                voice.make(name, epoch)
        voice.make("best_epoch", None, EPOCHS[-1], winner=EPOCHS[-1])
        Releasable(toy, voice, small_package).make_package(EPOCHS[-1])
    return root


@pytest.fixture
def releasable(releasable_once: Path, small_package: Path, tmp_path: Path) -> Iterator[Releasable]:
    """A project of the test's own, in which nothing was released yet."""
    root = Path(shutil.copytree(releasable_once, tmp_path / "project", symlinks=True))
    with opened(root) as toy:
        yield Releasable(toy, opened_voice(toy.instance), small_package)
