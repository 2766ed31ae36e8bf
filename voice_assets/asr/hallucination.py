"""Whether Whisper invented a hypothesis: words that nobody spoke. Not here: loops and repetitions (``asr.similarity.repeats``).

Whisper was trained on subtitles. Over silence and noise, Whisper writes phrases from the end of subtitles, such as the phrases
below. A phrase that people also say counts only as the whole hypothesis.
"""

from functools import cache

from voice_assets.text.normalisation import normalise

# Data sets of prompts or books do not have these phrases. When a reference has such a phrase, the phrase does not count.
_SUBTITLES = {
    "ru": (
        "Продолжение следует", "Субтитры сделал", "Субтитры создавал", "Субтитры подготовил", "Субтитры делал",
        "Редактор субтитров", "Корректор субтитров", "Субтитры и перевод", "Субтитры от", "Субтитры предоставил", "DimaTorzok",
        "Спасибо за просмотр", "Спасибо за внимание", "Подписывайтесь на канал", "Подписывайтесь на мой канал",
        "Подпишись на канал", "Ставьте лайки", "До новых встреч", "До встречи в следующем видео", "Не забудьте подписаться",
        "Смотрите продолжение", "Продолжение в следующей части", "Игорь Негода",
    ),
    "en": (
        "Thanks for watching", "Thank you for watching", "Thank you so much for watching", "Please subscribe",
        "Subscribe to my channel", "Don't forget to subscribe", "Like and subscribe", "Subtitles by", "Captions by",
        "Transcribed by", "Amara.org", "See you in the next video", "Transcription by CastingWords", "to be continued",
    ),
    "es": (
        "Gracias por ver el video", "Gracias por ver", "Subtítulos realizados por", "Subtítulos por", "Suscríbete al canal",
        "Suscríbete a mi canal", "Amara.org", "Hasta la próxima", "No olvides suscribirte", "Continuará",
    ),
    "fr": (
        "Merci d'avoir regardé", "Sous-titres réalisés par", "Sous-titrage", "Sous-titres par", "Abonnez-vous",
        "Amara.org", "Merci d'avoir visionné", "À bientôt pour une nouvelle vidéo", "N'oubliez pas de vous abonner",
    ),
    "de": (
        "Vielen Dank fürs Zuschauen", "Danke fürs Zuschauen", "Untertitel der Amara.org-Community", "Untertitelung",
        "Untertitel von", "Untertitel im Auftrag", "Abonniert den Kanal", "Bis zum nächsten Mal", "Copyright WDR",
    ),
}  # fmt: skip
# People say these phrases too. They count only when the hypothesis has no other words.
_SPOKEN_TOO = {
    "ru": ("Спасибо", "Пока", "Пока-пока", "Музыка", "Аплодисменты", "Тишина", "Смех", "Всем пока", "Удачи"),
    "en": ("you", "Thank you", "Thanks", "Bye", "Bye bye", "Okay", "Thank you very much", "Music", "Applause", "I'm sorry"),
    "es": ("Gracias", "Muchas gracias", "Adiós", "Música", "Aplausos"),
    "fr": ("Merci", "Au revoir", "Musique", "Applaudissements", "Merci beaucoup"),
    "de": ("Vielen Dank", "Danke", "Tschüss", "Musik", "Applaus"),
}

OVER_SILENCE = "words over silence"


@cache
def _phrases(language: str, spoken_too: bool) -> tuple[tuple[str, str], ...]:
    table = _SPOKEN_TOO if spoken_too else _SUBTITLES
    return tuple((phrase, normalise(phrase, language)) for phrase in table.get(language, ()))


def _has(words: str, phrase: str) -> bool:
    return f" {phrase} " in f" {words} "


def hallucination(reference: str, hypothesis: str, language: str, silent: bool) -> str:
    """Why ``hypothesis`` counts as invented, in words; empty when it does not. Both texts are normalised.

    Args:
        reference: the text of the clip.
        hypothesis: what Whisper wrote.
        language: Whisper's code of the language; phrases are known for ru, en, es, fr and de.
        silent: whether the clip's audio holds no speech. Then every word is invented, also a word of the reference.
    """
    if not hypothesis:
        return ""
    if silent:
        return OVER_SILENCE
    for phrase, words in _phrases(language, spoken_too=False):
        if _has(hypothesis, words) and not _has(reference, words):
            return f"known phrase: {phrase}"
    for phrase, words in _phrases(language, spoken_too=True):
        # A hypothesis that is a part of the reference is not invented: the clip may be cut.
        if hypothesis == words and not _has(reference, words):
            return f"known phrase: {phrase}"
    return ""
