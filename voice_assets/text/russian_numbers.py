"""Russian number words in one form, whatever their case, gender and kind, so that words and figures can be compared.

``elements`` takes texts that ``text.normalisation.normalise`` made. It parses number words to values, which
``russian_numerals.say`` writes in one form: «первого», «первый», «одна» and «1» all become «один». Words whose form figures do
not show get one form too: units and months (процентов, января), fractions (три с половиной, три и пять десятых), the clock
(половина седьмого). The exact words are lost, so ``text.comparison`` uses this form only when a text has figures. Not here:
figures as words (``russian_figures``).
"""

import re
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cache, lru_cache

from voice_assets.text.number_words import Element, ParsedNumber, parse_numbers, word_list
from voice_assets.text.russian_nouns import one_form
from voice_assets.text.russian_numerals import SCALES, adds, steps

_PARTS = {"десят": 1, "сот": 2, "тысячн": 3, "десятитысячн": 4, "стотысячн": 5, "миллионн": 6}
_HALF_PREFIX = re.compile(r"пол(?=(?:перв|втор|трет|четверт|пят|шест|седьм|восьм|девят|десят|одиннадцат|двенадцат))")


# «без двадцати восемь» is twenty to eight, not without twenty-eight.
_TWENTY_TO = re.compile(r"\b(без двадцати) (?=(?:один|два|три|четыре|пять|шесть|семь|восемь|девять|час)\b)")

Rewrite = tuple[int, list[Element]]
"""The number of elements that a pattern replaces, and the new elements."""

NumberPattern = Callable[[Sequence[Element]], Rewrite | None]
"""Gets the elements from an index on; returns ``None`` when it does not match."""

_WHOLE = re.compile(r"цел(?:ая|ых|ой|ую|ое|ые|ым|ыми)$")
_SHARE = "доля"
_HALF = ("половиной", "половина")


def _number(elements: Sequence[Element], index: int) -> ParsedNumber | None:
    element = elements[index] if index < len(elements) else None
    return element if isinstance(element, ParsedNumber) else None


def _word(elements: Sequence[Element], index: int) -> str:
    element = elements[index] if index < len(elements) else None
    return element if isinstance(element, str) else ""


@cache
def _denominators() -> dict[str, int]:
    endings = word_list("ых ая ую ой ые ым ыми")
    return {stem + ending: places for stem, places in _PARTS.items() for ending in endings}


def _decimal_places(word: str) -> int:
    """Digits after the comma that a denominator stands for; 0 for another word."""
    return _denominators().get(word, 0)


def _point(elements: Sequence[Element]) -> Rewrite | None:
    """«три запятая ноль пять»: a decimal fraction as `say` writes it and as people read it."""
    whole = _number(elements, 0)
    if whole is None or whole.value.denominator != 1 or _word(elements, 1) not in ("запятая", "точка"):
        return None
    index, digits = 2, ""
    while (following := _number(elements, index)) is not None and following.value.denominator == 1 and len(digits) < 6:
        digits += str(following.value)
        index += 1
        if following.value:
            break
    if not digits:
        return None
    scale = _scale_of(int(digits))
    digits = digits[: len(digits) - len(str(scale)) + 1]
    return index, [ParsedNumber((whole.value + Fraction(int(digits), 10 ** len(digits))) * scale)]


def _scale_of(number: int) -> int:
    """The scale that was parsed together with the fraction before it: «запятая пять миллионов» is 0.5 million."""
    return next((scale for scale in SCALES if number and number % scale == 0), 1)


def _and_a_half(elements: Sequence[Element]) -> Rewrite | None:
    whole = _number(elements, 0)
    if whole is None or _word(elements, 1) != "с" or _word(elements, 2) not in _HALF:
        return None
    return 3, [ParsedNumber(whole.value + Fraction(1, 2))]


def _time(hour: ParsedNumber, minutes: int) -> list[Element]:
    """The time ``minutes`` after the start of the hour that ends at ``hour``, as figures are read: five past is «ноль пять»."""
    zero = [ParsedNumber(Fraction(0))] if minutes < 10 else []
    return [ParsedNumber((hour.value - 2) % 12 + 1), *zero, ParsedNumber(Fraction(minutes))]


def _half_past(elements: Sequence[Element]) -> Rewrite | None:
    """«половина седьмого», «четверть седьмого»: half past six and quarter past six, in the seventh hour."""
    minutes = {"половина": 30, "половине": 30, "половину": 30, "пол": 30, "четверть": 15}.get(_word(elements, 0))
    hour = _number(elements, 1)
    if minutes is None or hour is None or not hour.ordinal or not 1 <= hour.value <= 12:
        return None
    return 2, _time(hour, minutes)


