"""A Dagster deployment as `--server URL` reaches it: GraphQL starts and ends runs, and our questions go to ``/client/``.

Two halves, because each half knows something that the other does not. Dagster's GraphQL starts a run as the UI does: with its
origin, through the queue, the pools and the launcher of the deployment. Our own half (``cli.client_service``) answers what only
the gates know: which runs an asset needs and why, and what its rules say. The gates read the voice files, the instance and the
store, and none of those is on a laptop. So a client needs the URL, and nothing else.

Every answer is about the moment of the question. The server remembers nothing of a client: either of them may be started again
in the middle of a run.

Not here: what is asked (``server_planner``, ``server_launcher``), and the answers (``cli.client_service``).
"""

import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

import dagster as dg
import requests

PREFIX = "/client/"
"""Below this path the server answers the questions of a client."""
VERSION_HEADER = "Voice-Assets-Version"
SECONDS_BETWEEN_TRIES = 2.0
SECONDS_TO_CONNECT = 10
SECONDS_TO_ANSWER = 600
"""Questions about gates take long on a loaded server; a server that is gone closes the connection at once."""
_GONE = (502, 503, 504)

Answer = TypeVar("Answer")


class ServerError(RuntimeError):
    """The server refused, or is no server of ours. The message says why, and what to do."""


class ServerGoneError(ServerError):
    """The server does not answer now. It may answer later."""


def own_version() -> str:
    """What client and server must have in common: they exchange what both read and write with the same code."""
    return f"voice-assets {version('voice-assets')}, dagster {dg.__version__}"


class Server:
    """One deployment.

    Args:
        url: of `voice-assets ui`, perhaps with the ``?token=`` that the command printed, perhaps behind a proxy.
        token: of the server, where the URL has none.
        notice: receives a line when the server does not answer and the client waits.
    """

    def __init__(self, url: str, token: str | None = None, notice: Callable[[str], None] = lambda _: None):
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ServerError(f"{url!r} is no address of a server such as http://127.0.0.1:3000")
        host = parts.netloc.rpartition("@")[2]  # messages show the URL, and must not show a password
        self.url = parts._replace(netloc=host, path=parts.path.rstrip("/"), query="", fragment="").geturl()
        self.notice = notice
        self._session = requests.Session()
        self._session.auth = _Signature(parse_qs(parts.query).get("token", [token])[0], parts.username, parts.password)

    def ask(self, question: str, **values: Any) -> Any:
        """The answer of our half of the server: a JSON object.

        Raises:
            ServerError: the server refused, or it has no such half.
            ServerGoneError: it does not answer now.
        """
        return self._post(f"{PREFIX}{question}", values)

    def graphql(self, query: str, **variables: Any) -> Any:
        """The data that Dagster answers to ``query``; raises as ``ask``."""
        answer = self._post("/graphql", {"query": query, "variables": variables})
        if answer.get("errors"):
            raise ServerError(f"{self.url}: Dagster refused: {answer['errors'][0].get('message', answer['errors'][0])}")
        return answer["data"]

    def patiently(self, call: Callable[[], Answer]) -> Answer:
        """What ``call`` returns, as soon as the server answers. A server that is started again loses nothing."""
        told = False
        while True:
            try:
                return call()
            except ServerGoneError as gone:
                if not told:
                    self.notice(f"{gone}. The runs go on; waiting for the server.")
                told = True
                time.sleep(SECONDS_BETWEEN_TRIES)

    def _post(self, path: str, values: Any) -> Any:
        address, patience = f"{self.url}{path}", (SECONDS_TO_CONNECT, SECONDS_TO_ANSWER)
        headers = {VERSION_HEADER: own_version()}
        try:
            reply = self._session.post(address, json=values, headers=headers, timeout=patience, allow_redirects=False)
        except (requests.ConnectionError, requests.Timeout) as error:
            raise ServerGoneError(f"{self.url} does not answer: {_cause(error)}") from error
        except requests.RequestException as error:
            raise ServerError(f"{self.url}: {error}") from error
        if reply.status_code in _GONE:
            raise ServerGoneError(f"{self.url} does not answer: HTTP {reply.status_code}")
        return self._content(reply)

    def _content(self, reply: requests.Response) -> Any:
        if reply.status_code == 401:
            raise ServerError(f"{self.url} asks for its token: give the whole URL that `voice-assets ui` printed")
        try:
            content = reply.json()
        except ValueError:
            content = None
        if reply.status_code >= 500:
            raise ServerError(f"{self.url}: HTTP {reply.status_code}; the log of `voice-assets ui` there says why")
        if not isinstance(content, dict):
            refused = reply.text.strip() if reply.status_code == 403 else f"HTTP {reply.status_code}"
            raise ServerError(
                f"{self.url} is no server for a client ({refused}): start `voice-assets ui` of this version there "
                f"({own_version()})"
            )
        if "error" in content:
            raise ServerError(str(content["error"]))
        return content


class _Signature(requests.auth.AuthBase):
    """The token of the server, or name and password for a proxy in front of it. A ``.netrc`` is not read."""

    def __init__(self, token: str | None, name: str | None, password: str | None):
        self._token, self._proxy = token, None if name is None else requests.auth.HTTPBasicAuth(name, password or "")

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request if self._proxy is None else self._proxy(request)


def _cause(error: Exception) -> str:
    """The innermost reason of a failed connection, in the words of the system."""
    seen: BaseException = error
    while (inner := getattr(seen, "reason", None) or seen.__cause__ or seen.__context__) is not None:
        if not isinstance(inner, BaseException):
            break
        seen = inner
    return getattr(seen, "strerror", None) or str(seen)
