"""Shortened Russian words that have several meanings: «г.», «ст.», «им.», and the words of the other text that they stand for.

Here: the choices for words that are shortened by a full stop. Not here: shortened words with one meaning
(``russian_abbreviations``), units after a number (``russian_units``).
"""

import re
from collections.abc import Iterator

from voice_assets.text.number_words import word_list
from voice_assets.text.russian_latin import names_of

# A shortened word and the stems of the words that it can stand for. Words that begin with the shortened word itself are added.
_STEMS = {
    "г": "город год гор гора грамм", "гг": "год город", "с": "сел страниц секунд",
    "ст": "стать станци степен старш стат столети", "т": "том тонн товарищ", "п": "пункт посел параграф",
    "пп": "пункт подпункт", "оз": "озер", "мм": "миллиметр", "д": "дом деревн день дня дней", "м": "метр метро",
    "р": "рек рубл род", "о": "остров отец отц", "в": "век вольт", "вв": "век", "ч": "час част",
    "кв": "квартир квартал квадратн", "пр": "проспект проезд прочее прочие прочих проч", "прт": "проспект", "бр": "бульвар",
    "ш": "шоссе", "наб": "набережн", "стр": "страниц строени", "см": "смотри сантиметр", "ср": "сравни сред", "эт": "этаж",
    "шт": "штук штат", "экз": "экземпляр", "зам": "заместител", "кап": "капитан", "ген": "генерал", "полк": "полковник",
    "лейт": "лейтенант", "деп": "депутат", "маг": "магазин", "респ": "республик", "мкр": "микрорайон", "кр": "край кра",
    "обл": "област", "град": "градус", "проц": "процент", "ф": "фамили", "вт": "вторник", "пн": "понедельник",
    "чт": "четверг", "пт": "пятниц", "сб": "суббот", "вс": "воскресень", "дн": "день дня дней дне", "кн": "книг",
    "гл": "глав", "тчк": "точк", "млрд": "миллиард", "млн": "миллион", "трлн": "триллион",
    "гр": "гражданин граждан групп грамм", "нач": "начал", "св": "свят", "рт": "ртутн", "мл": "младш миллилитр",
    "ун": "университет", "инт": "институт", "крн": "крайн", "ж": "железн женск", "авг": "август", "июн": "июн", "июл": "июл",
    "сен": "сентябр", "сент": "сентябр", "окт": "октябр", "ноя": "ноябр", "нояб": "ноябр", "дек": "декабр", "тк": "так",
    "кол": "количеств", "янв": "январ", "фев": "феврал", "мар": "март", "апр": "апрел",
}  # fmt: skip
# At the end of a sentence these are words: «Скажи им.», «Мы едим рис.»
_WORDS_TOO = frozenset(word_list("им рис тел дом год час кот лес том век под ред мир бар кол пар ком рек"))
# People leave out the full stop after these. The others are words then, and «в» and «с» too unless a number is before: «XX в».
_WITHOUT_STOP = frozenset(word_list("г гг вв обл стр кв эт шт мм см млн млрд трлн ч м т д р п пп пн вт чт пт сб вс рт экз мкр"))
_AFTER_NUMBER = re.compile(r"[\dIVXХІ]\s?$")
_SHORTENED = re.compile(r"(?<![\w.-])(?P<short>[А-Яа-яЁё]{1,10}?)(?P<end>\.|-(?=\d)|(?![\w-]))")
_FULL_STOP = re.compile(r"\.?\s*$|\.?[!?…»\")]|\.\s+[А-ЯЁ«\"—–-]")


def _stands_for(short: str, word: str, inside: bool) -> bool:
    if short == word:
        return False
    if any(word.startswith(stem) and len(word) <= len(stem) + 4 for stem in _STEMS.get(short, "").split()):
        return True
    # Inside a sentence, a full stop shows that a word is shortened.
    return inside and len(short) > 1 and short not in _STEMS and word.startswith(short)


def shortened_choices(text: str, other: str) -> Iterator[tuple[int, int, str]]:
    """Start, end and long form of every shortened word of ``text`` that a word of ``other`` is the long form of."""
    words = set(re.findall(r"[а-я]+", other.lower().replace("ё", "е")))
    for match in _SHORTENED.finditer(text):
        short, stop = match["short"].lower(), match["end"] == "."
        ends = bool(_FULL_STOP.match(text, match.end("short")))
        if len(short) == 1:
            yield from ((match.start(), match.end(), f"{name} ") for name in names_of(short) if name in words)
        is_unit = short in ("в", "с") and bool(_AFTER_NUMBER.search(text[: match.start()]))
        if not (stop or is_unit or short in _WITHOUT_STOP):
            continue
        if stop and short in _WORDS_TOO:
            yield match.start(), match.end(), f"{match['short']}, "
        if ends and short in _WORDS_TOO:
            continue
        for word in words:
            if _stands_for(short, word, stop and not ends):
                yield match.start(), match.end(), f"{word} "
