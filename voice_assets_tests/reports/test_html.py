import typing
from pathlib import Path

import pytest
from markupsafe import Markup

from voice_assets.reports import html
from voice_assets.reports.verdicts import Word


@pytest.mark.parametrize("place", ["title", "body", "lead"])
def test_a_page_escapes_values_that_are_not_markup(place):
    page = html.page(**{"title": "t", "body": "b", "lead": "l", place: '<script>"&'})
    assert "&lt;script&gt;&#34;&amp;" in page
    assert "<script" not in page


def test_markup_is_not_escaped():
    assert '<p class="soft">1 &lt; 2</p>' in html.page("t", html.section("s", html.paragraph("1 < 2", "soft")))


def test_reasons_are_a_list_and_escaped():
    assert html.reasons("too <fast>; clipped") == "<ul><li>too &lt;fast&gt;</li>\n<li>clipped</li></ul>"


def test_a_table_aligns_numbers_right_and_escapes_texts():
    rows = [{"name": "<a>", "n": 12345, "x": 0.5, "ok": True, "none": None, "badge": html.verdict_badge("PASS")}]
    table = html.table(rows, {key: key for key in rows[0]}, {"x": 1})
    assert '<td class="">&lt;a&gt;</td><td class="number">12\u202f345</td><td class="number">0.5</td>' in table
    assert '<td class="">yes</td><td class=""></td><td class=""><span class="badge pass">PASS</span></td>' in table


def test_a_table_keeps_the_order_and_leaves_out_other_keys():
    table = html.table([{"a": "1", "b": "2", "c": "3"}], {"c": "Last", "a": "First"})
    assert table.index("Last") < table.index("First")
    assert ">2<" not in table


def test_a_row_without_a_column_is_an_error():
    with pytest.raises(KeyError, match="b"):
        html.table([{"a": 1, "b": 2}, {"a": 1}], {"a": "A", "b": "B"})


def test_a_table_without_rows_says_none():
    assert "None." in html.table([], {})


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (18377, 0, "18\u202f377"),
        (0.5, 2, "0.50"),
        (1.0, 2, "1.00"),
        (float("nan"), 2, "–"),
        (float("inf"), 0, "–"),
        (2.5, 0, "2"),
    ],
)
def test_numbers_for_people(value, digits, text):
    assert html.number(value, digits) == text


@pytest.mark.parametrize("word", typing.get_args(Word))
def test_every_word_has_a_badge_with_its_own_style(word):
    badge = html.verdict_badge(word)
    kind = badge.split('"')[1]
    assert f">{word}<" in badge
    assert f".{kind.replace(' ', '.')} {{ color:" in html.page("t", "b")
    assert sum(kind in html.verdict_badge(other) for other in typing.get_args(Word)) == 1


def test_a_warning_never_looks_like_a_failure():
    rules = [{"rule": "<r>", "passed": False, "blocks": blocks, "advisory": "old tapes"} for blocks in (True, False)]
    failed, warned = html.rule_table(rules).split("<tbody>")[1].strip().splitlines()[:2]
    assert '<span class="badge fail">FAIL</span>' in failed
    assert "old tapes" not in failed
    assert '<span class="badge warn">WARNING</span>' in warned
    assert "Advisory: old tapes." in warned
    assert "&lt;r&gt;" in warned


def test_a_table_without_rules_says_none():
    assert "None." in html.rule_table(None)


def test_urls_are_relative_and_quoted():
    assert html.relative_url(Path("/d/wavs/a #1?.wav"), Path("/d/reports/q_1")) == "../../wavs/a%20%231%3F.wav"


def test_a_player_loads_nothing_before_it_plays():
    assert html.audio('x"y') == Markup('<audio controls preload="none" src="x&#34;y"></audio>')


def test_tiles_and_figures_escape():
    assert "&lt;1&gt;" in html.tiles([("n", "<1>", "")])
    assert "&lt;2&gt;" in html.figures(html.figure("<2>", Markup("<svg></svg>"), ""))
