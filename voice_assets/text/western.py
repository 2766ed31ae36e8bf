"""Two texts of a language other than Russian in the readings that are closest. Not here: Russian (``text.comparison``)."""

import re
from collections.abc import Sequence

from voice_assets.text import lattice, lattice_of, scanner

_MOST_TIMES = 4
# The usual reading of a Roman number: its letters, with an ending such as that of XIXe.
_ROMAN = re.compile(r"[ivxlcdm]+(?:e|er|re|ère|ème|th|nd|rd|st|[oaºª])?$")
Places = tuple[tuple[str, ...], ...]
_CENSORED = re.compile(r"[^\W\d_]+\*+[^\W\d_]*")


def has_conventions(language: str) -> bool:
    """Whether figures and abbreviations of ``language`` are read."""
    return language in scanner.CONVENTIONS


def usual(text: str, language: str) -> str:
    """The usual reading of ``text``. A shortened word that appears only when marks are gone (d'r) is read in full too."""
    for _ in range(_MOST_TIMES):
        before, text = text, lattice_of.build(scanner.scan(text, language), language).lattice.usual()
        if text == before:
            break
    return text


def _uncensored(text: str, other: str) -> str:
    """``text`` with a word such as f*ck replaced by the word of ``other`` that fits its letters."""

    def fitting(match: re.Match[str]) -> str:
        pattern = re.escape(match[0]).replace(r"\*", r"[^\W\d_]")
        found = re.search(rf"(?<!\w){pattern}(?!\w)", other, re.IGNORECASE)
        return found[0] if found else match[0]

    return _CENSORED.sub(fitting, text) if "*" in text else text


def _is_roman(place: Sequence[str]) -> bool:
    return len(place) > 1 and bool(_ROMAN.match(place[0])) and any("#" in reading for reading in place)


def has_roman(text: str, language: str) -> bool:
    """Whether ``text``, prepared, has Roman numbers."""
    return any(_is_roman(place) for place in scanner.scan(text, language))


def has_figures(text: str, language: str) -> bool:
    """Whether ``text``, prepared, has figures or Roman numbers."""
    return any(char.isdigit() for char in text) or has_roman(text, language)


def _roman_values(places: Places, other: Places) -> Places:
    """``places`` with the Roman numbers that ``other`` lacks as values only: the letters of XIV and XVI are nearly equal."""
    others = {place for place in other if _is_roman(place)}
    if not others:
        return places
    return tuple(
        tuple(reading for reading in place if "#" in reading) if _is_roman(place) and place not in others else place
        for place in places
    )


def closest(one: str, other: str, language: str) -> tuple[str, str]:
    """The words of the two texts, each in the reading that is closest to the other. The order of the texts does not matter."""
    if one > other:
        second, first = closest(other, one, language)
        return first, second
    one, other = _uncensored(one, other), _uncensored(other, one)
    places = scanner.scan(one, language), scanner.scan(other, language)
    read = _roman_values(*places), _roman_values(*places[::-1])
    built = [lattice_of.build(text, language) for text in read]
    lattice_of.connect(built[0], built[1])
    return lattice.closest(built[0].lattice, built[1].lattice)
