"""`voice-assets tensorboard`: what it needs, and a real TensorBoard behind the guard."""

import http.client
import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from voice_assets.piper.versions import version_dir
from voice_assets_tests.cli.projects import error_of
from voice_assets_tests.datasets import write_voice


@pytest.fixture
def work(project: Path) -> Path:
    """The training folder of the voice `toy`; nothing is in it."""
    write_voice(project / "voices" / "toy.yaml", project)
    return project / "artifacts" / "toy" / "training"


def logged(work: Path, version: int, *losses: float) -> None:
    """A training with TensorBoard's log of its losses."""
    from tensorboard.summary import Writer

    writer = Writer(str(version_dir(work, version)))
    for step, loss in enumerate(losses):
        writer.add_scalar("validation_loss", loss, step)
    writer.close()


def test_without_a_training_there_is_nothing_to_show(work: Path) -> None:
    message = f"{work / 'lightning_logs'} has no training yet; start one with `voice-assets run toy`"
    assert error_of("tensorboard", "toy") == message
    (work / "lightning_logs" / "version_old").mkdir(parents=True)
    assert error_of("tensorboard", "toy") == message


def test_a_port_that_is_in_use(work: Path) -> None:
    version_dir(work, 0).mkdir(parents=True)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert error_of("tensorboard", "toy", "--port", str(port)).startswith(f"nothing can listen on 127.0.0.1, port {port}")


@pytest.fixture
def board(work: Path) -> Iterator[tuple[subprocess.Popen, str]]:
    """TensorBoard on two trainings, as a person starts it: its process and the line that it prints."""
    logged(work, 0, 60.0, 45.0)
    logged(work, 1, 58.0, 44.0, 40.0)
    command = [sys.executable, "-m", "voice_assets.cli", "tensorboard", "toy", "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process, process.stdout.readline()
    finally:
        process.kill()
        process.wait()


def ask(address: str, path: str, **headers: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(address, timeout=60)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    return answer.status, answer.read()


@pytest.mark.slow
def test_it_shows_all_trainings_to_this_machine_only(board: tuple[subprocess.Popen, str]) -> None:
    process, line = board
    assert line.startswith("TensorBoard of toy: http://127.0.0.1:")
    address = line.split()[3].removeprefix("http://")
    assert address.partition(":")[2] not in ("0", "6006", "")
    status, page = ask(address, "/")
    assert (status, b"<title>TensorBoard" in page or b"tensorboard" in page.lower()) == (200, True)
    runs: dict[str, dict] = {}
    while set(runs) != {"version_0", "version_1"}:  # it reads the logs in a thread
        assert process.poll() is None
        runs = json.loads(ask(address, "/data/plugin/scalars/tags")[1])
    assert list(runs["version_1"]) == ["validation_loss"]
    assert ask(address, "/", Host="evil.example")[0] == 403
    assert ask(address, "/data/runs", Origin="http://evil.example")[0] == 403
    process.send_signal(signal.SIGTERM)
    assert process.wait() == 0
