"""Different spellings of the same speech are equal when compared; different speech is not."""

import csv
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from num2words import num2words

from voice_assets.asr.similarity import normalised_similarity, similarity
from voice_assets.text import russian_numbers
from voice_assets.text.comparison import has_figures, pair
from voice_assets.text.number_words import render_words
from voice_assets.text.russian_numerals import say

HERE = Path(__file__).parent
LANGUAGES = ("ru", "en", "es", "fr", "de")


def cases(name, **same):
    with (HERE / name).open(encoding="utf-8", newline="") as file:
        return [{**same, **row} for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)]


CASES = [
    *cases("russian_cases.tsv", language="ru"),
    *cases("russian_readings_cases.tsv", language="ru"),
    *cases("western_cases.tsv"),
]
# One test for 50 cases: a test of its own for each case would take longer than the comparison.
PARTS = [pytest.param(CASES[start : start + 50], id=CASES[start]["one"]) for start in range(0, len(CASES), 50)]


def fault(case):
    """What is wrong with the similarity of a case; empty when it is right."""
    score, bound = similarity(case["one"], case["other"], case["language"]), float(case["bound"])
    if similarity(case["other"], case["one"], case["language"]) != pytest.approx(score):
        return "depends on the order of the texts"
    return "" if (score >= bound if case["kind"] == "same" else score <= bound) else f"{score:.3f} for {case['kind']} {bound}"


@pytest.mark.parametrize("part", PARTS)
def test_similarity_is_on_the_right_side_of_the_bound(part):
    found = {f"{case['one']} | {case['other']}": fault(case) for case in part}
    assert {texts: wrong for texts, wrong in found.items() if wrong} == {}


def test_there_are_enough_cases_of_both_kinds():
    kinds = [(case["language"], case["kind"]) for case in CASES]
    assert kinds.count(("ru", "same")) >= 150
    assert kinds.count(("ru", "differs")) >= 50
    for language in LANGUAGES[1:]:
        assert kinds.count((language, "same")) + kinds.count((language, "differs")) >= 25
        assert kinds.count((language, "differs")) >= 5


def test_case_and_kind_stay_when_both_texts_are_words():
    assert pair("двух столов", "двум столам", "ru") == ("двух столов", "двум столам")
    assert pair("the first", "the one", "en") == ("the first", "the one")


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("пять", "ru", False),
        ("5", "ru", True),
        ("пять %", "ru", True),
        ("Людовик XIV", "ru", True),
        ("Пётр I", "ru", True),
        ("ул. Ленина", "ru", True),
        ("улица Ленина", "ru", False),
        ("сто руб.", "ru", True),
        ("the st.", "en", False),
        ("I am", "en", False),
    ],
)
def test_has_figures(text, language, expected):
    assert has_figures(text, language) is expected


# num2words writes wrong Russian for large ordinals: «девятьсот девяностый миллионов». Years are under 3000.
@settings(max_examples=300, deadline=None)
@given(st.integers(0, 10**9), st.sampled_from("ngdaip"), st.sampled_from("mfn"))
@example(21_000, "i", "f")
@example(40, "g", "m")
@example(90, "d", "m")
@example(680, "i", "m")
@example(201_000, "g", "m")
@example(90_001_000, "n", "f")
def test_a_russian_number_equals_its_figures_in_every_case(number, case, gender):
    words = num2words(number, lang="ru", case=case, gender=gender)
    assert similarity(words, str(number), "ru") == 1
    if number < 3000:
        ordinal = num2words(number, lang="ru", to="ordinal", case=case, gender=gender)
        assert similarity(ordinal, f"{number}.", "ru") == 1


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(st.integers(0, 10**9), st.sampled_from(LANGUAGES[1:]))
@example(1501, "en")
@example(1900, "en")
@example(77, "fr")
@example(91, "fr")
@example(1941, "de")
@example(31, "es")
def test_a_number_of_another_language_equals_its_figures(number, language):
    assert similarity(num2words(number, lang=language), str(number), language) == 1


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(st.integers(0, 10**9), st.integers(0, 10**9), st.sampled_from(LANGUAGES))
@example(101, 102, "ru")
@example(20_000, 21_000, "ru")
@example(1_000, 1_000_000, "ru")
def test_two_different_numbers_stay_different(one, other, language):
    if one != other:
        assert similarity(num2words(one, lang=language), str(other), language) < 1
        assert similarity(str(one), str(other), language) < 1


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 999))
def test_different_fractions_stay_different(whole, part):
    written = f"{whole},{part:03d}"
    assert similarity(written, num2words(f"{whole}.{part:03d}", lang="ru"), "ru") == 1 or part == 0
    assert similarity(written, f"{whole},{(part + 1) % 1000:03d}", "ru") < 1


WORDS = (
    "1 20 00 7 1941 3,5 10:30 05 % № руб. тыс. км г. половина седьмого без четверти пять пятого три с половиной целых десятых "
    "запятая сто тысяч тысяча миллион ноль один первого минут часов дробь в час XX II I ай пи эс эм one hundred and vingt "
    "quatre dix tausend einund treinta y mil - . , ( ) İ ² \u0301 \ud800 ½ ⅔ ^ / × = @ : & site.ru www. HP Sony Сони X Х ХІХ "
    "вв. гг. им. рис. А 5го 2ой 90х 15.05.2026 10.30 4:30 2/3 м² км/ч б/у С. эс э-э-э нееет СССР $ €"
)
PIECES = st.sampled_from(WORDS.split())
TEXTS = st.one_of(st.text(max_size=30), st.lists(PIECES, max_size=10).map(" ".join), st.lists(PIECES, max_size=6).map("".join))


@pytest.mark.slow
@settings(max_examples=400, deadline=None)
@given(TEXTS, TEXTS, st.sampled_from((*LANGUAGES, "it", "xx")))
def test_any_two_texts_can_be_compared_in_either_order(one, other, language):
    score = normalised_similarity(*pair(one, other, language))
    assert 0 <= score <= 1
    assert score == pytest.approx(similarity(other, one, language))
    assert similarity(one, one, language) == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("в тысяча девятьсот сорок первом году", "в тысяча девятьсот сорок один год"),
        ("три целых пять десятых километра", "три запятая пять километр"),
        ("полторы тысячи рублей", "тысяча пятьсот рубль"),
        ("три с половиной миллиона", "три миллион пятьсот тысяча"),
        ("половина седьмого", "шесть тридцать"),
        ("пять минут первого", "двенадцать ноль пять"),
        ("без двадцати восемь", "семь сорок"),
        ("десять пятнадцать минут", "десять пятнадцать минута"),
        ("восемь восемьсот пятьсот пятьдесят пять", "восемь восемь ноль ноль пять пять пять"),
        ("пять миллионов", "пять миллион"),
        ("десятый", "десять"),
        ("три и пять", "три и пять"),
        ("мама", "мама"),
        ("", ""),
    ],
)
def test_russian_numbers_in_one_form(text, expected):
    assert render_words(russian_numbers.elements(text), say) == expected
    assert render_words(russian_numbers.elements(expected), say) == expected
