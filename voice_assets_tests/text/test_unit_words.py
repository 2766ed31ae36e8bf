import pytest

from voice_assets.asr.scoring import score
from voice_assets.text.comparison import pair
from voice_assets.text.unit_words import name_different_things

DIFFERENT = [
    ("en", "Mr. Smith is here", "Mrs. Smith is here"),
    ("en", "mister Smith is here", "Mrs. Smith is here"),
    ("en", "It was on Jan. 5", "It was on Jun. 5"),
    ("en", "it was in June of that year", "it was in July of that year"),
    ("en", "it is 5 km from here", "it is 5 cm from here"),
    ("en", "it is five km from here", "it is five cm from here"),
    ("en", "five kilometres from here", "5 cm from here"),
    ("en", "take 20 mg of it", "take 20 kg of it"),
    ("en", "Wake me at 6 a.m. tomorrow", "Wake me at 6 p.m. tomorrow"),
    ("en", "Wake me at six am tomorrow", "Wake me at 6 PM tomorrow"),
    ("fr", "M. Dupont est là", "Mme Dupont est là"),
    ("fr", "Mme Dupont est là", "Mlle Dupont est là"),
    ("de", "es sind 5 km bis dort", "es sind 5 cm bis dort"),
    ("es", "son 5 km de aquí", "son 5 cm de aquí"),
    ("pl", "to jest 5 km stąd", "to jest 5 cm stąd"),
    ("ru", "это 5 км отсюда", "это 5 м отсюда"),
    ("ru", "возьмите 5 кг муки", "возьмите 5 г муки"),
    ("ru", "возьмите пять килограммов муки", "возьмите пять миллиграммов муки"),
]
SAME = [
    ("en", "it is 5 km from here", "it is five km from here"),
    ("en", "Mr. Smith is here", "mr smith is here"),
    ("en", "at 6 a.m. tomorrow", "at six A M tomorrow"),
    ("en", "at 6 PM tomorrow", "at six p m tomorrow"),
    ("en", "It costs 6 p. maybe", "It costs six pence maybe"),
    ("en", "five kilometres from here", "five kilometers from here"),
    ("en", "i.e. the letters e and g", "that is the letters e and g"),
    ("fr", "M. Dupont est là", "monsieur Dupont est là"),
]


def suspicious(reference, hypothesis, language):
    return bool(score(reference, hypothesis, 3.0, language)["other_words"])


@pytest.mark.parametrize(("language", "one", "other"), DIFFERENT)
def test_another_unit_title_month_or_half_of_the_day_is_a_suspicion(language, one, other):
    assert suspicious(one, other, language)
    assert suspicious(other, one, language)


@pytest.mark.parametrize(("language", "one", "other"), SAME)
def test_one_thing_written_in_two_ways_is_no_suspicion(language, one, other):
    assert score(one, other, 3.0, language)["similarity"] == 1
    assert not suspicious(one, other, language)


def test_forms_of_one_unit_are_one_thing():
    assert not name_different_things("минут", "минута", "ru")
    assert not name_different_things("kilometers", "kilometre", "en")
    assert not name_different_things("часть", "час", "ru")


def test_an_abbreviation_is_compared_in_full_unless_both_texts_have_it():
    assert pair("5 km", "5 cm", "en") == ("five kilometers", "five centimeters")
    assert pair("6 a.m.", "6 p.m.", "en") == ("six am", "six pm")
