"""`+` as a stress mark: whether a set of texts uses it, and the change of a text."""

import pytest

from voice_assets.text.stress_marks import plus_marks_stress, with_acutes

MARKED = ["Ст+арый з+амок сто+ит.", "+Окна зам+ёрзли, и д+аже", "м+аленькая дев+очка."]


@pytest.mark.parametrize(
    ("texts", "language", "marks"),
    [
        (MARKED, "ru", True),
        (["З+амок на гор+і."], "uk", True),
        (["Ст+ары з+амак."], "be", True),
        (["З+амок"], "ru", True),
        ([*MARKED, *MARKED, "Два + три."], "ru", True),  # one of 17 `+` is a sum
        (MARKED, "bg", False),
        (["Один + один"], "ru", False),
        (["Один +один"], "ru", False),  # at the start of a word it may be a sum
        (["за+мок сто+йт"], "ru", False),  # the mark stands after the vowel: another notation
        (["Язык C++ и з+амок"], "ru", False),
        (["с+о+бака"], "ru", False),
        (["да"], "ru", False),
        ([], "ru", False),
    ],
)
def test_whether_plus_marks_stress(texts: list[str], language: str, marks: bool) -> None:
    assert plus_marks_stress(texts, language) is marks


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("З+амок", "За\u0301мок"),
        ("+Осень, сто+ит", "О\u0301сень, стои\u0301т"),
        ("зел+ёный", "зелёный"),
        ("гор+і ї+ї", "горі\u0301 її\u0301"),
        ("C++, 1+2 и с+о+бака", "C++, 1+2 и с+о+бака"),
        ("Два + три", "Два + три"),
        ("", ""),
    ],
)
def test_with_acutes(text: str, expected: str) -> None:
    assert with_acutes(text) == expected
