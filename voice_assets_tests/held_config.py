"""A data set whose runs wait until a test lets them go: ``config.json`` is a pipe, and reading a pipe waits for a writer."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType


class HeldConfig:
    """Holds every run that reads ``config.json`` of a data set. Leaving the block puts the file back and ends the waiting."""

    def __init__(self, dataset: Path):
        self._config = dataset / "config.json"
        self._pipe = dataset.parent / "held_config"
        self._over = threading.Event()

    def __enter__(self) -> "HeldConfig":
        self._content = self._config.read_bytes()
        os.mkfifo(self._pipe)
        self._config.unlink()
        os.link(self._pipe, self._config)
        return self

    @contextmanager
    def released(self) -> Iterator[None]:
        """Inside: runs that wait read the true content, one after the other; later runs read the file itself."""
        restored = self._config.with_name("restored.json")
        restored.write_bytes(self._content)
        restored.replace(self._config)
        self._over.clear()
        thread = threading.Thread(target=self._feed)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()

    def _feed(self) -> None:
        while not self._over.wait(0.01):
            try:
                writer = os.open(self._pipe, os.O_WRONLY | os.O_NONBLOCK)
            except OSError:  # nobody reads the pipe
                continue
            with os.fdopen(writer, "wb") as pipe:
                pipe.write(self._content)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        with self.released():
            pass
        self._pipe.unlink()
