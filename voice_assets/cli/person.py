"""What commands ask of a person who decides: a name, and words."""

import click

from voice_assets.runtime.processes import user_name

MOST_CHARACTERS = 1000


def words(_context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """A text of a person: not empty and not endless."""
    if value is not None and not 0 < len(value.strip()) <= MOST_CHARACTERS:
        raise click.BadParameter(f"write 1 to {MOST_CHARACTERS} characters", param=parameter)
    return value.strip() if value is not None else None


by_option = click.option(
    "--by",
    metavar="NAME",
    required=True,
    default=lambda: user_name() or None,
    callback=words,
    help="Who decides, for the record and the reports. Default: the user of this shell.",
)
