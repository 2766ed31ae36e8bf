"""The guard in front of a WSGI application: the rules of the guard, and the token."""

from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest

from voice_assets.cli.web_guard import COOKIE
from voice_assets.cli.wsgi_guard import WsgiGuard


def guarded(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("200 OK", [])
    return [b"tensorboard"]


def answer(token: str | None, path: str = "/", method: str = "GET", **headers: str) -> tuple[str, dict[str, str], bytes]:
    """The status, the headers and the body of the answer to one request."""
    path, _, query = path.partition("?")
    environ: dict[str, Any] = {"PATH_INFO": path, "QUERY_STRING": query, "REQUEST_METHOD": method}
    environ |= {f"HTTP_{name.upper()}": value for name, value in {"host": "127.0.0.1:6006", **headers}.items()}
    setup_testing_defaults(environ)
    started: list[Any] = []
    body = b"".join(WsgiGuard(guarded, token)(environ, lambda *given: started.extend(given)))
    return started[0], dict(started[1]), body


@pytest.mark.parametrize(
    "headers", [{}, {"host": "localhost:6006"}, {"host": "[::1]:6006"}, {"origin": "http://127.0.0.1:6006"}]
)
def test_pages_of_this_machine_pass(headers: dict[str, str]) -> None:
    assert answer(None, "/data/runs", **headers) == ("200 OK", {}, b"tensorboard")


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"host": ""},
        {"origin": "http://evil.example"},
        {"sec_fetch_site": "cross-site", "sec_fetch_dest": "image"},
    ],
)
def test_pages_of_others_do_not(headers: dict[str, str]) -> None:
    status, _, body = answer(None, "/data/runs", **headers)
    assert status == "403 Forbidden"
    assert b"tensorboard" not in body


def test_who_has_the_token_may_use_any_name() -> None:
    assert answer("secret", host="gpu.example")[0] == "401 Unauthorized"
    assert answer("secret", "/data/runs?token=secret", host="gpu.example")[0] == "401 Unauthorized"
    assert answer("secret", "/?token=wrong", host="gpu.example")[0] == "401 Unauthorized"
    status, headers, _ = answer("secret", "/?token=secret", host="gpu.example")
    assert status == "303 See Other"
    assert headers["Location"] == "/"
    cookie = headers["Set-Cookie"].partition(";")[0]
    assert cookie == f"{COOKIE}=secret"
    assert answer("secret", "/data/runs", host="gpu.example", cookie=cookie)[0] == "200 OK"
    assert answer("secret", "/data/runs", host="gpu.example", cookie=cookie, origin="http://evil.example")[0] == "403 Forbidden"
