import pytest

from voice_assets.asr.hallucination import OVER_SILENCE, hallucination
from voice_assets.text.normalisation import normalise

PHRASES = [
    ("ru", "Привет всем", "Продолжение следует..."),
    ("ru", "Привет всем", "Субтитры сделал DimaTorzok"),
    ("ru", "Привет всем", "Редактор субтитров А.Семкин Корректор А.Егорова"),
    ("ru", "Привет всем", "Привет всем. Спасибо за просмотр!"),
    ("ru", "Привет", "Спасибо."),
    ("en", "Hello", "Thanks for watching!"),
    ("en", "Hello", "you"),
    ("en", "Hello", "Thank you."),
    ("es", "Hola", "¡Gracias por ver el video!"),
    ("es", "Hola", "Subtítulos realizados por la comunidad de Amara.org"),
    ("fr", "Bonjour", "Sous-titres réalisés par la communauté d'Amara.org"),
    ("fr", "Bonjour", "Merci d’avoir regardé cette vidéo !"),
    ("de", "Hallo", "Untertitel der Amara.org-Community"),
    ("de", "Hallo", "Vielen Dank."),
]
NOT_INVENTED = [
    ("ru", "Продолжение следует", "Продолжение следует"),
    ("ru", "Скажите спасибо", "Спасибо."),
    ("ru", "Привет всем", "Привет, спасибо всем"),
    ("ru", "Привет всем", ""),
    ("en", "I saw you there", "you"),
    ("en", "Hello", "Hello you"),
    ("it", "Ciao", "Продолжение следует"),
]


def reason(language, reference, hypothesis, silent=False):
    return hallucination(normalise(reference, language), normalise(hypothesis, language), language, silent)


@pytest.mark.parametrize(("language", "reference", "hypothesis"), PHRASES)
def test_a_known_phrase_that_the_text_does_not_have(language, reference, hypothesis):
    assert reason(language, reference, hypothesis).startswith("known phrase: ")


@pytest.mark.parametrize(("language", "reference", "hypothesis"), NOT_INVENTED)
def test_words_that_may_have_been_spoken_are_not_invented(language, reference, hypothesis):
    assert reason(language, reference, hypothesis) == ""


def test_any_word_over_silence_is_invented():
    assert reason("ru", "Привет", "Привет", silent=True) == OVER_SILENCE
    assert reason("ru", "Привет", "…", silent=True) == ""
    assert reason("ru", "Привет", "Привет", silent=False) == ""
