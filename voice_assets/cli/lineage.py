"""``voice-assets lineage``: what a file, an epoch or an asset was made of, and what was built on it."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from voice_assets.cli.errors import EXIT_CLOSED, CommandError, without_traceback
from voice_assets.cli.event_log import opened_gate
from voice_assets.cli.server_option import forwarded
from voice_assets.cli.terminal import console
from voice_assets.runtime.files import write_text
from voice_assets.runtime.plain_text import plain

if TYPE_CHECKING:
    from voice_assets.cli.lineage_subject import Subject


@click.command()
@forwarded
@click.argument("subject")
@click.option("--epoch", metavar="KEY", help="The epoch, such as v3-e0050. Default: the last asset that was made.")
@click.option("--run", "run_id", metavar="ID", help="The materialisation of this run (first characters). Default: the newest.")
@click.option(
    "--package", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Look the file up in this package."
)
@click.option("--downstream", is_flag=True, help="Show what was built on SUBJECT, and what speaks against each today.")
@click.option("--all", "everything", is_flag=True, help="Show every shard and every rule.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, in the format of a package's lineage.json.")
@click.option("--picture", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write a picture: FILE.svg.")
def lineage(
    subject: str,
    epoch: str | None,
    run_id: str | None,
    package: Path | None,
    downstream: bool,
    everything: bool,
    as_json: bool,
    picture: Path | None,
) -> None:
    """Show what SUBJECT was made of: data set, shards, validations with their verdicts, training, export, package.

    SUBJECT is a voice, an epoch, an asset, or a file. A file is found by its hash. A package, and any file inside it, needs
    no project: the package holds its lineage.

    \b
    voice-assets lineage felix                    what was made last
    voice-assets lineage felix/v3-e0050           an epoch
    voice-assets lineage felix/release/1.0.0      an asset, and which part of it
    voice-assets lineage ru_RU-felix-medium.onnx  a file: .ckpt, .onnx, report,
                                                  or the folder of a package
    voice-assets lineage --downstream felix/whisper_validation
    voice-assets lineage --downstream 'felix/whisper_shard[3-of-8]'

    \b
    Exit code  0  found
               1  a file is not the one that its package lists, or the
                  package and the event log disagree
               2  there is no such subject
    """  # noqa: D301 - click reads the control character, which a raw string would not hold
    from voice_assets.cli.lineage_print import print_downstream, print_lineage
    from voice_assets.cli.lineage_subject import find_subject, voice_in

    if picture is not None and (picture.suffix != ".svg" or downstream):
        raise CommandError(f"{picture}: --picture writes what SUBJECT was made of, as a file *.svg")
    with opened_gate(voice_in(subject)) as gate:
        found = find_subject(gate, subject, epoch=epoch, run=run_id, package=package)
        if downstream:
            if gate is None or not found.recorded:
                raise CommandError(f"{subject}: only an event log knows what was built on it; this project's does not know it")
            print_downstream(console(), gate, found.recorded, as_json=as_json)
            return
        if picture is not None:
            _write_picture(picture, found)
        print_lineage(console(), gate, found, everything=everything, as_json=as_json)
    if found.disagreements:
        sys.exit(EXIT_CLOSED)


def _write_picture(file: Path, found: "Subject") -> None:
    from voice_assets.reports.lineage import LineageError
    from voice_assets.reports.lineage_picture import picture

    with without_traceback(OSError, LineageError):
        write_text(file, picture(found.lineage))
    click.echo(f"picture: {plain(file)}", err=True)
