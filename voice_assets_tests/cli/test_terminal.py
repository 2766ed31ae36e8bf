"""Foreign text on a terminal: nothing that a terminal would obey, and nothing that rich would read as markup."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.text import Text

from voice_assets.cli.terminal import WIDTH_OF_A_FILE, console, plain


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Привет, мир — да!", "Привет, мир — да!"),
        ("\x1b[2J", r"\x1b[2J"),
        ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
        ("\x9b31m", r"\x9b31m"),
        ("a\rb\tc\nd", r"a\rb\tc\nd"),
        ("\x7f\x00", r"\x7f\x00"),
        ("abc\u202edef", r"abc\u202edef"),
        ("\u2028", r"\u2028"),
        ("name\udcff", r"name\udcff"),
        ("[red]x[/] :smile:", "[red]x[/] :smile:"),
        ("да\u0301 👩\u200d👩", "да\u0301 👩\u200d👩"),
    ],
)
def test_what_a_terminal_would_obey_is_written_out(text: str, shown: str) -> None:
    assert plain(text) == shown


def test_lines_stay_where_they_are_wanted() -> None:
    assert plain("one\n\ttwo\r\n", lines=True) == "one\n\\ttwo\\r\n"


@given(st.text(st.characters()))
def test_no_control_character_is_left(text: str) -> None:
    assert not [one for one in plain(text) if unicodedata.category(one) in ("Cc", "Cs", "Zl", "Zp")]
    assert plain(text).encode("utf-8").decode("utf-8") == plain(text)
    assert plain(plain(text)) == plain(text)


def test_a_console_reads_neither_markup_nor_emoji(capsys: pytest.CaptureFixture[str]) -> None:
    console().print("[red]x[/] :smile:", Text("[bold]y"))
    assert capsys.readouterr().out == "[red]x[/] :smile: [bold]y\n"


def test_output_to_a_file_is_wide_unless_somebody_says_how_wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    assert console().width == WIDTH_OF_A_FILE
    monkeypatch.setenv("COLUMNS", "80")
    assert console().width == 80
