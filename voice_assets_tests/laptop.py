"""A machine from which somebody works on a deployment: it has the program and the URL, and nothing else."""

import re
import subprocess
import sys
from pathlib import Path

from voice_assets_tests.cluster.processes import environment_of

Client = subprocess.Popen[str]


class Laptop:
    """A machine without voice files, data set, records and store: a folder of its own, and the URL of the deployment."""

    def __init__(self, folder: Path, url: str):
        folder.mkdir()
        self.folder, self.url = folder, url
        self._started: list[Client] = []
        own = environment_of(VOICE_ASSETS_ROOT=str(folder), DAGSTER_HOME=str(folder / ".dagster"))
        self.environment = {name: value for name, value in own.items() if not name.startswith("AWS_")}

    def start(self, *arguments: str) -> Client:
        """Start ``voice-assets <arguments> --server URL``."""
        command = [sys.executable, "-m", "voice_assets.cli", *arguments, "--server", self.url]
        pipe = subprocess.PIPE
        client = Client(command, stdout=pipe, stderr=pipe, text=True, cwd=self.folder, env=self.environment)
        self._started.append(client)
        return client

    def call(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """The command, when it has ended. Nothing is left on the laptop."""
        process = self.start(*arguments)
        output, errors = process.communicate()
        assert list(self.folder.iterdir()) == []
        return subprocess.CompletedProcess(process.args, process.returncode, output, errors)

    def end(self) -> None:
        """End what a failed test left: a client waits for its server for ever."""
        for client in self._started:
            client.kill()
            client.wait()


def read_until(client: Client, pattern: str) -> str:
    """Read the errors of a command until a line matches."""
    read = ""
    assert client.stderr is not None
    while not re.search(pattern, read):
        line = client.stderr.readline()
        assert line, read
        read += line
    return read
