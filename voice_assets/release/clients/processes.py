"""Running a client: its process sees the voice's files and little else, ends when this process ends, and leaves a log.

A client is a program of others that reads files of a package. So it gets no secrets of this process (an allow-list of
variables), an empty home folder, and a proxy at which nobody listens: a client that would fetch a voice fails instead of
speaking with another one. Not here: what the clients are asked to do (``speaking``).
"""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from voice_assets.runtime.tsv import visible

PROGRAMS = Path(__file__).with_name("programs")
LAUNCHER = PROGRAMS / "with_parent.py"
HOST = "127.0.0.1"
SECONDS_TO_SPEAK = 900
SECONDS_TO_LISTEN = 180
SECONDS_BETWEEN_LOOKS = 0.1
PORTS_TRIED = 3
LOG_LINES_SHOWN = 15
_KEPT = ("PATH", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "OMP_NUM_THREADS")
_NO_PROXY_LISTENS = "http://127.0.0.1:9"
_PORT_TAKEN = "address already in use"


class ClientFailureError(RuntimeError):
    """A client that did not do what it was asked to do. The message is for people, and has the end of the client's log."""


@dataclass(frozen=True)
class Place:
    """Where a client runs.

    Attributes:
        python: the interpreter of the clients' environment.
        folder: the current folder of the client; it has the voice's files.
        home: the client's home folder.
        log: its output; appended.
    """

    python: Path
    folder: Path
    home: Path
    log: Path

    def failure(self, what: str) -> ClientFailureError:
        """The error for ``what`` went wrong, with the end of the log."""
        text = self.log.read_text(encoding="utf-8", errors="replace") if self.log.is_file() else ""
        lines = [visible(line) for line in text.splitlines() if line.strip()][-LOG_LINES_SHOWN:]
        return ClientFailureError(f"{what}; the end of its log: {' | '.join(lines)}" if lines else f"{what}; its log is empty")


def run(place: Place, target: str, arguments: Sequence[str]) -> None:
    """Run a module, or a file of ``programs/``, to its end.

    Raises:
        ClientFailureError: its exit code is not 0, or the client needs more than SECONDS_TO_SPEAK.
    """
    with _started(place, target, arguments) as process:
        try:
            code = process.wait(SECONDS_TO_SPEAK)
        except subprocess.TimeoutExpired as error:
            raise place.failure(f"did not end within {SECONDS_TO_SPEAK} s") from error
    if code:
        raise place.failure(f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}")


@contextmanager
def serving(place: Place, module: str, arguments: Callable[[int], Sequence[str]]) -> Iterator[int]:
    """A server that runs while the block runs; yields its port on 127.0.0.1. ``arguments``: its arguments for a port.

    Raises:
        ClientFailureError: the server does not listen within SECONDS_TO_LISTEN, or ends before.
    """
    for attempt in range(1, PORTS_TRIED + 1):
        port, before = _free_port(), place.log.stat().st_size if place.log.exists() else 0
        with _started(place, module, arguments(port)) as process:
            why = _why_unheard(process, port)
            if not why:
                yield port
                return
        taken = _PORT_TAKEN in place.log.read_bytes()[before:].decode("utf-8", "replace").lower()
        if not taken or attempt == PORTS_TRIED:
            raise place.failure(why)


@contextmanager
def _started(place: Place, target: str, arguments: Sequence[str]) -> Iterator[subprocess.Popen[bytes]]:
    """The process of a client; it never outlives the block, and not this process either."""
    place.home.mkdir(parents=True, exist_ok=True)
    # Without UTF-8 mode, a client would read texts in the encoding of the system's language.
    command = [str(place.python), "-I", "-X", "utf8", str(LAUNCHER), target, *arguments]
    with place.log.open("ab") as log:
        # The pipe is never written: it closes when this process ends, however it ends, and the launcher waits for that.
        process = subprocess.Popen(
            command,
            cwd=place.folder,
            env=_environment(place.home),
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        assert process.stdin is not None
        process.stdin.close()


def _environment(home: Path) -> dict[str, str]:
    nowhere = {f"{scheme}_proxy": _NO_PROXY_LISTENS for scheme in ("http", "https", "all")}
    return {**without_secrets(), **nowhere, "no_proxy": "", "HOME": str(home)}


def without_secrets() -> dict[str, str]:
    """The variables of this process that a program of others may have."""
    return {name: os.environ[name] for name in _KEPT if name in os.environ}


def _free_port() -> int:
    """A port that nobody listens on now. Another program may take it before the client does; then ``serving`` tries another."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _why_unheard(process: subprocess.Popen[bytes], port: int) -> str:
    """Wait until the server listens. Empty when it does; else why not."""
    end = time.monotonic() + SECONDS_TO_LISTEN
    while time.monotonic() < end:
        if process.poll() is not None:
            return f"the server ended with exit code {process.returncode} before it listened"
        try:
            socket.create_connection((HOST, port), SECONDS_BETWEEN_LOOKS).close()
        except OSError:
            time.sleep(SECONDS_BETWEEN_LOOKS)
        else:
            return ""
    return f"the server did not listen within {SECONDS_TO_LISTEN} s"
