"""Latin words and spelled letters in a Russian text, in Cyrillic by their sound.

Here: brand names, abbreviations read letter by letter, transliteration of every other Latin word, and the different Russian
spellings of a loanword. Not here: the order of all steps (``text.russian``).
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache

from voice_assets.text.number_words import word_list

_Match = re.Match[str]

# Latin words as Russians pronounce them. A key of two words matches two words in the text.
_LATIN = {
    "iphone": "айфон", "ipad": "айпад", "apple": "эппл", "macbook": "макбук", "google": "гугл", "youtube": "ютуб",
    "facebook": "фейсбук", "instagram": "инстаграм", "twitter": "твиттер", "whatsapp": "ватсап", "telegram": "телеграм",
    "skype": "скайп", "zoom": "зум", "viber": "вайбер", "tiktok": "тикток", "tik tok": "тикток", "discord": "дискорд",
    "windows": "виндоус", "microsoft": "майкрософт", "android": "андроид", "linux": "линукс", "ubuntu": "убунту",
    "debian": "дебиан", "unix": "юникс", "mac": "мак", "java": "джава", "javascript": "джаваскрипт", "docker": "докер",
    "github": "гитхаб", "git": "гит", "excel": "эксель", "word": "ворд", "photoshop": "фотошоп", "office": "офис",
    "intel": "интел", "nvidia": "нвидиа", "samsung": "самсунг", "sony": "сони", "nokia": "нокиа", "xiaomi": "сяоми",
    "huawei": "хуавей", "lenovo": "леново", "dell": "делл", "asus": "асус", "acer": "асер", "siemens": "сименс",
    "motorola": "моторола", "cisco": "циско", "oracle": "оракл", "adobe": "адоби", "amazon": "амазон", "netflix": "нетфликс",
    "spotify": "спотифай", "playstation": "плейстейшен", "xbox": "иксбокс", "nintendo": "нинтендо", "steam": "стим",
    "uber": "убер", "yandex": "яндекс", "gmail": "джимейл", "paypal": "пейпал", "visa": "виза", "mastercard": "мастеркард",
    "bitcoin": "биткоин", "internet": "интернет", "online": "онлайн", "offline": "офлайн", "email": "имейл",
    "e mail": "имейл", "mail": "мейл", "wi fi": "вай фай", "wifi": "вай фай", "bluetooth": "блютуз", "web": "веб",
    "website": "вебсайт", "browser": "браузер", "chrome": "хром", "firefox": "файрфокс", "opera": "опера", "safari": "сафари",
    "server": "сервер", "router": "роутер", "chat": "чат", "blog": "блог", "post": "пост", "like": "лайк", "stop": "стоп",
    "start": "старт", "login": "логин", "update": "апдейт", "asterisk": "астериск", "chatgpt": "чат джипити", "ok": "окей",
    "okay": "окей", "vip": "вип", "pin": "пин", "usb": "юэсби", "sms": "смс", "pdf": "пдф", "sim": "сим", "gps": "джипиэс",
    "mp": "эмпи", "cd": "сиди", "dvd": "дивиди", "tv": "тиви", "hr": "эйчар", "pr": "пиар", "id": "айди", "dj": "диджей",
    "led": "лед", "vpn": "випиэн", "www": "дабл ю дабл ю дабл ю", "com": "ком", "ru": "ру", "org": "орг", "nasa": "наса",
    "nato": "нато", "bbc": "бибиси", "cnn": "сиэнэн", "ikea": "икеа", "lego": "лего", "nike": "найк", "adidas": "адидас",
    "zara": "зара", "gucci": "гуччи", "chanel": "шанель", "bmw": "бмв", "ford": "форд", "toyota": "тойота", "audi": "ауди",
    "tesla": "тесла", "honda": "хонда", "nissan": "ниссан", "mazda": "мазда", "hyundai": "хендай", "kia": "киа",
    "lexus": "лексус", "porsche": "порше", "ferrari": "феррари", "mercedes": "мерседес", "benz": "бенц",
    "volkswagen": "фольксваген", "volvo": "вольво", "renault": "рено", "peugeot": "пежо", "opel": "опель", "boeing": "боинг",
    "airbus": "эйрбас", "covid": "ковид", "python": "питон", "coca cola": "кока кола", "cola": "кола", "pepsi": "пепси",
    "mcdonalds": "макдональдс", "starbucks": "старбакс", "burger king": "бургер кинг", "the beatles": "битлз",
    "beatles": "битлз", "music": "мьюзик", "rock": "рок", "show": "шоу", "live": "лайв", "club": "клуб", "forbes": "форбс",
    "times": "таймс", "all": "ол", "new york": "нью йорк", "mr": "мистер", "mrs": "миссис", "ms": "мисс", "dr": "доктор",
    "london": "лондон", "paris": "пари", "hollywood": "голливуд", "star": "стар", "world": "ворлд", "home": "хоум",
    "house": "хаус", "time": "тайм", "game": "гейм", "team": "тим", "street": "стрит", "party": "пати", "hello": "хелло",
    "love": "лав", "the": "зе", "plus": "плюс", "pro": "про", "max": "макс", "mini": "мини", "smart": "смарт", "x": "икс",
    "y": "игрек", "z": "зет",
}  # fmt: skip

# Loanwords with several spellings: another spelling -> the spelling in `_LATIN`.
_SPELLINGS = {
    "виндовс": "виндоус", "виндоуз": "виндоус", "виндос": "виндоус", "эпл": "эппл", "ютюб": "ютуб", "нокия": "нокиа",
    "гугел": "гугл", "фэйсбук": "фейсбук", "инстаграмм": "инстаграм", "телеграмм": "телеграм", "воцап": "ватсап",
    "вотсап": "ватсап", "вацап": "ватсап", "вайфай": "вай фай", "блютус": "блютуз", "емейл": "имейл", "емэйл": "имейл",
    "имэйл": "имейл", "мэйл": "мейл", "майл": "мейл", "юсб": "юэсби", "юэсбэ": "юэсби", "эсэмэс": "смс",
    "эсэмэска": "смска", "пэдээф": "пдф", "пидиэф": "пдф", "жпс": "джипиэс", "тв": "тиви", "тэвэ": "тиви",
    "интернэт": "интернет", "оффлайн": "офлайн", "он лайн": "онлайн", "окэй": "окей", "ок": "окей", "о кей": "окей",
    "икея": "икеа", "кия": "киа", "хюндай": "хендай", "хундай": "хендай",
    "хендэ": "хендай", "бээмвэ": "бмв", "эйпл": "эппл", "андройд": "андроид", "эксел": "эксель",
    "линекс": "линукс", "тик ток": "тикток", "биткойн": "биткоин",
    "веб сайт": "вебсайт", "макдоналдс": "макдональдс", "тоета": "тойота", "хуавэй": "хуавей",
    "чатджипити": "чат джипити", "ало": "алло", "алле": "алло", "ксиаоми": "сяоми", "шаоми": "сяоми",
}  # fmt: skip

# Names of the Latin letters, for abbreviations in capitals that cannot be read as a word.
_LETTERS = {
    "a": "эй", "b": "би", "c": "си", "d": "ди", "e": "и", "f": "эф", "g": "джи", "h": "эйч", "i": "ай", "j": "джей",
    "k": "кей", "l": "эл", "m": "эм", "n": "эн", "o": "о", "p": "пи", "q": "кью", "r": "ар", "s": "эс", "t": "ти", "u": "ю",
    "v": "ви", "w": "дабл ю", "x": "икс", "y": "уай", "z": "зет",
}  # fmt: skip
# The same letters as in mathematics, German abbreviations and car plates.
_OTHER_LETTER_NAMES = {
    "a": "а", "b": "бэ", "c": "цэ", "d": "дэ", "e": "е", "f": "эф", "g": "гэ", "h": "аш", "i": "и", "j": "йот", "k": "ка",
    "l": "эль", "m": "эм", "n": "эн", "o": "о", "p": "пэ", "q": "ку", "r": "эр", "s": "эс", "t": "тэ", "u": "у", "v": "вэ",
    "w": "вэ", "x": "икс", "y": "игрек", "z": "зэт",
}  # fmt: skip
# Names of the Cyrillic letters. Names that are also words do not form an abbreviation by themselves.
_CYRILLIC_LETTERS = {
    "бэ": "б", "вэ": "в", "гэ": "г", "дэ": "д", "жэ": "ж", "зэ": "з", "ка": "к", "эл": "л", "эль": "л", "эм": "м", "эн": "н",
    "пэ": "п", "эр": "р", "эс": "с", "тэ": "т", "эф": "ф", "ха": "х", "цэ": "ц", "сэ": "с", "шэ": "ш", "фэ": "ф", "рэ": "р",
    "лэ": "л", "мэ": "м", "нэ": "н", "хэ": "х", "кэ": "к", "че": "ч", "чэ": "ч", "ша": "ш", "а": "а", "е": "е", "и": "и",
    "о": "о", "у": "у", "э": "э", "ю": "ю", "я": "я",
}  # fmt: skip
_SURE_CYRILLIC = frozenset(word_list("бэ вэ гэ дэ жэ зэ эл эм эн пэ эр эс тэ эф цэ сэ шэ эль фэ рэ лэ мэ нэ хэ кэ"))
_SURE_LATIN = frozenset(word_list("эй би си ди джи эйч ай джей кей пи кью ар ти ви уай зет икс"))
_LATIN_NAMES = frozenset(name for name in _LETTERS.values() if " " not in name)

# The transliteration of other Latin words, longest first: rough, but the same for reference and hypothesis.
_TRANSLITERATION = {
    "zz": "з",
    "shch": "щ", "sch": "ш", "tion": "шн", "sh": "ш", "ch": "ч", "zh": "ж", "kh": "х", "ph": "ф", "th": "т", "ck": "к",
    "ts": "ц", "oo": "у", "ee": "и", "ya": "я", "yu": "ю", "yo": "е", "ye": "е", "qu": "кв", "ai": "ай", "ay": "ей",
    "ei": "ей", "ey": "ей", "a": "а", "b": "б", "c": "к", "d": "д", "e": "е", "f": "ф", "g": "г", "h": "х", "i": "и",
    "j": "дж", "k": "к", "l": "л", "m": "м", "n": "н", "o": "о", "p": "п", "q": "к", "r": "р", "s": "с", "t": "т", "u": "у",
    "v": "в", "w": "в", "x": "кс", "y": "и", "z": "з",
}  # fmt: skip


def _any_of(words: Iterable[str]) -> str:
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))


_LATIN_WORD = re.compile(rf"\b(?:{_any_of(_LATIN)})\b")
_TWO_WORDS = re.compile(rf"\b(?:{_any_of([written for written in _SPELLINGS if ' ' in written])})\b")
_TRANSLITERATED = re.compile(_any_of(_TRANSLITERATION))
_NAMED_LETTER = _any_of({*_CYRILLIC_LETTERS, *_LATIN_NAMES})
_ALL_NAMES = frozenset((*_CYRILLIC_LETTERS, *_LATIN_NAMES))
_SPELLED_OUT = re.compile(rf"\b(?:{_NAMED_LETTER})(?: (?:{_NAMED_LETTER}))+\b")
# «эсэсэсэр»: a word of three or more letter names is never another word.
_LETTER_NAME = re.compile(f"{_any_of(_SURE_CYRILLIC)}|ка|[аеиоуюя]")
_ONE_WORD_OF_LETTERS = re.compile(rf"\b(?:{_LETTER_NAME.pattern}){{3,}}\b")
_ACRONYM = re.compile(r"(?<![A-Za-z])[A-Z]{1,6}(?![A-Za-z])")
_READABLE = re.compile(r"(?![^aeiouy]{0,9}$)(?:(?![^aeiouy]{3}).)+")
# «полпятого» and «пол пятого».
_HALF_HOUR = re.compile(
    r"\bпол ?(?=(?:перв|втор|четверт|пят|шест|седьм|восьм|девят|десят|одиннадцат|двенадцат)ого\b|третьего\b)"
)
_HAS_LATIN = re.compile("[a-z]")


def _acronym(match: _Match) -> str:
    letters = match[0].lower()
    if letters in _LATIN or (len(letters) > 2 and _READABLE.fullmatch(letters)):
        return match[0]
    return " " + "".join(_LETTERS[letter] for letter in letters) + " "


def spell_acronyms(text: str) -> str:
    """Replace Latin abbreviations by the names of their letters, unless they are read as a word. ``text`` has its capitals."""
    return _ACRONYM.sub(_acronym, text)


@cache
def names_of(letter: str) -> tuple[str, ...]:
    """The names of a Cyrillic letter, lower case: «эль» and «эл»; none for a letter that is its own name."""
    return tuple(name for name, named in _CYRILLIC_LETTERS.items() if named == letter != name)


def letter_names(text: str) -> Iterator[str]:
    """Latin capitals as the names of their letters in English and in mathematics, and as Cyrillic letters of the same look."""
    for names in (_LETTERS, _OTHER_LETTER_NAMES):
        yield " ".join(names[letter] for letter in text.lower())
    if "x" in text.lower():
        yield " ".join(_LETTERS[letter] for letter in text.lower()).replace("икс", "экс")
    if len(text) == 1:
        yield transliterate(text.lower())
    text = text.upper()
    if not set(text) - set("ABCEHKMOPTX"):
        yield text.translate(str.maketrans("ABCEHKMOPTX", "АВСЕНКМОРТХ"))


def _spelled_out(match: _Match) -> str:
    """«эм ка эс» as «мкс», «ай пи» as «айпи». Words that are also letter names stay words."""
    names = match[0].split()
    if all(name in _CYRILLIC_LETTERS for name in names) and any(name in _SURE_CYRILLIC for name in names):
        return "".join(_CYRILLIC_LETTERS[name] for name in names)
    names = ["эл" if name == "эль" else name for name in names]
    if all(name in _LATIN_NAMES for name in names) and sum(name in _SURE_LATIN for name in names) >= 1:
        return "".join(names) if any(len(name) > 1 for name in names[:1] + names[-1:]) else match[0]
    return match[0]


def _letter_names(match: _Match) -> str:
    names = _LETTER_NAME.findall(match[0])
    return " ".join(names) if sum(name in _SURE_CYRILLIC for name in names) >= 2 else match[0]


@cache
def _transliterated(word: str) -> str:
    return _TRANSLITERATED.sub(lambda match: _TRANSLITERATION[match[0]], word)


@lru_cache(maxsize=65536)
def transliterate(text: str) -> str:
    """``text`` (lower case) with every Latin word in Cyrillic."""
    if _HAS_LATIN.search(text):
        text = _LATIN_WORD.sub(lambda match: _LATIN[match[0]], text)
        text = re.sub("[a-z]+", lambda match: _transliterated(match[0]), text)
    return text


@lru_cache(maxsize=65536)
def one_spelling(text: str) -> str:
    """Normalised words with spelled-out letters joined, and each loanword in one spelling."""
    text = _HALF_HOUR.sub("половина ", text) if "пол" in text else text
    text = text.replace("ъ", "ь")
    if "э" in text:
        text = _ONE_WORD_OF_LETTERS.sub(_letter_names, text)
    words = text.split()
    if sum(word in _ALL_NAMES for word in words) >= 2:
        words = _SPELLED_OUT.sub(_spelled_out, text).split()
    text = " ".join(_SPELLINGS.get(word, word) for word in words)
    return _TWO_WORDS.sub(lambda match: _SPELLINGS[match[0]], text)
