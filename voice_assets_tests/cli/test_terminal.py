"""The consoles of the command line: no markup is read, and a file gets long lines."""

import pytest
from rich.text import Text

from voice_assets.cli.terminal import WIDTH_OF_A_FILE, console


def test_a_console_reads_neither_markup_nor_emoji(capsys: pytest.CaptureFixture[str]) -> None:
    console().print("[red]x[/] :smile:", Text("[bold]y"))
    assert capsys.readouterr().out == "[red]x[/] :smile: [bold]y\n"


def test_output_to_a_file_is_wide_unless_somebody_says_how_wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    assert console().width == WIDTH_OF_A_FILE
    monkeypatch.setenv("COLUMNS", "80")
    assert console().width == 80
