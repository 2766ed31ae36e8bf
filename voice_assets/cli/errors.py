"""Exit codes, and errors that a person can act on: one message, no traceback."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from voice_assets.runtime.plain_text import plain

EXIT_CLOSED = 1
"""A gate is closed, or something that was checked is not as it should be."""
EXIT_USAGE = 2
"""What was asked for cannot be done."""
EXIT_STOPPED = 130
"""Stopped by a person, as shells count it."""


class CommandError(click.ClickException):
    """What was asked for cannot be done. The message says why, and what to do; it may quote any text."""

    exit_code = EXIT_USAGE

    def __init__(self, message: object):
        super().__init__(plain(message, lines=True))


@contextmanager
def without_traceback(*expected: type[Exception]) -> Iterator[None]:
    """Turn the ``expected`` errors of the block into a `CommandError` with the same message."""
    try:
        yield
    except expected as error:
        raise CommandError(_message(error)) from error


def _message(error: Exception) -> str:
    """The error's own words. Of an error of the system: the file, and what is wrong with it."""
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        return f"{error.filename}: {error.strerror}"
    return str(error)
