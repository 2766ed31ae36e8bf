"""Russian units and money: their names after a number, and the noun form that agrees with the number.

Here: tables of units and the choice of a noun form. A unit is a short name with a multiple before it («мВт», "GHz"), or a rate
(«об/мин»). Not here: forms of nouns (``russian_nouns``), reading the number (``russian_figures``), abbreviations of other words
(``russian_abbreviations``).
"""

import re
from functools import cache

from voice_assets.text.number_words import word_list
from voice_assets.text.russian_nouns import agreeing_forms

_MULTIPLES = {
    "к": ("кило",), "м": ("мега", "милли"), "г": ("гига", "гекто"), "т": ("тера",), "с": ("санти",), "д": ("деци",),
    "мк": ("микро",), "н": ("нано",),
}  # fmt: skip
# A unit, the noun, and the multiples that are in use. «мм» is no megametre.
_BASES = {
    "м": ("метр", "к с м д мк н"), "г": ("грамм", "к м мк"), "л": ("литр", "м д"), "вт": ("ватт", "к м г"),
    "в": ("вольт", "к м"), "а": ("ампер", "к м"), "гц": ("герц", "к м г"), "па": ("паскаль", "к м г"),
    "дж": ("джоуль", "к м"), "кал": ("калория", "к"), "б": ("байт", "к м г т"), "байт": ("байт", "к м г т"),
    "бит": ("бит", "к м г т"), "ом": ("ом", "к м"), "моль": ("моль", "м к мк"), "т": ("тонна", "к"), "н": ("ньютон", "к"),
    "с": ("секунда", "м мк н"), "пикс": ("пиксель", "м"), "п": ("пиксель", "м"),
}  # fmt: skip
# Names whose usual noun is another than the first multiple gives, and names with several meanings.
_UNUSUAL = {
    "мм": ("миллиметр",), "мл": ("миллилитр",), "мг": ("миллиграмм",), "мс": ("миллисекунда",), "ма": ("миллиампер",),
    "мв": ("милливольт", "мегавольт"), "ммоль": ("миллимоль",), "гпа": ("гектопаскаль",), "гг": ("год",), "вв": ("век",),
    "г": ("грамм", "год"), "к": ("тысяча", "кельвин"), "д": ("день", "дюйм"),
}  # fmt: skip
_SINGLE = {
    "га": "гектар", "ц": "центнер", "гр": "грамм", "шт": "штука", "чел": "человек", "мес": "месяц", "нед": "неделя",
    "дн": "день", "сут": "сутки", "ч": "час", "час": "час", "мин": "минута", "сек": "секунда", "руб": "рубль", "р": "рубль",
    "коп": "копейка", "долл": "доллар", "дол": "доллар", "евр": "евро", "дб": "децибел", "дюйм": "дюйм", "уз": "узел",
    "об": "оборот", "уд": "удар", "кадр": "кадр", "квт·ч": "киловатт час", "квт*ч": "киловатт час", "квтч": "киловатт час",
    "ква": "киловольт ампер", "мач": "миллиампер час", "ма·ч": "миллиампер час", "эт": "этаж", "стр": "страница",
    "экз": "экземпляр", "кв": "киловольт", "%": "процент", "‰": "промилле", "°c": "градус", "°с": "градус", "°": "градус",
    "$": "доллар", "€": "евро", "₽": "рубль", "£": "фунт", "¥": "йена", "₴": "гривна", "₸": "тенге",
}  # fmt: skip
# Forms after one, after two to four, after five and more, where more than the noun changes.
_PHRASES = {
    **dict.fromkeys(("кв. м", "кв.м", "м2"), ("квадратный метр", "квадратных метра", "квадратных метров")),
    **dict.fromkeys(("кв. км", "кв.км", "км2"), ("квадратный километр", "квадратных километра", "квадратных километров")),
    **dict.fromkeys(("см2",), ("квадратный сантиметр", "квадратных сантиметра", "квадратных сантиметров")),
    **dict.fromkeys(("мм2",), ("квадратный миллиметр", "квадратных миллиметра", "квадратных миллиметров")),
    **dict.fromkeys(("куб. м", "куб.м", "м3"), ("кубический метр", "кубических метра", "кубических метров")),
    **dict.fromkeys(("куб. см", "см3"), ("кубический сантиметр", "кубических сантиметра", "кубических сантиметров")),
    "°f": ("градус Фаренгейта", "градуса Фаренгейта", "градусов Фаренгейта"),
    **dict.fromkeys(("л.с.", "л. с."), ("лошадиная сила", "лошадиные силы", "лошадиных сил")),
    "мм рт. ст.": ("миллиметр ртутного столба", "миллиметра ртутного столба", "миллиметров ртутного столба"),
    "тыс": ("тысяча", "тысячи", "тысяч"),
    "млн": agreeing_forms("миллион"),
    "млрд": agreeing_forms("миллиард"),
    "трлн": agreeing_forms("триллион"),
}
# The usual rates. «в» and «на» take the noun in the accusative.
_RATES = {
    "км/ч": "километр в час", "м/с": "метр в секунду", "км/с": "километр в секунду", "миль/ч": "миля в час",
    "м/мин": "метр в минуту", "об/мин": "оборот в минуту", "уд/мин": "удар в минуту", "кадр/с": "кадр в секунду",
    "кбит/с": "килобит в секунду", "мбит/с": "мегабит в секунду", "гбит/с": "гигабит в секунду", "мб/с": "мегабайт в секунду",
    "гб/с": "гигабайт в секунду",
}  # fmt: skip
# These are a unit only when the other text says the unit: «5 А», «30 с», «3К».
_UNSURE = frozenset(word_list("с а в п н б р к д об уд эт стр кадр ом мс кв ц"))
_LATIN_UNITS = {
    "km": "км", "m": "м", "cm": "см", "mm": "мм", "kg": "кг", "g": "г", "mg": "мг", "l": "л", "ml": "мл", "kb": "кб",
    "mb": "мб", "gb": "гб", "tb": "тб", "hz": "гц", "khz": "кгц", "mhz": "мгц", "ghz": "ггц", "w": "вт", "kw": "квт",
    "v": "в", "a": "а", "db": "дб", "mbps": "мбит/с", "gbps": "гбит/с", "mah": "мач", "ma": "ма", "kwh": "квтч",
    "fps": "кадр/с", "mph": "миль/ч", "kbps": "кбит/с", "l/100km": "л/100км", "mp": "мп", "h": "ч", "min": "мин", "s": "с",
    "sec": "сек", "ms": "мс", "k": "к", "rub": "руб", "usd": "$", "eur": "€", "p": "р", "px": "пикс", "rpm": "об/мин",
    "km/h": "км/ч", "m/s": "м/с",
}  # fmt: skip
_SIGN_READINGS = {"'": ("минута", "фут"), "′": ("минута", "фут"), '"': ("секунда", "дюйм"), "″": ("секунда", "дюйм")}


