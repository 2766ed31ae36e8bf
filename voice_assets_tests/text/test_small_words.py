import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_assets.text.comparison import pair
from voice_assets.text.small_words import small_words_differ

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
