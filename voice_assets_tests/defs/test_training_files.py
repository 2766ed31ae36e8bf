"""A training on two machines that share a store and the records: one goes on where the other stopped. Real, tiny training."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dagster as dg
import pytest

from voice_assets.defs.checkpoints import CheckpointRecords
from voice_assets.defs.training_files import bring_here, known_versions, share, shared_files, training_dir
from voice_assets.orchestration.inputs import ResolvedInputs
from voice_assets.piper.checkpoints import records_in
from voice_assets.piper.identity import recorded_identity
from voice_assets.piper.loss_tables import epochs_in
from voice_assets.piper.versions import version_dir
from voice_assets.runtime.contents import names
from voice_assets.runtime.storage import project_store
from voice_assets.voices import Voice, load_voice
from voice_assets_tests.datasets import write_voice
from voice_assets_tests.orchestration.recorded_events import Records
from voice_assets_tests.workers.conftest import training_set as training_set
from voice_assets_tests.workers.tiny_training import VERSION, command, of, request, run

pytestmark = pytest.mark.slow

KEY = dg.AssetKey(["toy", "checkpoint"])
KEEP = {"last": 2, "best": 0, "every": 0}


class Machine:
    """A machine with a project folder of its own. What a run there logs goes into the records that all machines share."""

    def __init__(self, root: Path, instance: dg.DagsterInstance):
        self.root, self.instance = root, instance
        (root / "data").mkdir(parents=True)
        write_voice(root / "voices" / "toy.yaml", root / "data")
        self.repository_def = SimpleNamespace(asset_graph=dg.Definitions(assets=[dg.AssetSpec(KEY)]).resolve_asset_graph())
        self.log = SimpleNamespace(info=print)

    @contextmanager
    def here(self) -> Iterator[Voice]:
        """This process is on the machine."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("VOICE_ASSETS_ROOT", str(self.root))
            yield load_voice(self.root / "voices" / "toy.yaml")

    def log_event(self, event: dg.AssetMaterialization | dg.AssetObservation) -> None:
        if isinstance(event, dg.AssetObservation):
            Records(self.instance).observe(event)
        else:
            data = (event.tags or {})["dagster/data_version"]
            metadata = {name: value for name, value in event.metadata.items() if name != "epoch"}
            Records(self.instance).materialise(event.asset_key, data, event.partition, **metadata)

    def train(self, dataset: Path, clips: Path, epochs: int) -> list[dict[str, Any]]:
        """Train up to ``epochs`` as the asset does, and record what the worker tells. Returns what it told."""
        with self.here() as voice:
            bring_here(voice, self.instance, VERSION)
            asked = request(dataset, clips, training_dir(voice), keep=KEEP).model_copy(update={"epochs": epochs})
            done, told = run(command("train", asked, self.root))
            assert done.returncode == 0, done.stderr
            records = CheckpointRecords(self, voice, VERSION, ResolvedInputs({}, []))  # type: ignore[arg-type]
            for event in told:
                if event["event"] in ("checkpoint", "removed"):
                    getattr(records, event["event"])(event)
            records.clear()
            share(version_dir(training_dir(voice), VERSION), ended=True)
        return told

    @property
    def folder(self) -> Path:
        with self.here() as voice:
            return version_dir(training_dir(voice), VERSION)


@pytest.fixture
def machines(s3_folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Machine, Machine]]:
    monkeypatch.setenv("VOICE_STORE", s3_folder)
    with dg.DagsterInstance.ephemeral() as instance:
        yield Machine(tmp_path / "studio", instance), Machine(tmp_path / "attic", instance)


def test_another_machine_goes_on_with_a_training(machines: tuple[Machine, Machine], ivrvoice: Path, training_set: Path) -> None:
    studio, attic = machines
    first = studio.train(ivrvoice, training_set, 2)
    with attic.here() as voice:
        assert recorded_identity(shared_files(voice, VERSION)) == recorded_identity(studio.folder) is not None
        assert list(epochs_in(shared_files(voice, VERSION))["epoch"]) == [0, 1]
        assert known_versions(voice, attic.instance) == {VERSION}
        assert recorded_identity(attic.folder) == recorded_identity(studio.folder)

    second = attic.train(ivrvoice, training_set, 3)
    assert {one["epoch"] for one in of("progress", second)} == {2}
    assert of("epoch", second)[:2] == of("epoch", first)
    assert list(epochs_in(attic.folder)["epoch"]) == [0, 1, 2]
    logs = [{path.name for path in machine.folder.glob("events.out.*")} for machine in machines]
    assert logs[0] < logs[1]

    third = studio.train(ivrvoice, training_set, 3)
    assert of("progress", third) == []
    with_hashes = [[(one.epoch, one.sha256, one.removed) for one in records_in(machine.folder)] for machine in machines]
    assert with_hashes[0] == with_hashes[1]
    assert [bool(removed) for _, _, removed in with_hashes[0]] == [True, False, False]
    with studio.here():
        stored = set(names(project_store().at(project_store().uri(studio.folder / "checkpoints"))))
    assert stored == {one.path.name for one in records_in(studio.folder) if not one.removed}
    recorded = attic.instance.fetch_materializations(KEY, limit=100).records
    assert len(recorded) == 3  # nobody recorded a checkpoint twice
