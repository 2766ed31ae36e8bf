"""``voice-assets tensorboard``: TensorBoard on every training of one voice."""

import signal
import sys
import threading
from pathlib import Path
from urllib.parse import urlsplit

import click

from voice_assets.cli.address import host_option, new_token, require_free, url
from voice_assets.cli.errors import CommandError
from voice_assets.cli.voice_argument import voice_named

SECONDS_BETWEEN_READS = 5


@click.command()
@click.argument("voice")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=6006, show_default=True, help="Port of TensorBoard; 0 takes a free one."
)
@host_option
def tensorboard(voice: str, port: int, host: str) -> None:
    """Show the loss curves of all trainings of VOICE in TensorBoard, also while one runs.

    A run of TensorBoard is one training: version_0, version_1 and so on, as in the epoch keys v0-..., v1-...

    Ctrl-C ends TensorBoard and stops no training.
    """
    logs = logs_of(voice)
    require_free(host, port)
    token = new_token(host)
    # Before the server: whenever the signal comes, the command ends with code 0.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    served = serve(logs, host, port, token)
    click.echo(f"TensorBoard of {voice}: {url(host, served, token)} (Ctrl-C ends it)")
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        return


def logs_of(voice: str) -> Path:
    """The folder with the trainings of a voice.

    Raises:
        CommandError: there is no such voice, or it has no training yet.
    """
    from voice_assets.piper.versions import LOGS, versions_in
    from voice_assets.runtime.project import artifacts_dir

    name = voice_named(voice).name
    work = artifacts_dir(name) / "training"
    if not versions_in(work):
        raise CommandError(f"{work / LOGS} has no training yet; start one with `voice-assets run {name}`")
    return work / LOGS


def serve(logs: Path, host: str, port: int, token: str | None) -> int:
    """Start TensorBoard in threads of this process, behind our guard. Returns the port on which it listens.

    TensorBoard itself answers everybody who reaches it under any name.

    Raises:
        CommandError: TensorBoard cannot listen there.
    """
    from tensorboard import program

    from voice_assets.cli.wsgi_guard import WsgiGuard

    board = program.TensorBoard(server_class=lambda app, flags: program.WerkzeugServer(WsgiGuard(app, token), flags))
    # load_fast starts a second program, which would outlive a kill of this one.
    board.configure(
        logdir=str(logs),
        host=host,
        port=port,
        reload_interval=SECONDS_BETWEEN_READS,
        load_fast="false",
        window_title=logs.parts[-3],
    )
    try:
        address = board.launch()
    except program.TensorBoardServerException as error:
        raise CommandError(error.msg) from error
    return int(urlsplit(address).port or port)
