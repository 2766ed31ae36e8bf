"""The reading that is nearest to the other text is taken, and only a reading that makes whole words equal."""

import re

import pytest

from voice_assets.text.readings import Choice, nearest


def numbered(*readings):
    """A finder: every "#" of a text is one of the readings."""

    def find(text, _):
        return [Choice(match.start(), match.end(), reading) for match in re.finditer("#", text) for reading in readings]

    return find


def forms(one, other, find, starts=()):
    return nearest((one, other), list(starts), find, lambda texts: texts)


def test_the_reading_that_the_other_text_has_is_taken_wherever_it_stands():
    find = numbered("five", "fifth", "cinq")
    assert forms("# of may", "fifth of may", find) == ("fifth of may", "fifth of may")
    assert forms("fifth of may", "# of may", find) == ("fifth of may", "fifth of may")
    assert forms("# and #", "fifth and five", find)[0] == "fifth and five"


def test_letters_that_are_alike_by_chance_choose_no_reading():
    assert forms("# of may", "fifty of may", numbered("fifth")) == ("# of may", "fifty of may")


def test_one_choice_of_overlapping_places_is_taken():
    def find(text, _):
        start = text.find("#")
        return (
            []
            if start < 0
            else [Choice(start, start + 1, "a"), Choice(start, start + 2, "b"), Choice(start + 1, start + 2, "c")]
        )

    assert forms("x #!", "x ac", find)[0] != "x ac"
    assert forms("x #!", "x b", find)[0] == "x b"


def test_another_spelling_of_both_texts_is_a_start():
    assert forms("noooo way", "nooo way", numbered(), [("no way", "no way")]) == ("no way", "no way")
    assert forms("noooo wax", "yes way", numbered(), [("no wax", "yes way")]) == ("noooo wax", "yes way")


def test_the_number_of_comparisons_has_a_limit():
    compared = []

    def compare(texts):
        compared.append(texts)
        return texts

    nearest(("# " * 300, "word " * 300), [], numbered("five", "six", "seven"), compare)
    assert len(compared) <= 101


@pytest.mark.parametrize(("one", "other"), [("", "#"), ("#", ""), ("#", "#"), ("", "")])
def test_texts_without_words_have_a_form(one, other):
    assert len(forms(one, other, numbered("five"))) == 2
    assert forms(one, other, numbered("five")) == forms(other, one, numbered("five"))[::-1]
