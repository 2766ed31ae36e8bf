"""The sentences a voice says."""

import pytest

from voice_assets.piper.sentences import SENTENCES, SentencesError, sentences_for


@pytest.mark.parametrize("language", SENTENCES)
def test_five_to_ten_plain_sentences(language: str) -> None:
    sentences = sentences_for(language)
    assert 5 <= len(sentences) <= 10
    assert len(set(sentences)) == len(sentences)
    assert all(not any(letter.isdigit() for letter in sentence) and sentence[-1] in ".?!" for sentence in sentences)


def test_the_russian_ones_hold_the_whole_alphabet() -> None:
    letters = set("".join(sentences_for("ru")).lower())
    assert set("абвгдеёжзийклмнопрстуфхцчшщъыьэюя") <= letters


def test_a_language_without_sentences_is_an_error() -> None:
    with pytest.raises(SentencesError, match="'xx'"):
        sentences_for("xx")
