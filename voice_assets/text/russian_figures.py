"""Figures in a Russian text as the words a speaker says: dates, years, centuries, the clock, units, money.

Here: one reading for each way to write a number, and the order of the readings. A number gets the case that the text shows
(``1-го``, ``в 1941 году``), or the citation form when the text shows no case. Not here: tables of units (``russian_units``),
number words (``russian_numbers``).
"""

import re
from collections.abc import Callable
from itertools import pairwise

from voice_assets.text.digits import digit_by_digit, integer, numeral
from voice_assets.text.number_words import DIGITS_READ_SINGLY, parse_numbers
from voice_assets.text.russian_clock import MONTHS
from voice_assets.text.russian_numerals import adds, combining, steps
from voice_assets.text.russian_roman import value_of
from voice_assets.text.russian_units import FEMININE, SMALL_MONEY, UNIT_NAMES, UNITS, agreeing_form

_Match = re.Match[str]

# Endings after a hyphen, as in "1-го": the case, gender and plural of the ordinal.
_ENDINGS = {
    **dict.fromkeys(("й", "ый", "ой", "ий"), ("n", "m", False)),
    **dict.fromkeys(("я", "ая", "ья"), ("n", "f", False)),
    **dict.fromkeys(("е", "ое", "ье", "ее"), ("n", "n", False)),
    **dict.fromkeys(("ые", "ие"), ("n", "m", True)),
    **dict.fromkeys(("го", "ого", "его"), ("g", "m", False)),
    **dict.fromkeys(("му", "ому", "ему"), ("d", "m", False)),
    **dict.fromkeys(("м", "ом", "ем"), ("p", "m", False)),
    **dict.fromkeys(("ым", "им"), ("i", "m", False)),
    **dict.fromkeys(("ю", "ую", "ью"), ("a", "f", False)),
    **dict.fromkeys(("х", "ых", "их"), ("g", "m", True)),
    **dict.fromkeys(("ми", "ыми", "ими"), ("i", "m", True)),
}
_CARDINAL_ENDINGS = {"ти": "g", "и": "g", "мя": "i", "ю": "i", "ью": "i"}
_YEAR_CASES = {"год": "n", "года": "g", "году": "p", "годом": "i", "годе": "p"}
_CENTURY_CASES = {"век": "n", "века": "g", "веке": "p", "веку": "d", "веком": "i"}
# Years that are read as ordinals. Other numbers before "год" count years.
_YEARS = range(1000, 2101)
_MONTHS_GENITIVE = "|".join(MONTHS)

# Roman numbers up to 39: enough for centuries and kings. With L, it is more likely a size or an abbreviation.
_ROMAN_NUMBER = r"\b(?=[IVX])X{0,3}(?:IX|IV|V?I{0,3})(?<=[IVX])(?![A-Za-z])"
# A Roman number of four letters or more is no size and hardly an abbreviation.
_LONG_ROMAN = r"M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})"


def _cardinal(digits: str, **grammar: object) -> str:
    """Russian words for a string of digits. Leading zeros and very long numbers are read digit by digit."""
    number = integer(digits)
    if number is None:
        return digit_by_digit(digits, "ru")
    words = numeral(number, "ru", **grammar)
    return words.removeprefix("одна ") if words.startswith("одна тысяч") else words


def _ordinal(number: int, case: str, gender: str = "m", plural: bool = False) -> str:
    return numeral(number, "ru", to="ordinal", case=case, gender=gender, plural=plural)


def _year(match: _Match) -> str:
    digits, word = match["number"], match["word"]
    if int(digits) not in _YEARS:
        return f" {_cardinal(digits)} {word} "
    return f" {_ordinal(int(digits), _YEAR_CASES[word.lower()])} {word} "


def _year_abbreviated(match: _Match) -> str:
    before = match["before"]
    if int(match["number"]) not in _YEARS:
        return match[0]
    return f"{before}{match['number']} {'году' if before.strip().lower() in ('в', 'во') else 'года'} "


