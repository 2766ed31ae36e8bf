"""The readings of a written text: where figures, signs and abbreviations stand, and how each is said.

`scan` cuts a text into places. Each place has one word, or a figure or a sign with all its readings. Every reading of a place
means the same, so a reader may take any of them. Not here: the words of a language (``text.conventions`` and the language
files), figures with a unit, a time or a sum (``text.figures``), choosing among readings (``text.lattice``).
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache, partial

from voice_assets.text import amounts, figures
from voice_assets.text.conventions import Conventions, Words, alternatives
from voice_assets.text.english import ENGLISH
from voice_assets.text.french import FRENCH
from voice_assets.text.german import GERMAN
from voice_assets.text.italian import ITALIAN
from voice_assets.text.other_languages import OTHERS
from voice_assets.text.spanish import SPANISH

CONVENTIONS = {one.language: one for one in (ENGLISH, SPANISH, FRENCH, GERMAN, ITALIAN, *OTHERS.values())}
"""The conventions by language. Russian has its own files."""

Readings = Sequence[str]
Reader = Callable[[re.Match[str], Conventions], Readings | None]
"""The readings of a match; ``None`` when the match means nothing special."""

_APOSTROPHE = "'’‘`ʼ´′"
_APOSTROPHES = re.compile(f"[{_APOSTROPHE}]")
_SPACES = re.compile(r"\s+")
_ROMAN = r"M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})"
_ROMAN_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
# A name, or a word such as Chapter: a single Roman figure may follow.
_NAMED = re.compile(r"[^\W\d_]{3,}\s$")
# Before I, which is also a pronoun: a name that does not begin a sentence. Or no verb comes after it.
_KING = re.compile(r"[^\s.!?…]\s[^\W\d_a-zà-ÿ][^\W\d_]{2,}\s$")
_CAPITAL = re.compile(r"(?<!\w)[^\W\d_a-zà-ÿ][^\W\d_]{2,}\s$")
_VERB = re.compile(r"['’]|\s[a-zà-ÿ]")
# After a shortened word: a dot, but not that of initials (p.m.), or the end of the word.
_AFTER_SHORT = rf"(?:(?<=\.)(?!(?<=(?<!\w)\w\.)\s?[^\W\d_]\.)|(?![\w{_APOSTROPHE}]))"
_NAME_BEFORE = re.compile(r"(?<![^\W\d_])[^\W\d_]\+?$")
_FIGURE_BEFORE = re.compile(r"\d\s?$")
_FIGURE_AFTER = re.compile(r"\s?[-−]?\d")
_COMPARING = frozenset(["<", ">", "="])
_WORD_CATEGORIES = ("Ll", "Lo", "Lm", "Nd")


@dataclass(frozen=True)
class Rule:
    """A pattern with named groups, and what reads its matches."""

    pattern: re.Pattern[str]
    read: Reader


def words_only(text: str) -> list[str]:
    """The words of ``text`` in lower case. Format characters are dropped; all but letters, digits and their marks are gaps."""
    if text.isascii():
        return re.findall(r"[a-z0-9]+", text.lower())
    kept: list[str] = []
    for char in unicodedata.normalize("NFKC", text.lower()):
        category = unicodedata.category(char)
        if category == "Cf":
            continue
        is_mark = category[0] == "M" and bool(kept) and kept[-1] != " "
        kept.append(char if category in _WORD_CATEGORIES or is_mark else " ")
    return unicodedata.normalize("NFC", "".join(kept)).split()


def _sentence_ends(match: re.Match[str]) -> bool:
    """Whether the match is the end of a sentence, or of the text."""
    rest = match.string[match.end() :].lstrip(" \t\"'”’»)")
    return not match[0].rstrip().endswith(".") or not rest or rest[0].isupper()


def _abbreviation(match: re.Match[str], conventions: Conventions, table: dict[str, str]) -> Readings | None:
    short = _SPACES.sub("", match["short"]).lower()
    reading = table.get(short) or table.get(short.removesuffix("."))
    if reading is None:
        return None
    itself = words_only(match["short"])
    if short not in conventions.also_words and short.removesuffix(".") not in conventions.also_words:
        return [reading, " ".join(f"={word}" for word in itself)]
    readings = [" ".join(itself), reading] if _sentence_ends(match) else [reading, " ".join(itself)]
    return [one for one in readings if one]


def _numbered(match: re.Match[str], _conventions: Conventions, table: dict[str, str]) -> Readings | None:
    short = _SPACES.sub("", match["short"]).lower()
    reading = table.get(short) or table.get(short.removesuffix("."))
    return [reading, *words_only(match["short"])[:1]] if reading else None


def _ending(match: re.Match[str], conventions: Conventions) -> Readings:
    stem = "".join(words_only(match["stem"]))
    return [stem + conventions.endings[match["ending"].lower()], stem + "".join(words_only(match["ending"]))]


def _dotted(match: re.Match[str], _conventions: Conventions) -> Readings:
    word = "".join(words_only(match[0]))
    return [word, _letters(word)]


def _letters(word: str) -> str:
    """The letters one by one. Those of a.m. only where the other text has them apart too: "a m" and "p m" share a word."""
    return " ".join(f"={letter}" if word in ("am", "pm") else letter for letter in word)


def _acronym(match: re.Match[str], conventions: Conventions) -> Readings:
    word = match[0].lower()
    readings = [*conventions.words.get(word, word).split("|"), _letters(word)]
    return [reading.replace("_", " ") for reading in readings]


def _apostrophe(match: re.Match[str], conventions: Conventions) -> Readings | None:
    word = unicodedata.normalize("NFKC", _APOSTROPHES.sub("'", match[0]).lower())
    parts = words_only(word.replace("'", " "))
    if not all(part.isalpha() for part in parts):
        return None
    if conventions.contractions:
        return conventions.contractions(word)
    if conventions.apostrophe == "split":
        return [" ".join(parts), "".join(parts)]
    joined = "".join(parts)
    readings = [joined, *conventions.words.get(joined, "").split("|")]
    return [reading.replace("_", " ") for reading in readings if reading] or [""]


def roman_value(letters: str) -> int:
    """The value of a Roman number that is written as it should be."""
    values = [_ROMAN_VALUES[letter] for letter in letters]
    return sum(-one if one < after else one for one, after in zip(values, [*values[1:], 0], strict=True))


def _is_figure(match: re.Match[str], letter: str) -> bool:
    """Whether one letter is a Roman figure: Elizabeth I, Chapter V; not "when I see"."""
    before, after = match.string[: match.start()][-30:], match.string[match.end() :][:2]
    if not _NAMED.search(before):
        return False
    return letter != "I" or bool(_KING.search(before)) or (bool(_CAPITAL.search(before)) and not _VERB.match(after))


def _roman(match: re.Match[str], conventions: Conventions) -> Readings | None:
    letters, suffix = match["roman"], match["suffix"] or ""
    if len(letters) == 1 and not suffix and not _is_figure(match, letters):
        return None
    value = roman_value(letters)
    itself = (letters + suffix).lower().rstrip(".")
    ordinals = [f"{conventions.article} #{value}o"] if conventions.article else [f"#{value}o"]
    return [" ".join(words_only(itself)), *([] if suffix.strip(".") else [f"#{value}"]), *ordinals, " ".join(letters.lower())]


def _web(match: re.Match[str], conventions: Conventions) -> Readings:
    parts = re.split(r"([.@/:_-])", re.sub(r"^https?://", "", match[0].lower()))
    signs = {".": conventions.dot, "@": conventions.at, "/": "slash", "-": "|dash|minus", ":": "", "_": "|underscore"}
    plain = [" ".join(one[0] for one in _plain(part, conventions)) for part in parts]
    spoken = " ".join(signs.get(part, said) for part, said in zip(parts, plain, strict=True))
    return [" ".join(plain), spoken, spoken.replace("www", "w w w", 1)]


def _sign(match: re.Match[str], conventions: Conventions) -> Readings:
    sign, reading = match[0], conventions.signs[match[0]]
    before, after = match.string[: match.start()][-4:], match.string[match.end() :][:4]
    if sign in "+#" and _NAME_BEFORE.search(before):
        # Part of a name: C++, C#, A+. There a plus is no "and".
        return [figures.said(reading).split("|")[0] if sign == "+" else figures.said(reading)]
    beside = bool(_FIGURE_BEFORE.search(before)), bool(_FIGURE_AFTER.match(after))
    # Elsewhere a sign may be a bullet, part of a path in a menu, or begin a telephone number.
    is_said = (sign == "+" and all(beside)) or (sign in _COMPARING and any(beside))
    return [figures.said(reading) if is_said else reading]


def _sign_pattern(sign: str) -> str:
    # Between letters a dash joins two words.
    return rf"(?<![^\W\d_]){sign}(?![^\W\d_])" if sign in "-–" else re.escape(sign)


def _table(words: Words) -> dict[str, str]:
    return {_SPACES.sub("", key).lower(): reading for key, reading in words.items()}


def _shortened(words: Words, read: Callable[..., Readings | None], after: str) -> Rule:
    pattern = rf"(?<![\w{_APOSTROPHE}])(?P<short>{alternatives(words).pattern}){after}"
    return Rule(re.compile(pattern, re.IGNORECASE), partial(read, table=_table(words)))


@cache
def _rules(language: str) -> tuple[Rule, ...]:
    """What is looked for, the first rule first."""
    conventions = CONVENTIONS[language]
    signs = "|".join(_sign_pattern(sign) for sign in sorted(conventions.signs, key=len, reverse=True))
    endings = "|".join(re.escape(ending) for ending in conventions.endings) or r"(?!)"
    rules = [
        Rule(re.compile(r"(?<![\w-])(?:https?://)?(?:\w[\w-]*(?:\.[\w-]+)*@[\w-]+|www)(?:\.[\w-]+)+(?:/\w+)*"
                        r"|(?<![\w-])\w[\w-]*\.(?:com|org|net|de|fr|es|it|ru|uk|io|eu|edu|gov)(?!\w)"
                        r"|(?<!\w)\.(?:com|org|net|io|gov|edu)(?!\w)"), _web),
        *(Rule(pattern, read) for pattern, read in figures.rules(conventions)),
        _shortened(conventions.before_figures, _numbered, r"\s?(?=[-−]?\d)"),
        _shortened(conventions.abbreviations, _abbreviation, _AFTER_SHORT),
        Rule(re.compile(rf"(?<!\w)(?P<stem>[^\W\d_]{{3,}})(?P<ending>{endings})"), _ending),
        Rule(re.compile(r"(?<!\w)[^\W\d_](?:\.[^\W\d_])+\.?(?!\w)"), _dotted),
        Rule(re.compile(rf"(?<!\w)(?=[IVXLCDM])(?P<roman>{_ROMAN})(?P<suffix>e|er|re|ère|ème|th|nd|rd|st|[oaºª])?"
                        r"(?:\.(?=\s|$))?(?!\w)"), _roman),
        Rule(re.compile(r"(?<!\w)[A-ZÄÖÜÉÑ]{2,6}(?!\w)"), _acronym),
        Rule(re.compile(rf"(?<![^\W_])[^\W_]+(?:[{_APOSTROPHE}][^\W\d_]+)+|(?<![^\W_])[{_APOSTROPHE}][^\W\d_]+"
                        rf"|(?<!\w)\w+in[{_APOSTROPHE}](?!\w)"), _apostrophe),
        Rule(re.compile(signs or r"(?!)"), _sign),
    ]  # fmt: skip
    return tuple(rules)


@cache
def _any_rule(language: str) -> re.Pattern[str]:
    """One pattern that finds the next place where a rule may match."""
    parts = []
    for rule in _rules(language):
        unnamed = re.sub(r"\?P<\w+>", "?:", rule.pattern.pattern)
        parts.append(f"(?i:{unnamed})" if rule.pattern.flags & re.IGNORECASE else f"(?:{unnamed})")
    return re.compile("|".join(parts))


@lru_cache(maxsize=65536)
def scan(text: str, language: str) -> tuple[tuple[str, ...], ...]:
    """The places of ``text`` with their readings; the first reading of a place is the usual one.

    ``text`` is composed (NFC), and ``language`` has conventions. Never raises.
    """
    conventions, rules, finder = CONVENTIONS[language], _rules(language), _any_rule(language)
    places: list[tuple[str, ...]] = []
    done = position = 0
    while found := finder.search(text, position):
        match, readings = _read(text, found.start(), rules, conventions)
        if match is None or not readings:
            position = found.start() + 1
            continue
        places += _plain(text[done : match.start()], conventions)
        places.append(tuple(dict.fromkeys(readings)))
        done = position = max(match.end(), match.start() + 1)
    return tuple(places + _plain(text[done:], conventions))


def _read(
    text: str, position: int, rules: Sequence[Rule], conventions: Conventions
) -> tuple[re.Match[str] | None, Readings | None]:
    for rule in rules:
        match = rule.pattern.match(text, position)
        if match and match.end() > match.start():
            readings = rule.read(match, conventions)
            if readings:
                return match, readings
    return None, None


def _plain(text: str, conventions: Conventions) -> list[tuple[str, ...]]:
    table = conventions.words
    found: list[tuple[str, ...]] = []
    for word in words_only(text):
        if word.isalpha():
            found.append(tuple(table[word].replace("_", " ").split("|")) if word in table else (word,))
            continue
        # A sign such as ① becomes a figure.
        found += [
            (amounts.token(part, fewest=2),) if part.isdecimal() else (part,) for part in re.split(r"([0-9]+)", word) if part
        ]
    return found
