"""Ukrainian and Belarusian as they are read aloud: apostrophes inside words, and figures as words.

Not here: Russian (``text.russian``), steps that every language shares (``text.normalisation``).
"""

import re

from voice_assets.text.digits import digit_by_digit, integer, numeral

# Keyboards have five signs for the apostrophe of «п'ять». The apostrophe is no letter and no border of words.
_APOSTROPHE = re.compile("(?<=\\w)['’‘`ʼ´](?=\\w)")
_GROUPED = re.compile(r"(?<![\d.,])\d{1,3}(?:[ \u00a0\u202f]\d{3})+(?!\d)")
_DECIMAL = re.compile(r"(?<![\d.,])(\d+)[.,](\d+)(?![\d.,]?\d)")
_ORDINAL = re.compile(r"(\d+)-?(?:й|ий|а|е|го|му|ї|х)\b")
_FIGURES = re.compile(r"\d+")
_SIGNS = {"uk": {"%": " відсотків ", "+": " плюс "}, "be": {"%": " працэнтаў ", "+": " плюс "}}
# NFKC makes "No" of the sign №.
_NUMBER_SIGN = re.compile(r"\bNo(?=\s?\d)")


def _number(digits: str, language: str, **grammar: object) -> str:
    number = integer(digits)
    return f" {digit_by_digit(digits, language) if number is None else numeral(number, language, **grammar)} "


def expand(text: str, language: str) -> str:
    """Spell out the figures of ``text`` and join words at their apostrophes. ``language``: ``uk`` or ``be``."""
    for sign, words in _SIGNS[language].items():
        text = text.replace(sign, words)
    text = _NUMBER_SIGN.sub(" номер " if language == "uk" else " нумар ", text)
    if language == "uk":
        text = _GROUPED.sub(lambda match: re.sub(r"\D", "", match[0]), text)
        text = _ORDINAL.sub(lambda match: _number(match[1], language, to="ordinal"), text)
        text = _DECIMAL.sub(lambda match: f"{_number(match[1], language)}кома{_number(match[2], language)}", text)
        text = _FIGURES.sub(lambda match: _number(match[0], language), text)
    return _APOSTROPHE.sub("", text)
