"""The command ``voice-assets``. Parses, calls one room, prints. Rooms are imported inside commands: ``--help`` is instant."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

EXIT_CLOSED = 1
EXIT_USAGE = 2
EXIT_STOPPED = 130


class _Expected(click.ClickException):
    """An error a person can act on: printed without a traceback."""

    exit_code = EXIT_USAGE


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="voice-assets")
def main() -> None:
    """From a speech data set to a production TTS voice, with proof.

    A voice is one file in voices/. Each stage of its road is a Dagster asset; rules that fail close the gates behind them.

    \b
    voice-assets demo                 make the demo's data set of real Russian speech
    voice-assets run ivrvoice_ru      walk the whole road, as far as the gates let you
    voice-assets ui                   see it all in the browser
    """  # noqa: D301 - click reads the control character, which a raw string would not hold


@main.command()
@click.argument("voice")
@click.option(
    "--to", "asset", metavar="ASSET", help="Stop after this asset, such as whisper_validation. Default: the whole road."
)
@click.option(
    "--epoch", metavar="KEY", help="Which trained epoch to export and package, such as v0-e0001. Default: the newest."
)
def run(voice: str, asset: str | None, epoch: str | None) -> None:
    """Materialise what is missing or out of date, in order, up to ASSET.

    What is current is left alone; a run that was killed goes on where it was. Exit code 0 when every gate on the way is
    open, 1 when one is closed or a stage failed, 2 when the road does not exist.
    """
    from voice_assets.defs.instance import BusyError
    from voice_assets.defs.partitions import parse_epoch_key
    from voice_assets.defs.road import RoadError
    from voice_assets.shell import walk

    try:
        if epoch is not None:
            parse_epoch_key(epoch)
    except ValueError as error:
        raise _Expected(f"--epoch: {error}") from error
    try:
        sys.exit(0 if walk(voice, asset, epoch) else EXIT_CLOSED)
    except (RoadError, BusyError) as error:
        raise _Expected(str(error)) from error
    except KeyboardInterrupt:
        click.echo("Stopped. The same command goes on from here.", err=True)
        sys.exit(EXIT_STOPPED)


@main.command()
def voices() -> None:
    """List the voices, their data sets, and what is wrong with a voice file."""
    from voice_assets import shell
    from voice_assets.definitions import read_voices

    shell.print_voices(*read_voices())


@main.command()
@click.argument("voice", required=False)
def doctor(voice: str | None) -> None:
    """Check what a run needs: versions, weights, espeak voice, GPUs, disk, write access. Each line says what to do."""
    from voice_assets.doctor import examine
    from voice_assets.shell import print_findings

    sys.exit(0 if print_findings(list(examine(voice))) else EXIT_CLOSED)


@main.command()
@click.option("--port", default=3000, show_default=True, help="Port of the web UI.")
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Address to listen on. Anyone who reaches it can start runs."
)
def ui(port: int, host: str) -> None:
    """Open the Dagster UI: graph, runs, partitions and checks. Ctrl-C ends it, and the daemon that starts its runs."""
    from voice_assets.shell import serve

    sys.exit(serve(host, port))


@main.command()
@click.option(
    "--source", type=click.Path(exists=True, file_okay=False, path_type=Path), help="A folder with the unpacked packages."
)
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), help="The data set's folder. Default: datasets/ivrvoice_ru."
)
def demo(source: Path | None, out: Path | None) -> None:
    """Make the data set of the voice `ivrvoice_ru`: real Russian speech from a Debian package (CC-BY-3.0).

    Without --source the packages are fetched with apt-get download (no root needed) and unpacked into .cache/.
    """
    from voice_assets import project
    from voice_assets.importers.debian import build_ivrvoice

    _make(lambda tell: build_ivrvoice(out or project.root() / "datasets" / "ivrvoice_ru", source, project.cache_dir(), tell))


@main.group("import")
def import_() -> None:
    """Bring your own recordings: make a data set in Piper's format from another layout."""


def _recordings(command: Callable[..., None]) -> Callable[..., None]:
    """The options of every importer: what the recordings are, and which of them to keep."""
    options = (
        click.option("--language", required=True, help="Two-letter code, such as ru."),
        click.option("--region", required=True, help="Two-letter country code, such as RU."),
        click.option("--espeak-voice", help="espeak-ng's voice. Default: the language."),
        click.option("--sample-rate", default=22050, show_default=True, help="In Hz."),
        click.option("--quality", default="medium", show_default=True, help="Piper's quality, for config.json."),
        click.option("--min-duration", default=0.2, show_default=True, help="Shortest clip to keep, in seconds."),
        click.option("--max-duration", default=15.0, show_default=True, help="Longest clip to keep, in seconds."),
        click.option("--digits", type=click.Choice(["sure", "any", "none"]), default="sure", show_default=True,
                     help="Texts with digits to keep: those read in one way only, all, none."),
        click.option("--latin", is_flag=True, help="Keep texts with Latin letters in a language not written with them."),
        click.option("--license", "license_", default="", help="Licence of the recordings."),
        click.option("--credit", default="", help="Whom the licence wants named."),
    )  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


@import_.command()
@click.argument("audio_dir", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("transcript", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("out", type=click.Path(file_okay=False, path_type=Path))
@_recordings
def prompts(audio_dir: Path, transcript: Path, out: Path, **options: Any) -> None:
    """Telephone prompts: a folder of audio files and a TRANSCRIPT of `name: text` lines (plain or .gz, `;` comments).

    Makes the data set OUT; PREPARE_INFO.txt in it lists every recording that was mended or left out, and why.
    """
    from voice_assets.importers.prompts import read_prompts

    _prepare(lambda: read_prompts(audio_dir, transcript), out, source=str(audio_dir), **options)


@import_.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("out", type=click.Path(file_okay=False, path_type=Path))
@_recordings
def ljspeech(folder: Path, out: Path, **options: Any) -> None:
    """LJSpeech's layout: FOLDER with metadata.csv (`id|text|normalised text`) and wavs/.

    Makes the data set OUT; PREPARE_INFO.txt in it lists every recording that was mended or left out, and why.
    """
    from voice_assets.importers.ljspeech import read_ljspeech

    _prepare(lambda: read_ljspeech(folder), out, source=str(folder), **options)


def _prepare(read: Callable[[], Any], out: Path, *, source: str, **options: Any) -> None:
    from voice_assets.importers.prepare import About, prepare
    from voice_assets.speech.faults import Limits
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


def _make(importer: Callable[[Any], Any]) -> None:
    """Run an importer with a progress bar, and print what it made or why it could not."""
    from voice_assets.shell import counting

    with counting("clips") as tell:
        try:
            summary = importer(tell)
        except (ValueError, OSError) as error:
            raise _Expected(str(error)) from error
    click.echo(str(summary))


if __name__ == "__main__":
    main()
