"""The guard of ``web_guard`` for a WSGI application, such as TensorBoard: the same rules, the same token.

Does not belong here: the rules themselves (``web_guard``).
"""

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs

from voice_assets.cli.web_guard import COOKIE, has_token, refusal, same_secret

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
WsgiApp = Callable[[Environ, StartResponse], Iterable[bytes]]


class WsgiGuard:
    """A WSGI application: answers what is refused, and passes every other request to ``app``.

    Args:
        app: the guarded application.
        token: who has it may use the server under any name. None: everybody may, under the names of this machine.
    """

    def __init__(self, app: WsgiApp, token: str | None = None):
        self._app, self._token = app, token

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Handle one request."""
        headers = _headers(environ)
        if self._token is not None and not has_token(headers, self._token):
            return self._ask_for_token(environ, start_response)
        refused = refusal(_scope(environ), headers, any_host=self._token is not None)
        if refused is not None:
            return _answer(start_response, HTTPStatus.FORBIDDEN, refused)
        return self._app(environ, start_response)

    def _ask_for_token(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Exchange ``?token=`` of the address that was printed for a cookie; refuse everything else."""
        given = parse_qs(environ.get("QUERY_STRING", "")).get("token", [""])[0]
        if environ.get("PATH_INFO") in ("", "/") and same_secret(given, str(self._token)):
            cookie = f"{COOKIE}={self._token}; HttpOnly; SameSite=Strict; Path=/"
            return _answer(start_response, HTTPStatus.SEE_OTHER, "", [("Location", "/"), ("Set-Cookie", cookie)])
        return _answer(start_response, HTTPStatus.UNAUTHORIZED, "open the address that the command printed: it has the token")


def _headers(environ: Environ) -> dict[str, str]:
    """The request's headers, with names in lower case."""
    named = {name[5:]: value for name, value in environ.items() if name.startswith("HTTP_")}
    named |= {"CONTENT_TYPE": environ["CONTENT_TYPE"]} if "CONTENT_TYPE" in environ else {}
    return {name.replace("_", "-").lower(): str(value) for name, value in named.items()}


def _scope(environ: Environ) -> dict[str, Any]:
    query = str(environ.get("QUERY_STRING", "")).encode("latin-1")
    return {"type": "http", "path": environ.get("PATH_INFO", ""), "method": environ["REQUEST_METHOD"], "query_string": query}


def _answer(
    start_response: StartResponse, status: HTTPStatus, text: str, headers: list[tuple[str, str]] | None = None
) -> list[bytes]:
    start_response(f"{status.value} {status.phrase}", [("Content-Type", "text/plain; charset=utf-8"), *(headers or [])])
    return [f"{text}\n".encode()]
