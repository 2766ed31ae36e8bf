"""The places of a Russian text that can be read in several ways, and their readings.

Here: one pattern for each way to write such a place. A reading is a spelling with one meaning: ``text.normalisation`` reads it
like any other text. A reading keeps the value that is written: "20 5" is never «двадцать пять», "5²" is never "52". Not here:
choosing a reading (``text.readings``), the usual reading (``russian_figures``, ``russian_abbreviations``).
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import product

from voice_assets.text.digits import numeral
from voice_assets.text.normalisation import normalise
from voice_assets.text.number_words import ParsedNumber
from voice_assets.text.readings import Choice
from voice_assets.text.russian_clock import clock_readings, date_readings
from voice_assets.text.russian_figures import COMPOUND
from voice_assets.text.russian_latin import letter_names, names_of
from voice_assets.text.russian_numbers import elements
from voice_assets.text.russian_numerals import combining
from voice_assets.text.russian_roman import roman_readings
from voice_assets.text.russian_shortened import shortened_choices
from voice_assets.text.russian_sounds import alike_words
from voice_assets.text.russian_units import unit_readings

_Match = re.Match[str]
Readings = Callable[[_Match, str], Iterable[str]]
"""Gets a match and the other text; returns every reading of the place."""

# Abbreviations whose number or case a figure beside them would show.
_IS_SHORTENED = re.compile(
    r"(?<!\w)(?:км/ч|м/с|(?:г|гг|ул|д|кв|стр|с|рис|гл|тел|руб|р|коп|тыс|млн|млрд|трлн|мин|сек|ч|обл|ст|п|пл|мес|шт|чел|вв|в|т)\."
    r"|км|см|мм|кг|руб|тыс|млн|млрд|трлн|[КМГТ]Б|[XVIХІ]{2,}|[XVI](?=\s[а-яё]))(?!\w)",
    re.IGNORECASE,
)


def is_shortened(text: str) -> bool:
    """Whether ``text`` has abbreviations or Roman numbers that leave open the case and number of a word."""
    return bool(_IS_SHORTENED.search(text))


def _unit(match: _Match, _: str) -> Iterator[str]:
    for noun in unit_readings(match["unit"]):
        yield f" {noun} "
    if match["unit"].isalpha():
        yield f", {match['unit']} "
        if len(match["unit"]) <= 3:
            yield from (f" {' '.join(names)}" for names in product(*map(names_of, match["unit"].lower())))


def _clock(match: _Match, other: str) -> Iterable[str]:
    return clock_readings(int(match["hours"]) % 24, int(match["minutes"]), other)


def _date(match: _Match, _: str) -> Iterable[str]:
    return date_readings(int(match["day"]), int(match["month"]), match["year"] or "")


def _fraction(match: _Match, _: str) -> Iterator[str]:
    """«2/3» as «две третьих», «два из трёх», «два дробь три»; "2 1/2" with the whole number before."""
    top, below = int(match["top"]), int(match["below"])
    whole = f"{match['whole']} и " if match["whole"] else ""
    if 0 < top < below <= 1000:
        gender = {"gender": "f"}
        ordinal = numeral(below, "ru", to="ordinal", case="n" if top == 1 else "g", gender="f", plural=top > 1)
        named = f"{numeral(top, 'ru', **gender)} {ordinal}"
        yield whole + named
        if whole:
            yield f"{match['whole']} целых {named}"
        if 1000 % below == 0:
            yield f"{match['whole'] or 0},{1000 * top // below:03d}".rstrip("0")
    yield from (whole + name for name in _FRACTION_NAMES.get((top, below), ()))
    if match["whole"]:
        return
    for link in ("из", "на", "к", "дробь", "разделить на", "делить на", "слэш"):
        yield f"{top} {link} {below}"


def _ratio(match: _Match, _: str) -> Iterator[str]:
    for link in ("к", "на", ",", "разделить на", "делить на"):
        yield f"{match['one']} {link} {match['two']}"


def _product(match: _Match, _: str) -> Iterator[str]:
    one, two = match["one"], match["two"]
    for link in ("на", "умножить на", "помножить на", "икс"):
        yield f"{one} {link} {two}"
    if words := {"2": "дважды", "3": "трижды", "4": "четырежды"}.get(one):
        yield f"{words} {two}"
    if len(one) == 1 and int(one) > 4:
        yield f"{numeral(int(one), 'ru', case='i')} {two}"


def _difference(match: _Match, _: str) -> Iterator[str]:
    one, two = match["one"], match["two"]
    yield f"с {one} по {two}"
    yield f"со {one} по {two}"
    yield f"от {one} до {two}"
    for link in ("минус", "тире", "дефис", "дробь", "до", "по", "и"):
        yield f"{one} {link} {two}"


def _sign(match: _Match, _: str) -> Iterable[str]:
    return [f" {word} " for word in _SIGNS[match[0].strip()]]


def _compound(match: _Match, _: str) -> Iterator[str]:
    number = match["number"]
    yield ("полутора" if number[1:] in (",5", ".5") else combining(int(number))) + match["rest"]


def _of_percent(match: _Match, _: str) -> Iterator[str]:
    """«10%-й» as «десятипроцентный»."""
    yield f"{combining(int(match['number']))}процентн{_PERCENT_ENDINGS[match['ending']]}"


def _decimal(match: _Match, other: str) -> Iterator[str]:
    """«36,6» as «тридцать шесть и шесть» and, unless the other text has 366, «тридцать шесть, шесть»."""
    digits = match["whole"] + match["part"]
    values = [str(one.value) for one in elements(normalise(other, "ru")) if isinstance(one, ParsedNumber)]
    for link in (" и ", ", ", " точка ", " запятая "):
        # Figures without a word between them are compared in groups of any length (``text.comparison``).
        if link != ", " or digits not in values:
            yield f"{match['whole']}{link}{match['part']}"


def _ordinal(match: _Match, _: str) -> Iterator[str]:
    yield f"{match['number']}-{match['ending']}"


def _power(match: _Match, _: str) -> Iterator[str]:
    power = f"минус {match['power']}" if match["minus"] else match["power"]
    yield f" в степени {power}"
    yield f" в {power}-й"
    yield f" в {power}-й степени"
    yield f" во {power}-й степени"
    yield from {"2": (" в квадрате",), "3": (" в кубе",)}.get(power, ())


def _exact_time(match: _Match, _: str) -> Iterator[str]:
    hours, minutes, seconds = match["hours"], int(match["minutes"]), int(match["seconds"])
    yield f"{hours} часов {minutes} минут {seconds} секунд"


def _thousands(match: _Match, _: str) -> Iterator[str]:
    yield re.sub(r"\D", "", match[0])


def _no_hundredths(match: _Match, _: str) -> Iterator[str]:
    yield ""
    yield f" ноль {match['noun']}"


def _latin(match: _Match, other: str) -> Iterator[str]:
    latin = match[0].rstrip("-")
    yield from alike_words(latin, other)
    if len(latin) == 1 or (len(latin) <= _LONGEST_SPELLED and latin.isupper() and latin.isalpha()):
        yield from letter_names(latin)


def _address(match: _Match, other: str) -> Iterator[str]:
    """A web or e-mail address with its signs as words."""
    text = re.sub(r"^https?://", "", match[0])
    for www in ("три дабл ю точка", "вэ вэ вэ точка", "вэ вэ вэ", "три дабл ю"):
        for dash in ("дефис", "тире", "минус"):
            spoken = re.sub(r"^www\.", f"{www} ", text).replace("@", " собака ").replace(".", " точка ").replace("/", " слэш ")
            spoken = spoken.replace("-", f" {dash} ").replace("_", " нижнее подчёркивание ")
            yield _WORD.sub(lambda word: _part_of_address(word[0], other), spoken)


def _part_of_address(latin: str, other: str) -> str:
    """A part of an address as the other text says it: as a word, or letter by letter."""
    spelled = (names for names in letter_names(latin) if names in other) if len(latin) <= _LONGEST_SPELLED else ()
    return next(iter([*alike_words(latin, other), *spelled]), latin)


_FRACTION_NAMES = {
    (1, 2): ("половина", "пол"), (1, 3): ("треть", "одна треть"), (1, 4): ("четверть", "одна четверть"),
    (2, 3): ("две трети",), (3, 4): ("три четверти",),
}  # fmt: skip
_WORD = re.compile(r"[A-Za-z]+")
_LONGEST_SPELLED = 6
_SIGNS = {
    "=": ("равно", "равняется", "будет", "это"), "*": ("умножить на", "на", "звёздочка"), "÷": ("разделить на", "делить на"),
    "+": ("плюс", "и"), ">": ("больше",), "<": ("меньше",), "≈": ("примерно", "приблизительно"), "≥": ("больше или равно",),
    "≤": ("меньше или равно",), "≠": ("не равно",), "√": ("корень из", "квадратный корень из"), "∞": ("бесконечность",),
    "~": ("примерно", "около"), "#": ("решётка", "хештег", "хэштег", "номер"), "/": ("слэш", "дробь", "или"),
    "@": ("собака",), "_": ("подчёркивание",), "N": ("номер",), "&": ("энд", "амперсанд"), "$": ("доллар",), "€": ("евро",),
    "₽": ("рубль",), "%": ("процент",), "°": ("градус",), "^": ("в степени",),
}  # fmt: skip
_PERCENT_ENDINGS = {"й": "ый", "го": "ого", "му": "ому", "м": "ом", "я": "ая", "е": "ое", "х": "ых", "ю": "ую"}
_COUNTED = (
    r"(?i:час|минут|секунд|год|день|дня|недел|месяц|сутк|руб|доллар|евро|км|кг|см|мм|м|г|л|т|мл|гб|мб|кб|тб|ч|мин|сек|метр|литр"
    r"|грамм|килограмм|километр|тонн|тыс|млн|млрд|трлн|раз|процент|%)(?:[а-я]{0,3}|\.)(?![а-яё])"
)
_HOURS = r"(?P<hours>[01]?\d|2[0-4])"
_NUMBER = r"\d+(?:[.,]\d+)?"
_PLACES: list[tuple[str, Readings]] = [
    (rf"(?<![\w:.,]){_HOURS}[:.](?P<minutes>[0-5]\d)(?![\w:]|[.,]\d)", _clock),
    (
        r"(?<![\w.,])(?P<day>\d{1,2})(?P<sign>[./-])(?P<month>\d{1,2})(?:(?P=sign)(?P<year>\d{4}|\d{2}))?(?:\s?г\b\.?)?(?![\w]|[.,/]\d)",
        _date,
    ),
    (r"(?<![\w.,/])(?:(?P<whole>\d+)\s+)?(?P<top>\d{1,4})/(?P<below>\d{1,4})(?![\w/]|[.,]\d)", _fraction),
    (r"\s*\^\s*(?P<minus>[-−])?(?P<power>\d+)", _power),
    # In «1 час» and «№ 5», people often leave out the number one and the word.
    (rf"(?<![\w.,:/-])1\s?(?={_COUNTED})", lambda _, __: ("",)),
    (r"№\s?", lambda _, __: ("",)),
    (r"(?<![\w.,])30\s?мин(?:ут\w*|\.|\b)", lambda _, __: ("полчаса",)),
    (rf"(?<![\w:.,]){_HOURS}:(?P<minutes>[0-5]\d):(?P<seconds>[0-5]\d)(?![\w:])", _exact_time),
    (rf"(?<![\w.,])(?P<one>{_NUMBER})\s*[:÷/]\s*(?P<two>{_NUMBER})(?![\w:])", _ratio),
    (rf"(?<![\w.,])(?P<one>{_NUMBER})\s*[×xхXХ*·]\s*(?P<two>{_NUMBER})(?!\w)", _product),
    (rf"(?<![\w.,-])(?P<one>{_NUMBER})\s*[-–−—]\s*(?P<two>{_NUMBER})(?![\w-])", _difference),
    (r"\s*(?:[=÷><≈≥≤≠√∞~#@_&]|(?<!\d)(?<!\d )[$€₽%°]|(?<!\w)\*(?!\w)|(?<=\d)\s*[*+]\s*(?=\d)|/|\bN(?=\s?\d))\s*", _sign),
    (
        r"(?:(?<=\d)|(?<=тыс|млн)|(?<=млрд|трлн))\.?[\s-]?(?P<unit>[A-Za-zА-Яа-яЁё°%‰₽$€£¥₴₸]+\.?(?:\s?/\s?\d*\s?[A-Za-zА-Яа-яЁё]+[²³23]?)?|['′\"″])(?!\w)\.?",
        _unit,
    ),
    (rf"(?<![\w.,])(?P<number>1[.,]5|\d{{1,4}})(?:\s?%?\s?-\s?|\s)?(?P<rest>{COMPOUND})\b", _compound),
    (
        r"(?<![\w.,])(?P<number>\d+)(?:\s?-\s?|\s)?(?P<ending>(?:ы|о|и|е)?[йехмя]|[ое]?го|[ое]?му|[ыи]ми?|ую|ю|ти|и|ми|ая)\b",
        _ordinal,
    ),
    (r"(?<![\w.,])(?P<number>\d{1,3})\s?%-?(?P<ending>й|го|му|м|я|е|х|ю)\b", _of_percent),
    (r"(?<![\w.,])(?P<whole>\d+)[.,](?P<part>[1-9]\d*)(?![\w]|[.,]\d)", _decimal),
    (r"(?<=\w)\.(?=рф\b)", lambda _, __: (" точка ",)),
    (r"(?<![\w.,])\d{1,3}(?:[.,]\d{3})+(?![.,]?\d)", _thousands),
    (r"\s*\b00?\s+(?P<noun>коп\w*|цент\w*)\b\.?", _no_hundredths),
    (r"(?:https?://|www\.|[\w.-]+@)[\w.@/-]*\w|\b[A-Za-z][\w-]*(?:\.[\w-]+)*\.[a-z]{2,4}\b(?:/[\w/-]*)?", _address),
    (r"[A-Za-z]+(?:[ '’.&-]+[A-Za-z]+)+", _latin),
    (r"[A-Za-z]+(?:-(?=\d))?", _latin),
    (r"(?:(?<=\s)|^)[-−–—]\s(?=\d)", lambda _, __: ("минус",)),
    (r"(?<![\w'’])(?P<roman>[IVXLCDMХІ]+)(?P<ending>-[а-я]{1,3})?(?![\w'’])", roman_readings),
]
_COMPILED = [(re.compile(pattern), readings) for pattern, readings in _PLACES]
_STEM = 3
_CYRILLIC_WORD = re.compile("(?<![а-я-])[а-я]+")
# Searched first, because most texts have no such place.
_MAY_HAVE_PLACES = re.compile(r"[0-9A-Za-zХІ.=÷×><≈≥≤≠√∞~#@_/*&^$€₽%°]")
_MAY_BE_SHORTENED = re.compile(r"(?<!\w)[А-Яа-яЁё]{1,10}\.|(?<!\w)[А-Яа-яЁё]{1,3}(?!\w)")


def _is_said(reading: str, words: frozenset[str]) -> bool:
    """Whether every word of ``reading`` begins like one of ``words``, which are cut to `_STEM` letters."""
    return all(word[:_STEM].replace("эль", "эл") in words for word in _CYRILLIC_WORD.findall(reading.lower().replace("ё", "е")))


def _stems(words: str) -> frozenset[str]:
    """The first letters of every word, and of the second half of «полпятого». «эль» and «эл» are one letter."""
    found = {word[:_STEM].replace("эль", "эл") for word in words.split()}
    return frozenset(found | {word[3 : 3 + _STEM] for word in words.split() if word.startswith("пол")})


def choices(text: str, other: str) -> Sequence[Choice]:
    """Every place of ``text`` with several readings; ``other`` is the text that ``text`` is compared with.

    Readings with words that ``other`` does not have are left out: they are never nearer.
    """
    found: list[Choice] = []
    stems = _stems(normalise(other, "ru"))
    if _MAY_HAVE_PLACES.search(text):
        for pattern, readings in _COMPILED:
            for match in pattern.finditer(text):
                found += [
                    Choice(match.start(), match.end(), f" {reading} ")
                    for reading in readings(match, other)
                    if _is_said(reading, stems)
                ]
    if _MAY_BE_SHORTENED.search(text):
        found += [Choice(start, end, reading) for start, end, reading in shortened_choices(text, other)]
    return found
