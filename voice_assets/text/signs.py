"""The signs of a text: symbols, pictures, odd apostrophes and punctuation, which espeak may read aloud though nobody does.

Here: where the signs stand, and the text without them. Not here: what espeak says for a sign (``dataset.readings``).
"""

import re
import unicodedata
from collections.abc import Container, Iterator
from dataclasses import dataclass
from functools import lru_cache

from voice_assets.text.scripts import SCRIPTS, script_of

# Punctuation of a written sentence. Most espeak voices make a pause of it; some read a part of it aloud (Ukrainian: «, », …).
PLAIN = frozenset(".,;:!?…-‐‑‒–—―'’‘‚‛\"“”„«»‹›()[]{}¿¡、。「」『』【】《》〈〉（）！？，：；．・،؛؟۔।॥՞՜՛։")
ELLIPSIS = "..."
_MARKS = ".,;:!?-"
"""Punctuation without a place of its own in PLAIN's test: a mark is read aloud only where it stands apart from its word."""

# U+FE0E and U+FE0F: a symbol as text or as picture. U+200D joins pictures to one.
_PICTURE_PARTS = "\ufe0e\ufe0f\u200d"
_DOTS = re.compile(r"\.{2,}")
# People type these instead of an apostrophe. U+02BC is a letter to Unicode.
_APOSTROPHE = re.compile(r"(?<=\w)[`´ʹʻʼʽˈ′＇](?=\w)")
# « .NET», «Hello . World», «-Привет», «Hello !World»
_APART = re.compile(r"(?<![\w.])[.,;:!?-](?=[^\W\d])|(?<=\s)[.,;:!?](?=\s+\w)|(?<=[^\W\d])-(?=\s)")


@dataclass(frozen=True)
class Sign:
    """A sign at ``start`` to ``end`` of a text, and what stands there when the sign is removed."""

    start: int
    end: int
    token: str
    instead: str = " "


@lru_cache(maxsize=16384)
def _is_sign(character: str, language: str) -> bool:
    if character in PLAIN or character.isspace() or character.isdigit() or (character == "·" and language == "ca"):
        return False  # Catalan spells with it: col·legi
    category = unicodedata.category(character)
    if category[0] in "PS" or category in ("No", "Me") or character in _PICTURE_PARTS[:2]:
        return True
    script, expected = script_of(character), SCRIPTS.get(language)
    return bool(script) and expected is not None and script not in (*expected, "LATIN")


def _found(text: str, language: str, read_aloud: Container[str]) -> Iterator[Sign]:
    for at in [at for at, one in enumerate(text) if _is_sign(one, language) or (one in read_aloud and one not in _MARKS)]:
        end = at + 1
        while end < len(text) and text[end] in _PICTURE_PARTS:
            end += 1
        yield Sign(at, end, text[at])
    for match in _APOSTROPHE.finditer(text):
        yield Sign(*match.span(), match[0], "'")
    for match in _APART.finditer(text):
        yield Sign(*match.span(), match[0])
    if ELLIPSIS in read_aloud:
        for match in _DOTS.finditer(text):
            yield Sign(*match.span(), ELLIPSIS, ". ")


def signs(text: str, language: str, read_aloud: Container[str] = ()) -> list[Sign]:
    """The signs of a text in order, none inside another.

    Signs: symbols, pictures with their invisible parts, currency, what stands for an apostrophe inside a word, letters of a
    script that is neither Latin nor the language's, and punctuation that stands apart from its word. Not signs: digits and
    Latin letters (they have warnings of their own), other punctuation. For a language that ``SCRIPTS`` lacks, no letter is one.

    ``read_aloud``: characters of ``PLAIN`` and ``ELLIPSIS`` that are signs too, because the language's voice reads them aloud.
    """
    result: list[Sign] = []
    for sign in sorted(_found(text, language, read_aloud), key=lambda one: (one.start, one.instead == " ", -one.end)):
        if not result or sign.start >= result[-1].end:
            result.append(sign)
    return result


def without(text: str, found: list[Sign], keep: str = "") -> str:
    """The text without its signs ``found``, except those whose token is ``keep``."""
    parts, end = [], 0
    for sign in found:
        parts += [text[end : sign.start], text[sign.start : sign.end] if sign.token == keep else sign.instead]
        end = sign.end
    return "".join([*parts, text[end:]])
