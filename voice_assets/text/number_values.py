"""Whether two texts have different numbers, however similar their letters are. Not here: reading numbers (``number_words``).

All numbers of a text are read as one row of digits, because people group digits freely: "one one two" and "112" are equal. Some
words are a number in one text and another word in the other text, though both are spoken alike: the article "one", «один» for
"a certain", "to" and "two". Such a number may be missing from one of the two texts.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations

from rapidfuzz.distance import Indel

from voice_assets.text import russian_numbers, western, western_numbers
from voice_assets.text.comparison import pair
from voice_assets.text.normalisation import normalise, prepare
from voice_assets.text.number_words import Element, ParsedNumber

# Languages whose number words are known. In another language, only figures are compared with figures.
_WITH_WORDS = frozenset(("ru", "en", "es", "fr", "de"))
_POINTS = {"en": "point", "es": "coma", "fr": "virgule", "de": "komma"}
# Words that sound like a number.
_HOMOPHONES: Mapping[str, Mapping[int, frozenset[str]]] = {
    "en": {2: frozenset(("to", "too")), 4: frozenset(("for",)), 8: frozenset(("ate",))},
    "fr": {
        2: frozenset(("de",)), 6: frozenset(("si",)), 7: frozenset(("cet", "cette")), 10: frozenset(("dit", "dis")),
        20: frozenset(("vin",)), 100: frozenset(("sans", "sang", "sent")),
    },
}  # fmt: skip
# "Second" is a unit of time and, in Spanish and French, a noun with further meanings.
_SECOND = frozenset(("en", "es", "fr"))
# Each further optional number doubles the readings of a text. A text with more is read whole.
_MOST_OPTIONAL = 6
# A word with this similarity to a number word of this length or more may be the number word, misspelled or misheard.
_SAME_WORD = 0.5
_LEAST_LETTERS = 3
_DIGITS = re.compile(r"\d+")


@dataclass(frozen=True)
class _Number:
    """One number as a row of digits. ``optional``: the other text may have another word for the same sound."""

    digits: str
    optional: bool


def _row(value: Fraction) -> str:
    """``12``, ``3.5``, ``2/3``: a decimal fraction by its digits, another fraction as such."""
    if value.denominator == 1:
        return str(value.numerator)
    exact = 10**6 % value.denominator == 0
    return f"{float(value):.6f}".rstrip("0") if exact else f"{value.numerator}/{value.denominator}"


def _elements(words: str, language: str) -> tuple[Element, ...]:
    return russian_numbers.elements(words) if language == "ru" else western_numbers.elements(words, language)


def _is_number(word: str, language: str) -> bool:
    return isinstance(_elements(word, language)[0], ParsedNumber)


def _with_number_words(text: str, unlike: frozenset[str], like: frozenset[str], language: str) -> str:
    """``text`` with number words of ``like`` in place of those of ``unlike`` that resemble them.

    The recogniser may misspell or mishear a number word.
    """
    numbers = [word for word in like if len(word) >= _LEAST_LETTERS and _is_number(word, language)]
    words = []
    for word in text.split():
        wrong = word in unlike and len(word) >= _LEAST_LETTERS and not _is_number(word, language)
        alike = [one for one in numbers if wrong and Indel.normalized_similarity(one, word) >= _SAME_WORD]
        words.append(max(alike, default=word))
    return " ".join(words)


def _may_be_missing(number: ParsedNumber, alone: bool, other: frozenset[str], language: str) -> bool:
    if number.value.denominator != 1:
        return False
    sounds_alike = _HOMOPHONES.get(language, {}).get(int(number.value), frozenset())
    second = number.ordinal and number.value == 2 and language in _SECOND
    return (alone and number.value == 1) or second or bool(sounds_alike & other)


def _numbers(elements: tuple[Element, ...], other: frozenset[str], language: str) -> Iterator[_Number]:
    """The numbers in ``elements``. ``other``: the words that only the other text has."""
    for index, element in enumerate(elements):
        around = [elements[place] for place in (index - 1, index + 1) if 0 <= place < len(elements)]
        between = len(around) == 2 and all(isinstance(one, ParsedNumber) for one in around)
        if isinstance(element, ParsedNumber):
            alone = not any(isinstance(one, ParsedNumber) for one in around)
            yield _Number(_row(element.value), _may_be_missing(element, alone, other, language))
        elif between and element == _POINTS.get(language):
            yield _Number(".", optional=False)
        elif between and language == "en" and element == "oh":
            yield _Number("0", optional=True)
        else:
            yield from (_Number(digits, optional=False) for digits in _DIGITS.findall(element))


def _whole(numbers: list[_Number]) -> str:
    return "".join(number.digits for number in numbers)


def _readings(numbers: list[_Number]) -> set[str]:
    """The rows of digits of a text, without none, some or all of its optional numbers."""
    optional = [index for index, number in enumerate(numbers) if number.optional]
    if len(optional) > _MOST_OPTIONAL:
        return {_whole(numbers)}
    left_out = [set(some) for size in range(len(optional) + 1) for some in combinations(optional, size)]
    return {_whole([number for index, number in enumerate(numbers) if index not in out]) for out in left_out}


def _figures_differ(reference: str, hypothesis: str) -> bool:
    """Whether two texts have figures and differ in these. A text without figures may have its numbers in words."""
    rows = _DIGITS.findall(reference), _DIGITS.findall(hypothesis)
    return len(rows[0]) == len(rows[1]) and "".join(rows[0]) != "".join(rows[1])


def _values_differ(texts: tuple[str, str], language: str, respelled: bool) -> bool:
    """Whether the numbers of two texts in words differ; ``respelled``: with `_with_number_words`."""
    words = [frozenset(text.split()) for text in texts]
    only = words[0] - words[1], words[1] - words[0]
    if respelled:
        texts = (
            _with_number_words(texts[0], only[0], only[1], language),
            _with_number_words(texts[1], only[1], only[0], language),
        )
    one, other = (list(_numbers(_elements(texts[side], language), only[1 - side], language)) for side in (0, 1))
    return _whole(one) not in _readings(other) and _whole(other) not in _readings(one)


def numbers_differ(reference: str, hypothesis: str, language: str) -> bool:
    """Whether the numbers of the two texts, as written, have different values, or one text has a number more.

    In a language whose number words are not known (other than ru, en, es, fr, de): whether both texts have the same count of
    figures, with other digits. Never raises.
    """
    if language not in _WITH_WORDS:
        return _figures_differ(reference, hypothesis)
    # Figures can be read in several ways. The numbers differ when they differ in the closest and in the usual readings.
    compared = pair(reference, hypothesis, language)
    if compared[0] == compared[1] or not _values_differ(compared, language, respelled=False):
        return False
    # The usual reading of a Roman number is its letters, which have no value.
    if language != "ru" and all(western.has_roman(prepare(text), language) for text in (reference, hypothesis)):
        return True
    usual = normalise(reference, language), normalise(hypothesis, language)
    return all(_values_differ(usual, language, respelled) for respelled in (False, True))
