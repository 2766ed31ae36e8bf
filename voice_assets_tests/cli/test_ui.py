"""`voice-assets ui`: a port that is not free is one plain message. That it serves is measured by ``benchmarks.overhead``."""

import socket
from pathlib import Path

import pytest

from voice_assets_tests.cli.projects import call, error_of


def test_a_port_that_is_in_use(project: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        error = error_of("ui", "--port", str(port))
    assert error == (
        f"nothing can listen on 127.0.0.1, port {port}: Address already in use; "
        "choose another port with --port, or another address with --host"
    )


@pytest.mark.parametrize("port", ["0", "65536", "web"])
def test_a_port_that_is_none(project: Path, port: str) -> None:
    done = call("ui", "--port", port)
    assert done.exit_code == 2
    assert "Invalid value for '--port'" in done.output
