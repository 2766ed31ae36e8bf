import pytest

from voice_assets.asr.policy import (
    HALVES,
    MANY_LETTERS,
    SLOW_LETTERS_PER_S,
    DecodingPolicy,
    better,
    doubtful,
    many_letters,
    may_be_twice,
    stopped_early,
)

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


OTHER_NUMBER = "Добавочный номер абонента в вашей конференции пять"
NO_NEGATION = "Абонент не отвечает, оставьте ему сообщение после сигнала"


@pytest.mark.parametrize(
    ("reference", "texts", "expected"),
    [
        (OTHER_NUMBER, {"fast": OTHER_NUMBER.replace("пять", "6")}, "wide"),
        (OTHER_NUMBER, {"fast": OTHER_NUMBER.replace("пять", "6"), "wide": OTHER_NUMBER}, None),
        (OTHER_NUMBER, {"fast": OTHER_NUMBER.replace("пять", "6"), "wide": OTHER_NUMBER.replace("пять", "7")}, "full"),
        (NO_NEGATION, {"fast": NO_NEGATION.replace("не ", "")}, "wide"),
        (NO_NEGATION, {"fast": NO_NEGATION.replace("не ", ""), "wide": NO_NEGATION.replace("не ", "")}, "full"),
    ],
)
def test_other_numbers_and_negations_ask_for_every_pass_until_one_pass_heard_the_text(reference, texts, expected):
    assert POLICY.next_pass(OFFERED, reference, texts) == expected


@pytest.mark.parametrize(
    ("language", "texts", "speech_s", "expected"),
    [
        ("ru", {"fast": REFERENCE}, 1.0, False),
        ("ru", {"fast": REFERENCE}, 10 / SLOW_LETTERS_PER_S, False),
        ("ru", {"fast": REFERENCE}, 10 / SLOW_LETTERS_PER_S + 0.1, True),  # too slow to be said once
        ("ru", {"fast": f"{REFERENCE} {REFERENCE}"}, 0.8, True),  # a pass heard the text twice
        ("ru", {"fast": f"{REFERENCE} {REFERENCE}", "wide": REFERENCE}, 0.8, True),
        ("ru", {"fast": f"{REFERENCE} {REFERENCE}"}, None, False),
        ("ru", {"fast": REFERENCE}, 0.0, False),  # no speech
        ("ja", {"fast": REFERENCE}, 2.0, False),
        ("ja", {"fast": REFERENCE}, 3.0, True),
    ],
)
def test_the_halves_are_decoded_when_the_text_may_be_spoken_twice(language, texts, speech_s, expected):
    assert may_be_twice(REFERENCE, texts, language, speech_s) is expected
    assert not may_be_twice(None, texts, language, speech_s)


def test_the_halves_come_after_every_pass_that_is_due_and_give_no_hypothesis():
    slow_s = 3.0
    texts = {"fast": TWO_WRONG}
    assert POLICY.next_pass(OFFERED, REFERENCE, texts, speech_s=slow_s) == "wide"
    texts |= {"wide": TWO_WRONG}
    assert POLICY.next_pass(OFFERED, REFERENCE, texts, speech_s=slow_s) == HALVES
    texts |= {HALVES: f"{REFERENCE}\n{REFERENCE}"}
    assert POLICY.next_pass(OFFERED, REFERENCE, texts, speech_s=slow_s) is None
    assert POLICY.best_hypothesis(OFFERED, REFERENCE, texts) == (TWO_WRONG, "fast")
    assert POLICY.counted(OFFERED, REFERENCE, texts, speech_s=slow_s) == texts
    assert HALVES not in POLICY.counted(OFFERED, REFERENCE, texts, speech_s=1.0)


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
        ({"fast": REFERENCE}, False, ("full", "long"), "full"),  # a clip that is longer than Whisper's window
        ({"full": WRONG}, False, ("full",), None),
        ({"one": WRONG}, False, ("one", "two"), "two"),  # two passes: no middle one
        ({"one": TWO_WRONG}, False, ("one", "two"), "two"),  # the last pass is no dearer than a middle one
        ({"one": ONE_WRONG}, False, ("one", "two"), None),
    ],
)
def test_the_pass_that_is_missing_from_what_is_stored(texts, silent, offered, expected):
    assert POLICY.missing_pass(offered, REFERENCE, texts, silent) == expected


def test_with_one_pass_its_hypothesis_is_kept():
    assert POLICY.best_hypothesis(("full",), REFERENCE, {"fast": REFERENCE, "full": WRONG}) == (WRONG, "full")
