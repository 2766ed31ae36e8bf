"""The process of a client: what it sees, when it ends, what is told when it fails. Here the Python of the tests runs it."""

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import psutil
import pytest

from voice_assets.release.clients import processes
from voice_assets.release.clients.processes import HOST, ClientFailureError, Place, run, serving
from voice_assets_tests.ports import free_port

SERVER = "http.server"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    (tmp_path / "voice").mkdir()
    return Place(Path(sys.executable), tmp_path / "voice", tmp_path / "home", tmp_path / "client.log")


def program(place: Place, code: str) -> str:
    file = place.folder / "program.py"
    file.write_text(code)
    return str(file)


def test_a_client_sees_no_secret_no_home_no_network(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush")
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    monkeypatch.setenv("https_proxy", "http://a.proxy:8080")
    run(place, program(place, "import os\nfor item in sorted(os.environ.items()): print(*item)"), [])
    seen = dict(line.split(" ", 1) for line in place.log.read_text().splitlines())
    assert set(seen) - set(processes._KEPT) == {"HOME", "all_proxy", "http_proxy", "https_proxy", "no_proxy", "LC_CTYPE"} & set(
        seen
    )
    assert seen["HOME"] == str(place.home)
    assert seen["https_proxy"] == "http://127.0.0.1:9"


def test_arguments_arrive_as_they_are(place: Place) -> None:
    run(place, program(place, "import sys, os\nprint(sys.argv[1:], os.getcwd())"), ["-- $5 'x'", "ё"])
    assert place.log.read_text().strip() == f"[\"-- $5 'x'\", 'ё'] {place.folder}"


def test_a_failure_shows_the_end_of_the_log(place: Place) -> None:
    code = "for n in range(40): print('line', n)\nprint('\\x1b[31mred')\nraise SystemExit('no voice')"
    with pytest.raises(ClientFailureError) as failed:
        run(place, program(place, code), [])
    message = str(failed.value)
    assert message.startswith("ended with exit code 1; the end of its log: line 27 | line 28 | ")
    assert message.endswith("line 39 | ␛[31mred | no voice")


def test_a_client_that_is_killed(place: Place) -> None:
    with pytest.raises(ClientFailureError, match=r"was killed by signal 9; its log is empty"):
        run(place, program(place, "import os\nos.kill(os.getpid(), 9)"), [])


def test_a_client_that_does_not_end_is_ended(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "SECONDS_TO_SPEAK", 0.5)
    code = "import os, pathlib, time\npathlib.Path('pid').write_text(str(os.getpid()))\ntime.sleep(600)"
    with pytest.raises(ClientFailureError, match=r"did not end within 0\.5 s"):
        run(place, program(place, code), [])
    pid = place.folder / "pid"
    assert not pid.exists() or not psutil.pid_exists(int(pid.read_text()))


def serve(port: int) -> list[str]:
    return ["--bind", HOST, str(port)]


def test_a_server_answers_and_ends_with_the_block(place: Place) -> None:
    (place.folder / "hello").write_text("good morning")
    with serving(place, SERVER, serve) as port, urllib.request.urlopen(f"http://{HOST}:{port}/hello") as answer:
        assert answer.read() == b"good morning"
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((HOST, port), 5)


def test_a_server_that_ends_at_once(place: Place) -> None:
    with (
        pytest.raises(ClientFailureError, match=r"ended with exit code 1 before it listened.*no_such_module"),
        serving(place, "no_such_module", serve),
    ):
        pytest.fail("nothing listens")


def test_a_server_that_never_listens(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "SECONDS_TO_LISTEN", 0.5)
    sleeper = program(place, "import time\ntime.sleep(600)")
    with pytest.raises(ClientFailureError, match=r"did not listen within 0\.5 s"), serving(place, sleeper, lambda _: []):
        pytest.fail("nothing listens")


def test_a_port_that_another_program_takes_first(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as other:  # bound, and deaf: the server cannot have the port, and nobody answers there
        other.bind((HOST, 0))
        ports = iter([other.getsockname()[1], free_port()])
        monkeypatch.setattr(processes, "_free_port", lambda: next(ports))
        with serving(place, SERVER, serve) as port:
            socket.create_connection((HOST, port), 5).close()
    assert "already in use" in place.log.read_text()


PARENT = """
import sys, time
from pathlib import Path
from voice_assets.release.clients.processes import Place, serving
folder = Path(sys.argv[1])
place = Place(Path(sys.executable), folder, folder / "home", folder / "client.log")
with serving(place, "http.server", lambda port: ["--bind", "127.0.0.1", str(port)]) as port:
    print(port, flush=True)
    time.sleep(600)
"""


def test_a_server_ends_when_this_process_is_killed(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT, str(tmp_path)], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        port = int(parent.stdout.readline())
        (server,) = psutil.Process(parent.pid).children()
        socket.create_connection((HOST, port), 5).close()
        os.kill(parent.pid, signal.SIGKILL)
    psutil.wait_procs([server], timeout=60)
    assert not server.is_running()
