"""Phrases that Whisper invents, by language: Whisper was trained on subtitles. Not here: judging (``asr.hallucination``).

``SUBTITLES`` has regular expressions for `plain` texts. They name kinds by their stems (who made the subtitles, thanks for
watching, calls to subscribe, the next part), because names and endings vary. ``SPOKEN_TOO`` has phrases that people also say,
and ``CAPTIONS`` has the nouns of sound captions; both count only as a whole hypothesis.
"""

import re
import unicodedata

from voice_assets.text.number_words import word_list

_LATIN_MARKS = re.compile("(?<=[a-z])[\u0300-\u036f]+")
_NO_WORD = re.compile(r"[\W_]+")


def plain(text: str) -> str:
    """``text`` as lower-case words with single spaces; Latin letters without accents, «е» for «ё»."""
    letters = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text).lower())
    composed = unicodedata.normalize("NFC", _LATIN_MARKS.sub("", letters)).replace("ё", "е")
    return _NO_WORD.sub(" ", composed).strip()


# In every language: Whisper also writes these over speech of another language.
_EVERYWHERE = (
    r"amara org", r"dima ?tor\w+", r"castingwords", r"sous ?titreur\w*", r"opensubtitles\w*", r"subtitles by",
    r"steamteamextra", r"thank(?:s| you)(?: \w+){0,3} for watching", r"(?:www|https?) \w+",
)  # fmt: skip
SUBTITLES = {
    "ru": (
        r"субтитр\w*", r"(?:редактор|корректор) [а-я] ?\w+", r"продолжение (?:следует|в следующ\w+)",
        r"следующ\w+ (?:част|сери|видео|выпуск)\w*", r"смотри\w* (?:продолжение|далее)",
        r"спасибо за (?:просмотр|внимание|подписк|лайк)\w*", r"спасибо что (?:по|до)?смотре\w+",
        r"подпис\w+ на (?:\w+ )?канал\w*",
        r"(?:не забуд\w+|обязательно) подпис\w+", r"(?:став\w+|постав\w+) лайк\w*", r"до новых встреч", r"игорь негода",
    ),
    "en": (
        r"thank(?:s| you)(?: \w+){0,3} for (?:viewing|listening)", r"(?:please|and|to) subscribe",
        r"subscribe to (?:my|our|the)",
        r"see you(?: \w+){0,3} next (?:time|video|week|episode)", r"next video", r"(?:sub|closed )?(?:titles|captions?) by",
        r"(?:transcribed|transcription|translated|translation|captioned|subtitled) by", r"to be continued",
        r"copyright \d{4}", r"all rights reserved",
    ),
    "es": (
        r"gracias por (?:ver|vernos|mirar|su atencion)", r"suscrib\w+", r"subtitul\w+", r"hasta (?:la|el) proxim\w+",
        r"proximo video", r"continuara", r"dale (?:un )?(?:like|me gusta)",
    ),
    "fr": (
        r"merci d avoir (?:regarde|visionne|suivi|ecoute)\w*", r"sous titr\w*", r"abonnez vous", r"vous abonner",
        r"prochaine video", r"nouvelle video", r"a suivre",
    ),
    "de": (
        r"untertitel\w*", r"dank\w* (?:furs?|fur \w+) (?:zuschauen|zusehen|aufmerksamkeit)", r"abonnier\w+",
        r"bis zum nachsten (?:mal|video)", r"nachsten video", r"copyright \w+ \d{4}", r"im auftrag des \w+",
        r"fortsetzung folgt",
    ),
    "it": (
        r"sottotitol\w*", r"grazie per (?:aver \w+|la visione|l attenzione)", r"iscriv\w+ al (?:\w+ )?canale",
        r"prossimo video", r"continua nella prossima",
    ),
    "pt": (
        r"legend\w+ (?:pela|por|da comunidade|de)", r"obrigad\w por (?:assistir|ver)", r"inscrev\w+(?: se)? no (?:\w+ )?canal",
        r"ate (?:a|o) proxim\w+", r"proximo video", r"transcricao e legendas",
    ),
    "uk": (
        r"субтитр\w*", r"(?:редактор|коректор) [а-яіїєґ] ?\w+", r"дяку\w+ за (?:перегляд|увагу|підписку)",
        r"підпис\w+ на (?:\w+ )?канал\w*", r"наступн\w+ (?:відео|серії|частині)", r"далі буде", r"продовження (?:слідує|далі)",
    ),
    "pl": (
        r"napis\w* (?:stworzon\w+|wykonan\w+|przez|by)", r"dziekuj\w+ za (?:ogladanie|obejrzenie|uwage)", r"subskryb\w+",
        r"do zobaczenia w (?:nastepnym|kolejnym)", r"ciag dalszy nastapi", r"zdjecia i montaz",
    ),
    "nl": (
        r"ondertitel\w*", r"(?:bedankt|dank\w* \w+) voor het kijken", r"abonneer\w*", r"tot de volgende (?:keer|video)",
        r"volgende video",
    ),
    "tr": (r"altyaz\w*", r"izlediginiz icin tesekkur\w*", r"abone ol\w*"),
    "sv": (r"undertext\w*", r"svensktextning\w*", r"textning\w*", r"tack for att (?:ni|du) (?:tittade|tittat|har tittat)"),
    "cs": (r"titulky \w+", r"dekuj\w+ za (?:pozornost|sledovani)", r"odber\w* kanal\w*", r"pokracovani priste"),
}  # fmt: skip
SPOKEN_TOO = {
    "ru": ("Спасибо", "Пока", "Пока-пока", "Всем пока", "Удачи"),
    "en": ("you", "Thank you", "Thanks", "Bye", "Bye bye", "Okay", "Thank you very much", "I'm sorry"),
    "es": ("Gracias", "Muchas gracias", "Adiós"),
    "fr": ("Merci", "Au revoir", "Merci beaucoup"),
    "de": ("Vielen Dank", "Danke", "Tschüss"),
    "it": ("Grazie", "Grazie mille", "Ciao"),
    "pt": ("Obrigado", "Obrigada", "Tchau"),
    "uk": ("Дякую", "Бувай"),
    "pl": ("Dziękuję", "Dzięki"),
    "nl": ("Bedankt", "Dank u wel", "Dank je wel"),
}
CAPTIONS = {
    "ru": word_list(
        "музыка аплодисменты тишина смех стук шум звонок выстрелы выстрел крики крик шаги скрип гул лай вой свист плач"
    ),
    "uk": word_list("музика аплодисменти тиша сміх стукіт шум дзвінок постріли крики кроки"),
    "en": word_list("music applause silence laughter knocking noise footsteps gunshots screaming cheering"),
    "es": word_list("musica aplausos silencio risas ruido pasos disparos gritos"),
    "fr": word_list("musique applaudissements silence rires bruit cris"),
    "de": word_list("musik applaus stille gelachter gerausche schritte schusse schreie klopfen"),
    "it": word_list("musica applausi silenzio risate rumore"),
    "pt": word_list("musica aplausos silencio risos barulho"),
    "pl": word_list("muzyka brawa cisza smiech halas"),
    "nl": word_list("muziek applaus stilte gelach"),
}


def patterns(language: str) -> re.Pattern[str]:
    """One expression for every phrase of a language and the phrases of all languages, for `plain` texts."""
    return re.compile(rf"(?<!\w)(?:{'|'.join((*_EVERYWHERE, *SUBTITLES.get(language, ())))})(?!\w)")
