"""The two texts of a clip in the form in which they are compared. Not here: the scores (``asr``).

Each text can be read aloud in several ways: "6:30", "Dr.", "I'm". The two texts are shown in the readings that are closest to
each other. No reading replaces a value or a word by another, or changes the order of words. So a wrong word is a wrong word in
every reading.

* Russian. Both texts are normalised (``text.normalisation``), and there are several forms; the form in which the two texts are
  most similar is used. When one text has figures or abbreviations, the case, gender and kind of its numbers are unknown. Both
  texts get a form without case, gender and kind (``russian_numbers``). Then «девятнадцатый» and "19." are equal. So are «один
  один два» and "112", because people read a row of digits in groups of any length. When both texts have only words, case and
  kind stay: reference «один» and hypothesis «первый» differ. Letters that are spelled out are joined, and loanwords get one
  spelling (``russian_latin.one_spelling``). Words that differ only in their borders are joined (``word_borders``), and a
  drawn-out sound is shortened. A place that can be read in several ways (12:45, "г.", "HP") is read as the other text says it
  (``readings``, ``russian_readings``).
* Languages with conventions (``text.scanner``). All readings of a text are one graph, and the two closest paths are found
  (``text.western``).
* Other languages: both texts are normalised.
"""

import re
from functools import lru_cache, partial

from rapidfuzz.distance import Indel

from voice_assets.text import russian_latin, russian_letters, russian_numbers, russian_numerals, russian_readings, western
from voice_assets.text.normalisation import normalise, prepare
from voice_assets.text.number_words import ParsedNumber, all_digits, render_words
from voice_assets.text.readings import Pair, nearest
from voice_assets.text.word_borders import join_words

# Figures, signs that stand for a noun, Roman numbers.
_FIGURES = re.compile(r"\d|[%$€£₽°№§½⅓¼¾\u2160-\u217f]|(?<!\w)[IVXLCDM]{2,}(?!\w)|(?<=\s)[IVX](?!\w)")
# People read a row of three digits or more in groups: 112 as "one one two". Two digits are one number or two.
_FEWEST_IN_GROUPS = 3


def has_figures(text: str, language: str) -> bool:
    """Whether ``text``, as written, leaves open how its numbers or units are spoken."""
    return bool(_FIGURES.search(text)) or (language == "ru" and russian_readings.is_shortened(text))


def _numbers_in_one_form(reference: str, hypothesis: str) -> Pair:
    """Both texts with numbers without case and gender; digit by digit where only the grouping of digits differs."""
    elements = russian_numbers.elements(reference), russian_numbers.elements(hypothesis)
    values = [[element.value for element in text if isinstance(element, ParsedNumber)] for text in elements]
    digits = [all_digits(text) for text in elements]
    singly = values[0] != values[1] and digits[0] == digits[1] and len(digits[0]) >= _FEWEST_IN_GROUPS
    one, other = (render_words(text, russian_numerals.say, singly) for text in elements)
    return one, other


def _closest_form(texts: Pair, figures: bool) -> Pair:
    """The form of two Russian texts in which they are most similar; ``figures``: numbers lose their case, gender and kind."""
    normalised = normalise(texts[0], "ru"), normalise(texts[1], "ru")
    if normalised[0] == normalised[1] or not all(normalised):
        return normalised
    one_spelling = russian_latin.one_spelling(normalised[0]), russian_latin.one_spelling(normalised[1])
    forms = list(dict.fromkeys([normalised, one_spelling]))
    if figures:
        forms += [_numbers_in_one_form(one, other) for one, other in forms]
    return max(forms, key=lambda form: Indel.normalized_similarity(*form))


def _in_russian(texts: Pair, figures: bool) -> Pair:
    return join_words(_closest_form(texts, figures), russian_numerals.steps)


def _russian(reference: str, hypothesis: str) -> Pair:
    figures = has_figures(reference, "ru") or has_figures(hypothesis, "ru")
    texts = russian_letters.plain_signs(reference), russian_letters.plain_signs(hypothesis)
    drawn_out = russian_letters.shorten_drawn_out(texts[0]), russian_letters.shorten_drawn_out(texts[1])
    starts = [] if drawn_out == texts else [drawn_out]
    return nearest(texts, starts, russian_readings.choices, partial(_in_russian, figures=figures))


def _western(reference: str, hypothesis: str, language: str) -> Pair:
    normalised = normalise(reference, language), normalise(hypothesis, language)
    prepared = prepare(reference), prepare(hypothesis)
    figures = any(western.has_figures(text, language) for text in prepared)
    if normalised[0] == normalised[1] and (not figures or prepared[0] == prepared[1]):
        return normalised
    # The usual words of "20 5" and "twenty five" are the same, but the numbers are not.
    forms = [western.closest(*prepared, language), *([] if figures else [normalised])]
    return max(forms, key=lambda form: Indel.normalized_similarity(*form))


# Every score of a clip, and every decoding pass that the policy considers, asks for the same few pairs again.
@lru_cache(maxsize=4096)
def pair(reference: str, hypothesis: str, language: str) -> Pair:
    """``reference`` and ``hypothesis`` in the form in which they are compared. Never raises."""
    if language == "ru":
        return _russian(reference, hypothesis)
    if western.has_conventions(language):
        return _western(reference, hypothesis, language)
    return normalise(reference, language), normalise(hypothesis, language)
