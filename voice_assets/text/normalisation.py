"""Normalising a text before it is compared: reference and hypothesis get the same form for the same words.

Here: the order of the steps, the steps that all languages share, and small tables for some languages. Not here: the steps of
Russian (``text.russian``), comparing (``text.comparison``).

The order: stress marks, stage directions, numbers and abbreviations and Latin words, lower case, ё -> е, punctuation, spaces.
Accents of languages other than Russian stay: they distinguish words (``sí`` and ``si``).
"""

import re
import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache, partial

from voice_assets.text import russian, russian_letters
from voice_assets.text.digits import digit_by_digit, integer, numeral

_BRACKETED = re.compile(r"\[[^\[\]]*\]|\{[^{}]*\}|<[^<>]*>|\*[^*\s][^*]*\*|♪[^♪]*♪")
# Round brackets are read aloud unless they hold one of these words.
_DIRECTION = re.compile(
    r"\([^()]*\b(?:silence|music|laugh\w*|applause|noise|tone|beep|sigh\w*|cough\w*|смех|сме[её]тся|музык\w*|аплодисменты"
    r"|шум|вздох\w*|вздыха\w*|кашель|тишина|пауза|ш[её]пот\w*|шепч\w*|крич\w*|крикнув|смеясь|плач\w*|всхлип\w*|risas|música|rires|musique|gelächter|musik|risate|musica)\b[^()]*\)",
    re.IGNORECASE,
)
_APOSTROPHES = re.compile("(?<=\\w)['’‘`ʼ´](?=\\w)")
_MARKS = re.compile("[\u0300-\u036f]")
# The characters of nearly every text. The general way in `_words_only` gives the same result ten times slower.
_PLAIN = re.compile(r"[a-zа-яё0-9\s.,;:!?…—–\-«»\"'()]*")
_OTHER_DIGIT = re.compile(r"(?![0-9])\d")
_NO_WORD = re.compile(r"[^a-zа-яё0-9]+")
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True)
class _Conventions:
    """The conventions of a language beyond the common steps: words for signs, abbreviations, the separator of thousands."""

    percent: str
    conjunction: str
    thousands: str
    point: str
    money: tuple[str, str, str]
    abbreviations: dict[str, str] = field(default_factory=dict)
    ordinal: str = ""
    joins_at_apostrophe: bool = False
    units: dict[str, str] = field(default_factory=dict)
    # The words between the whole units of a sum and its hundredths, and after the hundredths.
    cents: tuple[str, str] = ("", "")
    clock: str = r"\1 \2"
    full_hour: str = r"\1"


_CONVENTIONS = {
    "en": _Conventions("percent", "and", ",", "point", ("dollars", "euros", "pounds"), {
        "mr.": "mister", "mrs.": "missus", "dr.": "doctor", "st.": "saint", "e.g.": "for example", "i.e.": "that is",
        "etc.": "et cetera", "vs.": "versus", "no.": "number",
    }, r"(?:st|nd|rd|th)\b", joins_at_apostrophe=True, units={
        "km": "kilometers", "km/h": "kilometers per hour", "kg": "kilograms", "mph": "miles per hour", "cm": "centimeters",
        "gb": "gigabytes", "mb": "megabytes",
    }, cents=("and", "cents"), full_hour=r"\1 oclock"),
    "es": _Conventions("por ciento", "y", ".", "coma", ("dólares", "euros", "libras"), {
        "sr.": "señor", "sra.": "señora", "srta.": "señorita", "dr.": "doctor", "dra.": "doctora", "ud.": "usted",
        "uds.": "ustedes", "etc.": "etcétera", "p. ej.": "por ejemplo",
    }, r"[oa]\b", units={
        "km": "kilómetros", "km/h": "kilómetros por hora", "kg": "kilogramos", "cm": "centímetros", "gb": "gigabytes",
        "mb": "megabytes",
    }, cents=("con", "")),
    "fr": _Conventions("pour cent", "et", " ", "virgule", ("dollars", "euros", "livres"), {
        "m.": "monsieur", "mme": "madame", "mlle": "mademoiselle", "dr.": "docteur", "etc.": "et cetera",
        "p. ex.": "par exemple",
    }, r"(?:er|ère|re|e|ème|eme)\b", units={
        "km": "kilomètres", "km/h": "kilomètres heure", "kg": "kilogrammes", "cm": "centimètres", "go": "gigaoctets",
        "mo": "mégaoctets", "h": "heures",
    }, clock=r"\1 heures \2", full_hour=r"\1 heures"),
    "de": _Conventions("prozent", "und", ".", "komma", ("dollar", "euro", "pfund"), {
        "z. b.": "zum beispiel", "z.b.": "zum beispiel", "d. h.": "das heißt", "d.h.": "das heißt", "usw.": "und so weiter",
        "dr.": "doktor", "hr.": "herr", "fr.": "frau", "bzw.": "beziehungsweise", "ca.": "circa", "nr.": "nummer",
    }, units={
        "km": "kilometer", "km/h": "kilometer pro stunde", "kg": "kilogramm", "cm": "zentimeter", "gb": "gigabyte",
        "mb": "megabyte",
    }, clock=r"\1 Uhr \2", full_hour=r"\1 Uhr"),
    "it": _Conventions("per cento", "e", ".", "virgola", ("dollari", "euro", "sterline"), {
        "sig.": "signor", "sig.ra": "signora", "dott.": "dottor", "ecc.": "eccetera", "es.": "esempio",
    }, r"(?:[oa]\b|°)"),
}  # fmt: skip


