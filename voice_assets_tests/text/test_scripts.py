"""Scripts, digits, plus signs and invisible characters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_assets.text.scripts import SCRIPTS, has_digits, has_latin, has_plus, script_share, unprintable


@pytest.mark.parametrize(
    ("text", "language", "share"),
    [
        ("Привет, мир!", "ru", 1.0),
        ("Hello", "ru", 0.0),
        ("абвгд abcde", "ru", 0.5),
        ("первoe", "ru", 4 / 6),
        ("Hello", "en", 1.0),
        ("Ñandú señor", "es", 1.0),
        ("Привет", "en", 0.0),
        ("за́мок", "ru", 1.0),
        ("в 1941 году", "ru", 1.0),
        ("1941", "ru", 1.0),
        ("", "ru", 1.0),
        ("об’єкт ʼ", "uk", 1.0),
        ("Добар dan", "sr", 1.0),
        ("日本語とカタカナー", "ja", 1.0),
        ("你好", "zh", 1.0),
        ("안녕", "ko", 1.0),
        ("whatever ё", "qq", 1.0),
    ],
)
def test_script_share(text: str, language: str, share: float) -> None:
    assert script_share(text, language) == pytest.approx(share)


@given(st.text(), st.sampled_from([*SCRIPTS, "qq"]))
def test_the_share_of_any_text_is_between_0_and_1(text: str, language: str) -> None:
    assert 0.0 <= script_share(text, language) <= 1.0


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Привет, «мир» — 5 €…", 0),
        ("за\u0301мок", 0),
        ("мяг\u00adкий", 0),
        ("неразрывный\u00a0пробел", 0),
        ("a\0b", 1),
        ("a\tb\x07", 2),
        ("\ud800", 1),
        ("\ue000", 1),
        ("\u0378", 1),
        ("a\x7f\x85", 2),
    ],
)
def test_unprintable(text: str, count: int) -> None:
    assert unprintable(text) == count


@pytest.mark.parametrize(("text", "expected"), [("в 1941", True), ("٣", True), ("один", False), ("²", True), ("", False)])
def test_has_digits(text: str, expected: bool) -> None:
    assert has_digits(text) is expected


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("клавишу Q", "ru", True),
        ("клавишу", "ru", False),
        ("key Q", "en", False),
        ("dobar", "sr", False),
        ("Q", "qq", False),
        ("первoe", "ru", True),
        ("²", "ru", False),
    ],
)
def test_has_latin(text: str, language: str, expected: bool) -> None:
    assert has_latin(text, language) is expected


def test_has_plus() -> None:
    assert has_plus("з+амок")
    assert not has_plus("замок")


def test_every_language_is_listed_once() -> None:
    from voice_assets.text import scripts

    listed = [language for languages in scripts._BY_SCRIPT.values() for language in languages.split()]
    assert len(listed) == len(set(listed))