def _minutes_past(elements: Sequence[Element]) -> Rewrite | None:
    """«двадцать минут седьмого»."""
    minutes, hour = _number(elements, 0), _number(elements, 2)
    if minutes is None or hour is None or _word(elements, 1) != "минута" or not hour.ordinal:
        return None
    if not (1 <= minutes.value <= 59 and 1 <= hour.value <= 12) or _word(elements, 3) in _MONTH_NAMES:
        return None
    return 3, _time(hour, int(minutes.value))


def _minutes_to(elements: Sequence[Element]) -> Rewrite | None:
    """«без четверти семь», «без пяти минут семь»."""
    if _word(elements, 0) != "без":
        return None
    quarter = _word(elements, 1) == "четверти"
    first = ParsedNumber(Fraction(15)) if quarter else _number(elements, 1)
    index = 3 if _word(elements, 2) == "минута" else 2
    hour = ParsedNumber(Fraction(1)) if _word(elements, index) == "час" else _number(elements, index)
    if first is None or hour is None or not (1 <= first.value <= 29 and 1 <= hour.value <= 12):
        return None
    return index + 1, _time(hour, 60 - int(first.value))


def _hours_and_minutes(elements: Sequence[Element]) -> Rewrite | None:
    """«десять часов тридцать минут» as 10 30."""
    linked = _word(elements, 2) == "и"
    hours, minutes = _number(elements, 0), _number(elements, 2 + linked)
    if hours is None or minutes is None or _word(elements, 1) != "час" or _word(elements, 3 + linked) != "минута":
        return None
    if not (hours.value <= 23 and minutes.value <= 59):
        return None
    zero = [ParsedNumber(Fraction(0))] if minutes.value < 10 else []
    return 4 + linked, [hours, *zero, minutes]


def _simple_fraction(elements: Sequence[Element]) -> Rewrite | None:
    """«три четверти», «две трети» as «3/4», «2/3»."""
    below = {"четверт": 4, "трет": 3}.get(re.sub("(?:ь|и|ью|ей|ям|ями|ях)$", "", _word(elements, 1)))
    top = _number(elements, 0)
    return (2, [top, _SHARE, ParsedNumber(Fraction(below))]) if below and top is not None else None


def _one_o_clock(elements: Sequence[Element]) -> Rewrite | None:
    """«в час тридцать», «в час дня»."""
    if _word(elements, 0) != "в" or _word(elements, 1) != "час":
        return None
    after = _number(elements, 2)
    if after is None and _word(elements, 2) not in ("дня", "ночи"):
        return None
    return 2, ["в", ParsedNumber(Fraction(1)), *(["час"] if after is None else [])]


def _optional_word(elements: Sequence[Element]) -> Rewrite | None:
    """«дробь» between two numbers and «Цельсия» after degrees: the figures are the same with and without the word."""
    if _word(elements, 0) == "дробь" and _number(elements, 1) is not None:
        return 1, []
    if _word(elements, 0) != "градус":
        return None
    length = {"цельсия": 2, "фаренгейта": 2, "по": 3}.get(_word(elements, 1), 0)
    scale = {"цельс": [], "фарен": ["фаренгейта"]}.get(_word(elements, length - 1)[:5]) if length else None
    return None if scale is None else (length, ["градус", *scale])


def _full_hour(elements: Sequence[Element]) -> Rewrite | None:
    """«десять ноль ноль»: ten o'clock, when no other number follows."""
    numbers = [_number(elements, index) for index in range(4)]
    hours, tens, ones, after = numbers
    if hours is None or tens is None or ones is None or after is not None:
        return None
    if tens.value or ones.value or not hours.value <= 23:
        return None
    return 3, [hours, "час"]


_PATTERNS: tuple[NumberPattern, ...] = (
    _point,
    _and_a_half,
    _half_past,
    _minutes_past,
    _minutes_to,
    _hours_and_minutes,
    _simple_fraction,
    _one_o_clock,
    _optional_word,
    _full_hour,
)
# The first words of patterns. A pattern without such a word begins with a number.
_OPENINGS = frozenset(word_list("половина половине половину пол четверть без в дробь градус"))
_MONTH_NAMES = frozenset(word_list("январь февраль март апрель май июнь июль август сентябрь октябрь ноябрь декабрь"))


