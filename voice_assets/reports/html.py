"""The parts of every HTML report: one self-contained page, its style, tables, players, badges and tiles.

Belongs here: parts that any report may use. Does not belong here: the contents of one report, and drawings
(``reports.plots``). A page loads nothing from the network and has no script.

Every value is escaped unless it already is ``Markup``, and ``Markup`` is only made from literals of this room
(``Markup("<b>{}</b>").format(value)`` escapes ``value``).
"""

import math
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from markupsafe import Markup, escape

from voice_assets.reports.verdicts import RULE_HEADINGS, Verdict, Word, rule_rows, rule_word

STYLE = Markup("""
:root { color-scheme: light dark; --page: #f6f7f9; --card: #ffffff; --ink: #1a2230; --soft: #5b6678; --line: #dfe3ea;
  --mark: #2f6fde; --mark2: #d9822b; --good: #1a7f4b; --good-bg: #dff3e7; --bad: #b3261e; --bad-bg: #fbe4e2;
  --warn: #8a5a00; --warn-bg: #fdf0d5; --idle-bg: #e8ebf0; }
@media (prefers-color-scheme: dark) {
  :root { --page: #11151c; --card: #1a202b; --ink: #e6eaf1; --soft: #9aa6b8; --line: #2d3644;
    --mark: #6ea2ff; --mark2: #f0a857; --good: #7fdba8; --good-bg: #173827; --bad: #ff9c94; --bad-bg: #45201e;
    --warn: #f3c66b; --warn-bg: #43351a; --idle-bg: #2a3240; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
main { max-width: 1240px; margin: 0 auto; padding: 28px 24px 64px; }
h1 { font-size: 28px; line-height: 1.2; margin: 0 0 4px; letter-spacing: -.01em; }
h2 { font-size: 19px; margin: 36px 0 6px; }
p { margin: 4px 0 12px; max-width: 80ch; }
.soft, p.lead { color: var(--soft); }
a { color: var(--mark); }
code { font: 13px/1.4 ui-monospace, "Cascadia Mono", Consolas, monospace; overflow-wrap: anywhere; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(160px, 1fr)); gap: 12px; margin: 20px 0; padding: 0; }
.tile, .card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
.tile { padding: 12px 14px; }
.tile .name { color: var(--soft); font-size: 13px; }
.tile .value { font-size: 24px; font-weight: 650; line-height: 1.25; font-variant-numeric: tabular-nums; }
.tile { overflow-wrap: anywhere; }
.tile .note { color: var(--soft); font-size: 12.5px; line-height: 1.35; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 500px), 1fr)); gap: 16px; margin: 14px 0; }
.card { padding: 14px 16px; overflow-x: auto; }
figure { margin: 0; }
figcaption { font-weight: 600; margin-bottom: 6px; }
figcaption small { display: block; font-weight: 400; color: var(--soft); font-size: 12.5px; }
svg { display: block; width: 100%; height: auto; }
svg text { fill: var(--soft); font: 11px system-ui, "Noto Sans", sans-serif; }
.scroll { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th, td { text-align: left; vertical-align: top; padding: 8px 12px; border-bottom: 1px solid var(--line); }
td { overflow-wrap: break-word; }
tr:last-child td { border-bottom: 0; }
tbody tr:hover { background: color-mix(in srgb, var(--mark) 6%, transparent); }
th { color: var(--soft); font-weight: 600; font-size: 12.5px; white-space: nowrap; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td ul { margin: 0; padding-left: 1.1em; min-width: 20em; }
td code { display: inline-block; min-width: 9em; max-width: 18em; }
td audio { display: block; width: 230px; height: 34px; }
.beside td { min-width: 262px; font-size: 12.5px; }
.beside :is(td, th):first-child { position: sticky; left: 0; z-index: 1; min-width: 11em; max-width: 34vw;
  background: var(--card); }
.line { white-space: nowrap; }
del, ins { text-decoration: none; border-radius: 4px; padding: 0 3px; }
del { color: var(--bad); background: var(--bad-bg); text-decoration: line-through; }
ins { color: var(--good); background: var(--good-bg); }
.badge { display: inline-block; padding: 1px 10px; border-radius: 99px; font-size: 12.5px; font-weight: 650; }
.badge { white-space: nowrap; }
.badge.pass { color: var(--good); background: var(--good-bg); }
.badge.warn { color: var(--warn); background: var(--warn-bg); }
.badge.waived { color: var(--warn); background: none; box-shadow: inset 0 0 0 1.5px var(--warn); }
.badge.fail { color: var(--bad); background: var(--bad-bg); }
.badge.none { color: var(--soft); background: var(--idle-bg); }
@media print { body { background: none; } audio { display: none; } .card, .tile { break-inside: avoid; } }
""")

_BADGES: dict[Word, str] = {"PASS": "pass", "FAIL": "fail", "WARNING": "warn", "WAIVED": "waived", "NOT JUDGED": "none"}

