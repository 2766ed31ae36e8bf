"""``voice-assets watch``: what runs for one voice, live or once."""

import signal
import time
from typing import TYPE_CHECKING

import click

from voice_assets.cli.terminal import console
from voice_assets.cli.voice_argument import voice_with_dataset

if TYPE_CHECKING:
    from rich.console import Console

    from voice_assets.voices import Voice

SECONDS_BETWEEN_PICTURES = 0.5
SECONDS_BETWEEN_GPU_READS = 2.0


@click.command()
@click.argument("voice")
@click.option("--once", is_flag=True, help="Print one snapshot and end: for scripts and logs. Output to a file does so too.")
def watch(voice: str, once: bool) -> None:
    """Show what runs for VOICE: progress, speed and scores of each shard, the epochs of a training, the last clips, the GPUs.

    Runs of the UI, of the daemon and of other shells are shown too. When nothing runs, the last result is shown. Ctrl-C
    ends the display and stops no run.
    """
    chosen, out = voice_with_dataset(voice), console()
    if once or not out.is_terminal:
        from voice_assets.cli.snapshot import gpus_now, snapshot
        from voice_assets.cli.watch_view import View

        out.print(View(snapshot(chosen, gpus_now())))
    else:
        show(chosen, out)


def show(voice: "Voice", out: "Console") -> None:
    """Show ``voice`` until Ctrl-C or SIGTERM."""
    from rich.live import Live

    from voice_assets.cli.snapshot import gpus_now, snapshot
    from voice_assets.cli.watch_view import View

    over: list[int] = []
    # Noted, not raised: whenever it comes, the picture is finished and the cursor is back. A list, not threading.Event, whose
    # lock this very thread may hold when the signal comes.
    before = {
        number: signal.signal(number, lambda number, _: over.append(number)) for number in (signal.SIGINT, signal.SIGTERM)
    }
    gpus, read = gpus_now(), time.monotonic()
    try:
        with Live(View(snapshot(voice, gpus)), console=out, auto_refresh=False) as live:
            while not over:
                time.sleep(SECONDS_BETWEEN_PICTURES)
                if time.monotonic() - read >= SECONDS_BETWEEN_GPU_READS:
                    gpus, read = gpus_now(), time.monotonic()
                live.update(View(snapshot(voice, gpus)), refresh=True)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
