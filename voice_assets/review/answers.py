"""Answers of the server: their security headers, errors in plain words, and bodies of JSON."""

import json
from collections.abc import Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

from voice_assets.reports import html

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; media-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""For the pages of this room, whose scripts are files of this room."""

LIST_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; media-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""For the pages that list, which have their style inside: no script runs."""

REPORT_POLICY = f"{LIST_POLICY}; sandbox allow-same-origin allow-popups"
"""For files of a data set: no script runs, and no page that a file opens can run one.

Without ``allow-same-origin``, the players of a report would count as a foreign page, which the guard refuses.
"""

LARGEST_BODY = 65536
JSON = "application/json"


def headers(policy: str) -> dict[str, str]:
    """The headers of every answer."""
    return {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "no-cache",
    }


def page(text: str, policy: str = LIST_POLICY, status: int = 200) -> Response:
    """A page of HTML."""
    return HTMLResponse(text, status, headers(policy))


def data(content: object, status: int = 200) -> Response:
    """JSON for a script."""
    return JSONResponse(content, status, {**headers(PAGE_POLICY), "Cache-Control": "no-store"})


def refused(request: Request, error: Exception) -> Response:
    """The answer to a request that fails with an ``HTTPException``: JSON for a script, a page for a person."""
    assert isinstance(error, HTTPException)
    if "text/html" in request.headers.get("accept", ""):
        body = html.page("This page cannot be shown", html.paragraph(error.detail, "soft"))
        return page(body, status=error.status_code)
    if request.method == "POST" or JSON in request.headers.get("accept", ""):
        return data({"error": error.detail}, error.status_code)
    return PlainTextResponse(f"{error.detail}\n", error.status_code, headers(LIST_POLICY))


async def body_of(request: Request) -> Mapping[str, Any]:
    """The JSON object that a request sends.

    A foreign page cannot send JSON without asking first, and nobody answers such a question.

    Raises:
        HTTPException: another content type, too long, or no JSON object.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != JSON:
        raise HTTPException(415, f"send {JSON}")
    content = bytearray()
    async for part in request.stream():
        content += part
        if len(content) > LARGEST_BODY:
            raise HTTPException(413, f"at most {LARGEST_BODY} bytes")
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise HTTPException(400, "not JSON") from error
    if not isinstance(found, dict):
        raise HTTPException(400, "send a JSON object")
    return found
