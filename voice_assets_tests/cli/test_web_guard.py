"""Requests that no foreign page may send to the UI are refused; those of the UI's own pages and of scripts pass."""

import asyncio
from typing import Any

import pytest

from voice_assets.cli.web_guard import COOKIE, Guard, is_loopback

OWN = "http://127.0.0.1:3000"
JSON = "application/json"


async def dagster(scope: Any, receive: Any, send: Any) -> None:
    """The guarded server: answers every request with 200, and accepts every websocket."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
    else:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"dagster"})


def sent(guard: Guard, method: str, url: str, **headers: str) -> list[dict[str, Any]]:
    """The messages that answer one request; ``_`` in the name of a header stands for ``-``. ``WS`` opens a websocket."""
    path, _, query = url.partition("?")
    named = {"host": "127.0.0.1:3000"} | {name.replace("_", "-"): value for name, value in headers.items()}
    scope = {
        "type": "websocket" if method == "WS" else "http",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in named.items()],
    }
    messages: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        messages.append(message)

    asyncio.run(guard(scope, None, send))  # type: ignore[arg-type]
    return messages


def answer(method: str, url: str, token: str | None = None, **headers: str) -> int | str:
    """The status of the answer, or what happens to a websocket."""
    first = sent(Guard(dagster, token), method, url, **headers)[0]
    return first["status"] if method != "WS" else first["type"].removeprefix("websocket.")


@pytest.mark.parametrize(
    ("method", "url", "headers"),
    [
        ("GET", "/", {}),
        ("GET", "/assets/toy/clips?view=checks", {"host": "localhost:3000"}),
        ("GET", "/", {"host": "[::1]:3000"}),
        ("GET", "/", {"sec_fetch_site": "cross-site", "sec_fetch_dest": "document"}),  # a link in a mail or a report
        ("GET", "/graphql", {}),
        ("POST", "/graphql", {"content_type": JSON, "origin": OWN, "sec_fetch_site": "same-origin"}),
        ("POST", "/graphql", {"content_type": f"{JSON}; charset=utf-8"}),  # a script
        ("POST", "/graphql", {"content_type": JSON, "host": "LocalHost:80", "origin": "http://localhost:80"}),
        ("WS", "/graphql", {"origin": OWN}),
    ],
)
def test_own_requests_pass(method: str, url: str, headers: dict[str, str]) -> None:
    assert answer(method, url, **headers) in (200, "accept")


@pytest.mark.parametrize(
    ("method", "url", "headers"),
    [
        ("GET", "/", {"host": "evil.example:3000"}),
        ("GET", "/", {"host": "127.0.0.1.evil.example"}),
        ("GET", "/", {"host": "evil.example@127.0.0.1x"}),
        ("GET", "/", {"host": ""}),
        ("GET", "/", {"host": "[::1"}),
        ("POST", "/graphql", {"content_type": JSON, "origin": "http://evil.example"}),
        ("POST", "/graphql", {"content_type": JSON, "origin": "http://127.0.0.1:4000"}),
        ("POST", "/graphql", {"content_type": JSON, "origin": "null"}),
        ("POST", "/graphql?query=mutation", {"content_type": "text/plain"}),
        ("POST", "/graphql", {"content_type": "application/x-www-form-urlencoded"}),
        ("POST", "/graphql", {}),
        ("GET", "/graphql?query=mutation%7Bwipe%7D", {}),
        ("HEAD", "/graphql", {}),
        ("GET", "/graphql/?query=x", {}),
        ("GET", "/logs/run", {"sec_fetch_site": "cross-site", "sec_fetch_dest": "image"}),
        ("GET", "/", {"sec_fetch_site": "cross-site", "sec_fetch_dest": "iframe"}),
        ("GET", "/", {"sec_fetch_site": "same-site", "sec_fetch_dest": "empty"}),
        ("POST", "/report_asset_materialization/toy/clips", {}),
        ("POST", "/report_asset_check/toy/clips", {"content_type": JSON, "origin": OWN}),
        ("POST", "/report_asset_observation/toy/clips", {"content_type": JSON}),
        ("WS", "/graphql", {"origin": "http://evil.example"}),
        ("WS", "/graphql", {"host": "evil.example"}),
    ],
)
def test_foreign_requests_are_refused(method: str, url: str, headers: dict[str, str]) -> None:
    assert answer(method, url, **headers) in (403, "close")


def test_a_refusal_says_why() -> None:
    _, body = sent(Guard(dagster), "GET", "/", host="evil.example")
    assert (
        body["body"].decode() == "this server has the names of this machine only (127.0.0.1, localhost), not 'evil.example'\n"
    )


@pytest.mark.parametrize(("method", "refused"), [("GET", 401), ("WS", "close")])
@pytest.mark.parametrize(
    "headers", [{}, {"cookie": f"{COOKIE}=wrong"}, {"authorization": "Bearer wrong"}, {"cookie": "a b=\x01;"}]
)
def test_without_the_token_nothing_passes(method: str, refused: object, headers: dict[str, str]) -> None:
    assert answer(method, "/assets?token=right", "right", host="studio:3000", **headers) == refused


@pytest.mark.parametrize("headers", [{"cookie": f"x=1; {COOKIE}=right"}, {"authorization": "Bearer right"}])
def test_with_the_token_any_name_of_the_server_passes(headers: dict[str, str]) -> None:
    assert answer("GET", "/", "right", host="studio:3000", **headers) == 200
    assert answer("WS", "/graphql", "right", host="studio:3000", origin="http://evil.example", **headers) == "close"


def test_the_printed_address_sets_the_cookie() -> None:
    start, _ = sent(Guard(dagster, "right"), "GET", "/?token=right", host="studio:3000")
    assert start["status"] == 303
    assert dict(start["headers"])[b"set-cookie"] == f"{COOKIE}=right; HttpOnly; SameSite=Strict; Path=/".encode()
    assert answer("GET", "/?token=wrong", "right") == 401


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.8.0.1", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("studio", False),
    ],
)
def test_loopback(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected
