"""What is recorded of the checkpoints that a training writes, removes and writes again."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dagster as dg
import pytest

from voice_assets.dataset.tables import EPOCHS, frame
from voice_assets.defs.checkpoints import CheckpointRecords
from voice_assets.orchestration.history import History
from voice_assets.orchestration.inputs import ResolvedInputs
from voice_assets.piper.checkpoints import DAMAGED, GONE
from voice_assets.piper.retention import unwanted
from voice_assets.runtime.files import sha256
from voice_assets.voice_training import Keep
from voice_assets.voices import load_voice
from voice_assets_tests.datasets import write_voice
from voice_assets_tests.orchestration.recorded_events import Records

KEY = dg.AssetKey(["toy", "checkpoint"])


class Run:
    """A run of a training: what its asset logs goes into the instance as the run's events."""

    def __init__(self, folder: Path, instance: dg.DagsterInstance):
        self.folder, self.instance = folder, instance
        self.log, self.warnings = self, list[str]()
        graph = dg.Definitions(assets=[dg.AssetSpec(KEY)]).resolve_asset_graph()
        self.repository_def = SimpleNamespace(asset_graph=graph)
        voice = load_voice(write_voice(folder / "voices" / "toy.yaml", folder / "data"))
        self.records = CheckpointRecords(self, voice, 0, ResolvedInputs({}, []))  # type: ignore[arg-type]

    def log_event(self, event: dg.AssetMaterialization | dg.AssetObservation) -> None:
        if isinstance(event, dg.AssetObservation):
            Records(self.instance).observe(event)
        else:
            data = (event.tags or {})["dagster/data_version"]
            metadata = {name: value for name, value in event.metadata.items() if name != "epoch"}
            Records(self.instance).materialise(event.asset_key, data, event.partition, **metadata)

    def warning(self, message: str) -> None:
        self.warnings.append(message)

    def writes(self, epoch: int) -> None:
        self.records.checkpoint(self._event(epoch))

    def removes(self, epoch: int, reason: str = "not needed") -> None:
        self.records.removed({**self._event(epoch), "reason": reason})

    def _event(self, epoch: int) -> dict[str, Any]:
        file = self.folder / "version_0" / "checkpoints" / f"epoch={epoch}.ckpt"
        return {"epoch": epoch, "step": 1, "path": str(file), "sha256": sha256(file)}

    def reason(self, epoch: str) -> str:
        return History(self.instance).removed(KEY, epoch)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Path, dg.DagsterInstance]]:
    monkeypatch.setenv("VOICE_ASSETS_ROOT", str(tmp_path))
    (tmp_path / "data").mkdir()
    (tmp_path / "version_0" / "checkpoints").mkdir(parents=True)
    (tmp_path / "version_0" / "config.json").write_text("{}")
    for epoch in range(3):
        (tmp_path / "version_0" / "checkpoints" / f"epoch={epoch}.ckpt").write_text(f"weights {epoch}")
    with dg.DagsterInstance.ephemeral() as instance:
        yield tmp_path, instance


def made(instance: dg.DagsterInstance) -> int:
    return len(instance.fetch_materializations(KEY, limit=100).records)


def test_a_checkpoint_that_is_told_again_is_recorded_once(project: tuple[Path, dg.DagsterInstance]) -> None:
    Run(*project).writes(0)
    Run(*project).writes(0)
    assert made(project[1]) == 1


def test_a_checkpoint_that_was_removed_says_why_once_and_counts_as_written_by_its_training(
    project: tuple[Path, dg.DagsterInstance],
) -> None:
    Run(*project).writes(0)
    for _ in range(2):  # the second run was started after a kill, and tells the removal again
        run = Run(*project)
        run.removes(0)
        assert list(run.records.hashes) == ["v0-e0000"]
    assert run.reason("v0-e0000") == "not needed"
    assert len(project[1].fetch_observations(KEY, limit=100).records) == 1


