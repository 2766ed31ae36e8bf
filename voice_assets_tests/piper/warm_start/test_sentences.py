"""What a published voice speaks: the same for the same seed, varied, with the sounds of the language."""

import pytest

from voice_assets.dataset import espeak
from voice_assets.piper.errors import TrainingError
from voice_assets.piper.sentences import SENTENCES
from voice_assets.piper.warm_start.sentences import spoken_texts

pytestmark = pytest.mark.slow

# Every phoneme that espeak uses for common American English words.
ENGLISH = set("aæɑɐɒɔəɚɛɜeiɪoʊuʌᵻbdðfɡhjklmnŋpɹɾsʃtθvwzʒ")


@pytest.mark.parametrize("language", SENTENCES)
def test_as_many_as_asked_and_the_same_for_a_seed(language: str) -> None:
    texts = spoken_texts(language, 300, 1)
    assert len(texts) == 300
    assert texts == spoken_texts(language, 300, 1)
    assert texts != spoken_texts(language, 300, 2)
    assert texts[:20] == spoken_texts(language, 20, 1)
    assert len(set(texts)) > (250 if language == "en" else 30)


def test_english_has_every_sound() -> None:
    said = {phoneme for text in espeak.phonemes_of(spoken_texts("en", 300, 1), "en-us") for phoneme in text}
    assert ENGLISH - said <= {"ɒ", "ɜ"}
    assert {"?", "!", ",", "."} <= said


def test_a_language_without_words() -> None:
    with pytest.raises(TrainingError, match="no sentences of the language 'xx' for the published voice to speak"):
        spoken_texts("xx", 1, 1)


def test_a_language_without_words_takes_the_data_sets_texts() -> None:
    own = ["Bon dia.", "Bona nit.", "Fins aviat."]
    texts = spoken_texts("ca", 30, 1, own)
    assert set(texts) == set(own)
    assert texts == spoken_texts("ca", 30, 1, own)
    assert set(spoken_texts("en", 30, 1, own)) & set(own) == set()
