"""What commands ask of a person who decides: a name, and words."""

import getpass

import click

MOST_CHARACTERS = 1000


def words(_context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """A text of a person: not empty and not endless."""
    if value is not None and not 0 < len(value.strip()) <= MOST_CHARACTERS:
        raise click.BadParameter(f"write 1 to {MOST_CHARACTERS} characters", param=parameter)
    return value.strip() if value is not None else None


def _me() -> str | None:
    """The user of this shell; None where the system does not know the user."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return None


by_option = click.option(
    "--by",
    metavar="NAME",
    required=True,
    default=_me,
    callback=words,
    help="Who decides, for the record and the reports. Default: the user of this shell.",
)
