"""Russian words with «ё» that are written with «е»: espeak reads «е» as written, and a voice learns «самолет» for «самолёт».

Here: finding words that only a form with «ё» explains. Not here: whether they are a fault (``dataset.faults``), comparing texts
(``text.russian`` compares «ё» as «е»).
"""

import re
from functools import lru_cache
from typing import Any

_WORD = re.compile(r"[А-Яа-яЁё\u0301]*[Ее][А-Яа-яЁё\u0301]*")


@lru_cache(maxsize=1)
def _dictionary() -> tuple[Any, Any]:
    """OpenCorpora's dictionary of word forms, as pymorphy3 brings it, and its rule that «е» may stand for «ё»."""
    from pymorphy3 import MorphAnalyzer

    words = MorphAnalyzer().dictionary.words
    return words, words.compile_replaces({"е": "ё"})


@lru_cache(maxsize=65536)
def _with_yo(word: str) -> str:
    """The one form with «ё» of a word in lower case; empty when the word is right as written, or not in the dictionary.

    «все» is a word, and «всё» is another one: only the sound tells which is meant. Such a word is right as written.
    """
    words, may_be_yo = _dictionary()
    forms = [form for form, _ in words.similar_items(word, may_be_yo)]
    return forms[0] if len(forms) == 1 and forms[0] != word else ""


def missing_yo(text: str) -> list[str]:
    """The words of a text that should have «ё» where «е» stands, each once, in order, in lower case and with «ё».

    A word with a stress mark is judged without the mark.
    """
    found = (_with_yo(word.replace("\u0301", "").lower()) for word in _WORD.findall(text))
    return list(dict.fromkeys(word for word in found if word))
