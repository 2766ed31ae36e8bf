"""A server of S3's protocol on this machine, for the tests of storage; secrets are in the environment, as in real use."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

KEY, SECRET = "AKIDTESTTESTTEST", "not-to-be-seen-in-any-log-or-error"  # of the local server, which asks nobody
BUCKET = "s3://voices"


@dataclass
class Requests:
    """The requests that the server answers.

    Attributes:
        seen: method and address of each, with the query.
        before: called with each before the server answers.
    """

    app: Any
    seen: list[str] = field(default_factory=list)
    before: Callable[[str], object] | None = None

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        request = f"{environ['REQUEST_METHOD']} {unquote(environ['RAW_URI'])}"
        self.seen.append(request)
        if self.before is not None:
            self.before(request)
        return self.app(environ, start_response)

    @property
    def listings(self) -> int:
        return sum("list-type=" in one for one in self.seen)

    def objects(self, url: str) -> list[str]:
        """The objects in the folder ``url`` that were asked for or written, sorted."""
        start = f"/{url.removeprefix('s3://')}/"
        found = (one.partition(" ")[2] for one in self.seen if "list-type=" not in one)
        return sorted(one.removeprefix(start) for one in found if one.startswith(start))


@pytest.fixture(scope="session")
def s3_server() -> Iterator[Requests]:
    """A local server that runs while the tests of this process do, with an empty bucket."""
    with running_s3() as requests:
        yield requests


@contextmanager
def running_s3() -> Iterator[Requests]:
    """Run a server in this process, with the empty bucket ``BUCKET``, and name it in the environment."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # else a line for every request, where a log is shown
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    assert server._server is not None
    server._server.app = requests = Requests(server._server.app)
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        patch.setenv("AWS_ACCESS_KEY_ID", KEY)
        patch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        from s3fs import S3FileSystem

        S3FileSystem.clear_instance_cache()  # an instance keeps the endpoint that it was made with
        S3FileSystem(use_listings_cache=False).mkdir(BUCKET)
        yield requests
    server.stop()


@pytest.fixture(scope="session")
def s3_url(s3_server: Requests) -> str:
    """The URL of a bucket of the local server."""
    return BUCKET


@pytest.fixture
def s3_requests(s3_server: Requests) -> Iterator[Requests]:
    """The requests from now on."""
    s3_server.seen.clear()
    yield s3_server
    s3_server.before = None


@pytest.fixture
def s3_folder(s3_url: str, tmp_path: Path) -> str:
    """The URL of a folder of its own per test. Names with spaces, signs and other scripts are names like any other."""
    return f"{s3_url}/{tmp_path.name}/Голос #1 + a%20b"
