"""Leases of devices, and who uses a GPU. Locks and processes are real; GPUs are listings written by hand."""

import os
import signal
import subprocess
import sys

import pytest

from voice_assets.runtime import devices
from voice_assets.runtime.devices import DeviceError, Gpu, GpuUser, Pool, Slot

GPUS = [Gpu(0, "GPU-aa11", "RTX 3090"), Gpu(1, "GPU-bb22", "RTX 3090")]
HOLD = """
import pathlib, subprocess, sys
from voice_assets.runtime.devices import Pool, slots
pool = Pool(pathlib.Path(sys.argv[1]), slots("cpu", None, int(sys.argv[2]), [], 4))
with pool.lease() as lease:
    if len(sys.argv) > 3:
        child = subprocess.Popen(["sleep", "60"], pass_fds=[lease.file_number])
        print(child.pid, flush=True)
    print(lease.slot.name, flush=True)
    sys.stdin.read()
"""


def cpu(folder, count=1):
    return Pool(folder, devices.slots("cpu", None, count, [], 4))


@pytest.fixture
def holder(tmp_path):
    """A function that starts a process which holds a lease, and returns it when it does."""
    started = []

    def start(count=1, *more):
        process = subprocess.Popen(
            [sys.executable, "-c", HOLD, str(tmp_path), str(count), *more],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


def test_two_processes_never_hold_one_slot_and_a_third_is_told_who_does(tmp_path, holder):
    first, second = holder(2), holder(2)
    assert {first.stdout.readline(), second.stdout.readline()} == {"cpu.0\n", "cpu.1\n"}
    pool, told = cpu(tmp_path, 2), []
    assert set(pool.holders().values()) == {first.pid, second.pid}
    with pytest.raises(DeviceError, match=f"process {first.pid}"), pool.lease(told.append, patience_s=0.5):
        pass
    assert len(told) == 1
    assert "waiting" in told[0]


def test_kill_9_frees_a_lease(tmp_path, holder):
    process = holder()
    assert process.stdout.readline() == "cpu.0\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    with cpu(tmp_path).lease(patience_s=5) as lease:
        assert lease.slot.name == "cpu.0"
        assert cpu(tmp_path).holders() == {"cpu.0": os.getpid()}
    assert cpu(tmp_path).holders() == {}


def test_a_worker_keeps_the_device_of_a_parent_that_was_killed(tmp_path, holder):
    process = holder(1, "with a child")
    child = int(process.stdout.readline())
    process.kill()
    process.wait()
    with pytest.raises(DeviceError), cpu(tmp_path).lease(patience_s=0.5):
        pass
    os.kill(child, signal.SIGKILL)
    with cpu(tmp_path).lease(patience_s=5):
        pass


def test_waiting_ends_as_soon_as_a_slot_is_free(tmp_path, holder):
    process = holder()
    assert process.stdout.readline() == "cpu.0\n"
    with cpu(tmp_path).lease(on_wait=lambda _: process.stdin.close(), patience_s=30) as lease:
        assert lease.waited_s > 0


def test_an_error_in_the_block_frees_the_slot(tmp_path):
    with pytest.raises(ZeroDivisionError), cpu(tmp_path).lease():
        raise ZeroDivisionError
    assert cpu(tmp_path).holders() == {}


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
        ("cuda", None, [], "device 'cuda'.*visible are: none"),
        ("cuda", [2], GPUS, "GPU 2: not to be had.*visible are: 0, 1"),
        ("auto", [0, 1], [], "GPU 0, 1: not to be had.*visible are: none"),
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


def test_a_worker_sees_its_own_gpu_only():
    on_gpu, on_cpu = devices.Lease(Slot(GPUS[1], 0, 2), 3), devices.Lease(Slot(None, 0, 2), 3)
    assert on_gpu.environment == {"CUDA_VISIBLE_DEVICES": "GPU-bb22", "CUDA_DEVICE_ORDER": "PCI_BUS_ID"}
    assert on_cpu.environment == {"CUDA_VISIBLE_DEVICES": ""}
    assert (on_gpu.device("auto"), on_cpu.device("auto"), on_cpu.device("cpu")) == ("cuda", "auto", "cpu")


def test_our_own_workers_are_no_strangers():
    users = [GpuUser("GPU-aa11", pid, 100, "python") for pid in (10, 20, 30)]
    parents = {30: 25, 25: 20, 20: 1, 10: 9, 9: 1}
    assert devices.strangers(users, GPUS[0], {20}, parents.__getitem__) == users[:1]
    assert devices.strangers(users, GPUS[1], set(), parents.__getitem__) == []


def test_the_parent_of_a_process():
    assert devices.parent_of(os.getpid()) == os.getppid()
    assert devices.parent_of(2**22 + 1) == 0


def busy(folder, users, allow=False):
    return Pool(folder, devices.slots("cuda", None, 1, GPUS, 4), allow, lambda: users)


def test_a_gpu_that_somebody_uses_is_passed_over_and_the_last_one_refused(tmp_path):
    train = [GpuUser("GPU-aa11", 2**22 + 1, 20000, "train.py")]
    with busy(tmp_path, train).lease() as lease:
        assert lease.slot.name == "cuda-1.0"
        assert lease.notes == ()
    both = [*train, GpuUser("GPU-bb22", 2**22 + 2, None, "game")]
    refused = pytest.raises(DeviceError, match=r"GPU 0 .*train\.py \(process \d+, 20000 MiB\).*game.*allow_busy_gpu")
    with refused, busy(tmp_path, both).lease():
        pass
    assert busy(tmp_path, []).holders() == {}
    with busy(tmp_path, both, allow=True).lease() as lease:
        assert lease.slot.name == "cuda-0.0"
        assert "train.py" in lease.notes[0]


def test_a_free_gpu_comes_before_a_busy_one_that_is_allowed(tmp_path):
    train = [GpuUser("GPU-aa11", 2**22 + 1, 20000, "train.py")]
    with busy(tmp_path, train, allow=True).lease() as first, busy(tmp_path, train, allow=True).lease() as second:
        assert (first.slot.name, first.notes) == ("cuda-1.0", ())
        assert second.slot.name == "cuda-0.0"
        assert "train.py" in second.notes[0]


def test_workers_of_a_voice_with_more_slots_are_no_strangers(tmp_path):
    with (
        Pool(tmp_path, devices.slots("cuda", [0], 2, GPUS, 4), users=list).lease(),
        Pool(tmp_path, devices.slots("cuda", [0], 2, GPUS, 4), users=list).lease() as theirs,
    ):
        assert theirs.slot.name == "cuda-0.1"
        held = tmp_path / "cuda-0.1.lock"
        held.write_text('{"pid": 4194305}')  # as another process would have written it
        (tmp_path / "cuda-0.0.lock").unlink()
        one = Pool(tmp_path, devices.slots("cuda", [0], 1, GPUS, 4), users=lambda: [GpuUser("GPU-aa11", 4194305, 9, "python")])
        with one.lease() as ours:
            assert (ours.slot.name, ours.notes) == ("cuda-0.0", ())


def test_a_question_that_fails_leaves_no_slot_taken(tmp_path):
    def ask():
        raise DeviceError("nvidia-smi did not answer")

    pool = Pool(tmp_path, devices.slots("cuda", [0], 1, GPUS, 4), users=ask)
    for _ in range(2):  # the second would wait for the first
        with pytest.raises(DeviceError, match="did not answer"), pool.lease(patience_s=0.1):
            pass
    assert pool.holders() == {}


def test_a_gpu_of_which_nobody_knows_the_users_is_said_to_be_one(tmp_path):
    with Pool(tmp_path, devices.slots("cuda", None, 1, [Gpu(0)], 4), users=list).lease() as lease:
        assert "nobody can tell" in lease.notes[0]


def test_a_busy_gpu_is_waited_for_while_ours_works_on_the_other(tmp_path):
    train = [GpuUser("GPU-bb22", 2**22 + 1, 20000, "train.py")]
    with busy(tmp_path, train).lease() as lease:
        assert lease.slot.name == "cuda-0.0"
        with pytest.raises(DeviceError, match="no device became free"), busy(tmp_path, train).lease(patience_s=0.3):
            pass


def test_the_pool_of_this_machine(tmp_path, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")

    pool = devices.pool(tmp_path, "auto", None, 2)
    assert [slot.name for slot in pool.slots] == ["cpu.0", "cpu.1"]
    with pool.lease() as lease:
        assert lease.slot.cpu_threads == max(1, devices.cores() // 2)


def test_a_broken_driver_stops_who_wants_gpus_only(tmp_path, monkeypatch):
    smi = tmp_path / "nvidia-smi"
    smi.write_text("#!/bin/sh\necho 'Driver/library version mismatch'\nexit 18\n")
    smi.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    with pytest.raises(DeviceError, match=r"version mismatch; with whisper\.device: cpu .* without a GPU"):
        devices.pool(tmp_path, "auto", None, 1)
    assert devices.pool(tmp_path, "cpu", None, 1).slots
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert devices.pool(tmp_path, "auto", None, 1).slots
