"""`+` as a stress mark: Russian corpora write «з+амок». espeak reads `+` as the word plus, and knows U+0301 after the vowel.

Here: whether a set of texts uses `+` in this way, and the change of a text. Not here: when a text is changed (``importers``).
"""

import re
from collections.abc import Iterable

LANGUAGES = frozenset({"ru", "uk", "be"})
"""The languages of corpora with `+`. espeak stresses the marked vowel in Russian, and ignores U+0301 in the two others."""

MIN_MARKED_SHARE = 0.9
"""Of all `+`, at least this share stands before a vowel when some `+` are something else (our choice)."""

_VOWELS = "аеёиоуыэюяіїєАЕЁИОУЫЭЮЯІЇЄ"
_LETTERS = "А-Яа-яЁёІіЇїЄєҐґЎў'’ʼ"
_MARK = re.compile(rf"\+([{_VOWELS}])")
_WORD = re.compile(rf"[{_LETTERS}+]+")
_ACUTE = "\u0301"


def _one_mark(word: str) -> bool:
    return word.count("+") == 1 and bool(_MARK.search(word))


def plus_marks_stress(texts: Iterable[str], language: str) -> bool:
    """Whether `+` is the stress mark of these texts: it stands inside a word, before a vowel, once in a word.

    True when every `+` of the texts does so, or when nearly every `+` does and most words of several syllables have one. A `+`
    at the start of a word counts as a mark only beside marks inside words: «+один» alone may be a sum.
    """
    if language not in LANGUAGES:
        return False
    whole = "\n".join(texts)
    words = _WORD.findall(whole)
    marked = [word for word in words if _one_mark(word)]
    if all(word.startswith("+") for word in marked):
        return False
    if len(marked) == whole.count("+"):
        return True
    long = [word for word in words if sum(letter in _VOWELS for letter in word) > 1]
    long_marked = sum(map(_one_mark, long))
    return len(marked) >= MIN_MARKED_SHARE * whole.count("+") and long_marked * 2 > len(long)


def with_acutes(text: str) -> str:
    """The text with U+0301 after the vowel for every `+` that marks stress. «ё» needs no mark: it is always stressed."""

    def accented(word: re.Match[str]) -> str:
        if not _one_mark(word[0]):
            return word[0]
        return _MARK.sub(lambda mark: mark[1] if mark[1] in "ёЁ" else mark[1] + _ACUTE, word[0])

    return _WORD.sub(accented, text)
