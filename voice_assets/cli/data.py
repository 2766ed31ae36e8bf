"""``voice-assets demo`` and ``voice-assets import``: recordings of other layouts become a data set in Piper's format."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from voice_assets.cli.errors import CommandError, without_traceback
from voice_assets.runtime.plain_text import plain

if TYPE_CHECKING:
    from voice_assets.importers.folder import Recordings
    from voice_assets.importers.piper_config import KnownFacts
    from voice_assets.importers.written_files import Summary

FOLDER = click.Path(file_okay=False, path_type=Path)
_ONE_SPEAKER = (
    "and nothing says who speaks which recording; a voice has one speaker: import from a list with a column of speakers, or "
    "write 1 where all recordings are of one speaker"
)
EXISTING_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
EXISTING_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("voice", type=click.Choice(["allison_en", "ivrvoice_ru"]), default="allison_en")
@click.option("--source", type=EXISTING_FOLDER, help="A folder with the two Debian packages, or with what is in them.")
@click.option("--out", type=FOLDER, help="Folder of the data set. Default: datasets/VOICE.")
def demo(voice: str, source: Path | None, out: Path | None) -> None:
    """Make the data set of a demo's VOICE: real speech from a Debian package.

    allison_en (the default) is English, CC-BY-SA-3.0. Its training starts from a published voice, which is put into
    datasets/published_voices as well. ivrvoice_ru is Russian, CC-BY-3.0, and is trained from random weights.

    Without --source the packages are fetched with `apt-get download`, which needs no root, and unpacked into .cache/.
    """
    from voice_assets.importers.debian import DEMOS, build_demo
    from voice_assets.importers.published_voice import PUBLISHED, copy_published
    from voice_assets.runtime import project

    target = out or project.root() / "datasets" / voice
    _make(lambda tell: build_demo(DEMOS[voice], target, source, project.cache_dir(), tell))
    if voice in PUBLISHED:
        with without_traceback(ValueError, OSError):
            file = copy_published(PUBLISHED[voice], project.root() / "datasets" / "published_voices")
        click.echo(plain(f"{file}: the published voice that {voice} starts from"))


_IMPORT_HELP = """Make a data set in Piper's format, OUT, from the recordings in FOLDER, in whatever layout.

The layout is found by what FOLDER holds, and printed. Another layout can be named with --layout:

\b
piper         a list of id|text
ljspeech      a list of id|text|normalised text
speaker       a list of id|speaker|text
text-speaker  a list of id|text|speaker
mimic         a list of file|text|length
header        a list whose first row names the columns (coqui, Common
              Voice), JSON lines, Parquet
audiofolder   the same, as Hugging Face names the columns
prompts       a list of `name: text` lines, with `;` comments
pairs         name.wav with name.txt or name.lab
'id|-|text'   any list: what each column is, of id, text, normalised,
              speaker, - (not read)

A list is separated by `|`, tabs, commas or semicolons, quoted as CSV or not.

