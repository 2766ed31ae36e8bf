"""Numbers that differ and numbers that do not, in figures and in words, and one changed digit in thousands of texts."""

import random

import pytest

from voice_assets.text.digits import numeral
from voice_assets.text.number_values import numbers_differ

DIFFERENT = [
    ("ru", "Нажмите пять.", "Нажмите 6."),
    ("ru", "в тысяча девятьсот сорок первом году", "в 1942 году"),
    ("ru", "три с половиной часа", "2,5 часа"),
    ("ru", "Комната двести двенадцать", "Комната 202"),
    ("ru", "Нажмите один", "Нажмите 2"),
    ("ru", "первый этаж", "2-й этаж"),
    ("ru", "Осталось пять минут", "Осталось минут"),
    ("ru", "Осталось минут", "Осталось 5 минут"),
    ("en", "Press nineteen.", "Press 90."),
    ("en", "Press one.", "Press 2."),
    ("en", "one point five", "15"),
    ("en", "press four for help", "press 5 for help"),
    ("en", "first", "second"),
    ("en", "one two three", "2 3"),
    ("es", "Marque siete.", "Marque 6."),
    ("es", "Nació en mil novecientos ochenta.", "Nació en 1981."),
    ("de", "dreiundzwanzig Stühle", "24 Stühle"),
    ("de", "neunzehnhundertachtzig", "1981"),
    ("fr", "quatre-vingt-dix-sept", "87"),
    ("fr", "Appuyez sur 4.", "Appuyez sur 3."),
    ("it", "Stanza 12", "Stanza 13"),
    ("de", "Das kostet 1.200 Euro.", "Das kostet 1,2 Euro."),
    ("de", "Das kostet 12.500 Euro.", "Das kostet zwölf Komma fünf Euro."),
    ("fr", "Cela coûte 1.200 euros.", "Cela coûte 1,2 euros."),
    ("es", "Cuesta 1.200 euros.", "Cuesta uno coma dos euros."),
    ("en", "King Louis XVI of France", "King Louis XIV of France"),
    ("en", "World War I ended.", "World War II ended."),
    ("en", "Henry VIII and Louis XIV", "Henry VIII and Louis XVI"),
    ("es", "en el siglo XIX", "en el siglo XX"),
    ("fr", "au XIXe siècle", "au XXe siècle"),
    ("de", "Papst Johannes XXIII. kam", "Papst Johannes XXII. kam"),
    ("de", "Etwa 3,5 Millionen Euro kostet das.", "Etwa 3,5 Milliarden Euro kostet das."),
    ("de", "Etwa 3 Mio. Euro kostet das.", "Etwa 3 Mrd. Euro kostet das."),
    ("de", "Etwa 3 Milliarden Euro kostet das.", "Etwa 3 Billionen Euro kostet das."),
    ("fr", "Il coûte 3 millions d'euros.", "Il coûte 3 milliards d'euros."),
    ("fr", "Il coûte 3 milliards d'euros.", "Il coûte 3 billions d'euros."),
    ("es", "cuesta 3 millones de euros", "cuesta 3 billones de euros"),
    ("ru", "номер 1,23", "номер 123"),
    ("ru", "номер 1,23", "номер сто двадцать три"),
]
EQUAL = [
    ("ru", "Нажмите пять.", "Нажмите 5."),
    ("ru", "один один два", "112"),
    ("ru", "двадцать первый век", "21 век"),
    ("ru", "один человек сказал", "человек сказал"),
    ("ru", "человек сказал", "один человек сказал"),
    ("ru", "шестидесятый", "шестьдесятый"),  # a number word misspelled by the recogniser
    ("ru", "половина седьмого", "6:30"),
    ("en", "nineteen", "19"),
    ("en", "nineteen forty-one", "1941"),
    ("en", "one one two", "112"),
    ("en", "Press one for", "Press 1 4"),
    ("en", "saved to", "save two"),
    ("en", "one of them", "of them"),
    ("en", "nineteen oh five", "1905"),
    ("es", "una conferencia", "uno conferencia"),
    ("es", "veintiún días", "21 días"),
    ("de", "eine Frau", "Frau"),
    ("de", "einundzwanzig", "21"),
    ("fr", "un homme", "homme"),
    ("fr", "appuyez sur dièse", "appuyez sur 10"),
    ("fr", "soixante-dix", "70"),
    ("it", "dodici", "12"),  # the number words of this language are not known
    ("xx", "", ""),
    ("de", "Das kostet 1.200 Euro.", "Das kostet 1200 Euro."),
    ("es", "Cuesta 1,200 pesos.", "Cuesta mil doscientos pesos."),
    ("de", "Etwa 3,5 Mio. Euro kostet das.", "Etwa drei Komma fünf Millionen Euro kostet das."),
    ("es", "Pesa 1,200 kilos.", "Pesa uno coma doscientos kilos."),
    ("en", "King Louis XVI of France", "King Louis the sixteenth of France"),
    ("en", "King Louis XVI of France", "King Louis XVI of Spain"),
    ("en", "I bought a CD and a book.", "I bought a CD and a look."),
    ("ru", "цена 99,90", "цена девяносто девять девяносто"),
]


@pytest.mark.parametrize(("language", "one", "other"), DIFFERENT)
def test_numbers_that_differ(language, one, other):
    assert numbers_differ(one, other, language)
    assert numbers_differ(other, one, language)


@pytest.mark.parametrize(("language", "one", "other"), EQUAL)
def test_numbers_that_are_equal_or_may_be_another_word(language, one, other):
    assert not numbers_differ(one, other, language)
    assert not numbers_differ(other, one, language)


FRAMES = {
    "ru": ("Нажмите {} для продолжения.", "В комнате {} стульев и стол.", "Он один раз сказал {}.", "{}"),
    "en": ("Press {} to continue.", "There are {} chairs in the room.", "One of them said {} to me.", "{}"),
    "es": ("Presione {} para continuar.", "Hay {} sillas en la sala.", "Una vez dijo {}.", "{}"),
    "de": ("Drücken Sie {} um fortzufahren.", "Es gibt {} Stühle im Zimmer.", "Eine Frau sagte {}.", "{}"),
    "fr": ("Appuyez sur {} pour continuer.", "Il y a {} chaises dans la salle.", "Une femme a dit {}.", "{}"),
}
TRIALS = 400


def _changed(digits: str, rng: random.Random) -> str:
    place = rng.randrange(len(digits))
    others = [one for one in "0123456789" if one != digits[place] and not (one == "0" and place == 0 and len(digits) > 1)]
    return digits[:place] + rng.choice(others) + digits[place + 1 :]


@pytest.mark.slow
@pytest.mark.parametrize("language", list(FRAMES))
def test_one_changed_digit_is_found_and_the_same_number_is_not(language):
    rng, missed, false = random.Random(1), [], []
    for _ in range(TRIALS):
        digits = str(rng.randrange(10 ** rng.randrange(1, 7)))
        frame = rng.choice(FRAMES[language])
        texts = [
            frame.format(one if rng.random() < 0.5 else numeral(one, language))
            for one in (digits, digits, _changed(digits, rng))
        ]
        false += [texts[:2]] if numbers_differ(texts[0], texts[1], language) else []
        missed += [] if numbers_differ(texts[0], texts[2], language) else [texts[::2]]
    assert len(missed) < 0.02 * TRIALS, missed
    assert not false
