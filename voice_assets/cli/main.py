"""The command ``voice-assets``. Parses, calls one room, prints. Rooms are imported inside commands: ``--help`` is instant."""

import signal
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
    voice-assets watch ivrvoice_ru    see how far it is, clip by clip
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
    from voice_assets.cli.shell import run_voice
    from voice_assets.orchestration.instance import BusyError
    from voice_assets.orchestration.partitions import parse_epoch_key
    from voice_assets.orchestration.runner import SelectionError

    try:
        if epoch is not None:
            parse_epoch_key(epoch)
    except ValueError as error:
        raise _Expected(f"--epoch: {error}") from error
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # `kill` stops the road as Ctrl-C does
    try:
        sys.exit(0 if run_voice(voice, asset, epoch) else EXIT_CLOSED)
    except (SelectionError, BusyError) as error:
        raise _Expected(str(error)) from error
    except KeyboardInterrupt:
        click.echo("Stopped. The same command goes on from here.", err=True)
        sys.exit(EXIT_STOPPED)


@main.command()
def voices() -> None:
    """List the voices, their data sets, and what is wrong with a voice file."""
    from voice_assets.cli import shell
    from voice_assets.definitions import read_voices

    shell.print_voices(*read_voices())


@main.command()
@click.argument("voice", required=False)
def doctor(voice: str | None) -> None:
    """Check what a run needs: versions, weights, espeak voice, GPUs, disk, write access. Each line says what to do."""
    from voice_assets.cli.doctor import examine
    from voice_assets.cli.shell import print_findings

    sys.exit(0 if print_findings(list(examine(voice))) else EXIT_CLOSED)


@main.command()
@click.argument("voice")
@click.option("--once", is_flag=True, help="Print one snapshot and end: for scripts and logs.")
def watch(voice: str, once: bool) -> None:
    """Watch what runs for VOICE: per shard progress, clips/s, time to go, scores, the last clips; GPUs where there are any.

    Shows runs of the UI, the daemon and other shells alike. When nothing runs, it says so and shows the last result.
    Ctrl-C ends it, and nothing else.
    """
    from voice_assets.cli.watch import watch as show

    show(_voice(voice), once=once)


@main.command()
@click.argument("voice")
@click.option(
    "--decisions",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    multiple=True,
    metavar="FILE.tsv",
    help="Columns clip_id, decision, new_text. Default: low_similarity.tsv and suspects.tsv of the newest report.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Folder of the new version. Default: beside the data set, <dataset>-v2, -v3 …",
)
@click.option("--switch", is_flag=True, help="Make the voice use the new version: changes one line of voices/VOICE.yaml.")
@click.option("--copy", is_flag=True, help="Copy the wavs. Default: hard links, which share the bytes with the source.")
def fix(voice: str, decisions: tuple[Path, ...], out: Path | None, switch: bool, copy: bool) -> None:
    """Carry out decisions about suspects in a new version of VOICE's data set. The data set itself stays as it is.

    \b
    drop             leave the clip out
    use_hypothesis   the text becomes what Whisper heard
    replace          the text becomes new_text
    keep             somebody listened and it is right: trained on however it scored, and marked in the next report

    Fill in the column `decision` of a report's low_similarity.tsv or suspects.tsv, then run this. FIX_INFO.txt and
    fix_decisions.tsv in the new folder name every change. Validating it decodes only audio that was never heard.
    """  # noqa: D301 - click reads the control character, which a raw string would not hold
    from voice_assets.curation import apply_decisions, suspect_tables
    from voice_assets.curation.decisions import read_decisions
    from voice_assets.curation.fix_info import Version
    from voice_assets.curation.voice_file import dataset_line, switch_dataset
    from voice_assets.dataset.faults import Limits

    chosen = _voice(voice)
    limits = Limits(
        sample_rate=chosen.sample_rate, language=chosen.language, espeak_voice=chosen.espeak_voice, **chosen.limits.model_dump()
    )
    made: list[Version] = []

    def make(tell: Any) -> str:
        report = suspect_tables.newest_report(chosen.reports_dir)
        sources = list(decisions) or suspect_tables.suspect_files(report)
        found = [decision for file in sources for decision in read_decisions(file)]
        older = [] if decisions else suspect_tables.older_decisions(chosen.reports_dir)
        if older:
            click.echo(
                f"Not read, though somebody decided there: {', '.join(map(str, older))}; name it with --decisions.", err=True
            )
        known = suspect_tables.reported_hypotheses(report)
        names = [str(file) for file in sources]
        made.append(
            apply_decisions.fix(chosen.dataset, found, limits, out, known=known, copy=copy, sources=names, on_progress=tell)
        )
        return str(made[0])

    _make(make)
    line = dataset_line(chosen.file, made[0].out)
    try:
        click.echo(
            f"{chosen.file}: now {switch_dataset(chosen.file, made[0].out)}" if switch else f"{chosen.file}: to use it: {line}"
        )
    except ValueError as error:
        raise _Expected(str(error)) from error


def _voice(name: str) -> Any:
    """The voice called ``name``, or an error that names those there are."""
    from voice_assets.runtime import project
    from voice_assets.voices import VoiceError, load_voice

    file = project.voices_dir() / f"{name}.yaml"
    known = ", ".join(sorted(path.stem for path in project.voices_dir().glob("*.yaml")))
    if not file.is_file():
        raise _Expected(f"there is no voice {name!r}; there are: {known or 'none'}")
    try:
        return load_voice(file)
    except VoiceError as error:
        raise _Expected(str(error)) from error


@main.command()
@click.option("--port", default=3000, show_default=True, help="Port of the web UI.")
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Address to listen on. Anyone who reaches it can start runs."
)
def ui(port: int, host: str) -> None:
    """Open the Dagster UI: graph, runs, partitions and checks. Ctrl-C ends it, and the daemon that starts its runs."""
    from voice_assets.cli.shell import serve

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
    from voice_assets.importers.debian import build_ivrvoice
    from voice_assets.runtime import project

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

    Makes the data set OUT; PREPARE_INFO.txt in it lists every recording that was cleaned or left out, and why.
    """
    from voice_assets.importers.prompts import read_prompts

    _prepare(lambda: read_prompts(audio_dir, transcript), out, source=str(audio_dir), **options)


@import_.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("out", type=click.Path(file_okay=False, path_type=Path))
@_recordings
def ljspeech(folder: Path, out: Path, **options: Any) -> None:
    """LJSpeech's layout: FOLDER with metadata.csv (`id|text|normalised text`) and wavs/.

    Makes the data set OUT; PREPARE_INFO.txt in it lists every recording that was cleaned or left out, and why.
    """
    from voice_assets.importers.ljspeech import read_ljspeech

    _prepare(lambda: read_ljspeech(folder), out, source=str(folder), **options)


def _prepare(read: Callable[[], Any], out: Path, *, source: str, **options: Any) -> None:
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


def _make(importer: Callable[[Any], Any]) -> None:
    """Run an importer with a progress bar, and print what it made or why it could not."""
    from voice_assets.cli.shell import counting

    with counting("clips") as tell:
        try:
            summary = importer(tell)
        except (ValueError, OSError) as error:
            raise _Expected(str(error)) from error
    click.echo(str(summary))


if __name__ == "__main__":
    main()