def _abbreviations(text: str, conventions: _Conventions) -> str:
    for short, words in sorted(conventions.abbreviations.items(), key=lambda item: -len(item[0])):
        end = "" if short.endswith(".") else r"\b"
        text = re.sub(rf"(?<!\w){re.escape(short)}{end}", f"{words} ", text, flags=re.IGNORECASE)
    return text


def _amount(grouped: str, language: str) -> str:
    digits = re.sub(r"\D", "", grouped)
    number = integer(digits)
    return digit_by_digit(digits, language) if number is None else numeral(number, language)


def _number(match: re.Match[str], language: str, conventions: _Conventions) -> str:
    whole, fraction, ordinal = match["whole"], match["fraction"], match["ordinal"]
    number = integer(whole)
    if number is None:
        spoken = digit_by_digit(whole, language)
    elif ordinal and number > 0:
        spoken = numeral(number, language, to="ordinal")
    elif language == "en" and not fraction and 1100 <= number <= 1999:
        spoken = numeral(number, language, to="year")
    else:
        spoken = numeral(number, language)
    tail = f" {conventions.point} {digit_by_digit(fraction, language)}" if fraction else ""
    return f" {spoken}{tail} "


def _sum(match: re.Match[str], word: str, conventions: _Conventions) -> str:
    """The words of a sum that has a currency sign: 5 dollars and 50 cents, 20 euro."""
    between, after = conventions.cents
    if match["cents"] is None or match["cents"] == "00":
        return f"{match['whole']} {word} "
    return f"{match['whole']} {word} {between} {int(match['cents'])} {after} "


def _money(text: str, conventions: _Conventions) -> str:
    amount = r"(?P<whole>\d[\d.,]*\d|\d)"
    for sign, word in zip("$€£", conventions.money, strict=True):
        spoken = partial(_sum, word=word, conventions=conventions)
        for before, after in ((rf"{re.escape(sign)}\s?", ""), ("", rf"\s?{re.escape(sign)}")):
            text = re.sub(rf"{before}(?<![\d.,]){amount}(?:[.,](?P<cents>\d\d))(?![\d.,]?\d){after}", spoken, text)
            text = re.sub(rf"{before}(?<![\d.,]){amount}(?P<cents>(?!)\d)?{after}", spoken, text)
        text = text.replace(sign, f" {word} ")
    return text


def _clock_and_units(text: str, conventions: _Conventions) -> str:
    hour = r"(?<![\d:.,])([01]?\d|2[0-3])\s?[:h]\s?"
    text = re.sub(rf"{hour}00(?![\d:])(?:\s?(?:Uhr|h)\b)?", f" {conventions.full_hour} ", text)
    text = re.sub(rf"{hour}([0-5]\d)(?![\d:])(?:\s?(?:Uhr|h)\b)?", f" {conventions.clock} ", text)
    for unit, words in conventions.units.items():
        text = re.sub(rf"(?<=\d)\s?{unit}(?![\w/])", f" {words} ", text, flags=re.IGNORECASE)
    return text


def _expand(text: str, language: str, conventions: _Conventions) -> str:
    text = _abbreviations(text, conventions)
    text = _clock_and_units(_money(text, conventions), conventions)
    group = r"[ \u00a0\u202f]" if conventions.thousands == " " else re.escape(conventions.thousands)
    grouped = rf"(?<![\d.,])\d{{1,3}}(?:{group}\d{{3}})+"
    # Digits written in groups are an amount, never a year or a row of digits.
    text = re.sub(rf"{grouped}(?![\w.,]*\w)", lambda match: f" {_amount(match[0], language)} ", text)
    text = re.sub(rf"{grouped}(?!\d)", lambda match: re.sub(r"\D", "", match[0]), text)
    ordinal = rf"(?P<ordinal>{conventions.ordinal})?" if conventions.ordinal else "(?P<ordinal>(?!))?"
    number = partial(_number, language=language, conventions=conventions)
    text = re.sub(rf"(?P<whole>\d+)(?:[.,](?P<fraction>\d+))?{ordinal}", number, text)
    return text.replace("%", f" {conventions.percent} ").replace("&", f" {conventions.conjunction} ")


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


def _unmarked(text: str, language: str) -> str:
    """``text`` without stress marks, as NFKC. Only Russian writes stress with U+0301; é keeps its accent."""
    return russian_letters.plain_signs(text) if language == "ru" else unicodedata.normalize("NFKC", text)


@lru_cache(maxsize=65536)
def normalise(text: str, language: str) -> str:
    """``text`` as lower-case words with single spaces: every spelling of the same words has the same result.

    Never raises. Normalising a normalised text changes nothing. ``language`` is Whisper's code (``ru``, ``en``…); a
    language without conventions here gets the common steps only.
    """
    text = _ascii_digits(_unmarked(text, language))
    text = _BRACKETED.sub(" ", text)
    text = _DIRECTION.sub(" ", text) if "(" in text else text
    conventions = _CONVENTIONS.get(language)
    if language == "ru":
        text = russian.expand(text)
    elif conventions:
        text = _APOSTROPHES.sub("" if conventions.joins_at_apostrophe else " ", text)
        text = _expand(text, language, conventions)
    text = unicodedata.normalize("NFKC", text.lower())
    # İ in lower case is an i with a mark. Russian has no marks; a mark that stays could join another letter.
    return russian.respell(_words_only(_MARKS.sub("", text))) if language == "ru" else _words_only(text)
