"""The guard in front of our web servers: which requests may reach Dagster and the review page. ASGI; knows nothing of Dagster.

Dagster's server trusts everybody who reaches it. A page of any web site can make the browser of the person at this machine send
requests to 127.0.0.1, so "listens on this machine only" is not enough. The guard refuses

* other names of the server (``Host``): a foreign name that resolves to 127.0.0.1 would make a foreign page same-origin;
* requests that a page of another origin sends, websockets too (``Origin``, ``Sec-Fetch-Site``);
* GraphQL by any other method than POST with a body of its own: a link or an image must not wipe an asset;
* ``/report_asset_*``: nobody may report a materialisation or a verdict from outside.

A server that other machines can reach also asks for a token.
"""

import hmac
import ipaddress
from collections.abc import Awaitable, Callable, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urlsplit

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

COOKIE = "voice_assets_token"
JSON = "application/json"


def is_loopback(host: str) -> bool:
    """Whether ``host`` is this machine only: ``localhost`` or an address such as 127.0.0.1 or ::1."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Guard:
    """An ASGI application: answers what is refused, and passes every other request to ``app``.

    Args:
        app: the guarded server.
        token: who has it may use the server under any name. None: everybody may, under the names of this machine.
    """

    def __init__(self, app: App, token: str | None = None):
        self._app, self._token = app, token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] not in ("http", "websocket"):
            return await self._app(scope, receive, send)
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        if self._token is not None and not has_token(headers, self._token):
            return await self._ask_for_token(scope, send)
        refused = refusal(scope, headers, any_host=self._token is not None)
        if refused is not None:
            return await _answer(scope, send, 403, refused)
        return await self._app(scope, receive, send)

    async def _ask_for_token(self, scope: Scope, send: Send) -> None:
        """Exchange ``?token=`` of the address that was printed for a cookie; refuse everything else."""
        given = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("token", [""])[0]
        if scope["type"] == "http" and scope["path"] == "/" and same_secret(given, str(self._token)):
            cookie = f"{COOKIE}={self._token}; HttpOnly; SameSite=Strict; Path=/"
            return await _answer(scope, send, 303, "", [(b"location", b"/"), (b"set-cookie", cookie.encode("latin-1"))])
        return await _answer(scope, send, 401, "open the address that the command printed: it has the token")


def same_secret(given: str, token: str) -> bool:
    """Whether a given text is the token, in a time that does not depend on where they differ."""
    return hmac.compare_digest(given.encode(), token.encode())


def has_token(headers: dict[str, str], token: str) -> bool:
    """Whether the request has the token, as a cookie or as ``Authorization: Bearer``."""
    if same_secret(headers.get("authorization", ""), f"Bearer {token}"):
        return True
    try:
        cookie = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return False
    return cookie is not None and same_secret(cookie.value, token)


def refusal(scope: Scope, headers: dict[str, str], any_host: bool) -> str | None:
    """Why the request is refused; None when it may pass.

    Args:
        scope: ``type``, ``path``, ``method`` and ``query_string`` of ASGI.
        headers: the request's headers, with names in lower case.
        any_host: whether the server may be called by any name.
    """
    host = headers.get("host", "")
    if not any_host and not is_loopback(_name(f"//{host}")):
        return f"this server has the names of this machine only (127.0.0.1, localhost), not {host!r}"
    origin = headers.get("origin")
    if origin is not None and origin.lower().partition("//")[2] != host.lower():
        return f"a page of {origin!r} may not use this server"
    path = scope["path"]
    if path.startswith("/report_asset_"):
        return "nothing can be reported from outside; materialise the asset"
    if headers.get("sec-fetch-site") in ("cross-site", "same-site") and headers.get("sec-fetch-dest") != "document":
        return "a page of another origin may link to this server, and not use it or show it in a frame"
    return _graphql_refusal(scope, headers) if path.rstrip("/") == "/graphql" else None


def _graphql_refusal(scope: Scope, headers: dict[str, str]) -> str | None:
    if scope["type"] == "websocket":
        return None
    by_json = headers.get("content-type", "").partition(";")[0].strip().lower() == JSON
    if scope["method"] == "POST" and by_json:
        return None  # a foreign page cannot send JSON without asking first, and nobody answers such a question
    if scope["method"] == "GET" and not scope.get("query_string"):
        return None  # the GraphQL editor
    return f"GraphQL is served by POST with {JSON} only"


def _name(url: str) -> str:
    """The host name in a URL, without the port; empty when there is none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


async def _answer(scope: Scope, send: Send, status: int, text: str, headers: list[tuple[bytes, bytes]] | None = None) -> None:
    """Answer without the guarded server: a text, or the refusal of a websocket."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
        return
    kind = (b"content-type", b"text/plain; charset=utf-8")
    await send({"type": "http.response.start", "status": status, "headers": [kind, *(headers or [])]})
    await send({"type": "http.response.body", "body": f"{text}\n".encode()})
