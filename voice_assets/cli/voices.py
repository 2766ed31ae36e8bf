"""``voice-assets voices``: which voices there are, and which voice files do not load."""

from typing import TYPE_CHECKING

import click

from voice_assets.cli.errors import CommandError
from voice_assets.cli.terminal import console
from voice_assets.cli.voice_argument import HOW_TO_START
from voice_assets.runtime.plain_text import plain

if TYPE_CHECKING:
    from rich.table import Table

    from voice_assets.voices import Voice


@click.command()
def voices() -> None:
    """List the voices and their data sets.

    Exit code 2 when a voice file does not load; the message says what is wrong in it.
    """
    from voice_assets.definitions import read_voices
    from voice_assets.runtime import project

    loaded, broken = read_voices()
    if not loaded and not broken:
        raise CommandError(f"{project.voices_dir()} holds no voice file; {HOW_TO_START}")
    if loaded:
        console().print(_table(loaded))
    if broken:
        raise CommandError("\n".join(["voice files that do not load:", *(bad.error for bad in broken)]))


def _table(loaded: "list[Voice]") -> "Table":
    from rich.table import Table
    from rich.text import Text

    table = Table()
    for heading in ("voice", "title", "language", "data set"):
        table.add_column(heading, overflow="fold")
    for voice in loaded:
        missing = (" (does not exist)", "yellow") if voice.lacks_dataset else ("", "")
        folder = Text.assemble(plain(voice.dataset_place), missing)
        table.add_row(voice.name, Text(plain(voice.title)), f"{voice.language}_{voice.region}", folder)
    return table
