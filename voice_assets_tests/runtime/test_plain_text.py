"""Foreign text that is printed or logged: nothing is left in it that a terminal would obey."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_assets.runtime.plain_text import plain


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
