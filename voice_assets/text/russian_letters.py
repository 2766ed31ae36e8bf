"""Marks and repeated letters in a Russian text: stress marks, stuttering, drawn-out sounds.

Here: spellings that add marks or letters to a word and do not change the word.
"""

import re

_STRESS_PLUS = re.compile(r"\+(?=[аеёиоуыэюяАЕЁИОУЫЭЮЯ])|(?<=[аеёиоуыэюяАЕЁИОУЫЭЮЯ])\+(?!\d)")
# «Не-е-ет», «ч-что», «нееет»: a drawn-out or stuttered sound has many spellings.
_STUTTERED = re.compile(r"([а-яё])(?:-\1){2,}|\b([бвгджзклмнпрстфхцчшщ])-(?=\2)", re.IGNORECASE)
_DRAWN_OUT = re.compile(r"([а-я])\1{2,}")


def strip_stress(text: str) -> str:
    """Drop the ``+`` that marks a stressed vowel, before it (``г+ород``) or after it (``го+род``)."""
    return _STRESS_PLUS.sub("", text)


def join_stutters(text: str) -> str:
    """«Не-е-ет» as «Нет», «ч-что» as «что»."""
    return _STUTTERED.sub(lambda match: match[1] or "", text)


def shorten_drawn_out(text: str) -> str:
    """Replace a letter that is repeated three times or more by one letter. ``text`` is lower case, with ``е`` for ``ё``."""
    return _DRAWN_OUT.sub(r"\1", text)
