"""Normalising a text before it is compared: reference and hypothesis get the same form for the same words.

Here: the order of the steps, and the steps that all languages share. Not here: the steps of Russian (``text.russian``), the
figures and abbreviations of other languages (``text.scanner``), comparing (``text.comparison``).

The order: stress marks, stage directions, numbers and abbreviations and Latin words, lower case, ё -> е, punctuation, spaces.
Accents of languages other than Russian stay. Which of them are heard is decided where two texts are compared
(``text.spelling``): ``habló`` and ``hablo`` differ, ``sí`` and ``si`` do not.
"""

import re
import unicodedata
from functools import lru_cache

from voice_assets.text import russian, russian_letters, western

_BRACKETED = re.compile(r"\[[^\[\]]*\]|\{[^{}]*\}|<(?![\s\d=])[^<>]*>|(?<!\w)\*[^*\s][^*]*\*(?!\w)|♪[^♪]*♪")
# Round brackets are read aloud unless they hold one of these words.
_DIRECTION = re.compile(
    r"\([^()]*\b(?:silence|music|laugh\w*|applause|noise|tone|beep|sigh\w*|cough\w*|смех|сме[её]тся|музык\w*|аплодисменты"
    r"|шум|вздох\w*|вздыха\w*|кашель|тишина|пауза|ш[её]пот\w*|шепч\w*|крич\w*|крикнув|смеясь|плач\w*|всхлип\w*|risas|música|rires|musique|gelächter|musik|risate|musica)\b[^()]*\)",
    re.IGNORECASE,
)
_MARKS = re.compile("[\u0300-\u036f]")
# The characters of nearly every text. The general way in `_words_only` gives the same result ten times slower.
_PLAIN = re.compile(r"[a-zа-яё0-9\s.,;:!?…—–\-«»\"'()]*")
# Figures below the line: CO₂.
_LOWERED = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_OTHER_DIGIT = re.compile(r"(?![0-9])\d")
_NO_WORD = re.compile(r"[^a-zа-яё0-9]+")
_SPACES = re.compile(r"\s+")


def _ascii_digits(text: str) -> str:
    """Decimal digits of every script as 0 to 9."""
    if text.isascii() or not _OTHER_DIGIT.search(text):
        return text
    return "".join(str(unicodedata.decimal(char)) if char.isdecimal() else char for char in text)


def _words_only(text: str) -> str:
    """``text`` with letters, digits and the marks of letters. Format characters are dropped; all others become spaces."""
    if _PLAIN.fullmatch(text):
        return _NO_WORD.sub(" ", text).strip()
    kept: list[str] = []
    for char in text:
        category = unicodedata.category(char)
        if category == "Cf":
            continue
        is_word = category in ("Ll", "Lo", "Lm", "Nd")
        is_mark = category[0] == "M" and bool(kept) and kept[-1] != " "
        kept.append(char if is_word or is_mark else " ")
    # NFC again: after a format character is dropped, a mark can follow its letter.
    return unicodedata.normalize("NFC", _SPACES.sub(" ", "".join(kept)).strip())


def _composed(text: str) -> str:
    """``text`` as NFC without format characters, its digits as 0 to 9."""
    if text.isascii():
        return text
    text = "".join(char for char in unicodedata.normalize("NFC", text) if unicodedata.category(char) != "Cf")
    return _ascii_digits(unicodedata.normalize("NFC", text).translate(_LOWERED))


def _without_directions(text: str) -> str:
    text = _BRACKETED.sub(" ", text)
    return _DIRECTION.sub(" ", text) if "(" in text else text


def prepare(text: str) -> str:
    """``text`` as ``text.scanner`` takes it: composed, without stage directions. Figures and signs stay."""
    return _without_directions(_composed(text))


def _russian(text: str) -> str:
    text = russian.expand(_without_directions(_ascii_digits(russian_letters.plain_signs(text))))
    # İ in lower case is an i with a mark. Russian has no marks; a mark that stays could join another letter.
    return russian.respell(_words_only(_MARKS.sub("", unicodedata.normalize("NFKC", text.lower()))))


@lru_cache(maxsize=65536)
def normalise(text: str, language: str) -> str:
    """``text`` as lower-case words with single spaces: every spelling of the same words has the same result.

    Never raises. Normalising a normalised text changes nothing. ``language`` is Whisper's code (``ru``, ``en``…); a
    language without conventions here gets the common steps only.
    """
    if language == "ru":
        return _russian(text)
    if western.has_conventions(language):
        return western.usual(prepare(text), language)
    text = _without_directions(_ascii_digits(unicodedata.normalize("NFKC", text)))
    return _words_only(unicodedata.normalize("NFKC", text.lower()))
