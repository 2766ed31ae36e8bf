"""The one function that makes foreign text safe to print and to log.

Texts and names of clips, hypotheses, titles and error messages can come from a data set. Such text can hold control
characters that clear a screen, colour it, set the window's title or turn the reading direction round. Everything that this
project prints or logs and did not write itself goes through `plain`.
"""

import unicodedata

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
