"""Russian as it is read aloud: the order of the steps that turn written Russian into spoken words.

Not here: the steps (``russian_letters``, ``russian_abbreviations``, ``russian_figures``, ``russian_latin``), steps that every
language shares (``text.normalisation``), one form for numbers whose case is unknown (``russian_numbers``).
"""

import re

from voice_assets.text import (
    russian_abbreviations,
    russian_figures,
    russian_latin,
    russian_letters,
    russian_roman,
    russian_units,
)

# "одна" before a thousand has no meaning, unless it ends a longer number: двадцать одна тысяча.
_ONE_THOUSAND = re.compile(r"\b(?P<before>\w*(?:дцать|десят|сорок|сто|двести|ста|сот) )?(?:одна )+(?=тысяч[аи]?\b)")


def expand(text: str) -> str:
    """Spell out the numbers, units and abbreviations of ``text``. Upper case and dots of other words stay."""
    text = russian_figures.join_groups(russian_roman.in_latin(text))
    text = russian_figures.expand_figures(russian_abbreviations.expand_abbreviations(text))
    return russian_latin.spell_acronyms(text)


def respell(text: str) -> str:
    """The last step, on lower-case words: Latin words in Cyrillic, ``ё`` as ``е``, one form for a thousand."""
    text = russian_units.expand_bare_units(russian_latin.transliterate(russian_letters.name_greek(text.replace("ё", "е"))))
    return _ONE_THOUSAND.sub(lambda match: match[0] if match["before"] else "", text) if "тысяч" in text else text
