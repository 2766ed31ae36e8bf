"""`voice-assets review`: errors before it starts, and the whole command as a person starts and ends it."""

import http.client
import json
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from voice_assets.cli.address import new_token, url
from voice_assets_tests.cli.projects import error_of
from voice_assets_tests.datasets import write_dataset, write_voice
from voice_assets_tests.ports import free_port
from voice_assets_tests.toy_project import ToyProject, copied, opened


def test_a_voice_without_a_report(project: Path) -> None:
    write_voice(project / "voices" / "toy.yaml", write_dataset(project / "dataset"), listening="advisory")
    port = str(free_port())
    assert error_of("review", "toy", "--port", port) == (
        "toy/quality_report was never materialised: `voice-assets run toy` makes it"
    )
    assert "is not an epoch key" in error_of("review", "toy", "--epoch", "last", "--port", port)


def test_a_port_that_is_in_use(project: Path) -> None:
    write_voice(project / "voices" / "toy.yaml", write_dataset(project / "dataset"))
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        assert "Address already in use" in error_of("review", "toy", "--port", str(other.getsockname()[1]))


def test_only_other_machines_need_a_token() -> None:
    assert new_token("127.0.0.1") is None
    assert url("127.0.0.1", 3001, None, "/review/toy/quality") == "http://127.0.0.1:3001/review/toy/quality"
    assert url("::1", 3000, None) == "http://[::1]:3000"
    token = new_token("0.0.0.0")
    assert token is not None
    assert len(token) >= 32
    assert url("0.0.0.0", 3001, token, "/review/toy/quality") == f"http://0.0.0.0:3001/?token={token}"


@contextmanager
def reviewing(toy: ToyProject) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """The command on the project, with its port; it has printed its address."""
    port = free_port()
    command = [sys.executable, "-u", "-m", "voice_assets.cli", "review", "toy", "--port", str(port)]
    process = subprocess.Popen(command, cwd=toy.root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line == f"Listen and decide: http://127.0.0.1:{port}/review/toy/quality (Ctrl-C ends the server)\n"
        wait_for(port, process)
        yield process, port
    finally:
        process.kill()
        process.wait()


def answer(port: int, method: str, path: str, content: object = None, **headers: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    body = None if content is None else json.dumps(content)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body, {"Content-Type": "application/json", **named})
    found = connection.getresponse()
    return found.status, found.read().decode()


@pytest.mark.slow
def test_the_whole_command(validated_once: Path, tmp_path: Path) -> None:
    base = "/review/toy/quality"
    with opened(copied(validated_once, tmp_path)) as toy:
        toy.write_voice(listening="advisory")
        toy.run_shards("clip_stats")
        toy.run("quality_report")
        with reviewing(toy) as (process, port):
            version = json.loads(answer(port, "GET", f"{base}/clips")[1])["data_version"]
            mark = {"data_version": version, "by": "Anna", "clip": "clip-000", "changes": {"mark": "good"}}
            assert answer(port, "GET", base, Host="evil.example")[0] == 403
            assert answer(port, "POST", f"{base}/mark", mark, Origin="http://evil.example")[0] == 403
            assert answer(port, "POST", f"{base}/mark", mark, Sec_Fetch_Site="cross-site")[0] == 403
            assert json.loads(answer(port, "GET", f"{base}/state")[1])["marks"] == {}
            assert answer(port, "POST", f"{base}/mark", mark, Origin=f"http://127.0.0.1:{port}")[0] == 200
            decision = {"data_version": version, "by": "Anna", "verdict": "approved", "comment": "clean"}
            assert answer(port, "POST", f"{base}/decide", decision)[0] == 200
            place = str(toy.latest("quality_report").metadata["open"])
            assert answer(port, "GET", place)[0] == 307
            process.send_signal(signal.SIGINT)
            assert process.wait(60) == 0
            assert process.stdout is not None
            assert process.stdout.read() == ""
        said = toy.latest("listening_verdict").metadata
    assert (said["verdict"], said["by"], said["comment"]) == ("approved", "Anna", "clean")
    assert [(one["clip"], one["mark"]) for one in said["marks"]] == [("clip-000", "good")]
    assert re.fullmatch(r"/reports/toy/quality_\d+_\d+_\d+", place)


def wait_for(port: int, process: "subprocess.Popen[str]") -> None:
    """Return when the server listens: the address is printed just before."""
    while process.poll() is None:
        with suppress(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port)).close()
            return
        time.sleep(0.05)
    raise AssertionError(f"the command has ended with {process.returncode}")
