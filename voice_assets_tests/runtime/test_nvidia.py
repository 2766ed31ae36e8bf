"""What the driver's answers become. The driver is a fake that was written by hand; its errors are pynvml's own."""

import sys
import threading

import pynvml
import pytest

from voice_assets.runtime import nvidia
from voice_assets.runtime.nvidia import DeviceError, Gpu, GpuUse, GpuUser
from voice_assets_tests.runtime import fake_nvml
from voice_assets_tests.runtime.fake_nvml import MIB, FakeGpu, FakeNvml

QUESTIONS = [nvidia.gpus, nvidia.gpu_use, lambda: nvidia.gpu_users(Gpu(0, "GPU-aa11"))]


@pytest.fixture
def driver(monkeypatch):
    """A function that puts a fake driver in place and returns the fake."""

    def put(*gpus, **more):
        fake = FakeNvml(gpus, **more)
        monkeypatch.setitem(sys.modules, "pynvml", fake)
        return fake

    return put


def test_the_fake_has_only_what_the_real_module_has():
    for name in vars(FakeNvml):
        assert name.startswith("_") or hasattr(pynvml, name), name


def test_gpus_with_number_uuid_and_name(driver):
    fake = driver(FakeGpu(), FakeGpu("GPU-bb22", "NVIDIA H100, 80GB"))
    assert nvidia.gpus() == [Gpu(0, "GPU-aa11", "NVIDIA GeForce RTX 3090"), Gpu(1, "GPU-bb22", "NVIDIA H100, 80GB")]
    assert fake.open == 0


def test_what_the_driver_does_not_say_of_a_gpu_stays_empty(driver):
    driver(FakeGpu(fake_nvml.NOT_SUPPORTED, fake_nvml.NOT_SUPPORTED))
    assert nvidia.gpus() == [Gpu(0, "", "")]


def test_a_gpu_that_this_user_may_not_use_is_left_out_and_the_others_keep_their_numbers(driver):
    driver(FakeGpu(handle=fake_nvml.NO_PERMISSION), FakeGpu("GPU-bb22"))
    assert [gpu.index for gpu in nvidia.gpus()] == [1]
    assert [use.index for use in nvidia.gpu_use()] == [1]


def test_the_processes_that_compute_on_one_gpu(driver):
    here = FakeGpu(processes=[(4242, 7312 * MIB), (7, None)])
    driver(here, FakeGpu("GPU-bb22", processes=[(8, MIB)]), names={4242: "/usr/bin/python3"})
    assert nvidia.gpu_users(Gpu(0, "GPU-aa11")) == [
        GpuUser(4242, 7312, "/usr/bin/python3"),
        GpuUser(7, None, "unknown program"),  # of a MIG instance, or of another container: no memory, no name
    ]
    assert [user.pid for user in nvidia.gpu_users(Gpu(1, "GPU-bb22"))] == [8]


@pytest.mark.parametrize("answer", [fake_nvml.NOT_SUPPORTED, fake_nvml.NO_PERMISSION, fake_nvml.OLD_LIBRARY])
def test_a_driver_that_does_not_list_processes_is_not_an_idle_gpu(driver, answer):
    driver(FakeGpu(processes=answer))
    assert nvidia.gpu_users(Gpu(0, "GPU-aa11")) is None
    driver(FakeGpu(processes=[]))
    assert nvidia.gpu_users(Gpu(0, "GPU-aa11")) == []


def test_how_busy_the_gpus_are(driver):
    mig = FakeGpu("GPU-cc33", "NVIDIA A100", percent=fake_nvml.NOT_SUPPORTED, memory_v2=fake_nvml.NO_PERMISSION)
    driver(FakeGpu(), mig, FakeGpu(memory_v2=fake_nvml.NO_FUNCTION, percent=0))
    assert nvidia.gpu_use() == [
        GpuUse(0, "NVIDIA GeForce RTX 3090", 8123, 24576, 97),
        GpuUse(1, "NVIDIA A100", None, None, None),
        GpuUse(2, "NVIDIA GeForce RTX 3090", 8500, 24576, 0),  # an old driver: only the first version of the question
    ]


def test_without_a_driver_there_is_no_gpu(driver):
    driver(init=fake_nvml.NO_LIBRARY)
    assert [ask() for ask in QUESTIONS] == [[], [], None]


def test_without_the_drivers_library_the_real_module_finds_no_gpu(monkeypatch):
    def no_library(name):
        raise OSError(f"{name}: cannot open shared object file")

    monkeypatch.setattr(pynvml, "CDLL", no_library)
    monkeypatch.setattr(pynvml, "nvmlLib", None)
    assert [ask() for ask in QUESTIONS] == [[], [], None]


@pytest.mark.parametrize("ask", QUESTIONS)
@pytest.mark.parametrize(
    ("error", "words"),
    [
        (fake_nvml.MISMATCH, r"does not work \(RM has detected an NVML/RM version mismatch\.\); .*restart the machine"),
        (fake_nvml.NOT_LOADED, r"does not work \(Driver Not Loaded\)"),
        (fake_nvml.NO_PERMISSION, r"does not work \(Insufficient Permissions\)"),
    ],
)
def test_a_driver_that_is_there_and_fails_is_an_error(driver, ask, error, words):
    driver(FakeGpu(), init=error)
    with pytest.raises(DeviceError, match=words):
        ask()


@pytest.mark.parametrize("ask", QUESTIONS)
def test_a_gpu_that_was_lost_is_an_error_and_the_session_is_closed(driver, ask):
    fake = driver(FakeGpu(handle=fake_nvml.LOST))
    with pytest.raises(DeviceError, match=r"does not work \(GPU is lost\)"):
        ask()
    assert fake.open == 0


def test_a_driver_that_gives_no_answer_is_an_error(driver):
    fake, over = driver(FakeGpu()), threading.Event()
    fake.nvmlDeviceGetCount = over.wait  # comes back when the test is over
    with pytest.raises(DeviceError, match=r"did not answer within 0\.01 s"):
        nvidia.gpus(patience_s=0.01)
    over.set()


def test_an_error_of_our_own_is_not_hidden(driver):
    driver(FakeGpu()).nvmlDeviceGetCount = lambda: 1 / 0
    with pytest.raises(ZeroDivisionError):
        nvidia.gpus()
