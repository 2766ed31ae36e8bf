"""The option ``--server URL``: a command works on a deployment. Commands that read or decide run there, as they are typed here.

Not here: `run` and `watch`, which go on for long (``run_on_server``, ``watch_server``), and the server (``client_service``).
"""

import functools
import os
import shutil
import sys
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import click

from voice_assets.cli.errors import CommandError, without_traceback
from voice_assets.cli.terminal import WIDTH_OF_A_FILE
from voice_assets.cli.web_server import TOKEN
from voice_assets.runtime.plain_text import plain

if TYPE_CHECKING:
    from voice_assets.orchestration.server import Server

SERVER_VARIABLE = "VOICE_ASSETS_SERVER"
FORWARDED = ("status", "lineage", "waive", "waivers")
"""The commands that run on the server. They take no file: a path here is none there."""

server_option = click.option(
    "--server",
    metavar="URL",
    envvar=SERVER_VARIABLE,
    help=f"Work on the deployment whose `voice-assets ui` has this URL. Default: ${SERVER_VARIABLE}, else this project.",
)


def connected(url: str) -> "Server":
    """The server at ``url``, with the token of this shell. Its notices go to the standard error.

    Raises:
        CommandError: this is no URL of a server.
    """
    from voice_assets.orchestration.server import Server, ServerError

    with without_traceback(ServerError):
        return Server(url, os.environ.get(TOKEN), lambda text: click.echo(plain(text), err=True))


def forwarded(command: Callable[..., None]) -> Callable[..., None]:
    """``command`` with the option ``--server``: with a URL, the command runs there, and its output and exit code are here."""

    @server_option
    @functools.wraps(command)
    def either(server: str | None, **parameters: Any) -> None:
        if server is None:
            command(**parameters)
        else:
            sys.exit(_run_there(server, click.get_current_context(), parameters))

    return either


def _run_there(url: str, context: click.Context, parameters: Mapping[str, Any]) -> int:
    from voice_assets.orchestration.server import ServerError

    values = {name: _portable(name, value) for name, value in parameters.items() if value not in (None, False)}
    width = {"COLUMNS": str(shutil.get_terminal_size().columns if sys.stdout.isatty() else WIDTH_OF_A_FILE)}
    environment = width | ({"FORCE_COLOR": "1", "TERM": os.environ.get("TERM", "")} if sys.stdout.isatty() else {})
    with without_traceback(ServerError):
        name = context.info_name
        done = connected(url).ask("command", name=name, parameters=values, environment=environment)
    click.echo(done["stdout"], nl=False)
    click.echo(done["stderr"], nl=False, err=True)
    return int(done["exit_code"])


def _portable(name: str, value: Any) -> Any:
    """The value of a parameter as JSON. A file that is here is named by its hash."""
    if isinstance(value, Path):
        raise CommandError(f"--{name} names a file of this machine, and the command runs on the server: leave it out")
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d}"
    if name == "subject" and Path(value).exists():
        from voice_assets.cli.lineage_subject import named_by_hash

        return named_by_hash(Path(value))
    return value


def arguments_of(command: click.Command, parameters: Mapping[str, Any]) -> list[str]:
    """The words of a command line with these values, none of which can be taken for an option.

    Raises:
        CommandError: a parameter that the command does not have, or one that names a file of this machine.
    """
    known = {parameter.name: parameter for parameter in command.params if not isinstance(parameter.type, click.Path)}
    known.pop("server", None)  # a server asks no other server
    if unknown := set(parameters) - set(known):
        raise CommandError(f"`{command.name}` on a server has no parameter {', '.join(sorted(unknown))}")
    options, arguments = list[str](), list[str]()
    for name, value in parameters.items():
        parameter = known[name]
        if isinstance(parameter, click.Argument):
            arguments.append(_no_path(str(value)))
        else:
            options.append(parameter.opts[0] if value is True else f"{parameter.opts[0]}={value}")
    return [*options, "--", *arguments]


def _no_path(text: str) -> str:
    if PurePosixPath(text).is_absolute() or ".." in PurePosixPath(text).parts:
        raise CommandError(f"{text!r} is a path; a server is asked by names, and for a file by sha256:<hash>")
    return text
