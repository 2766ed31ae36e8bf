"""The numbers that the words of a text say: which words, and which value. Fractions, decimals and ordinals too.

Every run of words that says one number is found, also inside longer ones: "twenty twenty-four" has 20, 24 and 2024. So the
words match figures however the figures are grouped. Not here: the number words of a language (``text.western_numbers``),
reading figures aloud (``text.scanner``).
"""

from dataclasses import dataclass
from fractions import Fraction
from functools import cache, lru_cache

from voice_assets.text import western_numbers
from voice_assets.text.number_words import ParsedNumber, word_list
from voice_assets.text.western_numbers import LINKS

# A number of nine digits has 17 words in English.
_LONGEST = 24


@dataclass(frozen=True)
class _Fractions:
    """The words of fractions of one language: a half, the other denominators, the decimal point, the articles before them."""

    half: tuple[str, ...]
    denominators: dict[str, int]
    point: tuple[str, ...]
    articles: tuple[str, ...] = ()
    zero: tuple[str, ...] = ()


def _plurals(words: str, first: int, endings: str) -> dict[str, int]:
    return {word + end: value for value, word in enumerate(word_list(words), first) for end in endings.split(",")}


_FRACTIONS = {
    "en": _Fractions(word_list("half halves"), _plurals("third fourth fifth sixth seventh eighth ninth tenth", 3, ",s")
        | {"quarter": 4, "quarters": 4, "hundredth": 100, "hundredths": 100}, ("point",), ("a", "an"), ("oh", "o")),
    "es": _Fractions(word_list("medio media medios medias"), _plurals(
        "tercio cuarto quinto sexto séptimo octavo noveno décimo", 3, ",s"), ("coma", "punto")),
    "fr": _Fractions(word_list("demi demie demis demies"), _plurals(
        "tier quart cinquième sixième septième huitième neuvième dixième", 3, ",s"), ("virgule", "point")),
    "de": _Fractions(word_list("halb halbe halber halbes halben"), _plurals(
        "drittel viertel fünftel sechstel siebtel achtel neuntel zehntel", 3, ",n")
        | {"hundertstel": 100, "dreiviertel": 4}, ("komma", "punkt")),
    "it": _Fractions(word_list("mezzo mezza mezzi"), {word + end: value for value, word in enumerate(word_list(
        "terz quart quint sest settim ottav non decim"), 3) for end in "oi"}, ("virgola", "punto")),
}  # fmt: skip
SCALES = {
    word: value
    for words, value in (
        ("hundred hundert cent cents", 100),
        ("thousand tausend mil mille mila", 1000),
        ("million millions millionen millón millones milione milioni", 10**6),
        ("billion billions milliard milliards milliarde milliarden miliardo miliardi", 10**9),
    )
    for word in words.split()
}


# Units that are also ordinals: ten seconds is not the twelfth, las diez y cuarto is not 14.
_UNITS_OF_TIME = frozenset(word_list("second segundo segundos seconde secondes cuarto cuartos"))


def label(value: Fraction | int, ordinal: bool = False) -> str:
    """The sign of a number in a lattice: ``#5``, ``#5/2``; ``#5o`` for the fifth."""
    return f"#{value}{'o' if ordinal else ''}"


@cache
def _numberish(language: str) -> frozenset[str]:
    words = _FRACTIONS[language]
    others = (*words.half, *words.denominators, *words.point, *words.articles, *words.zero, LINKS[language])
    return frozenset(others)


def _is_numberish(word: str, language: str) -> bool:
    if word in _numberish(language) or western_numbers.is_number_word(word, language, least=0):
        return True
    return language == "de" and word.endswith("halb")


def _spanish_millions(words: tuple[str, ...]) -> ParsedNumber | None:
    """Tres mil quinientos millones: what is before the millions multiplies them, thousands too."""
    index = words.index("millones")
    before, after = (
        _whole(words[:index], "es"),
        _whole(words[index + 1 :], "es") if words[index + 1 :] else ParsedNumber(Fraction(0)),
    )
    fits = before and after and before.value < 10**6 and after.value < 10**6
    return ParsedNumber(before.value * 10**6 + after.value) if before and after and fits else None


def _whole(words: tuple[str, ...], language: str) -> ParsedNumber | None:
    if len(words) == 1 and words[0] in _FRACTIONS[language].zero:
        return ParsedNumber(Fraction(0))
    if language == "es" and "millones" in words[1:]:
        return _spanish_millions(words)
    found = western_numbers.elements(" ".join(words), language)
    return found[0] if len(found) == 1 and isinstance(found[0], ParsedNumber) else None


def _german_half(words: tuple[str, ...]) -> Fraction | None:
    """Anderthalb, eineinhalb, zweieinhalb."""
    if len(words) != 1 or not words[0].endswith("halb"):
        return None
    if words[0] == "anderthalb":
        return Fraction(3, 2)
    whole = _whole((words[0].removesuffix("einhalb"),), "de") if words[0].endswith("einhalb") else None
    return whole.value + Fraction(1, 2) if whole else None


