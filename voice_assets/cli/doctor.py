"""``voice-assets doctor``: what a run needs, a line each: what was checked, the value, and what to do. Changes nothing."""

import sys

import click

from voice_assets.cli.errors import EXIT_CLOSED
from voice_assets.cli.terminal import console
from voice_assets.cli.voice_argument import voice_named


@click.command()
@click.argument("voice", required=False)
def doctor(voice: str | None) -> None:
    """Check what a run needs: packages, Whisper weights, GPUs, disk space, write access, and the data set of VOICE.

    Without VOICE, every voice file is read. Each line says what was checked and what was found; a line that is not ok
    says what to do.

    \b
    Exit code  0  nothing stands in the way of a run
               1  a line is bad
               2  there is no such voice, or its file does not load
    """  # noqa: D301 - click reads the control character, which a raw string would not hold
    from voice_assets.cli.finding_lines import finding_line
    from voice_assets.cli.findings import findings_of_machine, findings_of_voice, findings_of_voices

    chosen = None if voice is None else voice_named(voice)
    out, bad = console(), False
    for examine in (findings_of_machine, findings_of_voices if chosen is None else lambda: findings_of_voice(chosen)):
        for finding in examine():
            out.print(finding_line(finding), soft_wrap=True)
            bad = bad or finding.state == "bad"
    sys.exit(EXIT_CLOSED if bad else 0)
