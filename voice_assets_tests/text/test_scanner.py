"""The readings of figures, signs and abbreviations, and the choice of the closest ones."""

import random
import unicodedata
from itertools import product

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from num2words import num2words

from voice_assets.asr.similarity import similarity
from voice_assets.text.comparison import pair
from voice_assets.text.lattice import Lattice, closest
from voice_assets.text.normalisation import normalise, prepare
from voice_assets.text.number_spans import spans, value
from voice_assets.text.scanner import CONVENTIONS, roman_value, scan
from voice_assets.text.spelling import key

SPOKEN = ("en", "es", "fr", "de", "it")
ALL = sorted(CONVENTIONS)


@pytest.mark.parametrize(
    ("language", "words", "expected"),
    [
        ("en", "two and a half million", "2500000"),
        ("en", "half a million", "500000"),
        ("en", "nineteen oh five", "1905"),
        ("en", "a hundred and one", "101"),
        ("en", "two thirds", "2/3"),
        ("en", "three point one four", "157/50"),
        ("en", "two three", None),
        ("fr", "deux millions et demi", "2500000"),
        ("fr", "quatre vingt onze", "91"),
        ("fr", "huitante et un", "81"),
        ("fr", "trois virgule quatorze", "157/50"),
        ("de", "anderthalb", "3/2"),
        ("de", "zweieinhalb", "5/2"),
        ("de", "drei viertel", "3/4"),
        ("de", "dreißiger", "30"),
        ("es", "tres y medio", "7/2"),
        ("es", "tres mil quinientos millones", "3500000000"),
        ("it", "millecinquecentotrentatré", "1533"),
        ("it", "tre e mezzo", "7/2"),
    ],
)
def test_the_value_of_number_words(language, words, expected):
    found = value(tuple(words.split()), language)
    assert (str(found.value) if found else None) == expected


def test_parts_of_one_number_are_no_numbers_of_their_own():
    assert spans(("twenty", "five"), "en") == ((0, 2, "#25"),)
    assert spans(("two", "hundred", "five"), "en") == ((0, 3, "#205"),)
    assert {label for _, _, label in spans(("nineteen", "forty"), "en")} == {"#19", "#40", "#1940"}
    assert {label for _, _, label in spans(("ten", "seconds"), "en")} == {"#10"}


# Words and figures of two other numbers must never be equal, however the digits are grouped.
@pytest.mark.slow
@pytest.mark.parametrize("language", SPOKEN)
def test_a_changed_digit_is_always_seen(language):
    draw = random.Random(11)
    for _ in range(300):
        number = draw.randrange(10 ** draw.randint(1, 5))
        digits = str(number)
        place = draw.randrange(len(digits))
        other = int(digits[:place] + draw.choice("0123456789") + digits[place + 1 :])
        words = num2words(number, lang=language)
        assert similarity(words, digits, language) == 1, number
        assert (similarity(words, str(other), language) == 1) == (other == number), (number, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("twenty five", "20 5"), ("two hundred five", "2005"), ("eight hundred", "8 100"), ("ten squared", "102"), ("-5", "5")],
)
def test_neighbouring_numbers_are_not_taken_for_another(one, other):
    assert similarity(one, other, "en") < 0.95


def test_a_word_is_read_as_it_stands_at_the_end_of_a_sentence_and_in_full_before_a_figure():
    assert normalise("I said no. Then we left.", "en") == "i said no then we left"
    assert normalise("No. 5", "en") == "number five"
    assert normalise("M. Dupont", "fr") == "monsieur dupont"


def spoken_ways(template):
    """Every way to read a template of the notation of ``text.conventions``."""
    places = []
    for token in template.split():
        ways = []
        for word in token.split("|"):
            digits = word.removeprefix("@")
            ways += [" ".join(f"#{digit}" for digit in digits), f"#{int(digits)}"] if word.startswith("@") else [word]
        places.append(ways)
    return {" ".join(" ".join(ways).split()) for ways in product(*places)}


