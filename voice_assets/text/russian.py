"""Russian as it is read aloud: the order of the steps that turn written Russian into the words a speaker says.

Belongs here: the order. Does not belong here: the steps themselves (``russian_letters``, ``russian_abbreviations``,
``russian_figures``, ``russian_latin``), steps that every language shares (``text.normalisation``), forgetting the case of a
number where figures leave the case open (``russian_numbers``).
"""

import re

from voice_assets.text import russian_abbreviations, russian_figures, russian_latin, russian_letters, russian_units

# "одна" before a thousand says nothing, unless it is the end of another number: двадцать одна тысяча.
_ONE_THOUSAND = re.compile(r"\b(?P<before>\w*(?:дцать|десят|сорок|сто|двести|ста|сот) )?(?:одна )+(?=тысяч[аи]?\b)")


def expand(text: str) -> str:
    """Spell out the numbers, units and abbreviations of ``text``; its case and dots are still as written."""
    text = russian_figures.join_groups(russian_letters.join_stutters(text))
    text = russian_figures.expand_figures(russian_abbreviations.expand_abbreviations(text))
    return russian_latin.spell_acronyms(text)


def respell(text: str) -> str:
    """The last step, on lower-case words: Latin words in Cyrillic, ``ё`` as ``е``, one wording of a thousand."""
    text = russian_letters.shorten_drawn_out(russian_latin.transliterate(text.replace("ё", "е")))
    text = russian_units.expand_bare_units(text)
    return _ONE_THOUSAND.sub(lambda match: match[0] if match["before"] else "", text) if "тысяч" in text else text