def _century(match: _Match) -> str:
    number = value_of(match["roman"]) if match["roman"] else int(match["number"])
    if not 0 < number < 100:
        return match[0]
    word = match["word"].lower()
    abbreviated = word == "в."
    case = "p" if abbreviated and match["before"] else _CENTURY_CASES.get(word, "n")
    spoken = ("веке" if case == "p" else "век") if abbreviated else word
    return f"{match['before'] or ''}{_ordinal(number, case)} {spoken} "


def _roman_number(match: _Match) -> str:
    return f" {_ordinal(value_of(match[0]), 'n')} "


def _with_ending(match: _Match) -> str:
    digits, ending = match["number"], (match["ending"] or match["typed"]).lower()
    number = integer(digits)
    if number is None:
        return match[0]
    if ending in _CARDINAL_ENDINGS and (ending in ("ти", "мя") or number % 100 in range(5, 21)):
        return f" {_cardinal(digits, case=_CARDINAL_ENDINGS[ending])} "
    if ending == "х" and number in (2, 3, 4):
        return f" {_cardinal(digits, case='g')} "
    if ending not in _ENDINGS:
        return match[0]
    case, gender, plural = _ENDINGS[ending]
    if ending == "е" and (match["years"] or (number % 10 == 0 and 40 <= number <= 90)):
        gender, plural = "m", True
    return f" {_ordinal(number, case, gender, plural)} "


def _compound(match: _Match) -> str:
    return f" {combining(int(match['number']))}{match['rest']} "


def _date(match: _Match) -> str:
    return f" {_ordinal(int(match['number']), 'g')} {match['month']} "


def _agreeing(match: _Match) -> str:
    """1 and 2 before a noun with a feminine ending: одна минута, одну минуту, две минуты."""
    digits, ending = match["number"], match["noun"][-1]
    if digits.endswith(("11", "12")) or (digits[-1] == "1") != (ending in "аяую"):
        return match[0]
    words = _cardinal(digits, gender="f")
    if ending in "ую":
        words = words.removesuffix("одна") + "одну"
    return f" {words} {match['noun']}"


def _with_unit(match: _Match) -> str:
    whole, fraction, unit = match["number"], match["fraction"], match["unit"].lower()
    if fraction and len(fraction) == 2 and unit in SMALL_MONEY:
        return f" {_sum(whole, fraction, unit)} "
    if fraction:
        return f" {_decimal(whole, fraction)} {UNITS[unit][1]} "
    number = integer(whole)
    word = UNITS[unit][2] if number is None else agreeing_form(number, UNITS[unit])
    return f" {_cardinal(whole, gender='f' if unit in FEMININE else 'm')} {word} "


def _sum(whole: str, fraction: str, unit: str) -> str:
    number, part = integer(whole), int(fraction)
    money = f"{_cardinal(whole)} {UNITS[unit][2] if number is None else agreeing_form(number, UNITS[unit])}"
    gender = "f" if unit in ("руб", "₽") else "m"
    if not part:
        return money
    hundredths = f"{_cardinal(str(part), gender=gender)} {agreeing_form(part, SMALL_MONEY[unit])}"
    return f"{money} {hundredths}" if number != 0 else hundredths


def _numeric_date(match: _Match) -> str:
    day, month, year = int(match["day"]), int(match["month"]), int(match["year"])
    if not (1 <= day <= 31 and 1 <= month <= 12):
        return match[0]
    spoken = _ordinal(year, "g") if year in _YEARS else _cardinal(str(year))
    return f" {_ordinal(day, 'g')} {MONTHS[month - 1]} {spoken} года "


def _percent_adjective(match: _Match) -> str:
    return f" {combining(int(match['number']))}процентн{match['ending']} "


def would_be_one(one: str, other: str) -> bool:
    """Whether two rows of digits that are said one after the other sound like one number: 20 5, 100 20, 20 2000."""
    heard = parse_numbers(f"{_cardinal(one)} {_cardinal(other)}".split(), steps, adds)
    return other[0] != "0" and len(heard) < 2