@pytest.mark.parametrize("language", SPOKEN)
def test_no_reading_of_a_time_is_a_reading_of_another_time(language):
    times = {}
    for hour, minute in product(range(24), (0, 1, 5, 10, 15, 20, 25, 29, 30, 31, 35, 40, 45, 50, 55)):
        for template in CONVENTIONS[language].clock(hour, minute):
            for way in spoken_ways(template):
                times.setdefault(way, set()).add((hour % 12, minute))
    assert len(times) > 2000
    assert {way for way, told in times.items() if len(told) > 1} == set()


def test_roman_numbers():
    assert [roman_value(roman) for roman in ("I", "IV", "IX", "XIV", "XL", "XC", "CD", "MCMXCIX")] == [
        1, 4, 9, 14, 40, 90, 400, 1999,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("language", "one", "other", "same"),
    [
        ("en", "colour", "color", True),
        ("en", "filled", "filed", False),
        ("en", "four", "for", False),
        ("en", "prize", "prise", False),
        ("de", "daß", "dass", True),
        ("de", "schön", "schon", False),
        ("fr", "cœur", "coeur", True),
        ("fr", "parlé", "parle", False),
        ("es", "también", "tambien", True),
        ("es", "habló", "hablo", False),
        ("es", "niño", "nino", False),
        ("it", "perché", "perchè", True),
        ("it", "parlò", "parlo", False),
        ("nl", "één", "een", False),
    ],
)
def test_spellings_of_one_sound_have_one_key(language, one, other, same):
    assert (key(one, language) == key(other, language)) is same


def lattice(*paths):
    found = Lattice()
    found.last = found.node()
    for path in paths:
        start = 0
        for index, word in enumerate(path):
            end = found.last if index == len(path) - 1 else found.node()
            found.add(start, end, word, word)
            start = end
    return found


def test_the_closest_paths_are_taken_and_the_first_is_the_usual_one():
    one = lattice(["six", "thirty"], ["half", "past", "six"])
    assert one.usual() == "six thirty"
    assert closest(one, lattice(["half", "past", "six"])) == ("half past six", "half past six")
    assert closest(one, lattice(["half", "past", "seven"])) == ("half past six", "half past seven")
    assert closest(one, lattice([])) == ("six thirty", "")


PIECES = (
    "1 20 00 7 1941 3,5 1.200 10:30 9.30 05 % № $ € £5 5€ -5 − – 10² 2^8 ½ 3/4 24/7 6'2\" Dr. No. M. z. B. p.m. U.S. XIV I V "
    "I'm we'll geht's l'eau f*ck www.a.de a@b.com & + = # ° km/h 5km 2nd 1er 3. 10.º 80s 30er one hundred and vingt quatre "
    "tausend einund treinta y mil millones half viertel point ' ’ ´ º ¹ ₂ ① İ \u0301 \u200b \ud800"
)
TEXTS = st.one_of(
    st.text(max_size=30),
    st.lists(st.sampled_from(PIECES.split()), max_size=8).map(" ".join),
    st.lists(st.sampled_from(PIECES.split()), max_size=5).map("".join),
)


@settings(max_examples=300, deadline=None)
@given(TEXTS, TEXTS, st.sampled_from(ALL))
@example("´º", "", "en")
@example("1" * 60, "1" * 61, "en")
def test_any_texts_can_be_compared_in_either_order(one, other, language):
    compared = pair(one, other, language)
    assert pair(other, one, language) == compared[::-1]
    assert similarity(one, one, language) == 1


@settings(max_examples=300, deadline=None)
@given(TEXTS, st.sampled_from(ALL))
def test_the_usual_reading_is_lower_case_words_and_stays_when_read_again(text, language):
    words = normalise(text, language)
    assert normalise(words, language) == words
    assert not any(unicodedata.category(char) in ("Lu", "Lt") for char in words)
    assert all(readings for readings in scan(prepare(text), language))
