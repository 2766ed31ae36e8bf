import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_assets.text.comparison import pair
from voice_assets.text.word_diff import diff, marked


@pytest.mark.parametrize(
    ("reference", "hypothesis", "expected"),
    [
        ("Набранный номер не существует.", "Набранный номер не существует", "набранный номер не существует"),
        ("Набранный номер не существует.", "номер не существует", "[-набранный-] номер не существует"),
        ("Введите номер.", "Введите этот номер.", "введите {+этот+} номер"),
        ("Введите номер сейчас.", "Введите пароль сейчас.", "введите [-номер-] {+пароль+} сейчас"),
        ("один раз два", "два раза", "[-один раз-] два {+раза+}"),
        ("Да.", "", "[-да-]"),
        ("", "Да.", "{+да+}"),
        ("", "", ""),
        ("...", "!", ""),
    ],
)
def test_the_notation(reference, hypothesis, expected):
    assert marked(diff(reference, hypothesis, "ru")) == expected


@pytest.mark.parametrize(
    ("language", "reference", "hypothesis", "expected"),
    [
        ("de", "1,5 Liter Milch", "anderthalb Liter", "anderthalb liter [-milch-]"),
        ("de", "1,5 Liter Milch", "eins Komma fünf Liter", "eins komma fünf liter [-milch-]"),
        ("de", "0,5 Liter Milch", "null Komma fünf Liter", "null komma fünf liter [-milch-]"),
        ("fr", "3,5 litres ici", "trois virgule cinq litres", "trois virgule cinq litres [-ici-]"),
        ("pl", "1,5 litra tu", "jeden przecinek pięć litra", "jeden przecinek pięć litra [-tu-]"),
        ("en", "about 5.10 of it", "about five point one of", "about five point one of [-it-]"),
        ("en", "add 2.5 cups now", "add two and a half cups", "add two and a half cups [-now-]"),
        ("en", "we go at 6 a.m. now", "we go at six p.m. now", "we go at six [-am-] {+pm+} now"),
        ("en", "at 6:30 a.m. we go", "at six thirty am", "at six thirty am [-we go-]"),
        ("en", "at 6:30 a.m. for tea", "at six to for tea", "at [-half-] six [-am-] {+to+} for tea"),
        ("en", "at 6:30 a.m. now", "at 6:10 a.m. now", "at six [-thirty-] {+ten+} am now"),
        ("en", "won 10:30 there", "won ten to thirty", "won ten to thirty [-there-]"),
    ],
)
def test_figures_are_shown_in_words_that_people_say(language, reference, hypothesis, expected):
    assert marked(diff(reference, hypothesis, language)) == expected


WORDS = st.lists(st.sampled_from(["да", "нет", "номер", "линия", "ждите"]), max_size=12).map(" ".join)


@given(WORDS, WORDS)
def test_the_pieces_are_both_texts_and_nothing_else(reference, hypothesis):
    pieces = diff(reference, hypothesis, "ru")
    expected, found = pair(reference, hypothesis, "ru")
    assert " ".join(piece.words for piece in pieces if piece.kind != "added") == expected
    assert " ".join(piece.words for piece in pieces if piece.kind != "missing") == found
    assert all(one.kind != other.kind for one, other in itertools.pairwise(pieces))
