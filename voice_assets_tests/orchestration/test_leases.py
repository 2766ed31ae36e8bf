"""The devices of a training in a run. Locks are real; the GPUs are made up."""

from pathlib import Path
from types import SimpleNamespace

import dagster as dg
import pytest

from voice_assets.orchestration.leases import devices_of, leased_for_training
from voice_assets.runtime import devices
from voice_assets.runtime.nvidia import DeviceError, Gpu
from voice_assets.runtime.whole_gpus import WholeGpuPool
from voice_assets.voices import Voice, load_voice
from voice_assets_tests.datasets import write_voice

GPUS = [Gpu(0, "GPU-aa11", "RTX 3090"), Gpu(1, "GPU-bb22", "RTX 3090")]


class Log:
    """Keeps the lines of a run's log."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def info(self, line: str) -> None:
        self.lines.append(line)

    warning = info


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A run in a project of its own, on a machine with two GPUs."""
    monkeypatch.setenv("VOICE_ASSETS_ROOT", str(tmp_path))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(devices, "find_gpus", lambda: GPUS)
    return SimpleNamespace(log=Log())


def voice(tmp_path: Path, **training: object) -> Voice:
    write_voice(
        tmp_path / "toy.yaml", tmp_path / "data", training={"accelerator": "gpu", **training}, whisper={"device": "cuda"}
    )
    return load_voice(tmp_path / "toy.yaml")


def test_a_training_on_the_cpu_leases_nothing_and_sees_no_gpu(context, tmp_path: Path) -> None:
    with leased_for_training(context, voice(tmp_path, accelerator="cpu", devices=2)) as lease:
        assert (lease.environment, lease.file_numbers, lease.gpus) == ({"CUDA_VISIBLE_DEVICES": ""}, [], ())
    assert not (tmp_path / ".cache").exists()


@pytest.mark.parametrize("accelerator", ["gpu", "auto"])
def test_a_training_has_its_gpus_alone(context, tmp_path: Path, accelerator: str) -> None:
    chosen = voice(tmp_path, accelerator=accelerator)
    with leased_for_training(context, chosen) as lease:
        assert lease.environment["CUDA_VISIBLE_DEVICES"] == "GPU-aa11"
        assert len(lease.file_numbers) == 1
        assert context.log.lines == ["leased GPU 0 for the training after 0.0 s"]
        assert set(devices_of(chosen).holders()) == {"cuda-0.0"}
    assert devices_of(chosen).holders() == {}


def test_without_a_gpu_lightning_chooses_the_device(context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    with leased_for_training(context, voice(tmp_path, accelerator="auto")) as lease:
        assert (lease.environment, lease.file_numbers) == ({}, [])
    assert context.log.lines == [
        "no NVIDIA GPU is visible here: training leases none and takes the device that Lightning finds"
    ]


def test_too_many_gpus_fail_the_run_without_retries(context, tmp_path: Path) -> None:
    with (
        pytest.raises(dg.Failure, match="3 GPUs are asked for, 2 visible") as caught,
        leased_for_training(context, voice(tmp_path, devices=3)),
    ):
        pass
    assert not caught.value.allow_retries


def test_a_broken_driver_fails_the_run_and_names_the_way_out(context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> list[Gpu]:
        raise DeviceError("the driver does not work")

    monkeypatch.setattr(devices, "find_gpus", broken)
    with pytest.raises(dg.Failure, match=r"does not work\. To work without a GPU, set training\.accelerator: cpu"):
        leased_for_training(context, voice(tmp_path)).__enter__()


def test_a_failure_on_a_lost_gpu_names_the_gpu(context, tmp_path: Path) -> None:
    words = r"^GPU 1 RTX 3090 \(GPU-bb22\): lost .* The worker said: training is stuck"
    leased = leased_for_training(context, voice(tmp_path, devices=2), lambda: GPUS[:1])
    with pytest.raises(dg.Failure, match=words) as caught, leased:
        raise dg.Failure("training is stuck", metadata={"exit_code": 2}, allow_retries=False)
    assert caught.value.metadata["exit_code"].value == 2


def test_a_failure_on_whole_gpus_stays_as_it_is(context, tmp_path: Path) -> None:
    failure = dg.Failure("out of memory", allow_retries=False)
    with pytest.raises(dg.Failure) as caught, leased_for_training(context, voice(tmp_path), lambda: GPUS):
        raise failure
    assert caught.value is failure


def test_waiting_is_told_in_the_log(context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = voice(tmp_path, devices=2)
    other = WholeGpuPool(tmp_path / ".cache" / "leases", GPUS, users=lambda gpu: []).lease(1)
    other.__enter__()

    def told(line: str) -> None:
        context.log.lines.append(line)
        other.__exit__(None, None, None)
        context.log.info = context.log.lines.append

    context.log.info = told
    with leased_for_training(context, chosen) as lease:
        assert lease.gpus == tuple(GPUS)
        assert lease.waited_s > 0
    assert context.log.lines[0].startswith("2 free GPUs are needed, in use: GPU 0 by process ")
