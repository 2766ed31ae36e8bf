"""The run host of a machine: one process that has loaded what runs import, and forks the process of each run.

A run of a cluster or of the UI is a command, ``dagster api execute_run …``. A new Python for it spends 3 s of processor time on
imports. So the engine starts ``run_client``, which asks here: the forked process gets the client's command, environment, folder
and output.

A run ends with its client, as a command ends with its shell: a signal is passed on, and when the connection breaks, however
the client died, the run and all that it started are killed. A run host that is killed ends no run. The socket belongs to one
user, and nobody else can ask.
"""

import argparse
import gc
import importlib
import importlib.util
import json
import os
import signal
import socket
import sys
import threading
from contextlib import suppress
from multiprocessing.connection import wait
from multiprocessing.context import ForkProcess
from pathlib import Path
from typing import NoReturn

from voice_assets.orchestration.run_client import ADDRESS, BEGUN, MESSAGE

LOADED = (
    "voice_assets.definitions",
    "dagster._cli",
    "dagster_aws.s3.compute_log_manager",
    "dagster_pandas",
    "voice_assets.orchestration.coordinator",
    "voice_assets.orchestration.kept_postgres",
    "voice_assets.orchestration.ray_launcher",
    "data_checks.expectations",
    "pyarrow.dataset",
    "s3fs",
    "soundfile",
)
"""What runs import. A module that is not installed is not loaded."""


class RunHost:
    """Forks runs for the clients of one socket."""

    def __init__(self, address: Path):
        self._listener, self._loaded = _listening(address), False
        self._asking: list[socket.socket] = []
        self._running: dict[int, tuple[ForkProcess, socket.socket]] = {}

    def load(self) -> None:
        """Load what runs import, if that was not done."""
        if self._loaded:
            return
        for name in LOADED:
            if importlib.util.find_spec(name.partition(".")[0]):
                importlib.import_module(name)
        gc.collect()
        gc.freeze()  # what is loaded is here for good: a collection in a run would copy its memory
        self._loaded = True

    def serve(self) -> NoReturn:
        """Answer clients for ever."""
        while True:
            for ready in wait([self._listener, *self._asking, *self._running]):
                if ready is self._listener:
                    self._asking.append(self._listener.accept()[0])
                elif isinstance(ready, socket.socket):
                    self._asking.remove(ready)
                    self._start(ready)
                elif isinstance(ready, int):
                    self._end(ready)

    def _start(self, client: socket.socket) -> None:
        asked, files = _question(client)
        if not asked:
            client.close()
            return
        self.load()
        others = [self._listener, *self._asking, *(other for _, other in self._running.values())]
        process = ForkProcess(target=_run, args=(asked, files, client, others))
        process.start()
        for file in files:
            os.close(file)
        self._running[process.sentinel] = process, client

    def _end(self, sentinel: int) -> None:
        """Tell the client the exit code."""
        process, client = self._running.pop(sentinel)
        process.join()
        with client:
            try:
                client.send(str(process.exitcode).encode())
            except OSError:
                return  # the client died first, and so the run was killed


def _question(client: socket.socket) -> tuple[bytes, list[int]]:
    """What a client asks, and its files; nothing when it died before it asked."""
    try:
        asked, files, *_ = socket.recv_fds(client, MESSAGE, 2)
    except OSError:
        return b"", []
    return asked, files


def _listening(address: Path) -> socket.socket:
    """A socket at ``address`` that only this user can reach.

    Raises:
        SystemExit: another run host answers there.
    """
    listener, probe = (socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) for _ in range(2))
    with probe:
        if probe.connect_ex(str(address)) == 0:
            raise SystemExit(f"{address}: another run host answers here. End it, or give this one another {ADDRESS}")
    address.unlink(missing_ok=True)
    before = os.umask(0o077)
    try:
        listener.bind(str(address))
    finally:
        os.umask(before)
    listener.listen()
    return listener


def _run(asked: bytes, files: list[int], client: socket.socket, others: list[socket.socket]) -> None:
    """Be the command that the client asks for, in this forked process."""
    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # Dagster ends a run by the handler of Ctrl-C
    for other in others:
        other.close()
    client.send(BEGUN)
    for number, file in enumerate(files, start=1):
        os.dup2(file, number)
        os.close(file)
    wanted = json.loads(asked)
    os.environ.clear()
    os.environ.update(wanted["environment"])
    os.chdir(wanted["folder"])
    threading.Thread(target=_live_with, args=(client,), daemon=True).start()
    sys.argv[:] = wanted["command"]
    importlib.import_module("dagster._cli").main()


def _live_with(client: socket.socket) -> None:
    """Pass the signals of the client to this process, and end it with all that it started when the client has ended."""
    with suppress(OSError):
        while message := client.recv(MESSAGE):
            os.kill(os.getpid(), int(message))
    os.killpg(0, signal.SIGKILL)


def main() -> None:
    """Load the libraries, now or for the first run, and serve."""
    parser = argparse.ArgumentParser(
        description="Forks the runs of this machine from one process that has loaded the libraries."
    )
    parser.add_argument("address", type=Path, nargs="?", help=f"path of the socket; without it, {ADDRESS} says where")
    parser.add_argument("--lazy", action="store_true", help="load the libraries when the first run asks, which then waits")
    given = parser.parse_args()
    address = given.address or os.environ.get(ADDRESS)
    if not address:
        parser.error(f"give the path of the socket, or set {ADDRESS}")
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    host = RunHost(Path(address))  # a client that asks while the libraries load waits
    if not given.lazy:
        host.load()
        print(f"run host: ready at {address}", flush=True)
    host.serve()


if __name__ == "__main__":
    main()
