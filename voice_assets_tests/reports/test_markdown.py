"""The Markdown parts, read by a Markdown parser: every text is plain text in its own cell."""

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from voice_assets.reports.markdown import escape, table
from voice_assets.runtime.tsv import visible

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
HEADINGS = {"a": "First", "b": "Second"}
MARKS = st.text(st.sampled_from("ab1я \\|<>[]()*_`~&#!;:/-\n\r\t"), max_size=30)


def cells(lines: list[str]) -> list[list[str]]:
    """The cells of the one table in ``lines``, as a reader sees them. Markup in a cell is an error."""
    tokens = PARSER.parse("\n".join(lines))
    assert [token.type for token in tokens if token.type.endswith("_open")].count("table_open") == 1
    assert tokens[-1].type == "table_close"
    rows: list[list[str]] = []
    for token in tokens:
        if token.type == "tr_open":
            rows.append([])
        if token.type == "inline":
            assert {child.type for child in token.children or []} <= {"text"}, token.content
            rows[-1].append("".join(child.content for child in token.children or []))
    return rows


@given(st.text() | MARKS, st.text() | MARKS)
@example("a | b", "\\")
@example("\\|", "a\\")
@example("<b>x</b>", "[x](http://y)")
@example("__x__ _y_ a_b", "**x** ~~y~~ `z`")
@example("&lt;", "![x](y)")
@example("one\ntwo\r\nthree", "|||")
def test_any_text_is_unchanged_in_its_cell(first: str, second: str) -> None:
    found = cells(table([{"a": first, "b": second}, {"a": second, "b": first}], HEADINGS))
    read = [visible(text).strip() for text in (first, second)]
    assert [[cell.strip() for cell in row] for row in found] == [["First", "Second"], read, read[::-1]]


@given(st.text() | MARKS)
def test_any_text_stays_text_in_a_line(text: str) -> None:
    tokens = PARSER.parse(f"* word {escape(text)} word")
    assert [token.type for token in tokens].count("inline") == 1
    children = next(token.children for token in tokens if token.type == "inline")
    assert [(child.type, child.content) for child in children or []] == [("text", f"word {visible(text)} word")]


@pytest.mark.parametrize("name", ["text_length_p95", "clip_0001", "имя_клипа"])
def test_names_are_not_escaped(name: str) -> None:
    assert escape(name) == name


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, ""),
        (True, "yes"),
        (False, "no"),
        (18377, "18377"),
        (0.83333333, "0.8333"),
        (2.0, "2.0000"),
        (math.nan, "–"),
        (math.inf, "–"),
        ("text", "text"),
    ],
)
def test_values_for_people(value: object, shown: str) -> None:
    assert cells(table([{"a": value, "b": "x"}], HEADINGS))[1] == [shown, "x"]


def test_the_headings_choose_and_order_the_columns() -> None:
    lines = table([{"a": 1, "b": 2, "c": 3}], {"c": "Last", "a": "First"})
    assert lines == ["| Last | First |", "|---|---|", "| 3 | 1 |", ""]


def test_a_row_without_a_column_is_an_error() -> None:
    with pytest.raises(KeyError, match="b"):
        table([{"a": 1}], HEADINGS)


def test_a_table_without_rows_says_none() -> None:
    assert table([], HEADINGS) == ["None.", ""]
