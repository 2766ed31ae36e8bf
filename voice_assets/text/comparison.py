"""The two texts of a clip in the form in which they are compared. Not here: the scores (``asr``).

Both texts are normalised (``text.normalisation``). Then different spellings of the same speech are made equal in both texts.
There are several forms; the form in which the two texts are most similar is used:

* When one text has figures or abbreviations, the case, gender and kind of its numbers are unknown. Both texts get a form
  without case, gender and kind (``russian_numbers``, ``western_numbers``). Then «девятнадцатый» and "19." are equal. So are
  «один один два» and "112", because people read a row of digits in groups of any length. When both texts have only words, case
  and kind stay: reference «один» and hypothesis «первый» differ.
* In Russian, letters that are spelled out are joined, and loanwords get one spelling (``russian_latin.one_spelling``). Words
  that differ only in their borders are joined (``word_borders``), and a drawn-out sound is shortened.
* In Russian, a place that can be read in several ways (12:45, "г.", "HP") is read as the other text says it
  (``readings``, ``russian_readings``).

No form replaces a value or a word by another, or changes the order of words. So a wrong word is a wrong word in every form.
"""

import re
from fractions import Fraction
from functools import partial

from rapidfuzz.distance import Indel

from voice_assets.text import (
    russian_latin,
    russian_letters,
    russian_numbers,
    russian_numerals,
    russian_readings,
    western_numbers,
)
from voice_assets.text.normalisation import normalise
from voice_assets.text.number_words import Element, ParsedNumber, all_digits, render_words
from voice_assets.text.readings import Pair, nearest
from voice_assets.text.word_borders import join_words

# Figures, signs that stand for a noun, Roman numbers.
_FIGURES = re.compile(r"\d|[%$€£₽°№§½⅓¼¾\u2160-\u217f]|(?<!\w)[IVXLCDM]{2,}(?!\w)|(?<=\s)[IVX](?!\w)")


# People read a row of three digits or more in groups: 112 as "one one two". Two digits are one number or two.
_FEWEST_IN_GROUPS = 3


def has_figures(text: str, language: str) -> bool:
    """Whether ``text``, as written, leaves open how its numbers or units are spoken."""
    return bool(_FIGURES.search(text)) or (language == "ru" and russian_readings.is_shortened(text))


def _elements(words: str, language: str) -> tuple[Element, ...]:
    return russian_numbers.elements(words) if language == "ru" else western_numbers.elements(words, language)


def _say(value: Fraction, language: str) -> str:
    return russian_numerals.say(value) if language == "ru" else western_numbers.say(value, language)


def _numbers_in_one_form(reference: str, hypothesis: str, language: str) -> Pair:
    """Both texts with numbers without case and gender; digit by digit where only the grouping of digits differs."""
    pair_of_elements = _elements(reference, language), _elements(hypothesis, language)
    values = [[element.value for element in text if isinstance(element, ParsedNumber)] for text in pair_of_elements]
    digits = [all_digits(text) for text in pair_of_elements]
    singly = values[0] != values[1] and digits[0] == digits[1] and len(digits[0]) >= _FEWEST_IN_GROUPS
    say = partial(_say, language=language)
    return render_words(pair_of_elements[0], say, singly), render_words(pair_of_elements[1], say, singly)


def _closest_form(texts: Pair, language: str, figures: bool) -> Pair:
    """The form of two texts in which they are most similar; ``figures``: whether numbers lose their case, gender and kind."""
    normalised = normalise(texts[0], language), normalise(texts[1], language)
    if normalised[0] == normalised[1] or not all(normalised):
        return normalised
    forms = [normalised]
    if language == "ru":
        forms.append((russian_latin.one_spelling(normalised[0]), russian_latin.one_spelling(normalised[1])))
        forms = list(dict.fromkeys(forms))
    if figures:
        forms += [_numbers_in_one_form(one, other, language) for one, other in forms]
    return max(forms, key=lambda form: Indel.normalized_similarity(*form))


def pair(reference: str, hypothesis: str, language: str) -> Pair:
    """``reference`` and ``hypothesis`` in the form in which they are compared. Never raises."""
    figures = has_figures(reference, language) or has_figures(hypothesis, language)
    if language != "ru":
        return _closest_form((reference, hypothesis), language, figures)
    texts = russian_letters.plain_signs(reference), russian_letters.plain_signs(hypothesis)
    drawn_out = russian_letters.shorten_drawn_out(texts[0]), russian_letters.shorten_drawn_out(texts[1])
    starts = [] if drawn_out == texts else [drawn_out]
    compare = partial(_in_russian, figures=figures)
    return nearest(texts, starts, russian_readings.choices, compare)


def _in_russian(texts: Pair, figures: bool) -> Pair:
    return join_words(_closest_form(texts, "ru", figures), russian_numerals.steps)
