"""``voice-assets watch``: what runs for one voice, live or once."""

import signal
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import click

from voice_assets.cli.server_option import connected, server_option
from voice_assets.cli.terminal import console
from voice_assets.cli.voice_argument import voice_with_dataset

if TYPE_CHECKING:
    from rich.console import Console

    from voice_assets.cli.snapshot import Snapshot
    from voice_assets.voices import Voice

SECONDS_BETWEEN_PICTURES = 0.5
SECONDS_BETWEEN_QUESTIONS = 3.0
SECONDS_BETWEEN_GPU_READS = 2.0


@click.command()
@click.argument("voice")
@click.option("--once", is_flag=True, help="Print one snapshot and end: for scripts and logs. Output to a file does so too.")
@server_option
def watch(voice: str, once: bool, server: str | None) -> None:
    """Show what runs for VOICE: progress, speed and scores of each shard, the epochs of a training, the last clips, the GPUs.

    Runs of the UI, of the daemon and of other shells are shown too; with --server, the runs of every machine, without the
    GPUs. When nothing runs, the last result is shown. Ctrl-C ends the display and stops no run.
    """
    from voice_assets.cli.watch_view import View

    out = console()
    look = look_here(voice_with_dataset(voice)) if server is None else look_there(server, voice)
    if once or not out.is_terminal:
        out.print(View(look()))
    else:
        show(look, out, SECONDS_BETWEEN_PICTURES if server is None else SECONDS_BETWEEN_QUESTIONS)


def look_here(voice: "Voice") -> "Callable[[], Snapshot]":
    """A function that says what runs on this machine for ``voice``."""
    from voice_assets.cli.snapshot import gpus_now, snapshot

    gpus, read = gpus_now(), time.monotonic()

    def look() -> "Snapshot":
        nonlocal gpus, read
        if time.monotonic() - read >= SECONDS_BETWEEN_GPU_READS:
            gpus, read = gpus_now(), time.monotonic()
        return snapshot(voice, gpus)

    return look


def look_there(url: str, voice: str) -> "Callable[[], Snapshot]":
    """A function that says what runs for ``voice`` of the deployment at ``url``."""
    from voice_assets.cli.watch_server import snapshot_of

    return partial(snapshot_of, connected(url), voice)


def show(look: "Callable[[], Snapshot]", out: "Console", seconds: float) -> None:
    """Show what ``look`` says, every few ``seconds``, until Ctrl-C or SIGTERM."""
    from rich.live import Live

    from voice_assets.cli.watch_view import View

    over: list[int] = []
    # Noted, not raised: whenever it comes, the picture is finished and the cursor is back. A list, not threading.Event, whose
    # lock this very thread may hold when the signal comes.
    before = {
        number: signal.signal(number, lambda number, _: over.append(number)) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        with Live(View(look()), console=out, auto_refresh=False) as live:
            while not over:
                time.sleep(seconds)
                live.update(View(look()), refresh=True)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
