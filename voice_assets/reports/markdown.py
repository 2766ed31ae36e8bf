"""Markdown for every report: a table, and the one way to put text from outside into a line of it.

What belongs here: pieces that any report may use. What does not: the contents of one report.
"""

import math
import re
from collections.abc import Iterable, Mapping

from voice_assets.runtime.tsv import visible

# `&` would start a character reference and `~` strikes text through. An underscore between letters or digits means nothing
# to Markdown; it stays as it is, so that the names of rules and clips can be read and searched for.
_MARKS = re.compile(r"[\\|<>\[\]*`~&]|(?<![^\W_])_|_(?![^\W_])")


def escape(text: str) -> str:
    """``text`` for the middle of a line or a cell: it stays one line, ends no cell and starts no markup, HTML or link.

    Controls, line ends among them, become their pictures (``runtime.tsv.visible``). Not for the start of a line, where a
    ``#`` or ``1.`` means something.
    """
    return _MARKS.sub(r"\\\g<0>", visible(text))


def table(rows: Iterable[Mapping[str, object]], headings: Mapping[str, str]) -> list[str]:
    """The lines of a table and the empty line after it; "None." for no rows.

    Args:
        rows: one mapping a row. Texts are escaped; floats have 4 decimals, a dash where there is no number.
        headings: key -> heading, in order; other keys of a row are left out. Headings are our own words, not escaped.

    Raises:
        KeyError: a row lacks a column.
    """
    body = [_line(_cell(row[key]) for key in headings) for row in rows]
    return [_line(headings.values()), f"|{'---|' * len(headings)}", *body, ""] if body else ["None.", ""]


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4f}" if math.isfinite(value) else "–"
    return escape(str(value))
