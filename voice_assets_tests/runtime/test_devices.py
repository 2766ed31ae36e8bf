"""Which GPUs a worker may see, and how many workers fit. GPUs are made up; the cores are this machine's."""

import os
import sys

import pytest

from voice_assets.runtime import devices
from voice_assets.runtime.nvidia import DeviceError, Gpu
from voice_assets_tests.runtime.fake_nvml import MISMATCH, FakeGpu, FakeNvml

GPUS = [Gpu(0, "GPU-aa11", "RTX 3090"), Gpu(1, "GPU-bb22", "RTX 3090")]


@pytest.mark.parametrize(
    ("device", "wanted", "workers", "seen", "names", "threads"),
    [
        ("auto", None, 1, [], ["cpu.0"], 8),
        ("cpu", None, 3, GPUS, ["cpu.0", "cpu.1", "cpu.2"], 2),
        ("cpu", None, 9, [], [f"cpu.{n}" for n in range(9)], 1),
        ("auto", None, 1, GPUS, ["cuda-0.0", "cuda-1.0"], 4),
        ("cuda", [1], 2, GPUS, ["cuda-1.0", "cuda-1.1"], 4),
        ("cuda", [1, 0, 1], 2, GPUS, ["cuda-1.0", "cuda-0.0", "cuda-1.1", "cuda-0.1"], 2),
    ],
)
def test_slots(device, wanted, workers, seen, names, threads):
    found = devices.slots(device, wanted, workers, seen, 8)
    assert [slot.name for slot in found] == names
    assert {slot.cpu_threads for slot in found} == {threads}


@pytest.mark.parametrize(
    ("device", "wanted", "seen", "words"),
    [
        ("cuda", None, [], "device 'cuda': not found; visible GPUs: none"),
        ("cuda", [2], GPUS, "GPU 2: not found; visible GPUs: 0, 1"),
        ("auto", [0, 1], [], "GPU 0, 1: not found; visible GPUs: none"),
        ("tpu", None, GPUS, "'tpu' is not one of auto, cpu, cuda"),
    ],
)
def test_devices_that_are_not_there(device, wanted, seen, words):
    with pytest.raises(DeviceError, match=words):
        devices.slots(device, wanted, 1, seen, 8)


@pytest.mark.parametrize(
    ("value", "numbers"),
    [
        (None, [0, 1]), ("0,1", [0, 1]), ("1,0", [1, 0]), ("1", [1]), ("", []), ("-1", []), ("NoDevFiles", []),
        ("GPU-bb", [1]), ("GPU-bb22, 0", [1, 0]), ("0,7,1", [0]),
    ],
)  # fmt: skip
def test_cuda_visible_devices_is_respected(value, numbers):
    environment = {} if value is None else {"CUDA_VISIBLE_DEVICES": value}
    assert [gpu.index for gpu in devices.visible(GPUS, environment)] == numbers


def test_the_slots_of_a_machine_with_two_gpus(monkeypatch):
    monkeypatch.setitem(sys.modules, "pynvml", FakeNvml([FakeGpu("GPU-aa11"), FakeGpu("GPU-bb22")]))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert [slot.name for slot in devices.slots_here("auto", None, 2)] == ["cuda-0.0", "cuda-1.0", "cuda-0.1", "cuda-1.1"]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-bb22")
    (slot,) = devices.slots_here("auto", None, 1)
    assert slot.gpu == Gpu(1, "GPU-bb22", "NVIDIA GeForce RTX 3090")
    assert slot.cpu_threads == len(os.sched_getaffinity(0))


def test_a_driver_that_fails_stops_only_voices_that_use_gpus(monkeypatch):
    monkeypatch.setitem(sys.modules, "pynvml", FakeNvml(init=MISMATCH))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    with pytest.raises(DeviceError, match=r"version mismatch.* without a GPU, set whisper\.device: cpu in the voice file"):
        devices.slots_here("auto", None, 1)
    assert [slot.name for slot in devices.slots_here("cpu", None, 2)] == ["cpu.0", "cpu.1"]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert [slot.name for slot in devices.slots_here("auto", None, 2)] == ["cpu.0", "cpu.1"]
