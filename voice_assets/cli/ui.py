"""``voice-assets ui``: Dagster's web UI and the daemon that starts its runs."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from voice_assets.cli.address import host_option, new_token, require_free, url
from voice_assets.cli.dead_runs import print_dead_runs
from voice_assets.cli.errors import without_traceback
from voice_assets.cli.web_server import TOKEN
from voice_assets.runtime.plain_text import plain

if TYPE_CHECKING:
    import dagster as dg

WEB_SERVER = "the web server"
SECONDS_BETWEEN_CHECKS = 0.5
CHECKS_BETWEEN_CLEANUPS = 20


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), default=3000, show_default=True, help="Port of the web UI.")
@host_option
def ui(port: int, host: str) -> None:
    """Start the Dagster UI: the asset graph, runs, partitions and checks of every voice.

    Runs whose process was killed are marked as failed: at the start, and while the UI runs.

    Ctrl-C ends the UI, the daemon, and the runs that they started.
    """
    require_free(host, port)
    sys.exit(serve(host, port))


def serve(host: str, port: int) -> int:
    """Run the web UI and the daemon until Ctrl-C or until one of them ends. Returns the exit code."""
    from voice_assets.definitions import read_voices
    from voice_assets.orchestration import pools
    from voice_assets.orchestration.instance import open_instance, ready_home
    from voice_assets.runtime import project

    with without_traceback(OSError):
        home = ready_home()
    token = new_token(host)
    commands = {
        WEB_SERVER: [sys.executable, "-m", "voice_assets.cli.web_server", host, str(port)],
        "the daemon": [sys.executable, "-m", "dagster._daemon", "run", "-w", str(project.dagster_file("workspace.yaml"))],
    }
    environments = {WEB_SERVER: os.environ | {TOKEN: token or ""}}  # the daemon and its runs never see the token
    with open_instance() as instance, _run_host(instance):
        pools.apply(instance, pools.widths(read_voices()[0]))
        print_dead_runs(instance)
        click.echo(f"Dagster UI: {url(host, port, token)} (instance: {plain(home)}; Ctrl-C ends the UI)")
        processes = {
            name: subprocess.Popen(command, cwd=project.root(), env=environments.get(name))
            for name, command in commands.items()
        }
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        try:
            ended = _wait_for_an_end(processes, instance)
        except KeyboardInterrupt:
            return 0
        finally:
            for process in processes.values():
                process.terminate()
            for process in processes.values():
                process.wait()
    click.echo(f"The UI has ended, because {ended} ended with code {processes[ended].returncode}. Start it again.", err=True)
    return 1


@contextmanager
def _run_host(instance: "dg.DagsterInstance") -> Iterator[None]:
    """A run host for the runs that the daemon starts: its address is in the environment. Runs outlive their host.

    There is none where the instance has another launcher, nor outside Linux, whose kind of socket the run host needs.
    """
    from voice_assets.orchestration.hosted_launcher import HostedLauncher
    from voice_assets.orchestration.run_client import ADDRESS

    if sys.platform != "linux" or not isinstance(instance.run_launcher, HostedLauncher):
        yield
        return
    with tempfile.TemporaryDirectory(prefix="voice_assets_") as folder:
        os.environ[ADDRESS] = str(Path(folder) / "runs")
        host = subprocess.Popen([sys.executable, "-m", "voice_assets.orchestration.run_host", "--lazy"])
        try:
            yield
        finally:
            host.terminate()
            host.wait()


def _wait_for_an_end(processes: Mapping[str, subprocess.Popen[bytes]], instance: "dg.DagsterInstance") -> str:
    """Return the name of the first of ``processes`` that has ended. Every ten seconds, dead runs are marked as failed."""
    checks = 0
    while True:
        threading.Event().wait(SECONDS_BETWEEN_CHECKS)
        ended = next((name for name, process in processes.items() if process.poll() is not None), None)
        if ended is not None:
            return ended
        checks += 1
        if checks % CHECKS_BETWEEN_CLEANUPS == 0:
            print_dead_runs(instance)