def _part(words: tuple[str, ...], language: str) -> Fraction | None:
    """A fraction under 1 with its denominator: a half, two thirds, drei Viertel, media."""
    table = _FRACTIONS[language]
    if not words:
        return None
    denominator = 2 if words[-1] in table.half else table.denominators.get(words[-1])
    if denominator is None:
        return None
    if words in (("dreiviertel",), ("ein", "dreiviertel")):
        return Fraction(3, 4)
    if len(words) == 1:
        return Fraction(1, denominator) if denominator == 2 or words[-1] in ("quarter", "viertel") else None
    count = 1 if words[:-1] in [(article,) for article in table.articles] else _cardinal(words[:-1], language)
    return Fraction(count, denominator) if count is not None and 0 < count < 100 else None


def _cardinal(words: tuple[str, ...], language: str) -> int | None:
    found = _whole(words, language) if words else None
    return int(found.value) if found and not found.ordinal else None


def _mixed(words: tuple[str, ...], language: str) -> Fraction | None:
    """Two and a half, tres y medio, deux millions et demi."""
    for index in range(1, len(words) - 1):
        if words[index] != LINKS[language]:
            continue
        whole, part = _cardinal(words[:index], language), _part(words[index + 1 :], language)
        if whole is not None and part is not None and part < 1:
            scale = SCALES.get(words[index - 1], 1)
            return whole + part * scale
    return None


def _decimal(words: tuple[str, ...], language: str) -> Fraction | None:
    """Three point one four, trois virgule quatorze, null Komma fünf."""
    for index, word in enumerate(words):
        if word not in _FRACTIONS[language].point:
            continue
        whole = _cardinal(words[:index], language) if index else 0
        numbers = [_cardinal((one,), language) for one in words[index + 1 :]]
        if not all(one is not None and one < 10 for one in numbers):
            numbers = [_cardinal(words[index + 1 :], language) if words[-1] not in SCALES else None]
        if whole is None or not numbers or any(one is None for one in numbers):
            return None
        digits = "".join(str(one) for one in numbers)
        return whole + Fraction(int(digits), 10 ** len(digits))
    return None


def _scaled(words: tuple[str, ...], language: str) -> Fraction | None:
    """Two and a half million, half a million."""
    scale = SCALES.get(words[-1])
    if scale is None or len(words) < 2:
        return None
    before = words[:-1]
    if before[-1] in _FRACTIONS[language].articles and len(before) > 1:
        before = before[:-1]
    found = value(before, language)
    return found.value * scale if found and found.value.denominator > 1 and not found.ordinal else None


@lru_cache(maxsize=65536)
def value(words: tuple[str, ...], language: str) -> ParsedNumber | None:
    """The one number that ``words`` say, or ``None``."""
    articles = _FRACTIONS[language].articles
    if len(words) > 1 and words[0] in articles and words[1] in SCALES:
        return value(words[1:], language)
    if words[0] == LINKS[language] or words[-1] == LINKS[language]:
        return None
    if whole := _whole(words, language):
        return whole
    for kind in (_part, _mixed, _scaled, _decimal):
        if (found := kind(words, language)) is not None:
            return ParsedNumber(found)
    half = _german_half(words) if language == "de" else None
    return ParsedNumber(half) if half is not None else None


def _glued(words: tuple[str, ...], index: int, language: str) -> bool:
    """Whether the words on both sides of ``index`` are parts of one number: twenty | five is not 20 and 5.

    English years are not: nineteen | forty is also 19 and 40. A row of digits is not: eight hundred | five five five.
    """
    row = [_cardinal((word,), language) for word in words[index : index + 2]]
    if len(row) == 2 and all(digit is not None and digit < 10 for digit in row):
        return False
    first = _cardinal(words[index - 1 : index], language)
    if first is None:
        return False
    after = words[index : index + 1] if words[index] != LINKS[language] else words[index + 1 : index + 2]
    second = _whole(after, language) if after and after[0] not in _UNITS_OF_TIME else None
    together = _whole((words[index - 1], *after), language) if second else None
    if together is None or second is None:
        return False
    return not (language == "en" and together.value == first * 100 + second.value and first < 100 and second.value < 100)


@lru_cache(maxsize=65536)
def spans(words: tuple[str, ...], language: str) -> tuple[tuple[int, int, str], ...]:
    """Every run of ``words`` that says one number: its first word, the word after it, its `label`."""
    if language not in western_numbers.LANGUAGES:
        return ()
    numberish = [_is_numberish(word, language) for word in words]
    glued = [index > 0 and _glued(words, index, language) for index in range(len(words))] + [False]
    found = []
    for start in range(len(words)):
        for end in range(start + 1, min(start + _LONGEST, len(words)) + 1):
            if not numberish[end - 1] or glued[start]:
                break
            if glued[end]:
                continue
            if number := value(words[start:end], language):
                found.append((start, end, label(number.value, number.ordinal)))
    return tuple(found)
