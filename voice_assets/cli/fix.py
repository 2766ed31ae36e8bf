"""``voice-assets fix``: people's decisions about clips become a new version of a data set."""

from pathlib import Path

import click

from voice_assets.cli.errors import without_traceback
from voice_assets.cli.person import by_option
from voice_assets.cli.voice_argument import voice_with_dataset
from voice_assets.runtime.plain_text import plain


@click.command()
@click.argument("voice")
@click.option(
    "--decisions",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    multiple=True,
    metavar="FILE.tsv",
    help="A table with the columns clip_id, decision and new_text; can be given several times. Default: low_similarity.tsv "
    "and suspects.tsv of the newest Whisper validation.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Folder of the new version. Default: beside the data set, <dataset>-v2, then -v3 and so on.",
)
@click.option(
    "--switch", is_flag=True, help="Make the voice use the new version: changes the line `dataset:` of the voice file."
)
@by_option
@click.option("--copy", is_flag=True, help="Copy the wavs. Default: hard links, which share the bytes with the old version.")
def fix(voice: str, decisions: tuple[Path, ...], out: Path | None, switch: bool, by: str, copy: bool) -> None:
    """Make a new version of VOICE's data set from decisions about clips. The old version stays as it is.

    Fill in the column `decision` of a report's low_similarity.tsv or suspects.tsv, then run this command:

    \b
    drop             leave the clip out
    use_hypothesis   replace the text by Whisper's hypothesis
    replace          replace the text by new_text
    keep             a person listened, and the clip is right:
                     training uses it whatever its similarity,
                     and the rules do not count it as low

    FIX_INFO.txt and fix_decisions.tsv in the new folder name every change. The next run decodes only audio that was
    never decoded before.
    """  # noqa: D301 - click reads the control character, which a raw string would not hold
    from voice_assets.cli.bars import counting
    from voice_assets.curation.fix_voice import fix_voice
    from voice_assets.curation.voice_file import dataset_line, switch_dataset

    chosen = voice_with_dataset(voice)
    with without_traceback(ValueError, OSError):
        with counting("wavs") as tell:
            fixed = fix_voice(chosen, decisions, out, by=by, copy=copy, on_progress=tell)
        click.echo(plain(fixed.version))
        for table in fixed.not_read:
            click.echo(f"Not read: {plain(table)} of an older report holds decisions too; name it with --decisions.", err=True)
        if switch:
            click.echo(f"{plain(chosen.file)} now has: {plain(switch_dataset(chosen.file, fixed.version.out))}")
        else:
            line = plain(dataset_line(chosen.file, fixed.version.out))
            click.echo(f"To use the new version, write into {plain(chosen.file)}: {line}")
