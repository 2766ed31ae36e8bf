"""The two texts of a clip in the form in which they are compared. Scores are computed from it elsewhere.

Both texts are normalised (``text.normalisation``). What two writers spell differently though they heard the same is then
brought together, on both sides alike, and the form in which the texts come closest is taken:

* Where one text has figures or abbreviations, the case, gender and kind of its numbers cannot be known: both are brought to
  a form that forgets them (``russian_numbers``, ``western_numbers``); «девятнадцатый» and "19." are equal then, and so are
  «один один два» and "112", a row of digits being read in groups of any length. Where both are written out in words
  nothing is forgotten: «один» that was heard as «первый» still shows.
* In Russian, letters that are spelled out are joined and loanwords get one spelling (``russian_latin.one_spelling``).

None of these forms lets a value, a word or its order become another one, so a changed word is a changed word in all.
"""

import re
from fractions import Fraction
from functools import partial

from rapidfuzz.distance import Indel

from voice_assets.text import russian_latin, russian_numbers, russian_numerals, western_numbers
from voice_assets.text.normalisation import normalise
from voice_assets.text.number_words import Element, Number, all_digits, render

# Figures, signs that stand for a noun, Roman numbers, and what Russian shortens beside a number or a name.
_FIGURES = re.compile(r"\d|[%$€£₽°№§½⅓¼¾\u2160-\u217f]|(?<!\w)[IVXLCDM]{2,}(?!\w)|(?<=\s)[IVX](?!\w)")
_SHORTENED = re.compile(
    r"(?<!\w)(?:км/ч|м/с|(?:г|гг|ул|д|кв|стр|с|рис|гл|тел|руб|р|коп|тыс|млн|млрд|мин|сек|ч|обл|ст|п|пл|мес|шт|чел)\.|км|см|мм|кг"
    r"|руб|тыс|млн|млрд)(?!\w)",
    re.IGNORECASE,
)

Pair = tuple[str, str]


def has_figures(text: str, language: str) -> bool:
    """Whether ``text``, as written, leaves open how its numbers or units are said."""
    return bool(_FIGURES.search(text)) or (language == "ru" and bool(_SHORTENED.search(text)))


def _read(words: str, language: str) -> tuple[Element, ...]:
    return russian_numbers.elements(words) if language == "ru" else western_numbers.elements(words, language)


def _say(value: Fraction, language: str) -> str:
    return russian_numerals.say(value) if language == "ru" else western_numbers.say(value, language)


def _numbers_in_one_form(said: str, heard: str, language: str) -> Pair:
    """Both texts with numbers that forgot case and gender; digit by digit where only the grouping of digits differs."""
    one, other = _read(said, language), _read(heard, language)
    values = [[element.value for element in text if isinstance(element, Number)] for text in (one, other)]
    singly = values[0] != values[1] and all_digits(one) == all_digits(other) != ""
    say = partial(_say, language=language)
    return render(one, say, singly), render(other, say, singly)


def pair(reference: str, hypothesis: str, language: str) -> Pair:
    """``reference`` and ``hypothesis`` in the form in which they are compared. Never raises."""
    said, heard = normalise(reference, language), normalise(hypothesis, language)
    forms = [(said, heard)]
    if said == heard or not said or not heard:
        return said, heard
    if language == "ru":
        forms.append((russian_latin.one_spelling(said), russian_latin.one_spelling(heard)))
        forms = list(dict.fromkeys(forms))
    if has_figures(reference, language) or has_figures(hypothesis, language):
        forms += [_numbers_in_one_form(one, other, language) for one, other in forms]
    return max(forms, key=lambda form: Indel.normalized_similarity(*form))
