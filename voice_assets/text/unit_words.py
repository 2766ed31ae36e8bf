"""Words that look alike and mean different things: units, titles and months (km and cm), and opposites (a.m. and p.m.).

Few letters part them, so neither the score nor ``text.words.other_words`` sees the difference. Here: whether two words name
different things. Not here: how units and abbreviations are read (``text.conventions``, ``russian_units``).
"""

import re
from collections.abc import Iterator
from functools import cache, lru_cache

from voice_assets.text import russian_units
from voice_assets.text.conventions import Conventions
from voice_assets.text.scanner import CONVENTIONS
from voice_assets.text.spelling import key

# A pair of words with opposite meanings that share half of their letters or more.
_OPPOSITES = frozenset(
    frozenset(pair.split())
    for pair in (
        "am pm", "mayor menor", "mayores menores", "maggiore minore", "maggiori minori", "inférieur supérieur",
        "inférieure supérieure", "inférieurs supérieurs", "меньше больше", "меньшее большее", "меньший больший",
    )
)  # fmt: skip
# A single letter, and a short stem, begin many other words: «час» and «часть».
_LEAST_LITERAL = 2
_LEAST_WORD = 4
_LEAST_STEM = 4
_LONGEST_ENDING = 3
_OTHER_WORDS = frozenset(("in", "to"))


def _entries(conventions: Conventions) -> Iterator[tuple[str, str]]:
    """Each unit, title and month, and a word for it. Short words are left out, for many are also words of other meaning."""
    for table in (conventions.units, conventions.abbreviations):
        for reading in table.values():
            yield from ((reading, word) for word in re.split(r"[ |]", reading) if len(word) >= _LEAST_WORD)
    for short, reading in conventions.units.items():
        # A unit is read out only after figures. Elsewhere it stays as written: five km.
        literal = re.sub(r"\W", "", short)
        if len(literal) >= _LEAST_LITERAL and short not in conventions.also_words | _OTHER_WORDS:
            yield reading, literal
    yield from ((month, month) for month in conventions.months.split())


@cache
def _western(language: str) -> dict[str, frozenset[str]]:
    """By word, the things that it can name."""
    found: dict[str, set[str]] = {}
    for thing, word in _entries(CONVENTIONS[language]):
        found.setdefault(key(word, language), set()).add(thing)
    return {word: frozenset(things) for word, things in found.items()}


@cache
def _stems() -> tuple[str, ...]:
    """The unchanging beginnings of Russian units."""
    names = {name for nouns in russian_units.nouns().values() for name in nouns if " " not in name}
    stems = {re.sub("(?:ия|[аоеиья])$", "", name) for name in names}
    return tuple(sorted(stem for stem in stems if len(stem) >= _LEAST_STEM))


@lru_cache(maxsize=4096)
def _russian(word: str) -> frozenset[str]:
    return frozenset(stem for stem in _stems() if word.startswith(stem) and len(word) <= len(stem) + _LONGEST_ENDING)


def _things(word: str, language: str) -> frozenset[str]:
    if language == "ru":
        return _russian(word)
    return _western(language).get(key(word, language), frozenset()) if language in CONVENTIONS else frozenset()


def name_different_things(one: str, other: str, language: str) -> bool:
    """Whether both words name a unit, a title or a month, and no thing is named by both; or the words are opposites.

    The words are normalised. In a language without conventions only the opposites are known.
    """
    if one == other:
        return False
    if frozenset((one, other)) in _OPPOSITES:
        return True
    things, others = _things(one, language), _things(other, language)
    return bool(things and others) and not things & others
