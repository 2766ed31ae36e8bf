"""Signs, marks and repeated letters in a Russian text: stress marks, small figures, stuttering, drawn-out sounds.

Here: letters and signs that are written in several ways before a text is read. Not here: words and numbers
(``russian_abbreviations``, ``russian_figures``).
"""

import re
import unicodedata

_STRESS_PLUS = re.compile(r"\+(?=[аеёиоуыэюяАЕЁИОУЫЭЮЯ])|(?<=[аеёиоуыэюяАЕЁИОУЫЭЮЯ])\+(?!\d)")
_MARKS = re.compile("[\u0300-\u036f]")
# NFKC would make 52 of 5², and 21⁄2 of 2½.
_SMALL_FIGURES = re.compile("[\u00b2\u00b3\u00b9\u2070\u2074-\u2079]+|(?P<fraction>[\u00bc-\u00be\u2150-\u215e])")
_SQUARE_UNIT = re.compile(r"(?<=[мm])(?P<power>[\u00b2\u00b3])")
_CARET_UNIT = re.compile(r"(?<=[мm])\^(?=[23](?!\d))")
# Names of Greek letters that stand alone: «угол α».
_GREEK = {
    "α": "альфа", "β": "бета", "γ": "гамма", "δ": "дельта", "ε": "эпсилон", "λ": "лямбда", "μ": "мю", "π": "пи", "σ": "сигма",
    "τ": "тау", "φ": "фи", "ψ": "пси", "ω": "омега",
}  # fmt: skip
_GREEK_LETTER = re.compile(rf"\b[{''.join(_GREEK)}]\b")
# Old typewriters and keyboards without ъ: «с'езд».
_HARD_SIGN = re.compile(r"(?<=[бвдзст])['’ʼ](?=[еёюя])")
_NUMBER_SIGN = re.compile("№+")
# A dash between a figure and letters is a hyphen: 1–й, 1‑й.
_DASHES = re.compile(r"[\u2010\u2011]|(?<=\d)[\u2012-\u2014\u2212](?=[А-Яа-яЁё])")
# «Не-е-ет», «ч-что», «нееет»: a drawn-out or stuttered sound has many spellings.
_VOWELS = "аеёиоуыэюя"
_STUTTERED = re.compile(
    rf"([а-яё])(?:-\1){{2,}}|(?<![а-яё]-)([{_VOWELS}])(?:-\2)+\b|\b([бвгджзклмнпрстфхцчшщ])-(?=\3)", re.IGNORECASE
)
_CONSONANTS = "бвгджзклмнпрстфхцчшщ"
# A repeated letter that is one long sound. «СССР», «ООО» and «мм» are abbreviations.
_DRAWN_OUT = [
    re.compile(pattern)
    for pattern in (
        rf"([{_VOWELS}])\1{{2,}}",
        rf"([{_CONSONANTS}])\1{{2,}}(?=[{_VOWELS}]|\b)",
        rf"(?<=[а-яё])([{_CONSONANTS}])\1+\b",
        rf"(?<=[А-ЯЁ])([{_VOWELS.upper()}])\1{{2,}}",
    )
]
_CAPITAL = re.compile(r"\b[А-ЯЁ](?=-?[а-яё])")
_MAY_BE_DRAWN_OUT = re.compile(r"([а-яё])-?\1", re.IGNORECASE)


def _small_figure(match: re.Match[str]) -> str:
    """«½» as "1/2" after a space, «²» as "^2"."""
    plain = unicodedata.normalize("NFKC", match[0])
    return " " + plain.replace("\u2044", "/") if match["fraction"] else f"^{plain}"


def plain_signs(text: str) -> str:
    """``text`` as NFKC without stress marks; small figures do not join the figure before them: "5²" is "5^2"."""
    if not text.isascii():
        text = text.replace("\u0301", "").replace("\u0300", "")
        text = _SQUARE_UNIT.sub(lambda match: str(unicodedata.digit(match["power"])), text)
        text = _SMALL_FIGURES.sub(_small_figure, text)
        # NFKC would make "No" of №.
        text = "№".join(unicodedata.normalize("NFKC", part) for part in _NUMBER_SIGN.split(_DASHES.sub("-", text)))
    text = _HARD_SIGN.sub("ъ", text) if "'" in text or "’" in text or "ʼ" in text else text
    return strip_stress(_MARKS.sub("", _CARET_UNIT.sub("", text)))


def strip_stress(text: str) -> str:
    """Drop the ``+`` that marks a stressed vowel, before it (``г+ород``) or after it (``го+род``)."""
    return _STRESS_PLUS.sub("", text)


def shorten_drawn_out(text: str) -> str:
    """«Не-е-ет» and «нееет» as «нет», «ч-что» as «что», «ммм» as «м». ``text`` is as written, with its capitals."""
    if not _MAY_BE_DRAWN_OUT.search(text):
        return text
    text = _CAPITAL.sub(lambda match: match[0].lower(), text)
    text = _STUTTERED.sub(lambda match: match[1] or match[2] or "", text)
    for repeated in _DRAWN_OUT:
        text = repeated.sub(r"\1", text)
    return text


def name_greek(text: str) -> str:
    """Greek letters that are a word by themselves as their names. ``text`` is lower case."""
    return _GREEK_LETTER.sub(lambda match: _GREEK[match[0]], text)
