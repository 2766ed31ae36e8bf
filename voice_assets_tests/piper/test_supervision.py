"""Supervision of a training in one process. Several real processes are in workers/test_train_devices.py."""

import os
import sys

import pytest

from voice_assets.piper import supervision
from voice_assets.piper.errors import TrainingError
from voice_assets.piper.out_of_memory import OutOfMemoryError
from voice_assets.piper.supervision import is_secondary, supervised
from voice_assets.runtime import devices, lost_gpus
from voice_assets.runtime.nvidia import Gpu
from voice_assets.voices import Training
from voice_assets_tests.runtime.fake_nvml import FakeGpu, FakeNvml

ON_CPU = Training(accelerator="cpu")


def never(message: str) -> None:
    raise AssertionError(message)


@pytest.mark.slow
def test_memory_that_runs_out_gets_words() -> None:
    with (
        pytest.raises(OutOfMemoryError, match=r"^out of memory at the start: CUDA out of memory\.? ?") as caught,
        supervised(ON_CPU, never),
    ):
        raise RuntimeError("CUDA out of memory")
    assert isinstance(caught.value, TrainingError)
    assert str(caught.value.__cause__) == "CUDA out of memory"


@pytest.mark.parametrize(
    "error", [ValueError("a"), TrainingError("b"), KeyboardInterrupt(), OutOfMemoryError("out of memory at c")]
)
def test_other_errors_stay_as_they_are(error: BaseException) -> None:
    with pytest.raises(type(error)) as caught, supervised(ON_CPU, never):
        raise error
    assert caught.value is error


def test_one_device_starts_no_process_and_sets_no_variable() -> None:
    before = dict(os.environ)
    with supervised(ON_CPU, never):
        assert dict(os.environ) == before
    assert dict(os.environ) == before


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (RuntimeError("Connection closed by peer [127.0.0.1]:4411"), True),
        (TrainingError("the disk is full"), False),
        (RuntimeError("CUDA out of memory"), False),
        (ArithmeticError("loss is not a finite number"), False),
    ],
)
def test_which_errors_may_come_from_another_rank(error: BaseException, expected: bool) -> None:
    assert is_secondary(error) is expected


def test_a_gpu_that_gets_lost_is_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    driver = FakeNvml([FakeGpu("GPU-aa11"), FakeGpu("GPU-bb22")])
    monkeypatch.setitem(sys.modules, "pynvml", driver)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-bb22")
    monkeypatch.setattr(lost_gpus, "SECONDS_BETWEEN_QUESTIONS", 0.0)
    trouble = supervision._trouble_of(Training())
    assert [trouble(), trouble()] == ["", ""]
    del driver.gpus[0]  # of another training
    assert [trouble(), trouble()] == ["", ""]
    del driver.gpus[0]
    assert [trouble()[:32], trouble()[:32]] == ["", "GPU 1 NVIDIA GeForce RTX 3090 (G"]
    monkeypatch.setattr(devices, "find_gpus", lambda: [Gpu(0, "GPU-cc33")])
    assert supervision._trouble_of(ON_CPU)() == ""
