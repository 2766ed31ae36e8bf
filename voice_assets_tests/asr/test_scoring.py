import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voice_assets.asr.scoring import Evidence, score
from voice_assets.dataset.tables import TRANSCRIPTS, frame


def test_a_row_of_the_table_comes_whole():
    row = score(
        "В 1941 году",
        "в тысяча девятьсот сорок первом году",
        2.0,
        "ru",
    )
    assert row == {
        "similarity": 1.0,
        "cer": 0.0,
        "wer": 0.0,
        "first_word_wrong": False,
        "last_word_wrong": False,
        "other_words": False,
        "other_numbers": False,
        "repeated": False,
        "hallucination": "",
        "categories": "numbers",
    }
    facts = {"clip_id": "a", "path": "a.wav", "audio_sha256": "", "duration_s": 2.0, "decoding_pass": "fast"}
    table = frame([{**facts, "reference": "В 1941 году", "hypothesis": "", **row}], TRANSCRIPTS)
    assert list(table.columns) == list(TRANSCRIPTS)
    assert set(row) <= set(TRANSCRIPTS)


SPEECH, SILENCE, NOISE = Evidence(), Evidence(silent=True), Evidence(speechless=True)


@pytest.mark.parametrize(
    ("reference", "hypothesis", "evidence", "column", "expected"),
    [
        ("Да.", "Да, да.", SPEECH, "repeated", True),
        ("Да.", "Да.", SPEECH, "repeated", False),
        ("Пять.", "5, 5.", SPEECH, "repeated", True),
        ("Да, да.", "Да, да.", SPEECH, "repeated", False),
        ("Мама мыла раму", "мыла раму", SPEECH, "first_word_wrong", True),
        ("5 минут", "пять минут", SPEECH, "first_word_wrong", False),
        ("Осталось пять", "осталось 5", SPEECH, "last_word_wrong", False),
        ("Осталось пять", "осталось 6", SPEECH, "last_word_wrong", True),
        ("Осталось пять", "осталось 1", SPEECH, "last_word_wrong", True),
        ("Мама мыла раму", "Мама мыла раму", SILENCE, "hallucination", "words over silence"),
        ("Мама мыла раму", "Папа мыл пол", NOISE, "hallucination", "words over noise"),
        ("Мама мыла раму", "Мама мыла раму", NOISE, "hallucination", ""),  # the speech detector may miss words
        ("Мама мыла раму", "Продолжение следует", SPEECH, "hallucination", "known phrase: продолжение следует"),
        ("Осталось пять", "осталось 6", SPEECH, "other_numbers", True),
        ("Осталось пять", "осталось 6", Evidence(("осталось 6", "осталось 5")), "other_numbers", False),
        ("Я не приду", "Я приду", SPEECH, "other_words", True),
        ("Я не приду", "Я приду", Evidence(("Я приду", "Я не приду.")), "other_words", False),
        ("Мама мыла раму", "Мама мыла раму", Evidence(halves="мама мыла раму\nмама мыла раму"), "repeated", True),
        ("Мама мыла раму", "Мама мыла раму", Evidence(halves="мама мы\nмыла раму"), "repeated", False),
        ("Ой", "О-о-о-о-о-о-о-о-о-о", SPEECH, "repeated", True),
        ("Мама мыла раму", "мама мыла пол", SPEECH, "wer", pytest.approx(1 / 3)),
        ("Да", "Да", SPEECH, "categories", "one_word short"),
    ],
)
def test_each_score(reference, hypothesis, evidence, column, expected):
    assert score(reference, hypothesis, 1.0 if column == "categories" else 3.0, "ru", evidence)[column] == expected


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(st.text(max_size=40), st.text(max_size=40), st.floats(0, 60), st.sampled_from(["ru", "en", "de", "xx"]), st.booleans())
def test_any_clip_can_be_scored(reference, hypothesis, duration_s, language, silent):
    row = score(reference, hypothesis, duration_s, language, Evidence((hypothesis,), hypothesis, silent, speechless=True))
    assert {name: type(value) for name, value in row.items()} == {name: TRANSCRIPTS[name].type for name in row}
    assert 0 <= row["similarity"] <= 1
