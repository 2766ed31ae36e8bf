"""The sentences a voice says."""

import unicodedata

import pytest

from voice_assets.dataset.espeak import default_id_map, phonemes_of
from voice_assets.piper.sentences import SENTENCES, SentencesError, sentences_for
from voice_assets.runtime.language_codes import ESPEAK_VOICES
from voice_assets.text.scripts import script_share


@pytest.mark.parametrize("language", SENTENCES)
def test_five_to_ten_plain_sentences(language: str) -> None:
    sentences = sentences_for(language)
    assert 5 <= len(sentences) <= 10
    assert len(set(sentences)) == len(sentences)
    assert all(not any(letter.isdigit() for letter in sentence) and sentence[-1] in ".?!" for sentence in sentences)


def test_the_russian_ones_hold_the_whole_alphabet() -> None:
    letters = set("".join(sentences_for("ru")).lower())
    assert set("абвгдеёжзийклмнопрстуфхцчшщъыьэюя") <= letters


# The letters that set a language apart from its neighbours: a voice that cannot say them is found out by the samples.
SPECIAL = {
    "es": "éíóñ",
    "fr": "éèàê",
    "de": "äöüß",
    "pl": "ąćęłńóśźż",
    "uk": "ґєіїщьʼ",
    "it": "èéù",
    "pt": "áéóàãõç",
    "nl": "jgw",
    "cs": "áčďéěíňóřšťúůýž",
    "sv": "åäö",
    "tr": "çğıöşüâ",
}


@pytest.mark.parametrize("language", SPECIAL)
def test_the_special_letters_of_a_language_are_spoken(language: str) -> None:
    text = "".join(sentences_for(language)).lower().replace("'", "ʼ")
    assert [letter for letter in SPECIAL[language] if letter not in text] == []


@pytest.mark.parametrize("language", SENTENCES)
def test_every_phoneme_is_one_of_pipers(language: str) -> None:
    """All letters are in the script of the language, composed, and no sentence loses a phoneme."""
    spoken = phonemes_of(sentences_for(language), ESPEAK_VOICES.get(language, language))
    ids = default_id_map()
    assert [phoneme for phonemes in spoken for phoneme in phonemes if phoneme not in ids] == []
    for sentence, phonemes in zip(sentences_for(language), spoken, strict=True):
        assert sentence == unicodedata.normalize("NFC", sentence)
        assert script_share(sentence, language) == 1
        assert len(phonemes) > len(sentence) / 2


def test_a_language_without_sentences_is_an_error() -> None:
    with pytest.raises(SentencesError, match="'xx'"):
        sentences_for("xx")
