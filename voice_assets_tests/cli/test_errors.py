"""Errors that a person can act on: the message, and nothing that a terminal would obey."""

from pathlib import Path

import click
import pytest

from voice_assets.cli.errors import EXIT_USAGE, CommandError, without_traceback


def test_an_expected_error_keeps_its_words() -> None:
    with pytest.raises(CommandError) as caught, without_traceback(ValueError):
        raise ValueError("line 1\nline \x1b[2J 2")
    assert caught.value.message == "line 1\nline \\x1b[2J 2"
    assert caught.value.exit_code == EXIT_USAGE


def test_an_error_of_the_system_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(CommandError) as caught, without_traceback(OSError):
        (tmp_path / "gone").read_text()
    assert caught.value.message == f"{tmp_path / 'gone'}: No such file or directory"
    with pytest.raises(CommandError, match="no words"), without_traceback(OSError):
        raise OSError("no words")


def test_an_unexpected_error_stays_what_it_is() -> None:
    with pytest.raises(KeyError), without_traceback(ValueError):
        raise KeyError("x")
    with pytest.raises(click.Abort), without_traceback(ValueError):
        raise click.Abort
