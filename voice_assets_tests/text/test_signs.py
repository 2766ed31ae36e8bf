"""The signs of a text, and the text without them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_assets.text.signs import ELLIPSIS, signs, without


@pytest.mark.parametrize(
    ("text", "language", "tokens", "plain"),
    [
        ("Hello world😀", "en", ["😀"], "Hello world "),
        ("*laughs* aloud", "en", ["*", "*"], " laughs  aloud"),
        ("Fish & chips ©", "en", ["&", "©"], "Fish   chips  "),
        ("don`t", "en", ["`"], "don't"),
        ("donʼt and п′ять", "uk", ["ʼ", "′"], "don't and п'ять"),
        ("❤\ufe0f and 👨\u200d👩", "en", ["❤", "👨", "👩"], "  and   "),
        ("1\ufe0f\u20e3", "en", ["\ufe0f", "\u20e3"], "1  "),
        ("½ cup of µ", "en", ["½", "µ"], "  cup of  "),
        ("Он сказал 你", "ru", ["你"], "Он сказал  "),
        ("Он сказал you", "ru", [], "Он сказал you"),
        ("die Мауэр", "de", ["М", "а", "у", "э", "р"], "die      "),
        ("die Мауэр", "xx", [], "die Мауэр"),
        ("use .NET or -x", "en", [".", "-"], "use  NET or  x"),
        ("Hello . World", "en", ["."], "Hello   World"),
        ("col·legi", "ca", [], "col·legi"),
        ("étudiant·e", "fr", ["·"], "étudiant e"),
        (
            "Да, «нет» — (может)… 5, 7! well-known 'yes' 3.5 и т.д.",
            "ru",
            [],
            "Да, «нет» — (может)… 5, 7! well-known 'yes' 3.5 и т.д.",
        ),
        ("за\u0301мок", "ru", [], "за\u0301мок"),
        ("カー・ショップ、々。", "ja", [], "カー・ショップ、々。"),
    ],
)
def test_signs(text: str, language: str, tokens: list[str], plain: str) -> None:
    found = signs(text, language)
    assert [sign.token for sign in found] == tokens
    assert without(text, found) == plain


def test_punctuation_that_a_voice_reads_aloud_is_a_sign() -> None:
    text = "«Так»... ні"
    assert signs(text, "uk") == []
    found = signs(text, "uk", {"«", "»", ELLIPSIS, "."})
    assert [sign.token for sign in found] == ["«", "»", ELLIPSIS]
    assert without(text, found) == " Так .  ні"
    assert without(text, found, keep=ELLIPSIS) == " Так ... ні"


@given(st.text(alphabet="ab дё«»….-`ʼ'&*😀❤\ufe0f\u200d½5 "), st.sets(st.sampled_from(["«", "»", "…", "-", ELLIPSIS])))
def test_signs_are_in_order_and_part_of_the_text(text: str, aloud: set[str]) -> None:
    found = signs(text, "ru", aloud)
    ends = [0, *(sign.end for sign in found)]
    assert all(sign.start >= end for sign, end in zip(found, ends, strict=False))
    assert all(text[sign.start] in (sign.token, sign.token[0]) for sign in found)
    assert (without(text, found) == text) == (not found)
