"""Servers of a test: started with a log, awaited by an event, and ended with all that they started."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil


class Server:
    """One process that serves, and its log."""

    def __init__(self, name: str, command: Sequence[str], environment: Mapping[str, str], folder: Path, **options: Any):
        self.name, self.log = name, folder / f"{name}.log"
        self._begins = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command,
                cwd=folder,
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_take_signals,
                **options,
            )

    def until(self, ready: Callable[[], Any]) -> Any:
        """Wait until ``ready`` returns something; the test fails when the server ends before."""
        while not (found := ready()):
            self.require_alive()
            time.sleep(0.1)
        return found

    def require_alive(self) -> None:
        code = self.process.poll()
        assert code is None, f"{self.name} has ended with {code}:\n{self.log.read_text(errors='replace')[-4000:]}"

    def said(self, words: str) -> bool:
        """Whether the server has written these words since it was started."""
        return words in self.log.read_bytes()[self._begins :].decode(errors="replace")

    def holds(self, pid: int) -> bool:
        """Whether this server started the process ``pid``, directly or not."""
        try:
            return self.process.pid in [parent.pid for parent in psutil.Process(pid).parents()]
        except psutil.NoSuchProcess:
            return False

    def kill(self) -> None:
        """End the server and everything that it started as a power cut does."""
        try:
            whole = [psutil.Process(self.process.pid), *psutil.Process(self.process.pid).children(recursive=True)]
        except psutil.NoSuchProcess:
            whole = []
        for process in whole:
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue
        psutil.wait_procs(whole)
        self.process.wait()

    def end(self) -> None:
        """Ask the server to end, as the system does when it stops a service; then end what is left."""
        if self.process.poll() is None:
            started = psutil.Process(self.process.pid).children(recursive=True)
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.kill()
            for process in started:
                try:
                    process.kill()
                except psutil.NoSuchProcess:
                    continue


def _take_signals() -> None:
    """A shell starts background processes with Ctrl-C ignored. Dagster copies that to SIGTERM, and would never end."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def port_answers(port: int) -> bool:
    """Whether a process of this machine listens on ``port``."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def environment_of(**values: str) -> dict[str, str]:
    """This process's environment with other values, and without those that name its own project and instance."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("DAGSTER", "VOICE_", "RAY_", "PG", "CUDA"))
    }
    return kept | values
