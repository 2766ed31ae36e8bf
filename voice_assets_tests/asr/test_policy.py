import pytest

from voice_assets.asr.policy import MANY_LETTERS, DecodingPolicy, better, doubtful, many_letters, stopped_early

POLICY = DecodingPolicy("ru", 0.9, 0.8)
REFERENCE = "абвгдежзик"  # ten letters: one wrong letter is 0.9, two are 0.8
ONE_WRONG, TWO_WRONG, THREE_WRONG = "абвгдежзия", "абвгдежзяя", "абвгдежяяя"


@pytest.mark.parametrize(
    ("reference", "hypothesis", "expected"),
    [
        ("нажмите один", "Нажмите 1.", False),
        ("нажмите один", "", True),
        ("нажмите один", "...", True),
        ("да", "Да, да.", True),
        ("абвгд", "абвгж", False),  # 0.8 is not low
        ("абвгде", "зийклм", True),
        (None, "что угодно", False),
        (None, "", True),
        (None, "а а а а а", True),
    ],
)
def test_when_a_second_look_is_due(reference, hypothesis, expected):
    assert doubtful(reference, hypothesis, "ru", 0.8) is expected


@pytest.mark.parametrize(
    ("reference", "full", "fast", "expected"),
    [
        ("да", "Да.", "Да, да.", True),
        ("да", "Да, да.", "Да.", False),
        ("да", "Да!", "Да.", False),
        (None, "слово", "", True),
        (None, "", "а а а а", False),
    ],
)
def test_the_better_hypothesis_is_kept(reference, full, fast, expected):
    assert better(reference, full, fast, "ru") is expected


@pytest.mark.parametrize(
    ("reference", "heard", "silent", "expected"),
    [
        (REFERENCE, {}, False, "fast"),
        (REFERENCE, {"fast": REFERENCE}, False, None),
        (REFERENCE, {"fast": ONE_WRONG}, False, None),  # 0.9 is not under 0.9
        (REFERENCE, {"fast": TWO_WRONG}, False, "wide"),
        (REFERENCE, {"fast": TWO_WRONG, "wide": TWO_WRONG}, False, None),  # 0.8 is not low
        (REFERENCE, {"fast": THREE_WRONG, "wide": TWO_WRONG}, False, None),
        (REFERENCE, {"fast": TWO_WRONG, "wide": THREE_WRONG}, False, None),  # the better one counts
        (REFERENCE, {"fast": THREE_WRONG, "wide": THREE_WRONG}, False, "full"),
        (REFERENCE, {"fast": THREE_WRONG, "wide": "", "full": ""}, False, None),
        (REFERENCE, {"fast": REFERENCE}, True, "full"),  # words over silence, however well they fit
        (REFERENCE, {"fast": ""}, True, None),
        (None, {"fast": "слово"}, False, None),
        (None, {"fast": ""}, False, "wide"),
        (None, {"fast": "", "wide": ""}, False, "full"),
        (None, {"fast": "", "wide": "слово"}, False, None),
        (None, {"full": "слово"}, False, None),
    ],
)
def test_which_look_is_due(reference, heard, silent, expected):
    assert POLICY.next_pass(reference, heard, silent) == expected


@pytest.mark.parametrize(
    ("heard", "expected"),
    [
        ({"fast": TWO_WRONG, "wide": REFERENCE}, (REFERENCE, "wide")),
        ({"fast": TWO_WRONG, "wide": THREE_WRONG}, (TWO_WRONG, "fast")),
        ({"fast": THREE_WRONG, "wide": THREE_WRONG, "full": REFERENCE}, (REFERENCE, "full")),
        ({"fast": ONE_WRONG, "wide": REFERENCE, "full": REFERENCE}, (ONE_WRONG, "fast")),  # this text asks for no more
        ({"fast": TWO_WRONG, "wide": TWO_WRONG, "full": REFERENCE}, (TWO_WRONG, "fast")),
        ({"full": REFERENCE}, (REFERENCE, "full")),
    ],
)
def test_the_best_of_the_looks_this_text_asks_for_is_kept(heard, expected):
    assert POLICY.best_hypothesis(REFERENCE, heard) == expected


def test_a_low_threshold_over_the_second_look_still_gets_the_wide_look_first():
    assert DecodingPolicy("ru", 0.5, 0.85).next_pass(REFERENCE, {"fast": TWO_WRONG}) == "wide"


LONG = "абвгдежзик " * 20  # 219 letters and spaces: 15 of them are far under a tenth


@pytest.mark.parametrize(("missing", "expected"), [(0, False), (14, False), (15, True), (40, True)])
def test_a_long_text_is_heard_again_for_many_letters_however_similar(missing, expected):
    heard = LONG.strip()[: len(LONG.strip()) - missing]
    assert MANY_LETTERS == 15
    assert many_letters(LONG, heard, "ru") is expected
    assert (POLICY.next_pass(LONG, {"fast": heard}) == "wide") is expected
    assert not many_letters(None, heard, "ru")


@pytest.mark.parametrize(("kept", "expected"), [(100, None), (85, None), (84, "full"), (70, "full")])
def test_a_text_whose_end_was_not_heard_gets_the_full_look_though_it_is_not_low(kept, expected):
    said = "абвгдежзик" * 10
    assert stopped_early(said, said[:kept], "ru") is (expected == "full")
    assert POLICY.next_pass(said, {"fast": said[:kept], "wide": said[:kept]}) == expected
    assert not stopped_early(None, said[:kept], "ru")