@pytest.mark.parametrize("same_run", [True, False])
def test_a_checkpoint_that_is_written_again_is_there_again(project: tuple[Path, dg.DagsterInstance], same_run: bool) -> None:
    run = Run(*project)
    run.writes(0)
    run = run if same_run else Run(*project)
    run.removes(0)
    run = run if same_run else Run(*project)
    run.writes(0)
    assert (run.reason("v0-e0000"), made(project[1])) == ("", 2)
    run.removes(0)
    assert run.reason("v0-e0000") == "not needed"


EPOCH = {**dict.fromkeys(EPOCHS, 1.0), "epoch": 0}
UNWANTED = unwanted(frame([EPOCH], EPOCHS), [0, 1], Keep(last=1, best=0, every=0))[0]


@pytest.mark.parametrize("ended", [True, False])
def test_a_store_apart_loses_what_is_not_wanted_when_it_has_the_next_checkpoint(
    project: tuple[Path, dg.DagsterInstance], monkeypatch: pytest.MonkeyPatch, ended: bool
) -> None:
    monkeypatch.setenv("VOICE_STORE", str(project[0] / "store"))
    folder = project[0] / "store" / "version_0" / "checkpoints"
    Run(*project).writes(0)
    for run in (Run(*project), Run(*project)):  # the first one is killed
        run.removes(0, UNWANTED)
        assert [file.name for file in folder.iterdir()] == ["epoch=0.ckpt"]
        assert run.reason("v0-e0000") == "", "it can still be exported"
    if ended:
        run.records.clear()
    else:
        run.writes(1)
    assert [file.name for file in folder.iterdir()] == ([] if ended else ["epoch=1.ckpt"])
    assert run.reason("v0-e0000") == UNWANTED
    assert (project[0] / "version_0" / "checkpoints" / "epoch=0.ckpt").exists(), "the worker removes its own files"
    Run(*project).removes(0, UNWANTED)
    assert len(project[1].fetch_observations(KEY, limit=100).records) == 1


def test_a_checkpoint_that_is_written_again_stays_in_a_store_apart(
    project: tuple[Path, dg.DagsterInstance], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOICE_STORE", str(project[0] / "store"))
    Run(*project).writes(0)
    run = Run(*project)
    run.removes(0, UNWANTED)
    run.writes(0)
    run.records.clear()
    assert (project[0] / "store" / "version_0" / "checkpoints" / "epoch=0.ckpt").exists()
    assert (run.reason("v0-e0000"), made(project[1])) == ("", 1)


@pytest.mark.parametrize("reason", [GONE, DAMAGED, "exported"])
def test_a_store_apart_keeps_what_this_machine_lost_and_what_was_exported(
    project: tuple[Path, dg.DagsterInstance], monkeypatch: pytest.MonkeyPatch, reason: str
) -> None:
    monkeypatch.setenv("VOICE_STORE", str(project[0] / "store"))
    run = Run(*project)
    run.writes(0)
    if reason == "exported":  # while the training runs
        Records(project[1]).materialise(dg.AssetKey(["toy", "onnx_voice"]), "model", "v0-e0000")
        reason = UNWANTED
    run.removes(0, reason)
    run.records.clear()
    assert (project[0] / "store" / "version_0" / "checkpoints" / "epoch=0.ckpt").exists()
    assert run.reason("v0-e0000") == reason


def test_a_store_that_does_not_remove_a_file_does_not_end_the_training(
    project: tuple[Path, dg.DagsterInstance], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOICE_STORE", str(project[0] / "store"))
    run = Run(*project)
    run.writes(0)
    stored = project[0] / "store" / "version_0" / "checkpoints" / "epoch=0.ckpt"
    stored.unlink()
    stored.mkdir()
    run.removes(0, UNWANTED)
    run.records.clear()
    assert run.reason("v0-e0000") == UNWANTED
    (warning,) = run.warnings
    assert f"{stored}: " in warning
    assert "takes space in the store" in warning
