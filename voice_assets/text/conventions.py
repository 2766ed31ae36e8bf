"""What a language's conventions are made of: the fields that ``text.english`` and the other language files fill.

Not here: the conventions of a language, and applying them (``text.scanner``).

Readings are written in a small notation. Words stand apart by spaces: each is read in turn. ``|`` separates words of which one
is read, or none where nothing stands between: ``dollars|dollar and|``. ``_`` is a space inside one of them: ``per_cent``.
``#5`` is the number 5 however it is said, ``#5o`` the fifth, ``#5?`` either, ``#5/2`` a fraction, ``#2.5`` a decimal.
``@0101`` is a row of digits, said one by one or in groups. ``=km`` is an abbreviation as written: it is read only where
the other text has it too.

Tables are written as ``short: reading; short: reading;``, so that many fit on a page.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

Words = Mapping[str, str]


@dataclass(frozen=True)
class Conventions:
    """The conventions of one language. Every field holds readings, or patterns of Python's ``re``."""

    language: str
    # The mark of decimals, and the words for it.
    decimal: str = ","
    point: str = ""
    minus: str = "minus"
    # The word between the parts of 10-15, and of 3/4.
    to: str = "|"
    over: str = "|"
    # Signs that stand for words everywhere ("&"), and beside figures only ("+").
    signs: Words = field(default_factory=dict)
    # The unit and the hundredth of each currency sign or code, and the word between them.
    currencies: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    money_link: str = "|"
    # After figures: kilometres, and words that multiply.
    units: Words = field(default_factory=dict)
    scales: Mapping[str, int] = field(default_factory=dict)
    # Shortened words. A key that ends with a dot needs the dot, otherwise the dot may be missing.
    abbreviations: Words = field(default_factory=dict)
    # Shortened ends of words: Hauptstr.
    endings: Words = field(default_factory=dict)
    # Abbreviations that are also words. At the end of a sentence they are read as they stand.
    also_words: frozenset[str] = frozenset()
    # Abbreviations that stand before a figure: No. 5, n° 5.
    before_figures: Words = field(default_factory=dict)
    # Whole words that are said in another way too: "ok", "gonna".
    words: Words = field(default_factory=dict)
    ordinal: str = r"(?!)"
    # A written ordinal that people read as a cardinal as well: piso 10.º.
    ordinal_or_cardinal: bool = False
    decade: str = r"(?!)"
    # Whether figures and a word are one word in full: 20-jährig.
    compounds: bool = False
    # The article before the ordinal of a king.
    article: str = ""
    # The words for 1 before a unit, besides the number: a dollar.
    one: str = ""
    # The readings of a time of day, and what may follow its figures.
    clock: Callable[[int, int], Sequence[str]] | None = None
    clock_after: str = r"(?!)"
    clock_marks: str = ":"
    # What is read for ``#10`` and a power: ``{n}`` the base, ``{e}`` the exponent.
    squared: str = ""
    cubed: str = ""
    power: Sequence[str] = ()
    times: str = "x"
    # ``join``: geht's is one word. ``split``: l'eau is two.
    apostrophe: str = "join"
    contractions: Callable[[str], Sequence[str]] | None = None
    dot: str = ""
    at: str = ""
    months: str = ""
    # English reads 1941 as nineteen forty-one unless it is an amount.
    years: bool = False


def table(entries: str) -> Words:
    """``short: reading; short: reading;`` as a dictionary."""
    pairs = (entry.split(": ", 1) for entry in " ".join(entries.split()).split(";") if entry.strip())
    return {short.strip(): reading.strip() for short, reading in pairs}


def currencies(entries: str) -> Mapping[str, tuple[str, str]]:
    """``sign: unit + hundredth;`` as a dictionary of pairs."""
    return {sign: (names.split("+")[0].strip(), names.split("+")[1].strip()) for sign, names in table(entries).items()}


def scales(entries: str) -> Mapping[str, int]:
    """``word: factor;`` as a dictionary of numbers."""
    return {word: int(factor) for word, factor in table(entries).items()}


def hours(hour: int) -> tuple[int, ...]:
    """The ways to count ``hour``: 17 and 5; 0 and 12."""
    return (hour, hour - 12) if hour > 12 else (hour, 12) if hour == 0 else (hour,)


def minutes(minute: int) -> str:
    """The minutes of a time: thirty, never three zero; five with or without a zero before it."""
    return f"@0{minute}|#{minute}" if minute < 10 else f"#{minute}"


def next_hour(hour: int) -> tuple[int, ...]:
    """The hours that follow ``hour``, in the same ways to count."""
    return hours((hour + 1) % 24)


def alternatives(words: Words) -> re.Pattern[str]:
    """A pattern of every key, the longest first; dots may be followed by a space."""
    keys = sorted(words, key=len, reverse=True)
    return re.compile("|".join(_key(key) for key in keys) or r"(?!)", re.IGNORECASE)


def _key(key: str) -> str:
    inner, last = (key[:-1], r"\.") if key.endswith(".") else (key, r"\.?" if key[-1:].isalpha() else "")
    return re.escape(inner).replace(r"\.", r"\.\s?").replace(r"\ ", r"\s") + last