PREPARE_INFO.txt in OUT lists every recording that was left out or whose text was cleaned, with the reason. When every
recording is left out, the list is in a file beside OUT.
"""


def _recordings(command: Callable[..., None]) -> Callable[..., None]:
    """The options of the importer: what the recordings are, and which of them to keep."""
    options = (
        click.option("--language", help="Two-letter code of the language, such as ru. Default: that of FOLDER's config.json."),
        click.option("--region", help="Two-letter code of the country, such as RU. Default: that of FOLDER's config.json."),
        click.option("--espeak-voice", help="espeak-ng's voice. Default: that of FOLDER's config.json, else the language."),
        click.option("--sample-rate", type=click.IntRange(min=1),
                     help="In Hz. Default: that of --quality, or of FOLDER's config.json, else 22050."),
        click.option("--quality", type=click.Choice(["x_low", "low", "medium", "high"]),
                     help="Piper's quality, for config.json. Default: that of FOLDER's config.json, else that of the rate."),
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


@click.command("import", help=_IMPORT_HELP)
@click.argument("folder", type=EXISTING_FOLDER)
@click.argument("out", type=FOLDER)
@click.option("--layout", default="", help="The layout, when the one that is found is wrong: see above.")
@click.option(
    "--metadata",
    type=EXISTING_FILE,
    multiple=True,
    help="The list of clips, when FOLDER has several, or none. Can be given again.",
)
@click.option("--speaker", default="", help="The speaker to take, from a list of several.")
@_recordings
def import_(folder: Path, out: Path, layout: str, metadata: tuple[Path, ...], speaker: str, **options: Any) -> None:
    """Find the layout, print it, and make the data set."""
    from voice_assets.importers.folder import read_folder

    with without_traceback(ValueError, OSError):
        found = read_folder(folder, out, layout, metadata, speaker)
    for line in found.told:
        click.echo(plain(line))
    _prepare(found, folder, out, **options)


def _prepare(found: "Recordings", folder: Path, out: Path, **options: Any) -> None:
    from voice_assets.dataset.faults import Limits
    from voice_assets.importers.items import About
    from voice_assets.importers.piper_config import known_facts
    from voice_assets.importers.prepare import prepare
    from voice_assets.voices import DatasetLimits

    known, usual = known_facts(folder), DatasetLimits()
    if known.said:
        click.echo(plain(known.said))
    if known.speakers > 1 and not found.says_who_speaks:
        raise CommandError(f"{folder / 'config.json'}: num_speakers: {known.speakers}, {_ONE_SPEAKER}")
    language, region = options["language"] or known.language, options["region"] or known.region
    if not language or not region:
        lacks = " and ".join(name for name, value in (("--language", language), ("--region", region)) if not value)
        raise click.UsageError(f"{lacks}: needed, because {folder} has no config.json of Piper that says it")
    sample_rate, quality = _rate_and_quality(options["sample_rate"], options["quality"], known)
    espeak_voice = _espeak_voice(options["espeak_voice"], language, known)
    _expect_a_voice(language, region, espeak_voice, sample_rate, quality)
    limits = Limits(
        min_duration_s=options["min_duration"],
        max_duration_s=options["max_duration"],
        min_text_chars=usual.min_text_chars,
        max_text_chars=usual.max_text_chars,
        min_script_share=usual.min_script_share,
        sample_rate=sample_rate,
        language=language,
        espeak_voice=espeak_voice,
    )
    about = About(out.name, region, quality, str(folder), options["license_"], options["credit"])
    kept = {"digits": options["digits"], "latin": options["latin"], "told": found.told}
    _make(lambda tell: prepare(found.items, out, limits, about, **kept, on_progress=tell))


def _rate_and_quality(sample_rate: int | None, quality: str | None, known: "KnownFacts") -> tuple[int, str]:
    """The rate in Hz and Piper's quality. What is given decides; what is not given follows from the other, where it can."""
    from voice_assets.importers.piper_config import RATES
    from voice_assets.voice_faults import QUALITY_RATES
    from voice_assets.voices import Voice

    rate = sample_rate or (QUALITY_RATES[quality] if quality else known.sample_rate)
    rate = rate or int(Voice.model_fields["sample_rate"].default)
    fitting = known.quality if QUALITY_RATES.get(known.quality) == rate else RATES.get(rate, "medium")
    return rate, quality or fitting


def _espeak_voice(given: str | None, language: str, known: "KnownFacts") -> str:
    """The given voice of espeak, else that of ``config.json`` for the same language, else the language's own."""
    from voice_assets.runtime.language_codes import ESPEAK_VOICES
    from voice_assets.voice_faults import NOT_ESPEAKS

    own = known.espeak_voice if language == known.language else ""
    return given or own or (ESPEAK_VOICES[language] if language in NOT_ESPEAKS else language)


def _expect_a_voice(language: str, region: str, espeak_voice: str, sample_rate: int, quality: str) -> None:
    """Raise CommandError where no voice file could have these values: the data set could not be used."""
    from voice_assets import voice_faults

    judged = {
        f"--language {language}": voice_faults.language_fault(language),
        f"--region {region}": voice_faults.region_fault(region),
        f"--espeak-voice {espeak_voice}": voice_faults.espeak_fault(espeak_voice),
        f"--sample-rate {sample_rate}": voice_faults.rate_fault(sample_rate),
    }
    problems = [f"{option}: {problem}" for option, problem in judged.items() if problem]
    if not problems and (problem := voice_faults.quality_fault(quality, sample_rate)):
        problems = [f"--quality {quality}: {problem}"]
    if problems:
        raise CommandError("\n".join(problems))


def _make(importer: "Callable[[Callable[[int, int], None]], Summary]") -> None:
    """Run an importer with a progress bar, and print what it made or why it could not."""
    from voice_assets.cli.bars import counting

    with without_traceback(ValueError, OSError), counting("recordings") as tell:
        summary = importer(tell)
    click.echo(plain(summary))
