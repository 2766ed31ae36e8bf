"""A server of S3's protocol on this machine, for the tests of storage; secrets are in the environment, as in real use."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

KEY, SECRET = "AKIDTESTTESTTEST", "not-to-be-seen-in-any-log-or-error"  # of the local server, which asks nobody


@pytest.fixture(scope="session")
def s3_url() -> Iterator[str]:
    """The URL of an empty bucket of a local server that runs while the tests of this process do."""
    with running_s3() as url:
        yield url


@contextmanager
def running_s3() -> Iterator[str]:
    """Run a server in this process, and name it in the environment. The URL of its empty bucket."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # else a line for every request, where a log is shown
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        patch.setenv("AWS_ACCESS_KEY_ID", KEY)
        patch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        from s3fs import S3FileSystem

        S3FileSystem.clear_instance_cache()  # an instance keeps the endpoint that it was made with
        S3FileSystem(use_listings_cache=False).mkdir("voices")
        yield "s3://voices"
    server.stop()


@pytest.fixture
def s3_folder(s3_url: str, tmp_path: Path) -> str:
    """The URL of a folder of its own per test. Names with spaces, signs and other scripts are names like any other."""
    return f"{s3_url}/{tmp_path.name}/Голос #1 + a%20b"
