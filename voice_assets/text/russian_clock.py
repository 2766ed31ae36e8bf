"""The clock and dates in figures, and every way in which people say them.

Here: «19:00» as «семь вечера», «12:45» as «без четверти час», «15.05.2026» as «пятнадцатое мая». Not here: the usual reading
(``russian_figures``), finding the figures (``russian_readings``).
"""

import re
from collections.abc import Iterator

from voice_assets.text.digits import numeral
from voice_assets.text.number_words import word_list

MONTHS = word_list("января февраля марта апреля мая июня июля августа сентября октября ноября декабря")
# Hours of the 24-hour clock and the part of the day that people add to the hour of the 12-hour clock. Some hours have two.
_PARTS = {"ночи": (22, 23, 0, 1, 2, 3, 4), "утра": range(3, 12), "дня": range(12, 18), "вечера": range(16, 24)}
# A text has one of these words where it says the clock by quarters, halves or minutes of an hour.
_COLLOQUIAL = re.compile(r"\b(?:пол\w*|четверт\w*|без|минут\w*)\b", re.IGNORECASE)


def _ordinal(number: int) -> str:
    return numeral(number, "ru", to="ordinal", case="g")


def _colloquial(hour: int, minutes: int, words: set[str]) -> Iterator[str]:
    """«половина шестого», «двадцать минут шестого», «без двадцати шесть», where ``words`` name the same hour.

    ``hour`` is that of the 12-hour clock.
    """
    following = hour % 12 + 1
    ordinal, cardinal = _ordinal(following), "час" if following == 1 else numeral(following, "ru")
    if minutes and any(word.endswith(ordinal) for word in words):
        yield f"{minutes} минут {ordinal}"
        yield from {30: (f"половина {ordinal}",), 15: (f"четверть {ordinal}",)}.get(minutes, ())
    if cardinal in words and minutes > 30:
        yield f"без {60 - minutes} минут {cardinal}"
        yield f"без {60 - minutes} {cardinal}"
        yield from (f"без четверти {cardinal}",) if minutes == 45 else ()


def clock_readings(hours: int, minutes: int, other: str) -> Iterator[str]:
    """Every way to say a time of the 24-hour clock. The hour of the 12-hour clock comes with the part of the day.

    ``other``: the other text. The hours of quarters and halves do not say the part of the day; these readings are offered only
    when the other text has such words and the same hour.
    """
    hour = (hours - 1) % 12 + 1
    exact = f"{minutes:02d}" if minutes else ""
    yield f"{hours} часов {exact}"
    yield f"{hours}, {minutes:02d}"
    yield f"{hours} {exact}"
    if hours == 1:
        yield f"час {exact}"
    if minutes:
        yield f"{hours} часов {minutes} минут"
    else:
        yield f"{hours} ноль ноль"
        yield f"{hours} часов ноль минут"
        yield from {0: ("полночь",), 12: ("полдень",), 1: ("час",)}.get(hours, ())
    for part, part_hours in _PARTS.items():
        if hours in part_hours:
            yield f"{hour} {exact} {part}"
            yield f"{hour} часов {exact} {part}"
            if minutes:
                yield f"{hour} часов {minutes} минут {part}"
            if hour == 1:
                yield f"час {exact} {part}"
    if _COLLOQUIAL.search(other):
        yield from _colloquial(hour, minutes, set(re.findall("[а-яё]+", other.lower())))


def _with_zero(number: int) -> list[str]:
    """«пятого», and below ten also «ноль пятого»."""
    return [_ordinal(number), *([f"ноль {_ordinal(number)}"] if number < 10 else [])]


def date_readings(day: int, month: int, year: str) -> Iterator[str]:
    """Every way to say a date in figures; ``year`` has 0, 2 or 4 digits."""
    if not (1 <= day <= 31 and 1 <= month <= 12):
        return
    years = [year] if len(year) != 2 else [f"20{year}", f"19{year}", year]
    days, months = _with_zero(day), _with_zero(month)
    for named in (*(f"{one} {MONTHS[month - 1]}" for one in days), *(f"{one} {two}" for one in days for two in months)):
        for full in years:
            yield f"{named} {full}-го года" if full else named
            if full:
                yield f"{named} {full}-го"
                yield f"{named} {full}"
