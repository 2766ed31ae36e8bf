"""Roman numbers in a Russian text, also with the Cyrillic letters Х and І. Not here: centuries (``russian_figures``)."""

import re
from collections.abc import Iterator

_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
# Cyrillic letters that look like Roman figures.
_ALIKE = str.maketrans("ХІ", "XI")
_ROMAN = re.compile(r"(?=[IVXLCDM])M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})")
_CYRILLIC = re.compile(r"(?<![\w-])(?=[IVXХІ]*[ХІ])[IVXХІ]{2,}(?!\w)")


def value_of(roman: str) -> int:
    """The value of a Roman number in Latin capitals."""
    values = [_VALUES[letter] for letter in roman]
    return sum(-value if value < following else value for value, following in zip(values, [*values[1:], 0], strict=True))


def in_latin(text: str) -> str:
    """Roman numbers of two figures or more with Latin letters for Cyrillic ones: «ХХ», «ХIХ»."""
    if "Х" not in text and "І" not in text:
        return text
    return _CYRILLIC.sub(lambda match: match[0].translate(_ALIKE), text)


def roman_readings(match: re.Match[str], _: str) -> Iterator[str]:
    """A Roman number as an ordinal and as a cardinal number."""
    roman = match["roman"].translate(_ALIKE)
    if _ROMAN.fullmatch(roman):
        yield f"{value_of(roman)}{match['ending'] or '-й'}"
        yield str(value_of(roman))
