"""Processes forked from one that has loaded the libraries, so that no start of a worker or command spends 5 s on imports.

Such a process is as real as one of a shell: its memory, its exit code, its end by ``kill -9``. ``test_command_line`` starts
workers as a person does, with ``python -m``; ``test_client`` and others start commands so.
"""

import importlib
import json
import os
import runpy
import socket
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NoReturn

from voice_assets.orchestration import run_host
from voice_assets.piper import model

COMMANDS = (*run_host.LOADED, "voice_assets.cli.main", "voice_assets.cli.run")
"""What `voice-assets` imports."""
WORKERS = (
    "lightning",
    "piper.train.vits.lightning",
    "s3fs",  # Lightning asks it whether a folder lies in S3
    "torch.utils.tensorboard",
    "voice_assets.piper.training",
    "voice_assets.workers.command_line",
)
"""What a training imports."""
LONGEST = 2**20  # bytes of a message: a command line and an environment


@cache
def _server(loaded: tuple[str, ...]) -> socket.socket:
    """The connection to this process's server that has loaded these modules. The server ends when this process does."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        line = [sys.executable, "-m", __name__, str(theirs.fileno()), *loaded]
        nothing = subprocess.DEVNULL
        subprocess.Popen(line, stdin=nothing, stdout=nothing, pass_fds=[theirs.fileno()], cwd=Path(__file__).parents[1])
    return ours


def run(line: list[str], loaded: tuple[str, ...] = WORKERS, **environment: str) -> subprocess.CompletedProcess[str]:
    """What ``subprocess.run`` returns for ``python -m MODULE …`` or ``python -c PROGRAM …``, with the outputs.

    Args:
        line: the command line.
        loaded: the modules that the process has loaded.
        environment: variables beside those of this process.
    """
    asked = {"line": line, "environment": {**os.environ, **environment}, "folder": str(Path.cwd())}
    with tempfile.TemporaryFile("w+", encoding="utf-8") as out, tempfile.TemporaryFile("w+", encoding="utf-8") as errors:
        socket.send_fds(_server(loaded), [json.dumps(asked).encode()], [out.fileno(), errors.fileno()])
        code = int(_server(loaded).recv(LONGEST))
        for file in (out, errors):
            file.seek(0)
        return subprocess.CompletedProcess(line, code, out.read(), errors.read())


def _requests(connection: socket.socket) -> Iterator[dict]:
    """Fork a process for every request and send its exit code. Yields the request to that process alone."""
    while message := socket.recv_fds(connection, LONGEST, 2):
        content, files, *_ = message
        if not content:
            return
        child = os.fork()
        if not child:
            connection.close()
            for number, file in enumerate(files, start=1):
                os.dup2(file, number)
            yield json.loads(content)
        for file in files:
            os.close(file)
        connection.send(str(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])).encode())


def _become(line: list[str], environment: dict[str, str], folder: str) -> NoReturn:
    """Do what Python does with this command line, and end at once: the threads that Python would wait for were not forked."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv[:] = line[2:]
    code: object = 0
    try:
        if line[1] == "-m":
            runpy.run_module(line[2], run_name="__main__", alter_sys=True)
        else:
            exec(line[2], {"__name__": "__main__"})
    except SystemExit as ended:
        code = ended.code
    except BaseException:  # noqa: BLE001 as Python does with it
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(int(code or 0))


if __name__ == "__main__":
    if sys.argv[2:] == [*WORKERS]:
        model.register_alignment()  # Piper's model cannot be imported without
    for name in sys.argv[2:]:
        importlib.import_module(name)
    for request in _requests(socket.socket(fileno=int(sys.argv[1]))):
        _become(**request)
