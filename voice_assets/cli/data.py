"""``voice-assets demo`` and ``voice-assets import``: recordings of other layouts become a data set in Piper's format."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from voice_assets.cli.errors import without_traceback
from voice_assets.runtime.plain_text import plain

if TYPE_CHECKING:
    from voice_assets.importers.items import Item
    from voice_assets.importers.written_files import Summary

FOLDER = click.Path(file_okay=False, path_type=Path)
EXISTING_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
EXISTING_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.option("--source", type=EXISTING_FOLDER, help="A folder with the two Debian packages, or with what is in them.")
@click.option("--out", type=FOLDER, help="Folder of the data set. Default: datasets/ivrvoice_ru.")
def demo(source: Path | None, out: Path | None) -> None:
    """Make the data set of the voice `ivrvoice_ru`: real Russian speech from a Debian package (CC-BY-3.0).

    Without --source the packages are fetched with `apt-get download`, which needs no root, and unpacked into .cache/.
    """
    from voice_assets.importers.debian import build_ivrvoice
    from voice_assets.runtime import project

    target = out or project.root() / "datasets" / "ivrvoice_ru"
    _make(lambda tell: build_ivrvoice(target, source, project.cache_dir(), tell))


@click.group("import")
def import_() -> None:
    """Make a data set in Piper's format from recordings in another layout."""


def _recordings(command: Callable[..., None]) -> Callable[..., None]:
    """The options of every importer: what the recordings are, and which of them to keep."""
    options = (
        click.option("--language", required=True, help="Two-letter code of the language, such as ru."),
        click.option("--region", required=True, help="Two-letter code of the country, such as RU."),
        click.option("--espeak-voice", help="espeak-ng's voice. Default: the language."),
        click.option("--sample-rate", type=click.IntRange(min=1), default=22050, show_default=True, help="In Hz."),
        click.option("--quality", type=click.Choice(["x_low", "low", "medium", "high"]), default="medium", show_default=True,
                     help="Piper's quality, for config.json."),
        click.option("--min-duration", type=click.FloatRange(min=0), default=0.2, show_default=True,
                     help="Shortest clip to keep, in seconds."),
        click.option("--max-duration", type=click.FloatRange(min=0), default=15.0, show_default=True,
                     help="Longest clip to keep, in seconds."),
        click.option("--digits", type=click.Choice(["sure", "any", "none"]), default="sure", show_default=True,
                     help="Texts with digits to keep: `sure` keeps texts that can be read in one way only."),
        click.option("--latin", is_flag=True, help="Keep texts with Latin letters in a language not written with them."),
        click.option("--license", "license_", default="", help="Licence of the recordings."),
        click.option("--credit", default="", help="Whom to credit, as the licence asks."),
    )  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


@import_.command()
@click.argument("audio_dir", type=EXISTING_FOLDER)
@click.argument("transcript", type=EXISTING_FILE)
@click.argument("out", type=FOLDER)
@_recordings
def prompts(audio_dir: Path, transcript: Path, out: Path, **options: Any) -> None:
    """Import telephone prompts: the folder AUDIO_DIR, and a TRANSCRIPT of `name: text` lines (plain or .gz, `;` comments).

    The data set is written to OUT. PREPARE_INFO.txt in OUT lists every recording that was left out or whose text was
    cleaned, with the reason.
    """
    from voice_assets.importers.prompts import read_prompts

    _prepare(lambda: read_prompts(audio_dir, transcript), out, source=str(audio_dir), **options)


@import_.command()
@click.argument("folder", type=EXISTING_FOLDER)
@click.argument("out", type=FOLDER)
@_recordings
def ljspeech(folder: Path, out: Path, **options: Any) -> None:
    """Import LJSpeech's layout: FOLDER with metadata.csv (`id|text|normalised text`) and wavs/.

    The data set is written to OUT. PREPARE_INFO.txt in OUT lists every recording that was left out or whose text was
    cleaned, with the reason.
    """
    from voice_assets.importers.ljspeech import read_ljspeech

    _prepare(lambda: read_ljspeech(folder), out, source=str(folder), **options)


def _prepare(read: "Callable[[], list[Item]]", out: Path, *, source: str, **options: Any) -> None:
    from voice_assets.dataset.faults import Limits
    from voice_assets.importers.items import About
    from voice_assets.importers.prepare import prepare
    from voice_assets.voices import DatasetLimits

    usual = DatasetLimits()
    limits = Limits(
        min_duration_s=options["min_duration"],
        max_duration_s=options["max_duration"],
        min_text_chars=usual.min_text_chars,
        max_text_chars=usual.max_text_chars,
        min_script_share=usual.min_script_share,
        sample_rate=options["sample_rate"],
        language=options["language"],
        espeak_voice=options["espeak_voice"] or options["language"],
    )
    about = About(out.name, options["region"], options["quality"], source, options["license_"], options["credit"])
    _make(lambda tell: prepare(read(), out, limits, about, digits=options["digits"], latin=options["latin"], on_progress=tell))


def _make(importer: "Callable[[Callable[[int, int], None]], Summary]") -> None:
    """Run an importer with a progress bar, and print what it made or why it could not."""
    from voice_assets.cli.bars import counting

    with without_traceback(ValueError, OSError), counting("recordings") as tell:
        summary = importer(tell)
    click.echo(plain(summary))
