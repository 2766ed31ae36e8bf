import pandas as pd
import pytest

from voice_assets.asr.categories import (
    CATEGORIES,
    CATEGORY_COLUMNS,
    FAST_NORMALISED_CHARS_PER_S,
    by_category,
    categories,
    fast_limit,
    normalised_chars_per_s,
    with_categories,
    worst_gap,
)


@pytest.mark.parametrize(
    ("text", "duration_s", "language", "expected"),
    [
        ("Просто обычное предложение.", 3.0, "ru", set()),
        ("Нажмите 1 сейчас", 3.0, "ru", {"numbers"}),
        ("Откройте Wi-Fi роутер", 3.0, "ru", {"latin", "names"}),
        ("Open the door", 3.0, "en", set()),
        ("Звоните в США завтра", 3.0, "ru", {"abbreviations"}),
        ("ВСЁ ЗАГЛАВНЫМИ", 3.0, "ru", set()),
        ("Это т.е. пример", 3.0, "ru", {"abbreviations"}),
        ("Конец. Начало другого", 3.0, "ru", set()),
        ("Сегодня приехал Пётр домой", 3.0, "ru", {"names"}),
        ("Приехали. Пётр спит", 3.0, "ru", set()),
        ("Das Haus ist hier", 3.0, "de", set()),
        ("Да.", 3.0, "ru", {"one_word"}),
        ("5", 3.0, "ru", {"numbers"}),
        ("Обычное предложение", 10.0, "ru", set()),
        ("Обычное предложение", 10.01, "ru", {"long"}),
        ("Обычное предложение", 1.5, "ru", set()),
        ("Обычное предложение", 1.49, "ru", {"short"}),
        ("Нажмите пять сейчас", 3.0, "ru", {"numbers"}),
        ("Нажмите один раз", 3.0, "ru", set()),
        ("с семью детьми", 3.0, "ru", set()),
        ("press five now", 3.0, "en", {"numbers"}),
        ("Drücke einundzwanzig jetzt", 3.0, "de", {"numbers"}),
        ("Пять", 3.0, "ru", {"numbers", "one_word"}),
        ("Кое-что.", 3.0, "ru", {"one_word"}),
        ("Don't", 3.0, "en", {"one_word"}),
        ("да - нет", 3.0, "ru", set()),
        ("абвгд " * 10, 2.0, "ru", set()),  # 50 letters: 25 a second
        ("абвгд " * 10, 1.99, "ru", {"fast"}),
        ("1941", 1.6, "ru", {"numbers"}),  # 24 letters in words: 15 a second
        ("1941", 0.9, "ru", {"numbers", "short", "fast"}),
        ("", 3.0, "ru", set()),
    ],
)
def test_categories(text, duration_s, language, expected):
    assert categories(text, duration_s, language) == expected
    assert expected <= set(CATEGORIES)


def transcripts(*rows):
    return pd.DataFrame(rows, columns=["reference", "duration_s", "similarity"])


def test_a_category_is_compared_with_the_rest():
    frame = transcripts(("Нажмите 1 снова", 3.0, 0.5), ("Нажмите 2 снова", 3.0, 0.9), ("Нажмите снова", 3.0, 1.0))
    table = by_category(with_categories(frame, "ru"), 0.8)
    assert tuple(table.columns) == CATEGORY_COLUMNS
    assert len(table) == 1
    row = table.iloc[0]
    assert (row["category"], row["clips"], row["low"], row["low_ratio"]) == ("numbers", 2, 1, 0.5)
    assert row["mean_similarity"] == pytest.approx(0.7)
    assert row["gap_to_rest"] == pytest.approx(0.3)


def test_a_similarity_at_the_limit_is_not_low():
    table = by_category(with_categories(transcripts(("Да", 3.0, 0.8), ("Нет", 3.0, 0.79)), "ru"), 0.8)
    assert table.iloc[0]["low"] == 1
    assert table.iloc[0]["gap_to_rest"] == 0.0


def test_the_worst_category_comes_first_whatever_the_index():
    frame = transcripts(("Да", 3.0, 0.9), ("Нажмите 1 снова", 3.0, 0.2), ("Нажмите снова", 3.0, 1.0))
    frame.index = [7, 7, 3]
    assert list(by_category(with_categories(frame, "ru"), 0.8)["category"]) == ["numbers", "one_word"]


def test_no_clips_no_categories():
    assert by_category(with_categories(transcripts(), "ru"), 0.8).empty
    assert worst_gap(by_category(with_categories(transcripts(), "ru"), 0.8)) == (0.0, "")


@pytest.mark.parametrize(("clips", "expected"), [(9, (0.0, "")), (10, (0.25, "numbers")), (11, (0.25, "numbers"))])
def test_only_a_category_with_enough_clips_is_judged(clips, expected):
    table = pd.DataFrame(
        [("numbers", clips, 0.7, 3, 0.3, 0.25), ("long", 50, 0.99, 0, 0.0, -0.1)], columns=list(CATEGORY_COLUMNS)
    )
    assert worst_gap(table) == expected


def test_fast_is_far_over_the_rest_of_the_voice():
    rates = [9.0, 11.0] * 10
    limit = fast_limit(rates)  # 10 + 3.5 * 1.4826 * 1
    assert limit == pytest.approx(15.1891)
    assert fast_limit([20.0, 24.0] * 10) == FAST_NORMALISED_CHARS_PER_S  # 32.4 is faster than anybody speaks
    assert fast_limit([10.0] * 20) == FAST_NORMALISED_CHARS_PER_S  # the rates have no spread
    assert fast_limit(rates[:9]) == FAST_NORMALISED_CHARS_PER_S
    text = "абвгд " * 9
    slow, usual, fast = (len(text.replace(" ", "")) / rate for rate in (9.0, 11.0, 24.0))  # the limit is 21.4 with the last
    frame = transcripts(*[(text, slow, 1.0), (text, usual, 1.0)] * 10, (text, fast, 0.5))
    table = by_category(with_categories(frame, "ru"), 0.8).set_index("category")
    assert (table.loc["fast", "clips"], table.loc["fast", "gap_to_rest"]) == (1, 0.5)
    assert list(with_categories(frame, "ru")["categories"]) == [*[""] * 20, "fast"]  # the table shows which clips are fast


def test_a_clip_without_length_or_letters_has_no_rate():
    assert normalised_chars_per_s("да", 0.0, "ru") == 0.0
    assert normalised_chars_per_s("…", 1.0, "ru") == 0.0
    assert normalised_chars_per_s("5", 2.0, "ru") == 2.0


@pytest.mark.parametrize(("similarity", "over"), [(0.85, False), (0.8499, True)])
def test_a_gap_of_the_limit_is_not_over_it(similarity, over):
    # 1.0 - 0.85 is 0.15000000000000002.
    frame = transcripts(*[("Нажмите 1 снова", 3.0, similarity)] * 10, ("Нажмите снова", 3.0, 1.0))
    assert (worst_gap(by_category(with_categories(frame, "ru"), 0.8))[0] > 0.15) is over
