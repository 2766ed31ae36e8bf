"""Leases of devices. Locks and processes are real; the GPUs and the programs on the GPUs are made up."""

import os
import signal
import subprocess
import sys

import pytest

from voice_assets.runtime import leases
from voice_assets.runtime.devices import Slot, slots
from voice_assets.runtime.leases import Lease, Pool, strangers
from voice_assets.runtime.locks import InheritableLock
from voice_assets.runtime.nvidia import DeviceError, Gpu, GpuUser, gpu_users
from voice_assets.runtime.processes import ProcessIdentity
from voice_assets_tests.runtime import fake_nvml
from voice_assets_tests.runtime.fake_nvml import FakeGpu, FakeNvml

GPUS = [Gpu(0, "GPU-aa11", "RTX 3090"), Gpu(1, "GPU-bb22", "RTX 3090")]
NOBODY = 2**22 + 1
"""A process id that no system gives: of a program that is no process of ours."""
TRAINING = GpuUser(NOBODY, 20000, "train.py")
HOLD = """
import pathlib, subprocess, sys
from voice_assets.runtime.devices import slots
from voice_assets.runtime.leases import Pool
device, count = sys.argv[2].split("*")
from voice_assets.runtime.nvidia import Gpu
gpus = [Gpu(0, "GPU-aa11", "RTX 3090")]
pool = Pool(pathlib.Path(sys.argv[1]), slots(device, None, int(count), gpus, 4), users=lambda gpu: [])
with pool.lease() as lease:
    if len(sys.argv) > 3:
        child = subprocess.Popen([sys.executable, "-c", "input()"], pass_fds=[lease.file_number])  # ends when our input does
        print(child.pid, flush=True)
    print(lease.slot.name, flush=True)
    sys.stdin.read()
"""


class Clock:
    """A time that only waiting moves."""

    def __init__(self):
        self.now, self.waits = 0.0, 0

    def __call__(self):
        return self.now

    def wait(self, seconds):
        self.now += seconds
        self.waits += 1


def cpu(folder, count=1, clock=None):
    clock = clock or Clock()
    return Pool(folder, slots("cpu", None, count, [], 4), clock=clock, wait=clock.wait)


def on_gpus(folder, users, *, allow=False, workers=1, clock=None, wanted=None):
    """A pool on two GPUs; ``users`` gives each GPU's users by the GPU's number, or is asked for them."""
    clock = clock or Clock()
    ask = users if callable(users) else lambda gpu: users.get(gpu.index, [])
    return Pool(folder, slots("cuda", wanted, workers, GPUS, 4), allow, ask, clock, clock.wait)


@pytest.fixture
def holder(tmp_path):
    """A function that starts a process which leases a slot; the process prints the slot's name when it has the lease."""
    started = []

    def start(what="cpu*1", *more):
        command = [sys.executable, "-c", HOLD, str(tmp_path), what, *more]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def wait_for_the_end(pid):
    process = ProcessIdentity.of(pid)
    while process is not None and not process.ended:
        pass


def test_two_processes_never_hold_one_slot_and_a_third_is_told_who_does(tmp_path, holder):
    first, second = holder("cpu*2"), holder("cpu*2")
    assert {first.stdout.readline(), second.stdout.readline()} == {"cpu.0\n", "cpu.1\n"}
    pool, told = cpu(tmp_path, 2), []
    assert sorted(name.split()[1] for name in pool.holders().values()) == sorted([str(first.pid), str(second.pid)])
    with (
        pytest.raises(DeviceError, match=f"within 1 s: .* by process {first.pid} on host"),
        pool.lease(told.append, patience_s=1),
    ):
        pass
    (text,) = told
    assert text.startswith("every device is in use: cpu.0 by process ")
    assert text.endswith("; waiting for a free device")


def test_kill_9_frees_a_lease(tmp_path, holder):
    process = holder()
    assert process.stdout.readline() == "cpu.0\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    with cpu(tmp_path).lease(patience_s=0) as lease:
        assert lease.slot.name == "cpu.0"
        assert cpu(tmp_path).holders() == {"cpu.0": str(ProcessIdentity.own())}
    assert cpu(tmp_path).holders() == {}


def test_a_worker_keeps_the_device_of_a_parent_that_was_killed(tmp_path, holder):
    process = holder("cpu*1", "with a child")
    child = int(process.stdout.readline())
    process.kill()
    process.wait()
    with (
        pytest.raises(DeviceError, match=f"by a child of the ended process {process.pid} on host"),
        cpu(tmp_path).lease(patience_s=1),
    ):
        pass
    os.kill(child, signal.SIGKILL)
    wait_for_the_end(child)
    with cpu(tmp_path).lease(patience_s=0):
        pass


