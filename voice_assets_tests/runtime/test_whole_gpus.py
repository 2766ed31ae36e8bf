"""Leases of whole GPUs, for a training. Locks and processes are real; the GPUs and the programs on them are made up."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from voice_assets.runtime.devices import slots
from voice_assets.runtime.leases import Pool, slot_files
from voice_assets.runtime.nvidia import DeviceError, Gpu, GpuUser
from voice_assets.runtime.processes import ProcessIdentity
from voice_assets.runtime.whole_gpus import WholeGpuPool
from voice_assets_tests.runtime.test_leases import NOBODY, Clock, wait_for_the_end

GPUS = [Gpu(0, "GPU-aa11", "RTX 3090"), Gpu(1, "GPU-bb22", "RTX 3090"), Gpu(2, "GPU-cc33", "RTX 3090")]
GAME = GpuUser(NOBODY, 900, "game")
HOLD = """
import pathlib, subprocess, sys
from voice_assets.runtime.nvidia import Gpu
from voice_assets.runtime.whole_gpus import WholeGpuPool
gpus = [Gpu(0, "GPU-aa11", "RTX 3090"), Gpu(1, "GPU-bb22", "RTX 3090"), Gpu(2, "GPU-cc33", "RTX 3090")]
pool = WholeGpuPool(pathlib.Path(sys.argv[1]), gpus, users=lambda gpu: [])
with pool.lease(int(sys.argv[2])) as lease:
    child = subprocess.Popen([sys.executable, "-c", "input()"], pass_fds=lease.file_numbers)  # ends when our input does
    print(child.pid, flush=True)
    sys.stdin.read()
