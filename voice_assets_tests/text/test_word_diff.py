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


WORDS = st.lists(st.sampled_from(["да", "нет", "номер", "линия", "ждите"]), max_size=12).map(" ".join)


@given(WORDS, WORDS)
def test_the_pieces_are_both_texts_and_nothing_else(reference, hypothesis):
    pieces = diff(reference, hypothesis, "ru")
    expected, found = pair(reference, hypothesis, "ru")
    assert " ".join(piece.words for piece in pieces if piece.kind != "added") == expected
    assert " ".join(piece.words for piece in pieces if piece.kind != "missing") == found
    assert all(one.kind != other.kind for one, other in itertools.pairwise(pieces))
