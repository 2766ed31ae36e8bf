"""Identities of processes. Every process is real; hosts are texts, and one PID namespace is real where the system allows it."""

import json
import os
import shutil
import socket
import subprocess
import sys
from dataclasses import replace

import pytest

from voice_assets.runtime import processes
from voice_assets.runtime.processes import ProcessIdentity, ProcessState, ancestors

RUNNING, ENDED, UNKNOWN = ProcessState.RUNNING, ProcessState.ENDED, ProcessState.UNKNOWN
OWN = "from voice_assets.runtime.processes import ProcessIdentity; print(ProcessIdentity.own().text, flush=True)"
linux = pytest.mark.skipif(sys.platform != "linux", reason="boot ids and namespaces are Linux's")


@pytest.fixture
def child():
    """A process that lives until its standard input is closed."""
    process = subprocess.Popen(
        [sys.executable, "-c", f"{OWN}; input()"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    yield process
    process.kill()
    process.communicate()


def on(identity: ProcessIdentity, **parts: str) -> ProcessIdentity:
    """The identity with some parts of its host changed: name, machine, boot, namespaces."""
    known = dict(zip(("name", "machine", "boot", "namespaces"), identity.host.split("/"), strict=True))
    return replace(identity, host="/".join({**known, **parts}.values()))


def test_the_own_process_runs_and_names_itself():
    own = ProcessIdentity.own()
    assert (own.state, own.ended) == (RUNNING, False)
    assert str(own) == f"process {os.getpid()} on host {socket.gethostname()}"
    assert ProcessIdentity.of(os.getpid()) == own == ProcessIdentity.own()


def test_another_process_says_of_itself_what_we_say_of_it(child):
    theirs = ProcessIdentity.parse(child.stdout.readline())
    assert theirs == ProcessIdentity.of(child.pid)
    assert theirs.state is RUNNING


def test_a_killed_process_has_ended_before_and_after_its_parent_collects_it(child):
    theirs = ProcessIdentity.parse(child.stdout.readline())
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and is still in the list of processes
    assert theirs.state is ENDED
    child.wait()
    assert theirs.state is ENDED
    assert ProcessIdentity.of(child.pid) is None


def test_a_reused_id_is_another_process():
    own = ProcessIdentity.own()
    assert replace(own, started=own.started - 0.01).state is ENDED
    assert replace(own, started=own.started + 1000).ended


def test_an_id_that_no_system_has_is_an_ended_process():
    assert replace(ProcessIdentity.own(), pid=2**22 + 1).ended
    assert replace(ProcessIdentity.own(), pid=2**70).ended


@linux
@pytest.mark.parametrize(
    "parts",
    [
        {"name": "other"},
        {"boot": "0123456789ab", "machine": "0123456789ab"},
        {"boot": "0123456789ab", "machine": ""},
        {"boot": "0123456789ab", "name": "other"},
        {"boot": "0123456789ab", "namespaces": "4026532179.4026531834"},
        {"namespaces": "4026532179.4026531834"},
        {"namespaces": "4026531836.4026532180"},
        {"boot": ""},
    ],
)
def test_nobody_can_tell_what_runs_elsewhere(parts):
    own = ProcessIdentity.own()
    for elsewhere in (on(own, **parts), replace(on(own, **parts), pid=2**22 + 1)):
        assert (elsewhere.state, elsewhere.ended) == (UNKNOWN, False)


@linux
def test_what_ran_before_the_machine_started_again_has_ended(monkeypatch):
    outside = f"studio/0123456789ab/{'a' * 12}/4026531836.4026531834"
    monkeypatch.setattr(processes, "_own_host", lambda: outside)
    before = on(replace(ProcessIdentity.own(), host=outside), boot="b" * 12)
    assert before.state is ENDED
    # The same in a container: nothing says that the earlier container ran on this machine.
    inside = outside.replace("4026531836", "4026532179")
    monkeypatch.setattr(processes, "_own_host", lambda: inside)
    assert on(replace(before, host=inside), boot="b" * 12).state is UNKNOWN


@linux
def test_a_linux_that_hides_its_boot_id_makes_every_state_unknown(monkeypatch, tmp_path):
    monkeypatch.setattr(processes, "_PROC", tmp_path)
    own = ProcessIdentity.own()
    assert (own.state, replace(own, started=1.0).state) == (UNKNOWN, UNKNOWN)


@linux
def test_a_process_in_a_container_on_this_machine_is_unknown_here():
    """The container has this host's name, boot id and a process 1 of its own."""
    command = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc"]
    if shutil.which("unshare") is None or subprocess.run([*command, "true"], check=False, capture_output=True).returncode:
        pytest.skip("this system lets nobody make a PID namespace")
    script = f"{OWN}; print(ProcessIdentity.parse(input()).state)"
    ours = ProcessIdentity.own()
    done = subprocess.run(
        [*command, sys.executable, "-c", script], input=f"{ours.text}\n", stdout=subprocess.PIPE, text=True, check=True
    )
    text, seen_from_there = done.stdout.split("\n", 1)
    theirs = ProcessIdentity.parse(text)
    assert theirs.host_name == ours.host_name
    assert theirs.state is UNKNOWN
    assert seen_from_there == "unknown\n"


def test_text_and_json_give_the_identity_back():
    own = ProcessIdentity.own()
    assert ProcessIdentity.parse(own.text) == own
    assert ProcessIdentity.from_json(json.loads(json.dumps(own.as_json()))) == own
    assert own.as_json().keys() == {"host", "pid", "started"}


@pytest.mark.parametrize("text", ["", "4242", "4242/1.5/name", "x/1.5/a/b/c/d", "-1/1.5/a/b/c/d", "1/soon/a/b/c/d"])
def test_a_text_that_is_no_identity_is_named(text):
    with pytest.raises(ValueError, match=f"'{text}' names no process: "):
        ProcessIdentity.parse(text)


@pytest.mark.parametrize("value", [None, 4242, {"pid": 1}, {"pid": "1", "host": "a/b/c/d", "started": 1.0}])
def test_a_json_value_that_is_no_identity_is_named(value):
    with pytest.raises(ValueError, match="names no process"):
        ProcessIdentity.from_json(value)


def test_the_parents_of_a_process(child):
    assert ancestors(child.pid)[:2] == [os.getpid(), os.getppid()]
    assert ancestors(2**22 + 1) == []
