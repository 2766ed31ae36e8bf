"""Locks between processes: every holder is a real process, and ends by a kill where that matters."""

import ast
import os
import re
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import voice_assets
from voice_assets.runtime import locks
from voice_assets.runtime.locks import InheritableLock, LockError, SharedLock
from voice_assets.runtime.processes import ProcessIdentity

HOLD = {
    "exclusive": "with locks.exclusive(file): say()",
    "shared": "lock = locks.SharedLock(file); lock.share(); say()",
    "inherited": """
lock = locks.InheritableLock.take(file)
lock.sign()
child = subprocess.Popen([sys.executable, "-c", "input()"], pass_fds=[lock.number])  # ends when our input does
print(child.pid, flush=True)
say()
""",
}
PREAMBLE = """
import pathlib, subprocess, sys
import voice_assets
from voice_assets.runtime import locks
file = pathlib.Path(sys.argv[1])
def say():
    print("held", flush=True)
    input()
"""


@pytest.fixture
def start(tmp_path):
    """A function that starts a process which holds a lock on a file, and returns the process when the lock is held."""
    started = []

    def start(how: str, file: Path) -> subprocess.Popen:
        command = [sys.executable, "-c", PREAMBLE + HOLD[how], str(file)]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        started.append(process)
        process.child = int(process.stdout.readline()) if how == "inherited" else 0
        assert process.stdout.readline() == "held\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def kill(process):
    process.send_signal(signal.SIGKILL)
    process.wait()


@pytest.fixture
def file(tmp_path):
    return tmp_path / "deep" / "some.lock"


def test_a_held_lock_is_refused_with_the_file_and_the_holder(start, file):
    process = start("exclusive", file)
    named = rf"^process {process.pid} on host \S+ holds the lock {file}$"
    with pytest.raises(LockError, match=named), locks.exclusive(file):
        pytest.fail("two processes held one lock")
    assert locks.holder(file) == ProcessIdentity.of(process.pid)


def test_a_lock_is_free_after_the_block_and_names_no_holder(start, file):
    for _ in range(2):
        with locks.exclusive(file):
            assert locks.holder(file) == ProcessIdentity.own()
            with pytest.raises(LockError), locks.exclusive(file):
                pytest.fail("one process held the lock twice")
        assert locks.holder(file) is None


def test_a_lock_is_held_only_while_a_process_holds_it(start, file):
    """The name that a killed holder leaves in the file says nothing: in another container nobody can tell whether it runs."""
    assert not locks.is_held(file)
    process = start("exclusive", file)
    assert locks.is_held(file)
    kill(process)
    assert locks.holder(file) is not None
    assert not locks.is_held(file)
    with locks.exclusive(file):
        assert locks.is_held(file)
    assert not locks.is_held(file)


def test_an_error_in_the_block_releases_the_lock(file):
    with pytest.raises(ZeroDivisionError), locks.exclusive(file):
        raise ZeroDivisionError
    with locks.exclusive(file):
        pass


@pytest.mark.parametrize("how", ["exclusive", "shared"])
def test_a_killed_holder_leaves_no_lock(start, file, how):
    process = start(how, file)
    kill(process)
    with locks.exclusive(file), SharedLock(file) as other:
        assert not other.take_alone()  # the two kinds exclude each other
    with SharedLock(file) as lock:
        assert lock.take_alone()


def test_a_child_keeps_the_lock_of_its_killed_parent(start, file):
    process = start("inherited", file)
    kill(process)
    assert InheritableLock.take(file) is None
    assert locks.holder_text(file).startswith(f"a child of the ended process {process.pid} on host ")
    child = ProcessIdentity.of(process.child)
    os.kill(process.child, signal.SIGKILL)
    while not child.ended:  # the kernel closes the files of a process before it says that the process has ended
        pass
    lock = InheritableLock.take(file)
    assert lock is not None
    lock.release()


def test_a_lock_that_was_released_while_a_child_has_it_names_no_holder(file):
    lock = InheritableLock.take(file)
    lock.sign()
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=[lock.number])
    lock.release()
    assert InheritableLock.take(file) is None
    assert locks.holder_text(file) == "an unknown process"
    child.communicate(b"\n")
    InheritableLock.take(file).release()


def test_only_a_child_that_is_given_the_number_inherits_a_lock(file):
    lock = InheritableLock.take(file)
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    lock.release()
    InheritableLock.take(file).release()
    child.communicate(b"\n")


def test_many_share_a_lock_and_nobody_is_alone_meanwhile(start, file):
    other = start("shared", file)
    with SharedLock(file) as first, SharedLock(file) as second:
        first.share()
        second.share()
        assert not first.take_alone()
        second.release()
        assert not first.take_alone()
        kill(other)
        assert first.take_alone()
        assert not second.take_alone()
        first.share()
        second.share()


@pytest.mark.skipif(not Path("/proc/locks").exists(), reason="only Linux lists who waits for a lock")
def test_sharing_waits_until_the_other_is_no_longer_alone(file):
    command = [sys.executable, "-c", PREAMBLE + HOLD["shared"], str(file)]
    with SharedLock(file) as lock:
        assert lock.take_alone()
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        waits = re.compile(rf"-> FLOCK .* {process.pid} ")
        while not waits.search(Path("/proc/locks").read_text(encoding="ascii")):
            assert not select.select([process.stdout], [], [], 0)[0], "it did not wait"
    assert process.stdout.readline() == "held\n"
    process.communicate("\n")


def test_a_lock_on_a_removed_file_is_no_lock(file):
    """Who waits for a lock file that its holder removes gets the new file."""
    with SharedLock(file) as first, SharedLock(file) as second:
        assert first.take_alone()
        first.remove()
        second.share()
        assert file.exists()
        assert not first.take_alone()


@pytest.mark.parametrize(
    "take", [InheritableLock.take, lambda file: locks.exclusive(file).__enter__(), lambda file: SharedLock(file).share()]
)
def test_a_file_that_cannot_be_locked_is_named(file, take):
    file.mkdir(parents=True)
    with pytest.raises(LockError, match=rf"^{file}: cannot be locked: Is a directory; the folder must be writable"):
        take(file)


def test_no_other_module_makes_locks():
    found = set()
    for path in Path(voice_assets.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [getattr(node, "module", None)]
            found |= {path.name for name in names if name in ("fcntl", "filelock")}
    assert found == {"locks.py"}
