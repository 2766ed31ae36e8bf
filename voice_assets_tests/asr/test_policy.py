import pytest

from voice_assets.asr.policy import MANY_LETTERS, DecodingPolicy, better, doubtful, many_letters, stopped_early

POLICY = DecodingPolicy("ru", 0.9, 0.8)
OFFERED = ("fast", "wide", "full")
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
def test_when_a_hypothesis_is_doubtful(reference, hypothesis, expected):
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
    ("reference", "texts", "silent", "expected"),
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
def test_which_pass_is_due(reference, texts, silent, expected):
    assert POLICY.next_pass(OFFERED, reference, texts, silent) == expected


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ({"fast": TWO_WRONG, "wide": REFERENCE}, (REFERENCE, "wide")),
        ({"fast": TWO_WRONG, "wide": THREE_WRONG}, (TWO_WRONG, "fast")),
        ({"fast": THREE_WRONG, "wide": THREE_WRONG, "full": REFERENCE}, (REFERENCE, "full")),
        ({"fast": ONE_WRONG, "wide": REFERENCE, "full": REFERENCE}, (ONE_WRONG, "fast")),  # this text asks for no more
        ({"fast": TWO_WRONG, "wide": TWO_WRONG, "full": REFERENCE}, (TWO_WRONG, "fast")),
    ],
)
def test_the_best_of_the_passes_this_text_asks_for_is_kept(texts, expected):
    assert POLICY.best_hypothesis(OFFERED, REFERENCE, texts) == expected


def test_a_low_threshold_over_the_retry_threshold_still_asks_for_the_wide_pass_first():
    assert DecodingPolicy("ru", 0.5, 0.85).next_pass(OFFERED, REFERENCE, {"fast": TWO_WRONG}) == "wide"


LONG = "абвгдежзик " * 20  # 219 letters and spaces: 15 of them are far under a tenth


@pytest.mark.parametrize(("missing", "expected"), [(0, False), (14, False), (15, True), (40, True)])
def test_a_long_text_is_decoded_again_for_many_letters_at_any_similarity(missing, expected):
    hypothesis = LONG.strip()[: len(LONG.strip()) - missing]
    assert MANY_LETTERS == 15
    assert many_letters(LONG, hypothesis, "ru") is expected
    assert (POLICY.next_pass(OFFERED, LONG, {"fast": hypothesis}) == "wide") is expected
    assert not many_letters(None, hypothesis, "ru")


@pytest.mark.parametrize(("kept", "expected"), [(100, None), (85, None), (84, "full"), (70, "full")])
def test_a_hypothesis_without_the_end_of_the_text_asks_for_the_full_pass_though_it_is_not_low(kept, expected):
    reference = "абвгдежзик" * 10
    hypothesis = reference[:kept]
    assert stopped_early(reference, hypothesis, "ru") is (expected == "full")
    assert POLICY.next_pass(OFFERED, reference, {"fast": hypothesis, "wide": hypothesis}) == expected
    assert not stopped_early(None, hypothesis, "ru")


WRONG = "совсем другое"


@pytest.mark.parametrize(
    ("texts", "silent", "offered", "expected"),
    [
        ({}, False, OFFERED, "fast"),
        ({"fast": REFERENCE}, False, OFFERED, None),
        ({"fast": WRONG}, False, OFFERED, "wide"),
        ({"fast": ""}, False, OFFERED, "wide"),
        ({"fast": WRONG, "wide": REFERENCE}, False, OFFERED, None),
        ({"fast": WRONG, "wide": WRONG}, False, OFFERED, "full"),
        ({"fast": WRONG, "wide": WRONG, "full": WRONG}, False, OFFERED, None),
        ({"fast": REFERENCE, "full": WRONG}, False, OFFERED, None),
        ({"fast": WRONG, "full": REFERENCE}, False, OFFERED, "wide"),  # a stored last pass does not replace the middle one
        ({"wide": REFERENCE, "full": REFERENCE}, False, OFFERED, "fast"),
        ({"fast": REFERENCE}, True, OFFERED, "full"),
        ({"fast": ""}, True, OFFERED, None),
        ({"fast": REFERENCE}, False, ("full",), "full"),  # a clip that is longer than Whisper's window
        ({"full": WRONG}, False, ("full",), None),
        ({"one": WRONG}, False, ("one", "two"), "two"),  # two passes: no middle one
        ({"one": TWO_WRONG}, False, ("one", "two"), None),
    ],
)
def test_the_pass_that_is_missing_from_what_is_stored(texts, silent, offered, expected):
    assert POLICY.missing_pass(offered, REFERENCE, texts, silent) == expected


def test_with_one_pass_its_hypothesis_is_kept():
    assert POLICY.best_hypothesis(("full",), REFERENCE, {"fast": REFERENCE, "full": WRONG}) == (WRONG, "full")
