"""The pages of the review room on a port of this machine, behind the guard, as the commands serve them."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette

from voice_assets.cli.web_guard import Guard


@contextmanager
def serving(app: Starlette, port: int) -> Iterator[None]:
    """The server on ``port``, in a thread; everything is ended at the end."""
    server = uvicorn.Server(uvicorn.Config(Guard(app), port=port, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        yield
    finally:
        server.should_exit = server.force_exit = True
        thread.join()
