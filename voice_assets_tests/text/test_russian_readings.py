"""Every way to say a figure equals the figure, and a figure with another value never does."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from num2words import num2words

from voice_assets.asr.similarity import similarity
from voice_assets.text.number_words import word_list
from voice_assets.text.russian_figures import would_be_one
from voice_assets.text.russian_numerals import combining
from voice_assets.text.russian_sounds import sound_alike
from voice_assets.text.word_borders import join_words

MONTHS = word_list("января февраля марта апреля мая июня июля августа сентября октября ноября декабря")
HOURS, MINUTES = st.integers(0, 23), st.integers(1, 59)


def ordinal(number, case="g", **grammar):
    return num2words(number, lang="ru", to="ordinal", case=case, **grammar)


def words(number, **grammar):
    return num2words(number, lang="ru", **grammar)


def part_of_day(hour):
    return next(part for end, part in ((4, "ночи"), (12, "утра"), (17, "дня"), (24, "вечера")) if hour < end)


def spoken(hour, minutes):
    """The usual ways to say a time."""
    twelve, following = (hour - 1) % 12 + 1, hour % 12 + 1
    yield f"{words(hour)} часов {words(minutes, gender='f')} минут"
    yield f"{words(twelve)} часов {words(minutes, gender='f')} минут {part_of_day(hour)}"
    yield f"{words(minutes, gender='f')} минут {ordinal(following)}"
    if minutes == 30:
        yield f"половина {ordinal(following)}"
    if minutes > 30 and following > 1:
        yield f"без {words(60 - minutes, case='g', gender='f')} минут {words(following)}"


@settings(max_examples=60, deadline=None)
@given(HOURS, MINUTES, HOURS, MINUTES)
def test_a_time_equals_each_way_to_say_it_and_no_way_to_say_another_time(hour, minutes, other_hour, other_minutes):
    for said in spoken(hour, minutes):
        assert similarity(said, f"{hour}:{minutes:02d}", "ru") == 1, said
        if (hour % 12, minutes) != (other_hour % 12, other_minutes):
            assert similarity(said, f"{other_hour}:{other_minutes:02d}", "ru") < 1, said


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 28),
    st.integers(1, 12),
    st.integers(1900, 2099),
    st.integers(1, 28),
    st.integers(1, 12),
    st.integers(1900, 2099),
)
def test_a_date_equals_its_words_and_no_other_date(day, month, year, other_day, other_month, other_year):
    said = f"{ordinal(day)} {MONTHS[month - 1]} {ordinal(year)} года"
    assert similarity(said, f"{day:02d}.{month:02d}.{year}", "ru") == 1
    assert similarity(said, f"{day} {MONTHS[month - 1]} {year} г.", "ru") == 1
    assert similarity(f"{ordinal(day)} {ordinal(month)} {ordinal(year)}", f"{day:02d}.{month:02d}.{year}", "ru") == 1
    assume((day, month, year) != (other_day, other_month, other_year))
    assert similarity(said, f"{other_day:02d}.{other_month:02d}.{other_year}", "ru") < 1


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 999), st.integers(1, 999))
def test_figures_side_by_side_are_two_numbers(one, other):
    said = words(one + other)
    if would_be_one(str(one), str(other)):
        assert similarity(said, f"{one} {other}", "ru") < 0.95
    assert similarity(words(one), f"{one}²", "ru") < 1
    assert similarity(words(one * 10 + 2), f"{one}²", "ru") < 1
    assert similarity(words(one), f"-{one}", "ru") < 1
    assert similarity(f"минус {words(one)}", f"−{one}", "ru") == 1
    assert similarity(f"{words(one)} в квадрате", f"{one}²", "ru") == 1
    assert similarity(f"{words(one)} с половиной", f"{one}½", "ru") == 1


@settings(max_examples=100, deadline=None)
@given(st.integers(2, 999), st.integers(2, 999), st.sampled_from(("-летний", "-градусный", "-процентный")))
def test_a_number_inside_a_word_equals_its_figures(one, other, rest):
    assert similarity(combining(one) + rest[1:], f"{one}{rest}", "ru") == 1
    if one != other:
        assert similarity(combining(one) + rest[1:], f"{other}{rest}", "ru") < 1


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 99), st.integers(1, 99), st.sampled_from((("n", "ый"), ("g", "го"), ("d", "му"), ("i", "ым"))))
def test_a_typed_ordinal_equals_its_words(one, other, ending):
    case, letters = ending
    said = ordinal(one, case)
    assert similarity(said, f"{one}{letters}", "ru") == 1
    assert similarity(said, f"{one}-{letters}", "ru") == 1
    if one != other:
        assert similarity(said, f"{other}{letters}", "ru") < 1


UNITS = [
    ("ампер", "А"), ("вольт", "В"), ("секунд", "с"), ("минут", "мин"), ("килобайт", "КБ"), ("тысяч", "К"), ("тонн", "т"),
    ("оборотов в минуту", "об/мин"), ("литров на сто километров", "л/100 км"), ("киловатт часов", "кВт·ч"), ("рублей", "р"),
    ("рублей за килограмм", "руб./кг"), ("кубических метров", "м³"), ("суток", "сут."), ("километров", "km"),
]  # fmt: skip


@pytest.mark.parametrize(("noun", "short"), UNITS)
@pytest.mark.parametrize("space", ["", " "])
def test_a_unit_equals_its_noun_and_no_other_noun(noun, short, space):
    assert similarity(f"пять {noun}", f"5{space}{short}", "ru") == 1
    for other, _ in UNITS:
        if other != noun:
            assert similarity(f"пять {other}", f"5{space}{short}", "ru") < 1, other


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("он жил в лесу", "он жил век лесу"),
        ("сидел с ним", "сидел секунд ним"),
        ("думал о нём", "думал остров нём"),
        ("скажи им.", "скажи имени."),
        ("мы едим рис.", "мы едим рисунок."),
        ("купил дом.", "купил домик."),
        ("через час", "через 2 часа"),
        ("5 г муки", "5 кг муки"),
        ("Пётр 1 пришёл", "Пётр пришёл"),
        ("номер пять", "пять"),
        ("105 других", "других"),
    ],
)
def test_a_word_is_no_abbreviation_and_a_number_is_not_left_out(one, other):
    assert similarity(one, other, "ru") < 1
    assert similarity(other, one, "ru") < 1


@pytest.mark.parametrize(
    ("latin", "cyrillic", "expected"),
    [
        ("leroy", "леруа", True),
        ("chevrolet", "шевроле", True),
        ("headhunter", "хэдхантер", True),
        ("renault", "рено", True),
        ("dior", "диор", True),
        ("samsung", "сони", False),
        ("corolla", "камри", False),
        ("ford", "фиат", False),
        ("siemens", "самсунг", False),
        ("android", "айфон", False),
    ],
)
def test_sound_alike(latin, cyrillic, expected):
    assert sound_alike(latin, cyrillic) is expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("ха ха ха", "хахаха", ("хахаха", "хахаха")),
        ("что то тут", "что то там", ("что то тут", "что то там")),
        ("капс лок включен", "капслок включен", ("капслок включен", "капслок включен")),
        ("сша и ссср", "сшаиссср", ("сшаиссср", "сшаиссср")),
        ("восемь сто", "восемьсто", ("восемь сто", "восемьсто")),
        ("пять сот", "пятьсот", ("пять сот", "пятьсот")),
        ("", "да", ("", "да")),
    ],
)
def test_word_borders(one, other, expected):
    assert join_words((one, other), lambda word: word in ("восемь", "сто", "пять", "пятьсот")) == expected