def _separate(match: _Match) -> str:
    """Figures that would be heard as one number, such as "20 5", digit by digit. A phone number is read in groups anyway."""
    figures = match[0].split()
    digits = sum(map(len, figures))
    is_phone = len(figures) > 2 and digits >= DIGITS_READ_SINGLY and max(map(len, figures)) <= _LONGEST_GROUP
    if is_phone or not any(would_be_one(one, other) for one, other in pairwise(figures)):
        return match[0]
    return " " + " ".join(digit_by_digit(figure, "ru") for figure in figures) + " "


def _currency_first(match: _Match) -> str:
    if match["scale"]:
        return f" {match['number']} {match['scale']} {UNITS[match['unit']][2]} "
    return f" {match['number']} {match['unit']} "


def _decimal(whole: str, fraction: str) -> str:
    if integer(whole) is None or len(fraction) > 3:
        return f"{_cardinal(whole)} запятая {digit_by_digit(fraction, 'ru')}"
    return numeral(f"{int(whole)}.{fraction}", "ru")


def _clock(match: _Match) -> str:
    hours, minutes = int(match["hours"]), match["minutes"]
    if minutes == "00":
        return f" {_cardinal(str(hours))} {agreeing_form(hours, UNITS['ч'])} "
    return f" {_cardinal(str(hours))} {'ноль ' if minutes[0] == '0' else ''}{_cardinal(str(int(minutes)))} "


def _dotted_clock(match: _Match) -> str:
    return f"{match['before']}{_clock(match)}"


def _decimal_number(match: _Match) -> str:
    return f" {_decimal(match['number'], match['fraction'])} "


def _number(match: _Match) -> str:
    return f" {_cardinal(match[0])} "


