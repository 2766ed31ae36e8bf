import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voice_assets.asr.scoring import score
from voice_assets.dataset.tables import TRANSCRIPTS, frame


def test_a_row_of_the_table_comes_whole():
    row = score("В 1941 году", "в тысяча девятьсот сорок первом году", 2.0, "ru", silent=False)
    assert row == {
        "similarity": 1.0,
        "cer": 0.0,
        "wer": 0.0,
        "first_word_wrong": False,
        "last_word_wrong": False,
        "other_words": False,
        "repeated": False,
        "hallucination": "",
        "categories": "numbers",
    }
    facts = {"clip_id": "a", "path": "a.wav", "audio_sha256": "", "duration_s": 2.0, "decoding_pass": "fast"}
    table = frame([{**facts, "reference": "В 1941 году", "hypothesis": "", **row}], TRANSCRIPTS)
    assert list(table.columns) == list(TRANSCRIPTS)
    assert set(row) <= set(TRANSCRIPTS)


@pytest.mark.parametrize(
    ("reference", "hypothesis", "silent", "column", "expected"),
    [
        ("Да.", "Да, да.", False, "repeated", True),
        ("Да.", "Да.", False, "repeated", False),
        ("Пять.", "5, 5.", False, "repeated", True),
        ("Да, да.", "Да, да.", False, "repeated", False),
        ("Мама мыла раму", "мыла раму", False, "first_word_wrong", True),
        ("5 минут", "пять минут", False, "first_word_wrong", False),
        ("Осталось пять", "осталось 5", False, "last_word_wrong", False),
        ("Осталось пять", "осталось 6", False, "last_word_wrong", True),
        ("Осталось пять", "осталось 1", False, "last_word_wrong", True),
        ("Мама мыла раму", "Мама мыла раму", True, "hallucination", "words over silence"),
        ("Мама мыла раму", "Продолжение следует", False, "hallucination", "known phrase: Продолжение следует"),
        ("Мама мыла раму", "мама мыла пол", False, "wer", pytest.approx(1 / 3)),
        ("Да", "Да", False, "categories", "one_word short"),
    ],
)
def test_each_score(reference, hypothesis, silent, column, expected):
    assert score(reference, hypothesis, 1.0 if column == "categories" else 3.0, "ru", silent)[column] == expected


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=40), st.text(max_size=40), st.floats(0, 60), st.sampled_from(["ru", "en", "de", "xx"]), st.booleans())
def test_any_clip_can_be_scored(reference, hypothesis, duration_s, language, silent):
    row = score(reference, hypothesis, duration_s, language, silent)
    assert {name: type(value) for name, value in row.items()} == {name: TRANSCRIPTS[name].type for name in row}
    assert 0 <= row["similarity"] <= 1
