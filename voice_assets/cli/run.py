"""``voice-assets run``: makes what is missing or out of date for one voice, up to the first closed gate."""

import signal
import sys
from typing import TYPE_CHECKING

import click

from voice_assets.cli.dead_runs import print_dead_runs
from voice_assets.cli.errors import EXIT_CLOSED, EXIT_STOPPED, CommandError, without_traceback
from voice_assets.cli.server_option import server_option
from voice_assets.cli.terminal import console
from voice_assets.cli.voice_argument import voice_with_dataset

if TYPE_CHECKING:
    import dagster as dg

    from voice_assets.voices import Voice

SHOWN = 5


@click.command()
@click.argument("voice")
@click.option("--to", "asset", metavar="ASSET", help="The last asset to make, such as whisper_validation. Default: all assets.")
@click.option("--epoch", metavar="KEY", help="The epoch to export and package, such as v0-e0001. Default: the winner.")
@server_option
def run(voice: str, asset: str | None, epoch: str | None, server: str | None) -> None:
    """Make the assets of VOICE that are missing or out of date, in order, up to ASSET.

    Assets that are current stay as they are. The run ends at the first closed gate, and says which rule closed the gate
    and what to do. A run that was stopped or killed continues where it stopped: use the same command. What can be known to
    stop the run hours later is said before it starts, and then nothing is made.

    With --server, the runs go through the queue of a deployment and are shown here. Runs of others are followed, and Ctrl-C
    ends those of this command only.

    \b
    Exit code  0  every gate is open
               1  a gate is closed, an asset could not be made, or the
                  run would stop later, so nothing was started
               2  the command cannot run: no such voice, asset, epoch or data set
             130  stopped by Ctrl-C or `kill`
    """  # noqa: D301 - click reads the control character, which a raw string would not hold
    from voice_assets.cli.run_on_server import run_on_server

    chosen = voice_with_dataset(voice) if server is None else None
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # `kill` stops the run as Ctrl-C does
    try:
        opened = run_voice(chosen, asset, epoch) if chosen else run_on_server(str(server), voice, asset, epoch)
        sys.exit(0 if opened else EXIT_CLOSED)
    except KeyboardInterrupt:
        click.echo("Stopped. The same command continues from here.", err=True)
        sys.exit(EXIT_STOPPED)


def run_voice(voice: "Voice", asset: str | None, epoch: str | None) -> bool:
    """Run ``voice`` and print what happens. Returns whether every gate up to ``asset`` is open.

    Raises:
        CommandError: there is no such asset or epoch, the voice does not load, or another process runs this voice.
    """
    from voice_assets.cli.bars import RunBars
    from voice_assets.cli.before_run import can_start, in_the_way
    from voice_assets.cli.closing import places_here, print_closing
    from voice_assets.definitions import build_definitions
    from voice_assets.orchestration import pools
    from voice_assets.orchestration.instance import BusyError, only_runner, open_instance
    from voice_assets.orchestration.local_launcher import LocalLauncher
    from voice_assets.orchestration.runner import RecordedPlanner, Runner, SelectionError, assets_to
    from voice_assets.runtime import running

    out = console()
    graph = build_definitions(only=[voice.name]).resolve_asset_graph()
    with without_traceback(SelectionError):
        keys = assets_to(graph, voice.name, asset, epoch)
    names = [key.path[-1] for key in keys]
    with without_traceback(BusyError), open_instance() as instance, only_runner(instance, voice.name):
        if epoch is not None:
            require_epoch(instance, voice, epoch)
        print_dead_runs(instance)
        running.forget_dead(voice.name)
        planner = RecordedPlanner(graph, instance, keys, epoch, pools.widths([voice]))
        if not can_start(out, voice.name, names, in_the_way(voice, planner.to_make())):
            return False
        with RunBars(out, voice.name) as bars:
            statuses = list(Runner(planner, LocalLauncher(instance), bars).run())
    print_closing(out, voice, statuses, names, bars.outcomes, places_here(voice))
    return len(statuses) == len(keys) and all(status.open for status in statuses)


def require_epoch(instance: "dg.DagsterInstance", voice: "Voice", epoch: str) -> None:
    """Return when ``epoch`` is a trained epoch of ``voice``.

    Raises:
        CommandError: it is not; the message names those there are.
    """
    from voice_assets.orchestration.partitions import epochs, parse_epoch_key

    with without_traceback(ValueError):
        parse_epoch_key(epoch)
    trained = sorted(epochs(voice.name).get_partition_keys(dynamic_partitions_store=instance), key=parse_epoch_key)
    if epoch in trained:
        return
    if not trained:
        raise CommandError(
            f"there is no epoch {epoch!r}: {voice.name} has no trained epoch; leave --epoch out, and the run trains"
        )
    newest = ", ".join(trained[-SHOWN:])
    raise CommandError(f"there is no epoch {epoch!r}; {voice.name} has {len(trained)}, the newest: {newest}")
