"""The characters of a text: scripts, digits, plus signs, invisible characters.

Not here: whether a character is a fault (``dataset.faults``), changing a text (``text.normalisation``).
"""

import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

# Languages and the scripts they are written in, as the first word of the Unicode name of their letters.
# ISO 639-1 codes that espeak-ng has a voice for. Serbian is written in two scripts; Bosnian and Uzbek are listed with Latin.
_BY_SCRIPT = {
    (
        "LATIN",
    ): "af an az bs ca cs cy da de en eo es et eu fi fo fr ga gn gl hr ht hu id is it jv la lb lt lv mi ms mt nb nl nn "
    "no om pl pt qu ro sk sl sq sv sw tk tn tr uz vi",
    ("CYRILLIC",): "ba be bg cv kk ky mk ru tt uk",
    ("CYRILLIC", "LATIN"): "sr sh",
    ("GREEK",): "el",
    ("ARMENIAN",): "hy",
    ("GEORGIAN",): "ka",
    ("HEBREW",): "he",
    ("ARABIC",): "ar fa ku ps sd ug ur",
    ("DEVANAGARI",): "hi mr ne",
    ("BENGALI",): "as bn",
    ("GUJARATI",): "gu",
    ("GURMUKHI",): "pa",
    ("ORIYA",): "or",
    ("TAMIL",): "ta",
    ("TELUGU",): "te",
    ("KANNADA",): "kn",
    ("MALAYALAM",): "ml",
    ("SINHALA",): "si",
    ("THAI",): "th",
    ("MYANMAR",): "my",
    ("ETHIOPIC",): "am",
    ("HANGUL",): "ko",
    ("CJK",): "zh",
    ("HIRAGANA", "KATAKANA", "CJK", "KATAKANA-HIRAGANA", "IDEOGRAPHIC"): "ja",
}
SCRIPTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {language: scripts for scripts, languages in _BY_SCRIPT.items() for language in languages.split()}
)

# Control, surrogate, private use, not assigned. Format characters (Cf: soft hyphen, joiners) and combining marks may stay.
_UNPRINTABLE = frozenset({"Cc", "Cs", "Co", "Cn"})


@lru_cache(maxsize=4096)
def script_of(character: str) -> str:
    """The script of a letter, as the first word of its Unicode name (``CYRILLIC``); empty for other characters.

    Modifier letters such as the Ukrainian apostrophe ``ʼ`` have no script and count as no letter.
    """
    if not character.isalpha() or unicodedata.category(character) == "Lm":
        return ""
    return unicodedata.name(character, "UNKNOWN").split(" ", 1)[0]


def letter_scripts(text: str) -> list[str]:
    """The script of every letter in the text, in order."""
    return [script for script in map(script_of, text) if script]


def script_share(text: str, language: str) -> float:
    """Share of the text's letters in the script of the language, 0 to 1.

    1 for a text without letters, and for a language that ``SCRIPTS`` lacks: the script of such a text cannot be wrong.
    """
    expected = SCRIPTS.get(language)
    found = letter_scripts(text)
    if expected is None or not found:
        return 1.0
    return sum(script in expected for script in found) / len(found)


def unprintable(text: str) -> int:
    """The number of characters that are neither visible nor spoken: controls, NUL, surrogates, private use, unassigned.

    A tab or a line end counts; spaces, combining marks (U+0301, the stress) and format characters do not.
    """
    return sum(unicodedata.category(character) in _UNPRINTABLE for character in text)


def has_digits(text: str) -> bool:
    """Whether the text has a digit of any script."""
    return any(character.isdigit() for character in text)


def has_latin(text: str, language: str) -> bool:
    """Whether the text has Latin letters, in a language without Latin script. False for an unknown language."""
    expected = SCRIPTS.get(language, ("LATIN",))
    return "LATIN" not in expected and "LATIN" in letter_scripts(text)


def has_plus(text: str) -> bool:
    """Whether the text has ``+``, which some corpora use as a stress mark and espeak reads aloud."""
    return "+" in text
