"""Western number words as numbers, as ``russian_numbers`` does for Russian.

The genders get one form, a year read in two halves becomes one number, a German or Italian number word is split. Here: whole
numbers in English, Spanish, French, German and Italian. Not here: fractions and runs of numbers (``text.number_spans``).
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache

from voice_assets.text.digits import numeral
from voice_assets.text.number_words import Element, ParsedNumber, Step, decimal_adds, parse_numbers, word_list

_EN = word_list(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
_EN_ORDINALS = word_list(
    "zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
    "fifteenth sixteenth seventeenth eighteenth nineteenth"
)
_EN_TENS = word_list("twenty thirty forty fifty sixty seventy eighty ninety")
_ES = word_list(
    "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis diecisiete "
    "dieciocho diecinueve veinte veintiuno veintidós veintitrés veinticuatro veinticinco veintiséis veintisiete "
    "veintiocho veintinueve"
)
_ES_TENS = word_list("treinta cuarenta cincuenta sesenta setenta ochenta noventa")
_ES_HUNDREDS = word_list(
    "ciento doscientos trescientos cuatrocientos quinientos seiscientos setecientos ochocientos novecientos"
)
_ES_ORDINALS = dict(
    enumerate(word_list("primero segundo tercero cuarto quinto sexto séptimo octavo noveno décimo undécimo duodécimo"), 1)
)
_ES_ORDINALS |= dict(zip(range(20, 110, 10), word_list(
    "vigésimo trigésimo cuadragésimo quincuagésimo sexagésimo septuagésimo octogésimo nonagésimo centésimo"
), strict=True))  # fmt: skip
_ES_TEENS = word_list("primero segundo tercero cuarto quinto sexto séptimo octavo noveno")
_FR = word_list("zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize")
_FR_TENS = {
    20: "vingt",
    30: "trente",
    40: "quarante",
    50: "cinquante",
    60: "soixante",
    70: "septante",
    80: "huitante",
    90: "nonante",
}
_FR_ORDINALS = {
    1: "premier première", 2: "deuxième second seconde", 3: "troisième", 4: "quatrième", 5: "cinquième", 6: "sixième",
    7: "septième", 8: "huitième", 9: "neuvième", 10: "dixième", 11: "onzième", 12: "douzième", 13: "treizième",
    14: "quatorzième", 15: "quinzième", 16: "seizième", 20: "vingtième", 30: "trentième", 40: "quarantième",
    50: "cinquantième", 60: "soixantième",
}  # fmt: skip
LINKS = {"en": "and", "es": "y", "fr": "et", "de": "und", "it": "e"}
"""The word that may stand inside a number, by language."""

_Steps = dict[str, tuple[Step, ...]]


def unaccented(word: str) -> str:
    """``word`` without the marks of its letters."""
    return "".join(char for char in unicodedata.normalize("NFD", word) if not unicodedata.combining(char))


def _english() -> _Steps:
    found: _Steps = {word: (Step("add", value),) for value, word in enumerate(_EN)}
    found |= {word: (Step("add", value, ordinal=True),) for value, word in enumerate(_EN_ORDINALS) if value != 2}
    # "second" is also a time. It becomes the number in both texts, so comparing still works.
    found["second"] = (Step("add", 2, ordinal=True),)
    for value, word in zip(range(20, 100, 10), _EN_TENS, strict=True):
        found |= {word: (Step("add", value),), word[:-1] + "ieth": (Step("add", value, ordinal=True),)}
        found[word[:-1] + "ies"] = (Step("add", value),)
    for word, value in (("thousand", 1000), ("million", 10**6), ("billion", 10**9)):
        found |= {
            word: (Step("scale", value),),
            word + "s": (Step("scale", value),),
            word + "th": (Step("scale", value, True),),
        }
    return found | {"hundred": (Step("hundred", 100),), "hundredth": (Step("hundred", 100, ordinal=True),)}


def _spanish() -> _Steps:
    found: _Steps = {word: (Step("add", value),) for value, word in enumerate(_ES)}
    found |= dict.fromkeys(("un", "una"), (Step("add", 1),)) | dict.fromkeys(("veintiún", "veintiuna"), (Step("add", 21),))
    found |= {word: (Step("add", value),) for value, word in zip(range(30, 100, 10), _ES_TENS, strict=True)}
    for value, word in zip(range(100, 1000, 100), _ES_HUNDREDS, strict=True):
        found |= dict.fromkeys((word, word.removesuffix("os") + "as"), (Step("add", value),))
    # Every part of a Spanish ordinal is an ordinal (vigésimo primero), so no part ends the number.
    teens = {prefix + word: 10 + value for prefix in ("decimo", "décimo") for value, word in enumerate(_ES_TEENS, 1)}
    for word, value in {**{word: value for value, word in _ES_ORDINALS.items()}, **teens}.items():
        found |= dict.fromkeys((word, word[:-1] + "a", word[:-1] + "os", word[:-1] + "as"), (Step("add", value),))
    found |= {"primer": (Step("add", 1),), "tercer": (Step("add", 3),), "cien": (Step("add", 100),)}
    return (
        found
        | {"mil": (Step("scale", 1000),)}
        | dict.fromkeys(("millón", "millones"), (Step("scale", 10**6),))
        | dict.fromkeys(("billón", "billones"), (Step("scale", 10**12),))
    )


def _french() -> _Steps:
    found: _Steps = {word: (Step("add", value),) for value, word in enumerate(_FR)}
    found |= {word: (Step("add", value),) for value, word in _FR_TENS.items()}
    found |= {"une": (Step("add", 1),), "vingts": (Step("add", 20),), "octante": (Step("add", 80),)}
    found |= {form: (Step("add", value, True),) for value, forms in _FR_ORDINALS.items() for form in forms.split()}
    found |= {"unième": (Step("add", 1, True),)}
    found |= {word + "s": steps for word, steps in found.items() if steps[0].ordinal}
    found |= dict.fromkeys(("cent", "cents"), (Step("hundred", 100),)) | {"centième": (Step("hundred", 100, True),)}
    for word, value in (
        ("mille", 1000),
        ("million", 10**6),
        ("millions", 10**6),
        ("milliard", 10**9),
        ("milliards", 10**9),
        ("billion", 10**12),
        ("billions", 10**12),
    ):
        found[word] = (Step("scale", value),)
    return found | {"millième": (Step("scale", 1000, True),)}


def _german_forms(before: str, hundreds: int, cardinals: Mapping[int, str], ordinals: Mapping[int, str]) -> _Steps:
    """Every number that begins with ``before`` (its value is ``hundreds``), and its ordinals in every case."""
    found: _Steps = {before + word: (Step("add", hundreds + value),) for value, word in cardinals.items()}
    for value, stem in ordinals.items():
        found |= {before + stem + end: (Step("add", hundreds + value, True),) for end in ("", "r", "n", "s", "m")}
    return found


def _german() -> _Steps:
    """Number words below 1000, and years such as neunzehnhundert…; `_split` splits off the thousands."""
    found: _Steps = {}
    # The hundreds are put before the forms under 100; num2words would take 6 s for every number up to 1999.
    cardinals = {value: numeral(value, "de") for value in range(100)}
    ordinals = {value: numeral(value, "de", to="ordinal") for value in range(1, 100)}
    found |= {"siebente" + end: (Step("add", 7, True),) for end in ("", "r", "n", "s", "m")}
    found |= _german_forms("", 0, cardinals | {0: "null"}, ordinals | {0: "nullte"})
    for before, hundred in [("", 1), ("ein", 1), *((cardinals[value], value) for value in range(2, 10))]:
        found |= _german_forms(f"{before}hundert", hundred * 100, cardinals | {0: ""}, ordinals | {0: "ste"})
    for century in range(11, 20):
        for value in range(100):
            word = f"{cardinals[century]}hundert{cardinals[value] if value else ''}"
            found[word] = (Step("add", century), Step("hundred", 100), *((Step("add", value),) if value else ()))
    found |= dict.fromkeys(("ein", "eine", "einen", "einem", "einer", "eines"), (Step("add", 1),))
    found |= {cardinals[value] + "er": (Step("add", value),) for value in range(10, 100, 10)}
    found |= {"zwo": (Step("add", 2),), "tausend": (Step("scale", 1000),), "tausendste": (Step("scale", 1000, True),)}
    for word, value in (
        ("million", 10**6),
        ("millionen", 10**6),
        ("milliarde", 10**9),
        ("milliarden", 10**9),
        ("billion", 10**12),
        ("billionen", 10**12),
    ):
        found[word] = (Step("scale", value),)
    return found


def _italian() -> _Steps:
    """Number words below 1000, with or without accent; `_split` splits off the thousands."""
    found: _Steps = {}
    for value in range(1000):
        word = numeral(value, "it")
        plain = unaccented(word)
        found |= dict.fromkeys((word, plain, f"{plain[:-1]}é" if plain.endswith("tre") else plain), (Step("add", value),))
        if value:
            stem = numeral(value, "it", to="ordinal")[:-1]
            found |= {stem + end: (Step("add", value, True),) for end in "oaie"}
    found |= {"un": (Step("add", 1),), "una": (Step("add", 1),)} | dict.fromkeys(("mille", "mila"), (Step("scale", 1000),))
    for word, value in (("milione", 10**6), ("milioni", 10**6), ("miliardo", 10**9), ("miliardi", 10**9)):
        found[word] = (Step("scale", value),)
    return found


_LEXICONS = {"en": _english, "es": _spanish, "fr": _french, "de": _german, "it": _italian}
LANGUAGES = frozenset(_LEXICONS)
"""Languages whose number words are known."""


@cache
def _lexicon(language: str) -> _Steps:
    return _LEXICONS[language]()


def _french_adds(group: int, value: int) -> int | None:
    """Soixante-dix, quatre-vingts and quatre-vingt-dix-sept, besides the additions of every language."""
    if group % 100 == 4 and value == 20:
        return group + 76
    if group % 100 in (60, 80) and 10 <= value <= 16:
        return group + value
    if group % 100 in (10, 70, 90) and 7 <= value <= 9:
        return group + value
    return decimal_adds(group, value)


def _english_adds(group: int, value: int) -> int | None:
    """Nineteen forty-one, twenty twenty-four: a year in two halves, besides the additions of every language."""
    return (
        group * 100 + value if 11 <= group <= 20 and 10 <= value < 100 and group != value // 100 else decimal_adds(group, value)
    )


_THOUSANDS = {"de": re.compile(r"(.*?)(tausend)(.+)?"), "it": re.compile(r"(.*?)(mila|mille)(.+)?")}


def _split(word: str, language: str) -> list[str]:
    """``eintausendzweihundert`` as ``ein tausend zweihundert``; a word that is no number stays whole."""
    match = _THOUSANDS[language].fullmatch(word)
    if not match:
        return [word]
    before, after = match[1], match[3] or ""
    lexicon = _lexicon(language)
    after = after.removeprefix("und") if after not in lexicon and after.removeprefix("und") in lexicon else after
    parts = [part for part in (before, match[2], after) if part]
    return parts if all(part in lexicon for part in parts) else [word]


def _words(text: str, language: str) -> list[str]:
    words = text.split()
    return [part for word in words for part in _split(word, language)] if language in _THOUSANDS else words


def _steps(word: str, language: str) -> Sequence[Step]:
    return _lexicon(language).get(word, ())


def is_number_word(word: str, language: str, least: int = 2) -> bool:
    """Whether ``word`` (normalised) is a number of ``least`` or more: of two or more, because "one" is often an article."""
    if language not in _LEXICONS:
        return False
    return any(step.value >= least for part in _words(word, language) for step in _steps(part, language))


@lru_cache(maxsize=65536)
def elements(text: str, language: str) -> tuple[Element, ...]:
    """``text``, normalised, with its numbers parsed; unchanged in a language that is not in ``LANGUAGES``."""
    if language not in _LEXICONS:
        return tuple(text.split())
    adds = {"fr": _french_adds, "en": _english_adds}.get(language, decimal_adds)
    found = parse_numbers(_words(text, language), lambda word: _steps(word, language), adds, LINKS[language])
    return tuple(_oh_years(found) if language == "en" else found)


def _oh_years(elements: list[Element]) -> list[Element]:
    """Nineteen oh-five as one number."""
    found: list[Element] = []
    for element in elements:
        if isinstance(element, ParsedNumber) and 0 < element.value < 10 and found[-1:] == ["oh"] and len(found) > 1:
            century = found[-2]
            if isinstance(century, ParsedNumber) and 11 <= century.value <= 20:
                found[-2:] = [ParsedNumber(century.value * 100 + element.value)]
                continue
        found.append(element)
    return found