_PAGE = Markup("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<main>
<h1>{title}</h1>
{lead}
{body}
</main>
</body>
</html>
""")

_TABLE = Markup("""<div class="scroll"><table>
<thead><tr>{}</tr></thead>
<tbody>
{}
</tbody>
</table></div>""")


def page(title: str, body: str, lead: str = "") -> str:
    """A whole HTML document with the style inside it.

    Args:
        title: plain text, the heading and the window's title.
        body: ``Markup`` made by the functions here; a plain string is escaped.
        lead: one line under the heading.
    """
    return _PAGE.format(title=title, style=STYLE, lead=paragraph(lead, "lead") if lead else "", body=body)


def section(title: str, *parts: str) -> Markup:
    """A heading of the second level and the parts under the heading."""
    return Markup("<section>\n<h2>{}</h2>\n{}\n</section>\n").format(title, join(parts))


def paragraph(text: str, kind: str) -> Markup:
    """A paragraph; ``kind`` is ``soft`` or ``lead``."""
    return Markup('<p class="{}">{}</p>').format(kind, text)


def join(parts: Iterable[str]) -> Markup:
    """The parts one after the other, each escaped unless it is ``Markup``."""
    return Markup("\n").join(parts)


def reasons(text: str) -> Markup:
    """The reasons that a table holds in one text, ``; `` between them, as a list."""
    item = Markup("<li>{}</li>")
    return Markup("<ul>{}</ul>").format(join(item.format(reason) for reason in text.split("; ")))


def number(value: float, digits: int = 2) -> str:
    """A figure for people: thin spaces between thousands, or ``digits`` decimals; a dash for a value that is not finite."""
    if not math.isfinite(value):
        return "–"
    return f"{value:,.0f}".replace(",", "\u202f") if float(value).is_integer() and digits == 0 else f"{value:.{digits}f}"


def _cell(value: object, digits: int) -> tuple[str, str]:
    """The CSS class and the escaped text of one table cell."""
    if isinstance(value, bool):
        return "", "yes" if value else "no"
    if isinstance(value, int):
        return "number", number(value, 0)
    if isinstance(value, float):
        return "number", number(value, digits)
    return "", escape("" if value is None else value)


def table(rows: Sequence[Mapping[str, object]], columns: Mapping[str, str], digits: Mapping[str, int] | None = None) -> Markup:
    """A table that scrolls sideways when it is too wide; "None." for no rows.

    Args:
        rows: one mapping per row. Plain Python numbers are aligned right; ``Markup`` values are not escaped.
        columns: key -> heading, in order.
        digits: key -> decimals of that column's floats; 3 by default.
    """
    if not rows:
        return paragraph("None.", "soft")
    places = {key: (digits or {}).get(key, 3) for key in columns}
    cells = [{key: _cell(row[key], places[key]) for key in columns} for row in rows]
    th, td = Markup('<th class="{}">{}</th>'), Markup('<td class="{}">{}</td>')
    head = Markup("").join(th.format(cells[0][key][0], name) for key, name in columns.items())
    lines = (Markup("<tr>{}</tr>").format(Markup("").join(td.format(*one) for one in row.values())) for row in cells)
    return _TABLE.format(head, join(lines))


def audio(src: str) -> Markup:
    """A player that loads the audio only when a person plays it. ``src`` is a URL, see ``relative_url``."""
    return Markup('<audio controls preload="none" src="{}"></audio>').format(src)


def one_line(text: str) -> Markup:
    """A text that is never broken into lines, such as an epoch key in a narrow column."""
    return Markup('<span class="line">{}</span>').format(text)


def relative_url(target: Path, folder: Path) -> str:
    """The relative URL of the file ``target`` for a page in ``folder``, so that the page works from disk."""
    return quote(Path(os.path.relpath(target, folder)).as_posix())


def verdict_badge(word: Word) -> Markup:
    """The word of a verdict: PASS green, FAIL red, WARNING amber, WAIVED in an amber frame, NOT JUDGED grey."""
    return Markup('<span class="badge {}">{}</span>').format(_BADGES[word], word)


def rule_table(verdicts: Sequence[Verdict] | None) -> Markup:
    """A table of the rules of a suite, each with its badge."""
    rows = [
        {**row, "verdict": verdict_badge(rule_word(one))} for one, row in zip(verdicts or [], rule_rows(verdicts), strict=True)
    ]
    return table(rows, RULE_HEADINGS)


def tiles(figures: Sequence[tuple[str, str, str]]) -> Markup:
    """A row of the most important figures: (name, value, note) each; the note may be empty."""
    one = Markup('<div class="tile"><div class="name">{}</div><div class="value">{}</div><div class="note">{}</div></div>')
    return Markup('<div class="tiles">\n{}\n</div>').format(join(one.format(*figure) for figure in figures))


def figure(title: str, drawing: str, note: str) -> Markup:
    """A drawing (``reports.plots``) on a card, with its title and a line that explains the drawing."""
    card = Markup('<figure class="card"><figcaption>{}<small>{}</small></figcaption>\n{}\n</figure>')
    return card.format(title, note, drawing)


def figures(*cards: str) -> Markup:
    """Cards side by side, as many as fit into the window."""
    return Markup('<div class="charts">\n{}\n</div>').format(join(cards))
