"""Cleaning the texts of other collections, and reasons to reject a text. Values only, no files.

Every change and every rejection has a reason, ``kind: detail``: no text is changed or dropped without a message.
"""

import re
from typing import Literal

from voice_assets.dataset.faults import Limits
from voice_assets.text import scripts
from voice_assets.text.composed import Place, composed, places
from voice_assets.text.stress_marks import with_acutes

Digits = Literal["sure", "any", "none"]
CLEANING = 2
"""Grows when an importer writes another text for the same recording."""

_BRACKETED = re.compile(r"\[[^\[\]]*\]|<[^<>]*>")
_WHOLE_DIRECTION = re.compile(r"\s*(\[.*\]|<.*>|\(.*\))\s*", re.DOTALL)
# The spoken form of a number is sure when the number is one digit with a space, a sentence mark or nothing on both sides: menu
# keys, single counts. A longer number may be read as a case form, a year or a decimal; the digits do not show which.
_SURE_NUMBER = re.compile(r"(?<![\w.,:/-])\d(?![\w:/-])(?![.,]\d)")


def _typographic(text: str) -> str:
    """Straight double quotes as typographic ones, opening and closing in turn."""
    parts = text.split('"')
    return parts[0] + "".join(("“" if number % 2 == 0 else "”") + part for number, part in enumerate(parts[1:]))


def _codes(place: Place) -> str:
    return " ".join(f"U+{ord(character):04X}" for character in place.written)


def _composed(text: str) -> tuple[str, list[str]]:
    """The text in NFC without invisible characters, and the change in words, each kind of character once."""
    kinds = dict.fromkeys(f"{_codes(place)} is {place.composed or 'left out'}" for place in places(text))
    changed = [f"characters: in NFC without invisible characters: {', '.join(kinds)}"] if kinds else []
    return composed(text), changed


def _without_notes(text: str) -> tuple[str, list[str]]:
    without = text if _WHOLE_DIRECTION.fullmatch(text) else _BRACKETED.sub(" ", text)
    return without, [f"note removed: {', '.join(_BRACKETED.findall(text))}"] if without != text else []


def clean(name: str, text: str, *, plus_is_stress: bool = False) -> tuple[str, list[str]]:
    """The text as espeak should read it, without unspoken parts, and the list of changes.

    Removes the clip's name at the start (``menu: Press…``) and notes in ``[ ]`` or ``< >`` beside words. Composes letters (NFC)
    and removes invisible characters. ``plus_is_stress``: `+` before a vowel becomes U+0301 after the vowel. Each run of white
    space becomes one space. A text that starts with ``"`` gets typographic quotes, because Piper reads its metadata as CSV.
    A text that is only a note stays; `text_rejections` rejects it.
    """
    done: list[str] = []
    cleaned = re.sub(rf"^\s*{re.escape(name)}\s*:\s*", "", text)
    if cleaned != text:
        done.append("name removed: it was at the start of the text")
    for change in (_composed, _without_notes):
        cleaned, changes = change(cleaned)
        done += changes
    if plus_is_stress and (accented := with_acutes(cleaned)) != cleaned:
        done.append("stress: `+` before a vowel is U+0301 after the vowel now")
        cleaned = accented
    if " ".join(cleaned.split()) != cleaned:
        if not done:
            done.append("white space: each run is one space now")
        cleaned = " ".join(cleaned.split())
    if cleaned.startswith('"'):
        cleaned = _typographic(cleaned)
        done.append("quotes: typographic now, because Piper would read the text as a quoted CSV field")
    return cleaned, done


def _mixed_words(text: str) -> list[str]:
    """Words that mix scripts, such as a Cyrillic word with a Latin ``o``. They look right and are spoken wrong."""
    return [word for word in re.findall(r"[^\W\d_]+", text) if len(set(scripts.letter_scripts(word))) > 1]


def _unsure_numbers(text: str) -> list[str]:
    return re.findall(r"[\w.,:/-]*\d[\w.,:/-]*", _SURE_NUMBER.sub(" ", text))


def _digit_rejections(text: str, digits: Digits) -> list[str]:
    if digits == "none" and scripts.has_digits(text):
        return ["digits: the text has digits"]
    if digits == "sure" and (numbers := _unsure_numbers(text)):
        return [f"digits: the spoken form of {', '.join(map(repr, numbers))} is not certain; espeak knows only one form"]
    return []


def _length_rejections(text: str, limits: Limits) -> list[str]:
    if len(text) < limits.min_text_chars:
        return [f"text too short: {len(text)} characters, under min_text_chars {limits.min_text_chars}"]
    if len(text) > limits.max_text_chars:
        return [f"text too long: {len(text)} characters, over max_text_chars {limits.max_text_chars}"]
    return []


def _letter_rejections(text: str, limits: Limits, latin: bool) -> list[str]:
    if not scripts.letter_scripts(text):
        return ["no letters: there is nothing to speak"]
    share = scripts.script_share(text, limits.language)
    if share < limits.min_script_share:
        return [
            f"another script: {share:.3f} of the letters are the language's, under min_script_share {limits.min_script_share}"
        ]
    if words := _mixed_words(text):
        return [f"mixed scripts: letters of two scripts in one word: {', '.join(words)}"]
    if not latin and scripts.has_latin(text, limits.language):
        return ["latin: espeak reads Latin letters as another language"]
    return []


def text_rejections(text: str, limits: Limits, digits: Digits, latin: bool) -> list[str]:
    """Every reason to reject a cleaned text, ``kind: detail``; empty when the text can be used.

    Args:
        text: the cleaned text.
        limits: length and script of a text.
        digits: ``sure`` keeps single digits that stand alone, ``any`` keeps all digits, ``none`` keeps no text with digits.
        latin: keep Latin letters in a language that is not written in Latin script.
    """
    if not text:
        return ["no text: the recording has none"]
    if _WHOLE_DIRECTION.fullmatch(text):
        return ["not speech: the text only describes a sound"]
    reasons = _length_rejections(text, limits) + _letter_rejections(text, limits, latin) + _digit_rejections(text, digits)
    if hidden := scripts.unprintable(text):
        reasons.append(f"unprintable: {hidden} invisible characters")
    if "|" in text:
        reasons.append("separator: the text has `|`, which separates the columns of the metadata")
    if "+" in text:
        reasons.append("plus: the text has `+`, which espeak reads aloud")
    return reasons