"""


def pool(folder, users=None, *, allow=False, clock=None, gpus=GPUS):
    clock = clock or Clock()
    ask = users if callable(users) else lambda gpu: (users or {}).get(gpu.index, [])
    return WholeGpuPool(folder, gpus, allow, ask, clock, clock.wait)


def whisper(folder, workers=2, clock=None):
    clock = clock or Clock()
    return Pool(folder, slots("cuda", None, workers, GPUS, 4), users=lambda gpu: [], clock=clock, wait=clock.wait)


@pytest.fixture
def holder(tmp_path):
    """A function that starts a process which holds some whole GPUs, and a child with the claims; gives both ids."""
    started = []

    def start(count):
        command = [sys.executable, "-c", HOLD, str(tmp_path), str(count)]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        started.append(process)
        return process, int(process.stdout.readline())

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_a_training_gets_whole_gpus_and_its_worker_sees_these_only(tmp_path):
    with pool(tmp_path).lease(2) as lease:
        assert lease.environment == {"CUDA_VISIBLE_DEVICES": "GPU-aa11,GPU-bb22", "CUDA_DEVICE_ORDER": "PCI_BUS_ID"}
        assert (lease.name, lease.waited_s, lease.notes) == ("GPU 0 and 1", 0.0, ())
        assert len(set(lease.file_numbers)) == 2


def test_a_gpu_without_a_uuid_is_named_by_its_number(tmp_path):
    with pool(tmp_path, gpus=[Gpu(3)]).lease(1) as lease:
        assert lease.environment["CUDA_VISIBLE_DEVICES"] == "3"


def test_workers_get_no_slot_of_a_training_and_other_gpus_as_before(tmp_path):
    with pool(tmp_path).lease(2):
        with whisper(tmp_path).lease() as one, whisper(tmp_path).lease() as two:
            assert (one.slot.name, two.slot.name) == ("cuda-2.0", "cuda-2.1")
            told = []
            with pytest.raises(DeviceError, match="no device became free"), whisper(tmp_path).lease(told.append, patience_s=1):
                pass
        (text,) = told
        assert f"cuda-0.0 by the training of {ProcessIdentity.own()}" in text
        assert f"cuda-2.0 by {ProcessIdentity.own()}" in text
    with whisper(tmp_path).lease(patience_s=0) as lease:
        assert lease.slot.name == "cuda-0.0"


def test_a_training_waits_for_the_workers_of_its_gpus_and_no_new_one_starts_there(tmp_path):
    """The voice of the workers has more slots on a GPU than any pool of this voice."""
    clock, told = Clock(), []
    with whisper(tmp_path, workers=5).lease() as first:
        assert first.slot.name == "cuda-0.0"
        others = [whisper(tmp_path, workers=5).lease() for _ in range(2)]
        for other in others:
            other.__enter__()
        with (
            pytest.raises(DeviceError, match="no GPUs became free within 5 s"),
            pool(tmp_path, clock=clock).lease(3, told.append, patience_s=5),
        ):
            pass
        (text,) = told
        assert "workers still use them: cuda-0.0 by " in text
        assert "cuda-2.0 by " in text
        for other in others:
            other.__exit__(None, None, None)
        with pool(tmp_path).lease(2) as lease:
            assert lease.name == "GPU 1 and 2"  # no worker is there


def test_waiting_for_a_worker_ends_with_the_worker(tmp_path):
    clock, worker = Clock(), whisper(tmp_path).lease()
    worker.__enter__()
    taken = []

    def wait(seconds):
        clock.wait(seconds)
        with pytest.raises(DeviceError), whisper(tmp_path).lease(patience_s=0):
            taken.append("a slot of a claimed GPU")
        if clock.waits == 3:
            worker.__exit__(None, None, None)

    with WholeGpuPool(tmp_path, GPUS, users=lambda gpu: [], clock=clock, wait=wait).lease(3) as lease:
        assert lease.waited_s == pytest.approx(0.6)
    assert taken == []


def test_two_trainings_that_want_two_of_three_gpus_take_turns(tmp_path, holder):
    process, child = holder(2)
    told = []
    with pytest.raises(DeviceError, match="no GPUs became free"), pool(tmp_path).lease(2, told.append, patience_s=3):
        pass
    assert told == [
        f"2 free GPUs are needed, in use: GPU 0 by process {process.pid} on host {ProcessIdentity.own().host_name}, "
        f"GPU 1 by process {process.pid} on host {ProcessIdentity.own().host_name}; waiting for free GPUs"
    ]
    with pool(tmp_path).lease(1) as third:  # the training that waits keeps nothing
        assert third.name == "GPU 2"
    os.kill(child, signal.SIGKILL)
    process.communicate()
    with pool(tmp_path).lease(2, patience_s=0) as lease:
        assert lease.name == "GPU 0 and 1"


def test_many_trainings_at_once_all_get_their_turn(tmp_path):
    """Each wants two of three GPUs, all start at the same time, and each ends when it is told to. None waits for ever."""
    command = [sys.executable, "-c", HOLD, str(tmp_path), "2"]
    processes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        for _ in range(4)
    ]
    for process in processes:
        process.stdin.close()
    for process in processes:
        process.stdout.read()
        assert process.wait() == 0
    with WholeGpuPool(tmp_path, GPUS, users=lambda gpu: []).lease(3) as lease:  # in real time: their children are ending
        assert lease.name == "GPU 0 and 1 and 2"


def test_a_worker_keeps_the_gpus_of_a_parent_that_was_killed(tmp_path, holder):
    process, child = holder(3)
    process.send_signal(signal.SIGKILL)
    process.wait()
    with pytest.raises(DeviceError, match="by a child of the ended process"), pool(tmp_path).lease(1, patience_s=1):
        pass
    os.kill(child, signal.SIGKILL)
    wait_for_the_end(child)
    with pool(tmp_path).lease(3, patience_s=0):
        pass


def test_a_gpu_that_others_use_is_passed_over_and_refused_when_it_is_needed(tmp_path):
    with pool(tmp_path, {0: [GAME]}).lease(2) as lease:
        assert (lease.name, lease.notes) == ("GPU 1 and 2", ())
    with (
        pytest.raises(DeviceError, match=r"game \(process \d+, 900 MiB\)\. Training needs 3 of 3 GPUs: .*allow_busy_gpu"),
        pool(tmp_path, {0: [GAME]}).lease(3),
    ):
        pass
    with pool(tmp_path, {0: [GAME]}, allow=True).lease(2) as lease:
        assert lease.name == "GPU 1 and 2"
    with pool(tmp_path, {0: [GAME]}, allow=True).lease(3) as lease:
        assert "game" in lease.notes[0]


def test_our_own_workers_are_no_strangers(tmp_path):
    with whisper(tmp_path).lease():
        users = {0: [GpuUser(os.getpid(), 900, "python")]}
        with pytest.raises(DeviceError, match="workers still use them"), pool(tmp_path, users).lease(3, patience_s=0):
            pass


def test_more_gpus_than_there_are(tmp_path):
    with (
        pytest.raises(DeviceError, match=r"training\.devices: 4 GPUs are asked for, 3 visible.*devices: 3 or fewer"),
        pool(tmp_path).lease(4),
    ):
        pass


def test_an_error_frees_the_gpus_and_leaves_the_names_of_the_locks_apart(tmp_path: Path):
    with pytest.raises(ZeroDivisionError), pool(tmp_path).lease(3):
        raise ZeroDivisionError
    with whisper(tmp_path).lease(patience_s=0):
        assert [file.name for file in slot_files(tmp_path, GPUS[0])] == ["cuda-0.0.lock"]
