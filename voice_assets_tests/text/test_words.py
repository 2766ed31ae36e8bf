import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_assets.text.words import first_word_wrong, last_word_wrong, other_words, word_error_rate


@pytest.mark.parametrize(
    ("reference", "hypothesis", "expected"),
    [
        ("", "", 0.0),
        ("", "да", 1.0),
        ("да", "", 1.0),
        ("мама мыла раму", "мама мыла раму", 0.0),
        ("мама мыла раму", "папа мыл раму", 2 / 3),
        ("мама мыла раму", "мама раму", 1 / 3),
        ("да", "да да да", 2.0),
    ],
)
def test_word_error_rate(reference, hypothesis, expected):
    assert word_error_rate(reference, hypothesis) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("reference", "hypothesis", "first", "last"),
    [
        ("мама мыла раму", "мама мыла раму", False, False),
        ("мама мыла раму", "мыла раму", True, False),  # cut at the start
        ("мама мыла раму", "мама мыла", False, True),  # cut at the end
        ("мама мыла раму", "вот мама мыла раму", True, False),  # begins with the end of another sentence
        ("мама мыла раму", "мама мыла раму завтра", False, True),
        ("мама мыла раму", "мамо мыла рамы", False, False),  # small errors
        ("абв где", "абx где", False, False),  # 2 * 2 / 6 = 0.67
        ("аб где", "ах где", False, False),  # 0.5 is still the word
        ("абв где", "ахц где", True, False),  # 0.33
        ("вай фай есть", "вайфай есть", False, False),
        ("есть вайфай", "есть вай фай", False, False),
        ("да да нет", "да нет", False, False),  # the first word may be missing or the second
        ("мама мыла", "мама", False, True),
        ("я пришел", "пришел", True, False),
        ("да", "", True, True),
        ("", "да", True, True),
        ("", "", False, False),
        ("да", "нет", True, True),
    ],
)
def test_the_ends_of_a_clip(reference, hypothesis, first, last):
    assert (first_word_wrong(reference, hypothesis), last_word_wrong(reference, hypothesis)) == (first, last)


@given(st.lists(st.text("абвг", min_size=1, max_size=5), max_size=6).map(" ".join))
def test_a_text_has_no_error_against_itself(text):
    assert not first_word_wrong(text, text)
    assert not last_word_wrong(text, text)
    assert word_error_rate(text, text) == 0


@pytest.mark.parametrize(
    ("reference", "hypothesis", "expected"),
    [
        ("ваше сообщение удалено", "ваше сообщение удалено", False),
        ("ваше сообщение удалено", "ваше приветствие удалено", True),
        ("ваше сообщение удалено", "ваше сообщение удален", False),  # an ending
        ("ваше сообщение удалено", "ваше удалено", True),
        ("ваше удалено", "ваше сообщение удалено", True),
        ("ваше сообщение", "ваше сообщение из", False),  # under the least number of letters
        ("ваше сообщение", "ваше сообщение тест", True),
        ("ваше сообщение", "ваше сообщение нет да", True),  # five letters of two words
        ("да стол нет", "ага стол бу", False),  # three letters at each end do not add up to six
        ("соединяю вас с вайфай сетью", "соединяю вас с вай фай сетью", False),
        ("неизвестен номер", "не известен номер", False),
        ("нажмите пять", "нажмите шесть", True),
        ("нажмите пять", "нажмите пяты", False),
        ("", "", False),
        ("", "да", False),
        ("", "спасибо за просмотр", True),
        (("слово " * 60).strip(), ("слово " * 59 + "обезьяна").strip(), True),  # similarity 0.98
    ],
)
def test_other_words(reference, hypothesis, expected):
    assert other_words(reference, hypothesis) is expected
    assert other_words(hypothesis, reference) is expected
