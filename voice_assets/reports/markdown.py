"""Markdown for every report: tables, and the escaping of texts from outside.

Belongs here: parts that any report may use. Does not belong here: the contents of one report.
"""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from voice_assets.runtime.tsv import visible

# `&` starts a character reference, and `~` strikes text through. An underscore between letters or digits means nothing
# in Markdown. Such an underscore is not escaped, so that people can read and search for the names of rules and clips.
_MARKS = re.compile(r"[\\|<>\[\]*`~&]|(?<![^\W_])_|_(?![^\W_])")


@dataclass(frozen=True)
class Link:
    """A link for a cell of a table: ``text`` is escaped, and characters that would end the link are encoded in ``url``."""

    text: str
    url: str


def escape(text: str) -> str:
    """Escape ``text`` for the middle of a line or a cell: one line, no end of a cell, no markup, no HTML, no link.

    Controls, including line ends, become visible symbols (``runtime.tsv.visible``). Not for the start of a line, where a
    ``#`` or ``1.`` is markup.
    """
    return _MARKS.sub(r"\\\g<0>", visible(text))


def table(rows: Iterable[Mapping[str, object]], headings: Mapping[str, str]) -> list[str]:
    """The lines of a table and the empty line after it; "None." for no rows.

    Args:
        rows: one mapping per row. Texts are escaped; floats have 4 decimals; a dash stands for a float that is not finite.
            A tuple is several values in one cell.
        headings: key -> heading, in order; other keys of a row are left out. Headings are not escaped.

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
    if isinstance(value, Link):
        return f"[{escape(value.text)}]({quote(value.url, safe='/%:?=&#')})"
    if isinstance(value, tuple):
        return ", ".join(map(_cell, value))
    if isinstance(value, float):
        return f"{value:.4f}" if math.isfinite(value) else "–"
    return escape(str(value))