# A group of a phone number has four digits at most.
_LONGEST_GROUP = 4
# Words that a number begins: 3-комнатная, 40-градусный, 25-летие. Told by the ending of an adjective.
COMPOUND = (
    r"[а-яё]{2,}(?:[иыо]й|[аяую]я|[ою]е|[оеы]го|[оеы]му|[оы]м|[ыи]м|[ую]ю|[ыи]х|[ыи]ми|[ыи]е|и[еюия]|ием|летия"
    r"|[а-яё]к(?:[аиу]|ой))"
)
# Endings that people also type without a hyphen: «1ый», «5го», «90х».
_TYPED = "(?i:ый|ой|ий|ая|ья|ое|ее|ые|ие|го|ого|его|му|ому|ему|ым|ом|ую|ых|их|ыми|ти|мя|ью|[йяех])"
# An ending that is ignored, because the noun shows the case.
_SUFFIX = r"(?:-?(?:й|го|му|м))?"
# The order matters: a specific reading comes before a reading that would match a part of it.
_READINGS: list[tuple[str, Callable[[_Match], str]]] = [
    (r"(?:(?<=[\s(«\"\[:])|^)[-−–](?=\d)", lambda _: " минус "),
    (r"\b(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})(?:\s?(?:г\.|года?\b))?", _numeric_date),
    (r"\b(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})\b(?!-)", _numeric_date),
    (r"\b(?P<number>\d{1,3})\s?%-?н?(?P<ending>(?:ый|ая|ое|ые|ого|ой|ому|ым|ом|ую|ых|ыми))\b", _percent_adjective),
    (r"(?P<unit>[$€₽£¥₴₸])\s?(?P<number>\d+(?:[.,]\d+)?)(?:\s?(?P<scale>тыс|млн|млрд)\b\.?)?", _currency_first),
    (r"(?<![\w.,:/+-])\d{1,12}(?: \d{1,12})+(?![\w:/-]|[.,]\d)", _separate),
    (r"(?P<before>\b(?:[ВвСсКк]|[Вв]о|[Дд]о|[Пп]о)\s+|)\b(?P<number>\d{4})\s?г\b\.?(?!/)", _year_abbreviated),
    (rf"\b(?P<number>\d{{4}}){_SUFFIX}\s+(?P<word>(?i:год(?:а|у|ом|е)?))\b", _year),
    (
        rf"(?P<before>\b[Вв]\s+)?\b(?:(?P<roman>{_ROMAN_NUMBER})|(?P<number>\d{{1,2}}){_SUFFIX})"
        r"\s+(?P<word>век(?:а|е|у|ом)?\b|в\.)",
        _century,
    ),
    (rf"\b(?=[IVX]{{2}}){_ROMAN_NUMBER}\b(?!-(?![IVX\s]))", _roman_number),
    # A single letter is a number after a name or a part of a book. A long Roman number is a year.
    (r"(?<=[а-яё]\s)[IVX]\b(?![-.'’]?\w)", _roman_number),
    (rf"\b(?=[IVXLCDM]{{4,}}\b){_LONG_ROMAN}(?<=[IVXLCDM])\b(?!-)", _roman_number),
    (
        r"(?P<before>\b[ВвКкСс]о?\s+|\b[Дд]о\s+)(?P<hours>[01]?\d|2[0-3])\.(?P<minutes>[0-5]\d)(?![.,]?\d|\s?%|\s[а-яё])",
        _dotted_clock,
    ),
    (r"(?<![\d:.,])(?P<hours>[01]?\d|2[0-3]):(?P<minutes>[0-5]\d)(?![\d:])", _clock),
    (
        rf"(?<![\d.,])(?P<number>\d+)(?:-(?P<ending>(?i:[а-яё]{{1,3}}))|(?P<typed>{_TYPED}))\b(?=(?P<years>\s+год)?)",
        _with_ending,
    ),
    (rf"(?<![\d.,])(?P<number>\d{{1,4}})-(?P<rest>{COMPOUND})\b", _compound),
    (rf"(?<![\d.,-])\b(?P<number>[012]?\d|3[01])\s+(?P<month>{_MONTHS_GENITIVE})\b", _date),
    (rf"(?P<number>\d+)(?:[.,](?P<fraction>\d+))?\s?(?P<unit>(?i:{UNIT_NAMES}))(?![А-Яа-яЁёA-Za-z])", _with_unit),
    (r"(?<![\d.,])(?P<number>\d+)[.,](?P<fraction>\d+)(?![\d.,]?\d)", _decimal_number),
    (r"(?<![\d.,])(?P<number>\d*[12])\s+(?P<noun>(?!или|ночи|хотя)[а-яё]+[аяуюыи])\b", _agreeing),
    (r"\s*\^\s*2(?!\d)", lambda _: " в квадрате "),
    (r"\s*\^\s*3(?!\d)", lambda _: " в кубе "),
    (r"\s*\^\s*(?=\d)", lambda _: " в степени "),
    (r"\d+", _number),
    (r"\s*\+\s*", lambda _: " плюс "),
    (r"%", lambda _: " процентов "),
]
_COMPILED = [(re.compile(pattern), reading) for pattern, reading in _READINGS]

_GROUPED = re.compile(r"(?<![\d.,])(\d{1,3})((?:[ \u00a0\u202f]\d{3})+)(?![\d])")
# 10,000 and 10.000 are whole numbers: a decimal fraction does not end in three zeros.
_POINTED = re.compile(r"(?<![\d.,])\d{1,3}(?:[.,]\d{3})*[.,]000(?![\d.,]?\d)")
# Searched first, because most texts have no figures (see ``russian_abbreviations``).
_MAY_HAVE_FIGURES = re.compile(r"[\dIVXLCDM$€₽£¥₴₸°%+^]")


def join_groups(text: str) -> str:
    """Digits that are written in groups of thousands as one run: ``10 000`` and ``10.000`` as ``10000``."""
    for grouped in (_GROUPED, _POINTED):
        text = grouped.sub(lambda match: re.sub(r"\D", "", match[0]), text)
    return text


def expand_figures(text: str) -> str:
    """Spell out the numbers of ``text`` and the units and signs beside them. Upper case of other words stays."""
    if _MAY_HAVE_FIGURES.search(text):
        for pattern, reading in _COMPILED:
            text = pattern.sub(reading, text)
    return text
