"""How the command line prints: its consoles, and the one function that makes foreign text safe for a terminal.

Texts and names of clips, hypotheses, titles and error messages can come from a data set. Such text can hold control
characters that clear the screen, colour it, set the window's title or turn the reading direction round. Everything that the
command line prints and did not write itself goes through `plain`. The consoles read no markup and no emoji codes, so
``[red]`` and ``:smile:`` in a text stay what they are.
"""

import os
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

WIDTH_OF_A_FILE = 500
"""Columns of output that goes to a file or a pipe: no table there needs to break a line."""
_UNSAFE = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Unicode's categories of control characters, lone surrogates, line and paragraph separators."""
_TURNS_DIRECTION = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def plain(text: object, *, lines: bool = False) -> str:
    r"""``text`` with every character that a terminal would obey written out, such as ``\x1b`` and ``\u202e``.

    Args:
        text: anything; its ``str`` is taken.
        lines: keep line feeds, for a message of several lines.
    """
    return "".join(_written_out(character, lines) for character in str(text))


def _written_out(character: str, lines: bool) -> str:
    if character == "\n" and lines:
        return character
    unsafe = unicodedata.category(character) in _UNSAFE or character in _TURNS_DIRECTION
    return character.encode("unicode_escape").decode("ascii") if unsafe else character


def console(*, stderr: bool = False) -> "Console":
    """A console that prints text as it is. In a file a line is as long as it needs to be; ``COLUMNS`` is obeyed."""
    from rich.console import Console  # not above: `--help` needs no rich

    made = Console(stderr=stderr, markup=False, emoji=False, highlight=False)
    if not made.is_terminal and "COLUMNS" not in os.environ:
        made.width = WIDTH_OF_A_FILE
    return made
