"""``voice-assets verify``: whether a package is whole, says the same everywhere, is signed, and speaks."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from voice_assets.cli.errors import EXIT_CLOSED, CommandError
from voice_assets.cli.terminal import console
from voice_assets.runtime.plain_text import plain

if TYPE_CHECKING:
    from rich.console import Console

    from voice_assets.release.verification import Verification

INDENT = " " * 5


class RefusedError(CommandError):
    """A package that cannot be opened, or may not be."""

    exit_code = EXIT_CLOSED


@click.command()
@click.argument("package", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--key",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The signer's public key (PEM). The package fails without a valid signature of this key.",
)
@click.option("--no-speech", is_flag=True, help="Do not let the voice speak: the model is not run.")
def verify(package: Path, key: Path | None, no_speech: bool) -> None:
    """Verify PACKAGE, a folder or a zip: checksums, model and config, statements against lineage, licence, signature, speech.

    The package may come from anywhere, and no project is needed. Nothing in it is trusted: links, devices, paths that lead
    out of it and archive bombs are errors, and the model runs in a process of its own with limits.

    \b
    Exit code  0  everything that was checked is as it should be
               1  the package fails; each reason names its file
               2  there is no such package or key
    """  # noqa: D301 - click reads the control character, which a raw string would not hold
    from voice_assets.release.sums import PackageError
    from voice_assets.release.verification import verify as verified

    try:
        result = verified(package, key, speak=not no_speech)
    except (PackageError, OSError) as error:
        raise RefusedError(f"refused: {error}") from error
    out = console()
    _print_checks(out, result)
    _print_result(out, result, package)
    sys.exit(EXIT_CLOSED if result.problems else 0)


def _print_checks(out: "Console", result: "Verification") -> None:
    """One line per check, and below it each problem and warning."""
    from rich.text import Text

    for check in result.checks:
        mark, colour = ("bad ", "red") if check.problems else ("warn", "yellow") if check.warnings else ("ok  ", "green")
        line = Text.assemble((mark, colour), " ", (f"{check.name:<11}", "bold"), plain(check.found))
        out.print(line, soft_wrap=True)
        for text in (*check.problems, *check.warnings):
            out.print(Text(f"{INDENT}{plain(text)}"), soft_wrap=True)


def _print_result(out: "Console", result: "Verification", package: Path) -> None:
    count = len(result.problems)
    if count:
        out.print(f"{plain(package)}: refused, {count} {'problem' if count == 1 else 'problems'}", soft_wrap=True)
    else:
        signed = plain(result.signed_by) or "no known key signed it"
        out.print(f"{plain(result.name)}: whole, and says the same everywhere; {signed}", soft_wrap=True)
