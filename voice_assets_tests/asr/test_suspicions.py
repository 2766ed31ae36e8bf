import pytest

from voice_assets.asr.suspicions import other_numbers, same_beginning, small_words, spoken_twice

TEXT = "Добрый день, оставьте сообщение."


@pytest.mark.parametrize(
    ("reference", "heard", "numbers", "words"),
    [
        ("Нажмите пять.", ("Нажмите 6.",), True, False),
        ("Нажмите пять.", ("Нажмите 6.", "Нажмите 5."), False, False),  # one pass heard the number
        ("Нажмите пять.", ("Нажмите 6.", "Нажмите 7."), True, False),
        ("Я не приду.", ("Я приду.",), False, True),
        ("Я не приду.", ("Я приду.", "Я не при ду."), False, False),
        ("Я не приду.", (), False, False),
    ],
)
def test_only_what_no_pass_heard_is_a_suspicion(reference, heard, numbers, words):
    assert other_numbers(reference, heard, "ru") is numbers
    assert small_words(reference, heard, "ru") is words


@pytest.mark.parametrize(
    ("reference", "halves", "expected"),
    [
        (TEXT, f"{TEXT}\n{TEXT}", True),
        (TEXT, "Добрый день, оставте сообщения\nДобрый день, оставить сообщение.", True),
        (TEXT, "Добрый день.\nОставьте сообщение.", False),
        (TEXT, f"{TEXT}\n", False),
        (TEXT, f"Добрый день\n{TEXT}", True),  # the first half stops early
        (TEXT, f"Добрый\n{TEXT}", False),
        (TEXT, f"Оставьте сообщение\n{TEXT}", False),
        (TEXT, "", False),
        ("Алло, алло.", "Алло.\nАлло.", False),  # the text itself has the word twice
        ("Нажмите пять.", "Нажмите 5.\nНажмите 5.", True),
        (TEXT, f"Добрый день\n{TEXT}\n{TEXT}\n{TEXT}", True),  # the first pass stopped early, the next did not
        ("", "", False),
    ],
)
def test_a_text_is_spoken_twice_when_each_half_has_all_of_it(reference, halves, expected):
    assert spoken_twice(reference, halves, "ru") is expected


@pytest.mark.parametrize(
    ("halves", "expected"),
    [
        (f"{TEXT}\n{TEXT}", True),
        (f"Добрый день\n{TEXT}", True),
        (f"{TEXT}\nдобрый, день", True),
        ("Добрый день\nОставьте сообщение", False),
        (f"\n{TEXT}", True),  # nothing is known of the first half
    ],
)
def test_two_halves_that_begin_alike_are_decoded_by_the_next_pass_too(halves, expected):
    assert same_beginning(halves) is expected