def test_waiting_ends_when_a_slot_is_free(tmp_path, holder):
    process, clock = holder(), Clock()
    assert process.stdout.readline() == "cpu.0\n"

    def wait(seconds):
        clock.wait(seconds)
        if clock.waits == 3:
            process.communicate()

    with Pool(tmp_path, slots("cpu", None, 1, [], 4), clock=clock, wait=wait).lease() as lease:
        assert lease.waited_s == pytest.approx(3 * leases.SECONDS_BETWEEN_TRIES)


def test_an_error_in_the_block_frees_the_slot(tmp_path):
    with pytest.raises(ZeroDivisionError), cpu(tmp_path).lease():
        raise ZeroDivisionError
    assert cpu(tmp_path).holders() == {}


def test_a_worker_sees_its_own_gpu_only(tmp_path):
    lock = InheritableLock(tmp_path / "lock", 3)
    on_gpu, on_cpu = Lease(Slot(GPUS[1], 0, 2), lock), Lease(Slot(None, 0, 2), lock)
    assert on_gpu.environment == {"CUDA_VISIBLE_DEVICES": "GPU-bb22", "CUDA_DEVICE_ORDER": "PCI_BUS_ID"}
    assert on_cpu.environment == {"CUDA_VISIBLE_DEVICES": ""}
    assert (on_gpu.device("auto"), on_cpu.device("auto"), on_cpu.device("cpu")) == ("cuda", "auto", "cpu")


def test_our_own_workers_are_no_strangers(holder):
    process = holder("cpu*1", "with a child")
    child = int(process.stdout.readline())
    users = [GpuUser(pid, 100, "python") for pid in (NOBODY, os.getpid(), process.pid, child)]
    assert strangers(users, {process.pid}) == users[:2]
    assert strangers(users, {os.getpid()}) == users[:1]  # the child's parent is the process that this one started
    assert strangers(users, set()) == users


def test_a_gpu_that_others_use_is_passed_over_and_the_last_one_refused(tmp_path):
    with on_gpus(tmp_path, {0: [TRAINING]}).lease() as lease:
        assert lease.slot.name == "cuda-1.0"
        assert lease.notes == ()
    both = {0: [TRAINING], 1: [GpuUser(NOBODY, None, "game")]}
    refused = pytest.raises(
        DeviceError,
        match=r"programs use GPU 0 .*: train\.py \(process \d+, 20000 MiB\); .*game \(process \d+, \? MiB\).*allow_busy_gpu",
    )
    with refused, on_gpus(tmp_path, both).lease():
        pass
    assert on_gpus(tmp_path, {}).holders() == {}
    with on_gpus(tmp_path, both, allow=True).lease() as lease:
        assert lease.slot.name == "cuda-0.0"
        assert "train.py" in lease.notes[0]


def test_a_free_gpu_comes_before_a_busy_one_that_is_allowed(tmp_path):
    users = {0: [TRAINING]}
    with on_gpus(tmp_path, users, allow=True).lease() as first, on_gpus(tmp_path, users, allow=True).lease() as second:
        assert (first.slot.name, first.notes) == ("cuda-1.0", ())
        assert second.slot.name == "cuda-0.0"
        assert "train.py" in second.notes[0]


def test_workers_of_a_voice_with_more_slots_are_no_strangers(tmp_path, holder):
    """Another voice has two slots on the GPU and holds the second; this voice has one."""
    theirs, other = holder("cuda*2"), holder("cuda*2")
    assert {theirs.stdout.readline(), other.stdout.readline()} == {"cuda-0.0\n", "cuda-0.1\n"}
    first = theirs if f"process {theirs.pid} " in on_gpus(tmp_path, {}, workers=2).holders()["cuda-0.0"] else other
    second = other if first is theirs else theirs
    first.communicate()
    with on_gpus(tmp_path, {0: [GpuUser(second.pid, 9, "python")]}, wanted=[0]).lease() as ours:
        assert (ours.slot.name, ours.notes) == ("cuda-0.0", ())


