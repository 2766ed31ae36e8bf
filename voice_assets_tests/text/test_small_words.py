import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voice_assets.text import small_words
from voice_assets.text.comparison import pair
from voice_assets.text.small_words import _MOST_PAIRS, _alignment, small_words_differ

DIFFERENT = [
    ("ru", "я не приду завтра", "я приду завтра"),
    ("ru", "пароль неверен", "пароль верен"),
    ("ru", "ни один человек не пришёл", "один человек не пришёл"),
    ("ru", "чтобы бы выйти из меню", "чтобы выйти из меню"),
    ("ru", "звук в конференции не включен", "звук в конференции в клечен"),
    ("ru", "введите на номер абонента", "видите номер обонента"),  # beside misheard words
    ("en", "you can send audio", "you can't send audio"),
    ("en", "I do not know", "I do know"),
    ("en", "there are no messages", "there are messages"),
    ("en", "five and six", "five six"),
    ("en", "I am sorry that is wrong", "I am sorry but that is wrong"),
    ("es", "no puedo entrar", "puedo entrar"),
    ("es", "no hay mensajes", "no hay más mensajes"),
    ("fr", "je ne sais pas", "je sais"),
    ("fr", "vous n'êtes pas occupé", "vous êtes occupé"),
    ("de", "das ist nicht gut", "das ist gut"),
    ("de", "ich habe keinen Hund", "ich habe einen Hund"),
    ("nl", "dat is niet goed", "dat is goed"),
    ("pl", "nie wiem tego", "wiem tego"),
    ("sv", "det var en bok här", "det var bok här"),  # no negations are known: short words count all the same
]
EQUAL = [
    ("ru", "что бы выйти", "чтобы выйти"),
    ("ru", "логин неверен введите номер", "лагин не верен видите номер"),
    ("ru", "отправитель не известен", "отправитель неизвестен"),
    ("ru", "участников в конференции", "участников конференции"),  # Whisper does not hear single letters
    ("ru", "эхо тест завершён", "эхотест завершен"),
    ("en", "you can not send audio", "you cannot send audio"),
    ("en", "you can not send audio", "you can't send audio"),
    ("en", "I know you", "I no you"),
    ("en", "one hundred and five", "one hundred five"),
    ("en", "two thousand and one", "two thousand one"),
    ("en", "mail box", "mailbox"),
    ("ru", "конференция завершена", "конференция из-за вершина"),
    ("en", "login incorrect", "login and correct"),
    ("fr", "votre voix tel qu'entendue", "votre voix tel contendu"),
    ("fr", "parler à un représentant", "parler un représentant"),
    ("de", "kein Problem", "Kein Problem."),
    ("xx", "", ""),
]


@pytest.mark.parametrize(("language", "one", "other"), DIFFERENT)
def test_a_negation_or_short_word_that_one_text_lacks(language, one, other):
    both = pair(one, other, language)
    assert small_words_differ(*both, language)
    assert small_words_differ(*both[::-1], language)


@pytest.mark.parametrize(("language", "one", "other"), EQUAL)
def test_other_spellings_and_single_letters_are_no_difference(language, one, other):
    both = pair(one, other, language)
    assert not small_words_differ(*both, language)
    assert not small_words_differ(*both[::-1], language)


WORDS = ["не", "ни", "да", "верен", "неверен", "can", "not", "cant", "kein", "keine", "a"]


@given(st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join))
def test_a_text_does_not_differ_from_itself(text):
    for language in ("ru", "en", "de", "xx"):
        assert not small_words_differ(text, text, language)


LONG = [f"слово{number}" for number in range(1000)]


def test_one_negation_that_a_very_long_text_lacks_is_found():
    assert len(LONG) ** 2 > _MOST_PAIRS
    misheard = [f"слава{number}" if number % 7 == 0 else word for number, word in enumerate(LONG)]
    text = " ".join([*misheard[:500], "не", *misheard[500:]])
    assert small_words_differ(" ".join(LONG), text, "ru")
    assert small_words_differ(text, " ".join(LONG), "ru")
    assert not small_words_differ(" ".join(LONG), " ".join(misheard), "ru")


@given(st.lists(st.integers(0, 40), min_size=600, max_size=700), st.lists(st.integers(30, 70), min_size=600, max_size=700))
@settings(max_examples=5, deadline=None)
def test_an_alignment_of_long_texts_has_every_word_of_both_in_order(one, other):
    words, found = ([str(number) for number in numbers] for numbers in (one, other))
    pairs = _alignment(words, found)
    assert [expected for expected, _ in pairs if expected] == words
    assert [heard for _, heard in pairs if heard] == found


def test_the_comparisons_of_long_texts_are_few(monkeypatch):
    compared = []
    monkeypatch.setattr(small_words, "_similarity", lambda *both: compared.append(both) or 0.0)
    small_words_differ(" ".join(LONG), " ".join(f"другое{number}" for number in range(1200)), "ru")
    assert len(compared) <= _MOST_PAIRS
    some = [f"другое{number}" if number % 200 > 100 else word for number, word in enumerate(LONG)]
    small_words_differ(" ".join(LONG), " ".join(some), "ru")
    assert 0 < len(compared) <= _MOST_PAIRS
