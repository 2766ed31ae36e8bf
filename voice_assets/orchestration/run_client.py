"""The command of a run: it asks the run host of its machine to fork the run, and stands for the run until that ends.

The engine starts ``python -m voice_assets.orchestration.run_client dagster api execute_run …``. Its exit code, output, signals
and end are those of the run. Where no run host answers, this process becomes the command itself, which takes seconds longer.

Nothing but the standard library is imported: that is the point.
"""

import array
import json
import os
import signal
import socket
import sys
from types import FrameType

ADDRESS = "VOICE_RUN_HOST"
"""The variable with the path of the run host's socket."""
WAIT = "--wait"
"""Before the command: nothing starts before standard input ends. The engine then knows the process before the run begins."""
MESSAGE = 2**20
"""The longest message, in bytes: the command line and the environment of a run."""
BEGUN = b"begun"
"""The first answer: from here on the process of the run lives, and no other may start it."""
_LOST = 1


def main() -> None:
    """Run the command in ``sys.argv``."""
    command, address = sys.argv[1:], os.environ.get(ADDRESS)
    if command[0] == WAIT:
        command = command[1:]
        sys.stdin.buffer.read()
    connection = _asked(address, command) if address else None
    if connection is None:
        os.execv(sys.executable, [sys.executable, "-m", *command])  # noqa: S606 the command is the caller's own
    sys.exit(_followed(connection))


def _asked(address: str, command: list[str]) -> socket.socket | None:
    """The connection to the run that a host has forked; None when there is no host, or it died before."""
    asked = json.dumps({"command": command, "environment": dict(os.environ), "folder": os.getcwd()}).encode()
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, MESSAGE)
        connection.connect(address)
        connection.sendmsg([asked], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [1, 2]))])
        if connection.recv(MESSAGE) != BEGUN:
            raise ConnectionAbortedError("it has ended")
    except OSError as error:
        connection.close()
        print(f"run host {address}: {error}. This run loads its libraries itself.", file=sys.stderr, flush=True)
        return None
    return connection


def _followed(connection: socket.socket) -> int:
    """Pass signals on until the run has ended. Returns its exit code, as a shell counts it."""

    def pass_on(number: int, _: FrameType | None) -> None:
        connection.send(str(number).encode())

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, pass_on)
    code = int(connection.recv(MESSAGE) or _LOST)
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    main()