def test_the_id_that_a_killed_holder_left_in_a_lock_file_protects_no_other_program(tmp_path, holder):
    process = holder("cuda*2")
    assert process.stdout.readline() == "cuda-0.0\n"
    process.kill()
    process.wait()
    assert str(process.pid) in (tmp_path / "cuda-0.0.lock").read_text()
    (tmp_path / "cuda-0.0.lock").rename(tmp_path / "cuda-0.1.lock")
    with (
        pytest.raises(DeviceError, match=r"train\.py"),
        on_gpus(tmp_path, {0: [GpuUser(process.pid, 9, "train.py")]}, wanted=[0]).lease(),
    ):
        pass


def test_a_question_that_fails_leaves_no_slot_taken(tmp_path):
    def ask(gpu):
        raise DeviceError("the driver did not answer")

    pool = on_gpus(tmp_path, ask)
    for _ in range(2):  # the second would wait for the first
        with pytest.raises(DeviceError, match="did not answer"), pool.lease(patience_s=0):
            pass
    assert pool.holders() == {}


@pytest.mark.parametrize("gpu", [Gpu(0), Gpu(0, "GPU-aa11")])
def test_a_gpu_whose_users_nobody_knows_is_leased_with_a_note(tmp_path, gpu):
    with Pool(tmp_path, [Slot(gpu, 0, 1)], users=lambda gpu: None).lease() as lease:
        assert "does not say which processes use the GPU" in lease.notes[0]


def test_a_busy_gpu_is_waited_for_while_another_lease_holds_the_free_one(tmp_path):
    users = {1: [TRAINING]}
    with on_gpus(tmp_path, users).lease() as lease:
        assert lease.slot.name == "cuda-0.0"
        with pytest.raises(DeviceError, match="no device became free"), on_gpus(tmp_path, users).lease(patience_s=3):
            pass


@pytest.fixture
def driver(monkeypatch):
    """A fake driver that counts the questions: nobody uses GPU 0, another program uses GPU 1."""
    fake = FakeNvml([FakeGpu("GPU-aa11"), FakeGpu("GPU-bb22", processes=[(NOBODY, None)])])
    monkeypatch.setitem(sys.modules, "pynvml", fake)
    return fake


def test_waiting_asks_the_driver_once_in_five_seconds_about_a_busy_gpu_and_never_about_a_held_one(tmp_path, driver):
    clock = Clock()
    with on_gpus(tmp_path, gpu_users).lease():
        assert driver.asked == 1
        waiting = on_gpus(tmp_path, gpu_users, workers=1, clock=clock)
        with pytest.raises(DeviceError, match="no device became free within 60 s"), waiting.lease(patience_s=60):
            pass
    assert clock.waits == pytest.approx(300, abs=1)
    assert driver.asked - 1 == pytest.approx(60 / leases.SECONDS_BETWEEN_QUESTIONS, abs=1)


def test_waiting_for_held_slots_asks_the_driver_nothing(tmp_path, driver):
    driver.gpus[1].processes = []
    clock = Clock()
    with on_gpus(tmp_path, gpu_users).lease(), on_gpus(tmp_path, gpu_users).lease():
        asked = driver.asked
        with pytest.raises(DeviceError), on_gpus(tmp_path, gpu_users, clock=clock).lease(patience_s=60):
            pass
        assert clock.waits > 100
        assert driver.asked == asked


def test_the_slots_of_one_busy_gpu_are_one_question(tmp_path, driver):
    with pytest.raises(DeviceError), on_gpus(tmp_path, gpu_users, workers=4, wanted=[1]).lease():
        pass
    assert driver.asked == 1


def test_a_gpu_that_becomes_free_is_noticed_at_the_next_question(tmp_path, driver):
    clock = Clock()

    def wait(seconds):
        clock.wait(seconds)
        driver.gpus[1].processes = []

    with on_gpus(tmp_path, gpu_users).lease():
        pool = Pool(tmp_path, slots("cuda", None, 1, GPUS, 4), clock=clock, wait=wait)
        with pool.lease(patience_s=60) as lease:
            assert lease.slot.name == "cuda-1.0"
            assert lease.waited_s == pytest.approx(leases.SECONDS_BETWEEN_QUESTIONS, abs=leases.SECONDS_BETWEEN_TRIES)


def test_a_driver_that_may_not_be_asked_is_said_in_the_lease(tmp_path, driver):
    driver.gpus[0].processes = fake_nvml.NO_PERMISSION
    with on_gpus(tmp_path, gpu_users).lease() as lease:
        assert lease.notes == ("GPU 0: the driver does not say which processes use the GPU, so other programs may use the GPU",)
