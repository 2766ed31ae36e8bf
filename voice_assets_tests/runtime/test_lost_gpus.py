"""GPUs that get lost during a run. The driver is a fake ``pynvml``."""

import sys

import pytest

from voice_assets.runtime.lost_gpus import LostGpus, lost_text
from voice_assets.runtime.nvidia import Gpu
from voice_assets_tests.runtime.fake_nvml import LOST, FakeGpu, FakeNvml
from voice_assets_tests.runtime.test_leases import Clock

GPUS = [Gpu(0, "GPU-aa11", "RTX 3090"), Gpu(1, "GPU-bb22", "RTX 3090")]


@pytest.fixture
def driver(monkeypatch):
    fake = FakeNvml([FakeGpu("GPU-aa11"), FakeGpu("GPU-bb22")])
    monkeypatch.setitem(sys.modules, "pynvml", fake)
    return fake


def test_all_gpus_are_there(driver):
    assert lost_text(GPUS) == ""


def test_a_gpu_that_the_driver_no_longer_lists(driver):
    del driver.gpus[1]
    text = lost_text(GPUS)
    assert text.startswith("GPU 1 RTX 3090 (GPU-bb22): lost while in use, the driver no longer lists it. See `dmesg` (Xid)")


def test_a_gpu_about_which_the_driver_fails(driver):
    driver.gpus[1].handle = LOST
    assert lost_text(GPUS).startswith(
        "GPU 0 RTX 3090 (GPU-aa11), GPU 1 RTX 3090 (GPU-bb22): the NVIDIA driver is installed and"
    )


def test_a_gpu_without_a_uuid_is_not_looked_for(driver):
    driver.gpus.clear()
    assert lost_text([Gpu(0)]) == ""
    assert lost_text([]) == ""


def test_two_bad_answers_in_a_row_are_a_loss_and_one_is_not(driver):
    clock = Clock()
    watched = LostGpus(GPUS, clock=clock)
    found = []
    for present in (True, False, True, False, False):
        driver.gpus[1:] = [FakeGpu("GPU-bb22")] if present else []
        clock.now += 30
        found.append(bool(watched.text()))
    assert found == [False, False, False, False, True]


def test_the_driver_is_asked_once_in_thirty_seconds(driver, monkeypatch):
    clock, asked = Clock(), []
    watched = LostGpus(GPUS, lambda: asked.append(clock.now) or GPUS, clock)
    for _ in range(100):
        clock.now += 1
        assert watched.text() == ""
    assert asked == [30, 60, 90]
