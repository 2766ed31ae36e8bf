"""The command ``voice-assets``: the group of all commands.

A command parses, calls one room and prints. Rooms are imported inside the commands, so that ``--help`` is instant.
"""

import sys
from io import TextIOWrapper
from typing import Any

import click

from voice_assets.cli.data import demo, import_
from voice_assets.cli.doctor import doctor
from voice_assets.cli.errors import CommandError
from voice_assets.cli.fix import fix
from voice_assets.cli.lineage import lineage
from voice_assets.cli.release import release
from voice_assets.cli.review import review
from voice_assets.cli.run import run
from voice_assets.cli.status import status
from voice_assets.cli.tensorboard import tensorboard
from voice_assets.cli.ui import ui
from voice_assets.cli.verify import verify
from voice_assets.cli.voices import voices
from voice_assets.cli.waivers import waive, waivers
from voice_assets.cli.watch import watch


class Commands(click.Group):
    """The commands. A store or a URL that cannot be used is a message in each of them, no traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except OSError as error:
            from voice_assets.runtime.remote import RemoteError

            if isinstance(error, RemoteError):
                raise CommandError(error) from error
            raise


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="voice-assets")
def main() -> None:
    """From a speech data set to a production text-to-speech voice, with proof.

    A voice is one YAML file in voices/. Its statistics, transcripts, checkpoints and packages are assets. Rules check
    each asset; when a rule fails, the gate closes and nothing that comes after the asset is made.

    \b
    voice-assets demo                     make the demo's data set, English
    voice-assets doctor allison_en        check what a run needs
    voice-assets run allison_en           make all, up to the voice package
    voice-assets watch allison_en         see the progress of clips and epochs
    voice-assets tensorboard allison_en   see the loss of every step
    voice-assets review allison_en        listen to the samples, and decide
    voice-assets status                   see how far all voices are
    voice-assets lineage allison_en       see what the voice was made of
    voice-assets release allison_en --version 1.0.0
                                          archive and tag the package
    voice-assets verify PACKAGE           check a package from anywhere
    voice-assets ui                       see everything in the browser
    """  # noqa: D301 - click reads the control character, which a raw string would not hold
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal without Cyrillic shows codes, and the command goes on


COMMANDS = (demo, import_, doctor, run, watch, tensorboard, status, review, release, lineage, verify, fix, waive, waivers)
for command in (*COMMANDS, voices, ui):
    main.add_command(command)

if __name__ == "__main__":
    main()
