"""The command line that all workers share: ``python -m voice_assets.workers.<name> REQUEST``.

Here: reading the request and running the worker on it. Not here: events and exit codes (``protocol``), the text of
``--help`` (``request_help``), the requests (``asr.requests``, ``piper.requests``).
"""

import argparse
import json
from collections.abc import Callable, Sequence
from typing import TypeVar

from voice_assets.runtime.requests import Request, RequestError
from voice_assets.workers import protocol, request_help

R = TypeVar("R", bound=Request)


def parser(name: str, docstring: str | None, model: type[Request]) -> argparse.ArgumentParser:
    """The arguments of the worker ``name``."""
    line = argparse.ArgumentParser(
        prog=f"python -m voice_assets.workers.{name}",
        description=request_help.about(docstring or ""),
        epilog=request_help.epilog(name, model),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    line.add_argument("request", metavar="REQUEST", nargs="?", help="JSON file with the request; - reads standard input")
    line.add_argument("--schema", action="store_true", help="print the JSON schema of the request and exit")
    line.add_argument("--with-parent", type=int, metavar="PID", help="end when the process PID is no longer the parent")
    return line


def run(
    name: str,
    docstring: str | None,
    model: type[R],
    work: Callable[[R], None],
    expected: Sequence[type[Exception]],
    arguments: Sequence[str] | None = None,
) -> int:
    """Read the request that the command line names and run ``work`` on the request. Returns the exit code (``protocol``).

    Args:
        name: the worker's name, for usage and help.
        docstring: the worker's module docstring, with its task and its events.
        model: the class of its requests.
        work: runs the request.
        expected: errors of ``work`` that become one line and code 2, without a traceback; RequestError is always expected.
        arguments: the arguments of the command line; by default the arguments of this process.

    Raises:
        SystemExit: with code 2, for arguments that the command line does not have, and with 0 after ``--help``.
    """
    line = parser(name, docstring, model)
    given = line.parse_args(arguments)
    if given.schema:
        print(json.dumps(model.model_json_schema(), ensure_ascii=False, indent=2))
        return protocol.OK
    if given.request is None:
        line.error("REQUEST is missing: a JSON file with the request, or - for standard input")
    protocol.follow_parent(given.with_parent)
    return protocol.run(lambda: work(model.read(given.request)), RequestError, *expected)
