import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_assets.asr.similarity import cer, repeats, similarity, stutters


@pytest.mark.parametrize(
    ("reference", "hypothesis", "expected"),
    [
        ("", "", 1.0),
        ("…", "?!", 1.0),
        ("", "да", 0.0),
        ("да", "", 0.0),
        ("Привет, мир!", "привет мир", 1.0),
        ("восемнадцать", "18.", 1.0),
        ("ещё", "еще", 1.0),
        ("и так далее, то есть", "и т.д., т.е.", 1.0),
        ("айфон", "iPhone", 1.0),
        ("абвг", "абвд", 0.75),  # 2 * 3 / 8
        ("Да.", "Да, да.", 4 / 7),
    ],
)
def test_similarity(reference, hypothesis, expected):
    assert similarity(reference, hypothesis, "ru") == pytest.approx(expected)


def test_no_cliff_at_200_characters():
    # difflib scores the second pair 0.1 lower than the first. The second pair is only two letters longer.
    words = "слово дело поле море лето зима весна осень "
    short, long = (words * 5)[:199], (words * 5)[:201]
    scores = [similarity(text, text.replace("поле", "песня", 1).replace("зима", "гора", 1), "ru") for text in (short, long)]
    assert abs(scores[0] - scores[1]) < 0.005


@pytest.mark.parametrize(
    ("reference", "hypothesis", "expected"),
    [
        ("", "", 0.0),
        ("", "да", 1.0),
        ("да", "", 1.0),
        ("абвг", "абвд", 0.25),
        ("да", "да да да", 3.0),
        ("Привет!", "привет", 0.0),
    ],
)
def test_cer(reference, hypothesis, expected):
    assert cer(reference, hypothesis, "ru") == pytest.approx(expected)


@pytest.mark.parametrize(
    ("hypothesis", "reference", "expected"),
    [
        ("да да", "да", True),
        ("да", "да", False),
        ("да да", "да да", False),
        ("нажмите один и нажмите один", "нажмите один", True),
        ("нажмите один", "нажмите один", False),
        ("дада", "да", False),
        ("ля ля ля ля", "ля ля ля ля", False),
        ("ля ля ля ля ля ля ля ля", "ля ля ля ля", True),
        ("нажмите один для входа нажмите один до входа", "нажмите один для входа", True),  # said again, a little different
        ("нажмите один для входа и затем выйдите из меню", "нажмите один для входа", False),
        ("привет а б а б а б", "привет а б", False),
        ("привет а б а б а б а б", "привет а б", True),
        ("ах ах ах ах", "", True),
        ("ах ах ах", "", False),
        ("", "", False),
        ("", "да", False),
    ],
)
def test_repeats(hypothesis, reference, expected):
    assert repeats(hypothesis, reference) is expected


@pytest.mark.parametrize(
    ("hypothesis", "reference", "expected"),
    [
        ("О-о-о-о-о-о-о-о-о", "Ой", True),
        ("Хахахахахахахахаха", "Ха-ха", True),
        ("Ha, ha, ha, ha, ha, ha, ha, ha.", "Ha", True),
        ("А-а-а-а-а-а-а-а-а!", "А-а-а-а-а-а-а-а-а!", False),
        ("1000000000", "миллиард", False),
        ("Да, да, да, да, да.", "да", False),
        ("", "", False),
    ],
)
def test_a_stutter_is_a_letter_or_syllable_many_times(hypothesis, reference, expected):
    assert stutters(hypothesis, reference) is expected


@given(st.text(max_size=30), st.text(max_size=30))
def test_similarity_is_a_ratio_and_the_same_both_ways(one, other):
    score = similarity(one, other, "ru")
    assert 0 <= score <= 1
    assert score == pytest.approx(similarity(other, one, "ru"))
    assert similarity(one, one, "ru") == 1
    assert cer(one, one, "ru") == 0
