"""The composed form of a text: NFC, letters in their usual shape, without invisible characters.

A text looks the same as its composed form, but espeak-ng may speak the two differently: espeak-ng looks letters up as they are
written, and an invisible character ends a word. Here: the form, and where it differs from the text. Not here: signs
(``text.signs``), what espeak says (``dataset.readings``), whether a difference is a fault (``dataset.faults``).
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

_JOINERS = "\u200c\u200d"
_WORD_BREAK = "\u200b"
_VARIATION = "\ufe0e\ufe0f"
_INVISIBLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff"
    "\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff"
)
"""Unicode's "default ignorable code points" that are in use, and the annotation marks. A font shows none of them."""
# Letters and digits in another shape: Latin, Armenian, Hebrew and Arabic presentation forms, full and half width, mathematical.
_SHAPED = "\ufb00-\ufb06\ufb13-\ufb17\ufb1d-\ufdff\ufe70-\ufefc\uff10-\uffdc\U0001d400-\U0001d7ff"
_SUSPECT = re.compile(rf"[{_INVISIBLE}{_SHAPED}]")

# Scripts that spell with joiners, and scripts without spaces that may mark the end of a word with U+200B.
_WITHOUT_SPACES = frozenset({"THAI", "LAO", "MYANMAR", "KHMER", "TIBETAN"})
_INDIC = {"DEVANAGARI", "BENGALI", "GURMUKHI", "GUJARATI", "ORIYA", "TAMIL", "TELUGU", "KANNADA", "MALAYALAM", "SINHALA"}
_WITH_JOINERS = frozenset({"ARABIC", "SYRIAC", "MONGOLIAN", "MYANMAR", "KHMER", "TIBETAN", *_INDIC})


@dataclass(frozen=True)
class Place:
    """A piece of a text that is written otherwise in the composed text. ``at`` counts characters of the text from 1."""

    at: int
    written: str
    composed: str


def _script(character: str) -> str:
    """The first word of a character's Unicode name; other than `script_of`, also of a mark."""
    return unicodedata.name(character, "").split(" ", 1)[0]


def _is_sign_part(character: str) -> bool:
    """Whether a character can be in a picture before an invisible part: a symbol, a skin colour, a keycap, a variation."""
    return unicodedata.category(character) in ("So", "Sk", "Sm", "Me") or character in _VARIATION + "#*0123456789"


def _needed(text: str, at: int) -> bool:
    """Whether the invisible character at ``at`` belongs to the spelling of a script, or to a picture of several characters."""
    character, before = text[at], text[at - 1 : at]
    if character in _JOINERS and _script(before or " ") in _WITH_JOINERS:
        return True
    if character == _WORD_BREAK and _script(before or " ") in _WITHOUT_SPACES:
        return True
    in_picture = character in _VARIATION + "\u200d" or "\U000e0000" <= character <= "\U000e0fff"
    return in_picture and bool(before) and (_is_sign_part(before) or "\U000e0000" <= before <= "\U000e0fff")


def _shape_free(character: str) -> str:
    """A letter or digit of the presentation blocks in its usual form. Punctuation stays: some scripts use full width."""
    if re.match(f"[{_SHAPED}]", character) and character.isalnum():
        return unicodedata.normalize("NFKC", character)
    return character


def _clusters(text: str) -> Iterator[tuple[int, str]]:
    """Every character with the marks that follow it and Hangul's medial and final letters, with its index."""
    start = 0
    for index in range(1, len(text) + 1):
        follows = index < len(text) and (unicodedata.combining(text[index]) or "\u1160" <= text[index] <= "\u11ff")
        if not follows and index > start:
            yield start, text[start:index]
            start = index


def _visible(text: str, start: int, cluster: str) -> str:
    kept = (one for at, one in enumerate(cluster, start) if not re.match(f"[{_INVISIBLE}]", one) or _needed(text, at))
    return "".join(_shape_free(one) for one in kept)


def places(text: str) -> list[Place]:
    """Every piece of the text that `composed` changes."""
    if text.isascii() or (unicodedata.is_normalized("NFC", text) and not _SUSPECT.search(text)):
        return []
    found = (
        (start, cluster, unicodedata.normalize("NFC", _visible(text, start, cluster))) for start, cluster in _clusters(text)
    )
    return [Place(start + 1, cluster, clean) for start, cluster, clean in found if cluster != clean]


def composed(text: str) -> str:
    """The text in NFC, letters in their usual shape, without invisible characters.

    Joiners stay in the scripts that spell with them, U+200B stays in scripts without spaces, and the parts of one picture stay
    together.
    """
    while changed := places(text):  # a removed character can bring two others together
        parts, end = [], 0
        for place in changed:
            parts += [text[end : place.at - 1], place.composed]
            end = place.at - 1 + len(place.written)
        text = unicodedata.normalize("NFC", "".join([*parts, text[end:]]))
    return text
