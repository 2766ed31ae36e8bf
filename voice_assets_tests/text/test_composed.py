"""The composed form of a text, and where it differs from the text."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_assets.text.composed import Place, composed, places

ZWNJ, ZWJ, BREAK = "\u200c", "\u200d", "\u200b"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("И\u0306огурт", "Йогурт"),
        ("ha\u0308lt", "hält"),
        ("nin\u0303o", "niño"),
        ("Tie\u0302\u0301ng Vie\u0323\u0302t", "Tiếng Việt"),
        ("\u1112\u1161\u11ab\u1100\u1173\u11af", "한글"),
        ("\u0627\u0653ب", "\u0622ب"),
        ("\u212b", "Å"),
        ("сего\u200bдня", "сегодня"),
        ("\ufeffДа", "Да"),
        ("Wort\u00adtrennung", "Worttrennung"),
        ("\u202bДа\u202c\u200e\u2066!\u2069", "Да!"),
        (f"e{BREAK}\u0301", "é"),
        ("ﬁnd", "find"),
        ("Ｈｅｌｌｏ", "Hello"),
        ("𝐇𝐞𝐥𝐥𝐨", "Hello"),
        ("ﾊﾟﾝ", "パン"),
    ],
)
def test_composed(text: str, expected: str) -> None:
    assert composed(text) == expected
    assert places(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "plain",
        "Йогурт, ещё — «да»…",
        "за\u0301мок",  # the stress mark has no composed letter
        f"می{ZWNJ}خواهم",  # Persian spells with it
        f"क्{ZWJ}ष",
        f"ไทย{BREAK}ดี",  # Thai marks the end of a word
        "👨\u200d👩\u200d👧 ❤\ufe0f 1\ufe0f\u20e3 🏴\U000e0067\U000e0062\U000e007f",
        "Bonjour\u00a0!",
        "你好，世界。",
        "№ 5, 2ª, ½",
    ],
)
def test_nothing_to_compose(text: str) -> None:
    assert composed(text) == text
    assert places(text) == []


def test_places_count_characters_of_the_text_from_1() -> None:
    assert places("Да, и\u0306 о\u200bн") == [Place(5, "и\u0306", "й"), Place(9, "\u200b", "")]


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_composed_is_final_and_in_nfc(text: str) -> None:
    once = composed(text)
    assert composed(once) == once
    assert unicodedata.is_normalized("NFC", once)
    assert (once == text) == (not places(text))


@given(st.text(alphabet="аеийёoaeiu\u0306\u0308\u0301\u200b\u200c\u200d\ufeff\ufe0f😀❤\u1100\u1161\u11a8ک ", max_size=12))
def test_composed_is_final_for_hard_texts(text: str) -> None:
    assert composed(composed(text)) == composed(text)


@given(st.text(alphabet="абвгдеёжзийклмнопрстуфхцчшщъыьэюя ,.-äöüñçéèîïőűåščřžłąęїґў"))
def test_nfd_composes_back(text: str) -> None:
    assert composed(unicodedata.normalize("NFD", text)) == text