def _rewritten(elements: list[Element]) -> list[Element]:
    found: list[Element] = []
    index = 0
    while index < len(elements):
        window = elements[index : index + 9]
        element = elements[index]
        if isinstance(element, str) and element not in _OPENINGS:
            found.append(element)
            index += 1
            continue
        in_a_run = bool(found) and isinstance(found[-1], ParsedNumber)
        for pattern in _PATTERNS:
            if (in_a_run and pattern is _full_hour) or not (rewrite := pattern(window)):
                continue
            length, new = rewrite
            found += new
            index += length
            break
        else:
            found.append(element)
            index += 1
    return found


def _scaled(elements: list[Element]) -> list[Element]:
    """A fraction and the scale after it as one number: 3,5 and a million."""
    found: list[Element] = []
    for element in elements:
        before = found[-1] if found else None
        is_fraction = isinstance(before, ParsedNumber) and before.value.denominator > 1
        if is_fraction and isinstance(before, ParsedNumber) and isinstance(element, ParsedNumber) and element.value in SCALES:
            found[-1] = ParsedNumber(before.value * element.value)
        else:
            found.append(element)
    return found


def _fractions_as_points(words: list[str]) -> list[str]:
    """«три целых пять десятых», «три и пять десятых», «пять десятых» as «три запятая пять», before numbers are parsed."""
    index = 0
    while index < len(words):
        places = _decimal_places(words[index])
        if places and index and steps(words[index - 1]):
            words = _one_fraction(words, index, places)
            index = 0
        index += 1
    return words


def _one_fraction(words: list[str], end: int, places: int) -> list[str]:
    start = end
    while start and steps(words[start - 1]):
        start -= 1
    top = [element for element in parse_numbers(words[start:end], steps, adds) if isinstance(element, ParsedNumber)][-1]
    if top.ordinal or top.value >= 10**places:
        return [*words[:end], words[end] + "*", *words[end + 1 :]]
    # Only the last number before the denominator is its numerator: in «пять двадцать сотых», the numerator is twenty.
    first = end - 1
    while first > start and len(parse_numbers(words[first - 1 : end], steps, adds)) == 1:
        first -= 1
    digits = str(int(top.value)).rjust(places, "0")
    numerator = ["ноль"] * (len(digits) - len(digits.lstrip("0"))) + words[first:end]
    before = words[:first]
    if before and (_WHOLE.match(before[-1]) or before[-1] == "и") and len(before) > 1 and steps(before[-2]):
        before = before[:-1]
    elif len(before) > 1 and before[-1] == "и" and _WHOLE.match(before[-2]):
        before = before[:-2]
    elif not (before and steps(before[-1])):
        before = [*before, "ноль"]
    return [*before, "запятая", *numerator, *words[end + 1 :]]


@lru_cache(maxsize=65536)
def elements(text: str) -> tuple[Element, ...]:
    """The words of ``text``, normalised Russian, with numbers parsed and the words beside numbers in one form."""
    words = [_HALF_PREFIX.sub("пол ", word) for word in _shares(text.split())]
    words = " ".join(one_form().get(word, word) for word in words).split()
    words = _TWENTY_TO.sub(r"\1 минута ", " ".join(_halves(words))).split()
    words = [word.removesuffix("*") for word in _fractions_as_points(words)]
    return tuple(_scaled(_rewritten(parse_numbers(words, steps, adds))))


def _shares(words: list[str]) -> list[str]:
    """«пять шестых» with a word between the numbers: it is a fraction, not five and six."""
    found: list[str] = []
    for index, word in enumerate(words):
        before = words[index - 1] if index else ""
        of_one = before == "одна" and word.endswith("ая")
        is_below = (
            not _decimal_places(word)
            and [step.ordinal for step in steps(word)] == [True]
            and (of_one or word.endswith(("ых", "их")))
        )
        is_above = [step.ordinal for step in steps(before)] == [False]
        if is_below and is_above and len(parse_numbers([before, word], steps, adds)) == 2:
            found.append(_SHARE)
        found.append(word)
    return found


def _halves(words: list[str]) -> list[str]:
    """«полтора» as one and a half, «полчаса» as half an hour. Only nouns that stand beside numbers are taken apart."""
    found: list[str] = []
    for index, word in enumerate(words):
        rest = word.removeprefix("пол")
        if word == "пол" and words[index + 1 : index + 2] and words[index + 1] in one_form():
            found += ["ноль", "запятая", "пять"]
            continue
        if word in ("полтора", "полторы", "полутора"):
            found += ["один", "запятая", "пять"]
        elif rest != word and (rest in one_form() or any(step.kind == "scale" for step in steps(rest))):
            found += ["ноль", "запятая", "пять", one_form().get(rest, rest)]
        else:
            found.append(word)
    return found
