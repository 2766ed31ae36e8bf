import pytest

from voice_assets.asr.hallucination import OVER_NOISE, OVER_SILENCE, hallucination
from voice_assets.asr.similarity import similarity
from voice_assets.asr.subtitle_phrases import CAPTIONS, SPOKEN_TOO, SUBTITLES, patterns, plain

INVENTED = {
    "ru": (
        "Продолжение следует...", "Продолжение в следующей части", "Субтитры сделал DimaTorzok", "Субтитры подогнал «Антон»",
        "Субтитры создал DimaTorzhok", "Редактор субтитров А.Петров Корректор И.Сидорова", "Привет всем. Спасибо за просмотр!",
        "Спасибо за субтитры Ивану Петрову!", "Спасибо, что досмотрели!",
        "Смотритев следующей серии.", "ПОДПИШИСЬ НА КАНАЛ", "Подписывайтесь на наш канал",
        "Ставьте лайки", "Спасибо.", "СПОКОЙНАЯ МУЗЫКА", "СТУК В ОКНО", "Грустная музыка", "КАКИЕ-ТО СЛОВА", "Amara.org",
        "Thanks for watching!",
    ),
    "en": (
        "Thanks for watching!", "Thank you so much for watching this", "Thanks for watching, and I'll see you next time.",
        "Please subscribe to our channel!", "Subtitles by Someone", "Subtitles by the Amara.org community", "you", "Thank you.",
        "Transcription by CastingWords", "To be continued...", "soft music",
    ),
    "es": (
        "¡Gracias por ver el video!", "Subtítulos realizados por la comunidad de Amara.org", "Subtitulado por Alguien",
        "¡Suscríbete!", "Hasta la próxima", "Música suave",
    ),
    "fr": (
        "Sous-titres réalisés par la communauté d'Amara.org", "Sous-titrage ST' 501", "Merci d’avoir regardé cette vidéo !",
        "Abonnez-vous !", "❤️ par SousTitreur.com", "À la prochaine vidéo", "Musique douce",
    ),
    "de": (
        "Untertitel der Amara.org-Community", "Untertitel im Auftrag des ZDF, 2018", "Vielen Dank.", "Bis zum nächsten Video!",
        "Danke für's Zuschauen", "Vielen Dank fürs Zusehen", "Copyright WDR 2020", "Fortsetzung folgt", "Ruhige Musik",
    ),
    "it": ("Sottotitoli creati dalla comunità Amara.org", "Sottotitoli di Qualcuno", "Grazie per aver guardato", "Grazie."),
    "pt": ("Legendas pela comunidade Amara.org", "Obrigado por assistir", "Inscreva-se no canal", "Obrigada."),
    "uk": ("Дякую за перегляд!", "Субтитри зробив Іван", "Підписуйтесь на мій канал", "Далі буде"),
    "pl": ("Napisy stworzone przez społeczność Amara.org", "Dziękuję za oglądanie", "Subskrybujcie!", "Dziękuję."),
    "nl": ("Ondertiteld door iemand", "Bedankt voor het kijken!", "Tot de volgende keer", "Dank u wel."),
    "tr": ("Altyazı M.K.", "İzlediğiniz için teşekkürler"),
    "sv": ("Undertexter från Amara.org-gemenskapen",),
    "cs": ("Titulky vytvořil Jan", "Děkuji za pozornost"),
}  # fmt: skip
CASES = [(language, one) for language, phrases in INVENTED.items() for one in phrases]
REFERENCE = {"ru": "Здравствуйте", "uk": "Добрий день"}
SPOKEN = [
    ("ru", "Продолжение следует", "Продолжение следует"),
    ("ru", "Скажите спасибо", "Спасибо."),
    ("ru", "Привет всем", "Привет, спасибо всем"),
    ("ru", "Включите субтитры в меню", "Включите субтитры в меню."),
    ("ru", "Спасибо за внимание", "Спасибо за внимание!"),
    ("ru", "Играет музыка", "Играет музыка"),
    ("ru", "США и СССР", "США И СССР"),
    ("ru", "Привет всем", ""),
    ("en", "I saw you there", "you"),
    ("en", "Hello", "Hello you"),
    ("en", "Thank you for calling", "Thank you for calling."),
    ("en", "Please turn the music down now", "Please turn the music down."),
    ("de", "Auf Wiedersehen", "Auf Wiedersehen."),
    ("xx", "Ciao", "Продолжение следует"),
]


def reason(language, reference, hypothesis, audio="speech"):
    return hallucination(reference, hypothesis, similarity(reference, hypothesis, language), language, audio)


@pytest.mark.parametrize(("language", "hypothesis"), CASES)
def test_a_phrase_or_caption_that_the_text_does_not_have(language, hypothesis):
    assert reason(language, REFERENCE.get(language, "Telefono"), hypothesis).startswith(
        ("known phrase: ", "caption of a sound: ")
    )
    assert reason(language, hypothesis, hypothesis) == ""


@pytest.mark.parametrize(("language", "reference", "hypothesis"), SPOKEN)
def test_words_that_may_have_been_spoken_are_not_invented(language, reference, hypothesis):
    assert reason(language, reference, hypothesis) == ""


@pytest.mark.parametrize("language", list(SUBTITLES))
def test_the_tables_are_written_as_plain_texts(language):
    assert patterns(language)
    for pattern in SUBTITLES[language]:
        assert not set(pattern) & set("áéíóúàèùâêîôûäöüßçñãõąęćńśźżőёý'’"), pattern
    assert all(noun == plain(noun) for noun in CAPTIONS.get(language, ()))
    assert all(map(plain, SPOKEN_TOO.get(language, ())))


def test_any_word_over_silence_is_invented():
    assert reason("ru", "Привет", "Привет", "silence") == OVER_SILENCE
    assert reason("ru", "Привет", "…", "silence") == ""


def test_over_noise_only_words_of_the_text_were_spoken():
    assert reason("ru", "Привет всем", "Что это было", "noise") == OVER_NOISE
    assert reason("ru", "Привет всем", "Привет всем.", "noise") == ""
    assert reason("ru", "Привет всем", "…", "noise") == ""
