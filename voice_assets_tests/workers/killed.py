"""A worker that dies at a moment, by SIGKILL: ``python -m voice_assets_tests.workers.killed MOMENT -m MODULE REQUEST``.

The worker itself is the real one, unchanged. A moment is one of
``{"before": AUDIT_EVENT, "path": PATTERN}``, right before a file operation, with ``"cut": true`` when the written file shall be
cut to its half first, as if the process had died while it wrote; and ``{"after": {key: value}}``, right after an event of the
worker with these values was printed.
"""

import json
import os
import runpy
import signal
import sys
from fnmatch import fnmatch
from typing import Any


def kill() -> None:
    """End this process as ``kill -9`` does."""
    os.kill(os.getpid(), signal.SIGKILL)


class Printed:
    """Standard output that kills the process after a line with the ``wanted`` values."""

    def __init__(self, stream: Any, wanted: dict[str, Any]) -> None:
        self.stream, self.wanted, self.seen = stream, wanted, False

    def write(self, text: str) -> int:
        """Write, and see whether the event is the wanted one."""
        if text.startswith("{"):
            event = json.loads(text)
            self.seen = all(event.get(key) == value for key, value in self.wanted.items())
        return self.stream.write(text)

    def flush(self) -> None:
        """Flush, then kill when the wanted event was written."""
        self.stream.flush()
        if self.seen:
            kill()

    def __getattr__(self, name: str) -> Any:
        """Everything else is the stream's."""
        return getattr(self.stream, name)


def at(moment: dict[str, Any]) -> None:
    """Arrange to be killed at ``moment``."""
    if "after" in moment:
        sys.stdout = Printed(sys.stdout, moment["after"])
        return

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event != moment["before"]:
            return
        target = str(arguments[1] if event == "os.rename" else arguments[0])
        if fnmatch(target, moment["path"]):
            if moment.get("cut"):
                os.truncate(arguments[0], os.path.getsize(arguments[0]) // 2)
            kill()

    sys.addaudithook(hook)


if __name__ == "__main__":
    moment, _, worker = sys.argv[1:4]
    at(json.loads(moment))
    del sys.argv[1:4]
    runpy.run_module(worker, run_name="__main__", alter_sys=True)
