import pytest

from voice_assets.asr.suspicions import other_numbers, small_words, spoken_twice

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
        (TEXT, "", False),
        ("Алло, алло.", "Алло.\nАлло.", False),  # the text itself has the word twice
        ("Нажмите пять.", "Нажмите 5.\nНажмите 5.", True),
        ("", "", False),
    ],
)
def test_a_text_is_spoken_twice_when_each_half_has_all_of_it(reference, halves, expected):
    assert spoken_twice(reference, halves, "ru") is expected
