"""The address that a command listens on: whether it is free, the token where other machines reach it, the URL to print."""

import secrets
import socket

import click

from voice_assets.cli.errors import CommandError
from voice_assets.cli.web_guard import is_loopback

host_option = click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen on. An address that other machines reach asks for the token in the printed URL.",
)


def require_free(host: str, port: int) -> None:
    """Return when a server can listen there.

    Raises:
        CommandError: another program listens on the port, or this machine has no such address.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        advice = "choose another port with --port, or another address with --host"
        raise CommandError(f"nothing can listen on {host}, port {port}: {error.strerror}; {advice}") from error


def new_token(host: str) -> str | None:
    """A secret for a server that other machines reach; None for an address of this machine only."""
    return None if is_loopback(host) else secrets.token_urlsafe(24)


def url(host: str, port: int, token: str | None, path: str = "/") -> str:
    """The URL that a person opens. A token leads to ``/``, whatever the ``path``: the guard exchanges it there for a cookie."""
    server = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    return f"{server}{path.rstrip('/')}" if token is None else f"{server}/?token={token}"
