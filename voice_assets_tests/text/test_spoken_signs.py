"""Signs that are said beside figures and in names, and that are silent elsewhere."""

import pytest

from voice_assets.asr.scoring import score

DIFFERENT = [
    ("en", "C++ is good", "C is good"),
    ("en", "C++ is good", "C# is good"),
    ("en", "an A+ grade", "an A grade"),
    ("en", "when x<5 stop", "when x>5 stop"),
    ("en", "when x < 5 stop", "when x > 5 stop"),
    ("en", "when x <= 5 stop", "when x >= 5 stop"),
    ("en", "when x ≤ 5 stop", "when x < 5 stop"),
    ("en", "it is √5 here", "it is 5 here"),
    ("en", "it is 5+3 now", "it is 5 3 now"),
    ("es", "si x < 5 para", "si x > 5 para"),
    ("fr", "si x < 5 stop", "si x > 5 stop"),
    ("it", "se x < 5 stop", "se x > 5 stop"),
    ("de", "wenn x < 5 stopp", "wenn x > 5 stopp"),
    ("de", "C++ ist gut", "C# ist gut"),
    ("ru", "если x < 5 стоп", "если x > 5 стоп"),
    ("ru", "если x <= 5 стоп", "если x >= 5 стоп"),
    ("ru", "это √5 тут", "это 5 тут"),
]
SAME = [
    ("en", "C++ is good", "C plus plus is good"),
    ("en", "C# is good", "C sharp is good"),
    ("en", "when x < 5 stop", "when x is less than five stop"),
    ("en", "when x <= 5 stop", "when x is less than or equal to five stop"),
    ("en", "it is √5 here", "it is the square root of five here"),
    ("en", "five plus three", "5+3"),
    ("en", "Settings > Network", "Settings Network"),
    ("en", "call +1 555 1212", "call 1 555 1212"),
    ("en", "<music> hello there", "hello there"),
    ("fr", "si x ≤ 5 stop", "si x est inférieur ou égal à cinq stop"),
    ("de", "√9 ist 3", "die Wurzel aus neun ist drei"),
    ("ru", "если x < 5 стоп", "если икс меньше пяти стоп"),
    ("ru", "√9 это 3", "корень из девяти это три"),
]


@pytest.mark.parametrize(("language", "one", "other"), DIFFERENT)
def test_a_sign_that_is_said_is_a_difference(language, one, other):
    for reference, hypothesis in ((one, other), (other, one)):
        found = score(reference, hypothesis, 3.0, language)
        assert found["similarity"] < 0.95
        assert found["other_words"]


@pytest.mark.parametrize(("language", "one", "other"), SAME)
def test_a_sign_and_its_words_are_the_same(language, one, other):
    assert score(one, other, 3.0, language)["similarity"] == 1


def test_figures_between_two_comparisons_are_no_stage_direction():
    assert score("x<5 and y>3 here", "x<7 and y>3 here", 3.0, "en")["other_numbers"]