@cache
def nouns() -> dict[str, tuple[str, ...]]:
    """Each short name of a unit, in lower case, and the nouns that it can stand for. The first noun is the usual one."""
    found: dict[str, tuple[str, ...]] = {}
    for base, (noun, multiples) in _BASES.items():
        found[base] = (noun,)
        for short in multiples.split():
            found[short + base] = tuple(multiple + noun for multiple in _MULTIPLES[short])
    return found | {short: (noun,) for short, noun in _SINGLE.items()} | _UNUSUAL


def _forms() -> dict[str, tuple[str, str, str]]:
    found: dict[str, tuple[str, str, str]] = {short: agreeing_forms(names[0]) for short, names in nouns().items()}
    for short, rate in _RATES.items():
        noun, rest = rate.split(" ", 1)
        one, few, many = agreeing_forms(noun)
        found[short] = (f"{one} {rest}", f"{few} {rest}", f"{many} {rest}")
    found |= _PHRASES
    return {short: forms for short, forms in found.items() if short not in _UNSURE}


# Forms after a number: after one, after two to four, after five and more.
UNITS = _forms()
# The hundredths of a sum with two digits after the comma.
SMALL_MONEY = {
    **dict.fromkeys(("руб", "₽"), ("копейка", "копейки", "копеек")),
    **dict.fromkeys(("$", "€"), ("цент", "цента", "центов")),
}
FEMININE = frozenset(unit for unit, forms in UNITS.items() if forms[0].split()[0][-1] in "ая")
UNIT_NAMES = "|".join(sorted(map(re.escape, UNITS), key=len, reverse=True))
# Units that are no other word, so they are units also without a number before them.
_BARE_UNITS = ("км", "см", "кг", "руб", "тыс", "млн", "млрд", "трлн", "кб", "мб", "гб", "тб", "квт", "кгц", "мгц", "ггц")
_BARE_UNIT = re.compile(r"\b(?:" + "|".join(_BARE_UNITS) + r")\b")


def agreeing_form(number: int, forms: tuple[str, str, str]) -> str:
    """The form of a noun that agrees with ``number``: 1 рубль, 2 рубля, 5 рублей, 11 рублей, 21 рубль."""
    tens, ones = number % 100, number % 10
    if ones == 1 and tens != 11:
        return forms[0]
    return forms[1] if 2 <= ones <= 4 and not 12 <= tens <= 14 else forms[2]


def expand_bare_units(text: str) -> str:
    """Units without a number before them as nouns in the genitive plural: «км» as «километров»."""
    return _BARE_UNIT.sub(lambda match: UNITS[match[0]][2], text)


def unit_readings(short: str) -> list[str]:
    """The nouns that a unit can stand for, as written after a number with or without a full stop; also rates: «л/100 км»."""
    name = short.lower().replace(" ", "").rstrip(".")
    name = _LATIN_UNITS.get(name, name)
    if name == "¥":
        return ["йена", "иена"]
    if name in _RATES:
        return [_RATES[name]]
    if "/" in name:
        return _rate(name)
    if name in _PHRASES:
        return [_PHRASES[name][2]]
    return [*nouns().get(name, ()), *_SIGN_READINGS.get(name, ())]


def _rate(name: str) -> list[str]:
    """«г/л» as «грамм на литр» and «грамм в литр»; «л/100км» as «литр на 100 километров»."""
    unit, _, rest = name.partition("/")
    number = re.match(r"\d*", rest)
    digits = number[0] if number else ""
    above, below = unit_readings(unit), unit_readings(rest[len(digits) :])
    return [
        f"{one} {link} {digits} {_accusative(other)}" for one in above[:2] for other in below[:2] for link in ("в", "на", "за")
    ]


def _accusative(noun: str) -> str:
    return noun[:-1] + "у" if noun.endswith("а") else noun
