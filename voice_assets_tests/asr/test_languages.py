"""Which languages Whisper knows, without loading it."""

import pytest

from voice_assets.asr.languages import LANGUAGES, OTHER_CODES, for_english_alone, language_problem


@pytest.mark.slow
def test_the_codes_are_faster_whispers() -> None:
    from faster_whisper.tokenizer import _LANGUAGE_CODES

    assert set(_LANGUAGE_CODES) == LANGUAGES


@pytest.mark.slow
def test_the_models_for_english_alone_are_faster_whispers() -> None:
    from faster_whisper.utils import available_models

    alone = {name for name in available_models() if for_english_alone(name)}
    assert {"tiny.en", "base.en", "medium.en", "distil-large-v3"} <= alone
    assert not alone & {"tiny", "base", "small", "medium", "large-v1", "large-v2", "large-v3", "large-v3-turbo", "turbo"}


@pytest.mark.parametrize(
    ("language", "model", "words"),
    [
        ("eo", "large-v3", "Whisper does not know the language 'eo'"),
        ("ga", "base", "Whisper does not know the language 'ga'"),
        ("nb", "base", "it calls this language `no`"),
        ("jv", "base", "it calls this language `jw`"),
        ("ru", "small.en", "small.en knows English alone, not 'ru'; choose one for all languages, such as small"),
        ("de", "distil-large-v3", "such as large-v3"),
    ],
)
def test_a_language_that_a_model_cannot_transcribe(language: str, model: str, words: str) -> None:
    assert words in language_problem(language, model)


@pytest.mark.parametrize(
    ("language", "model"),
    [("ru", "base"), ("no", "large-v3"), ("en", "base.en"), ("en", "distil-large-v3"), ("de", "/w/my.en")],
)
def test_a_language_that_a_model_can_transcribe(language: str, model: str) -> None:
    assert language_problem(language, model) == ""


def test_the_other_codes_lead_to_known_ones() -> None:
    assert set(OTHER_CODES.values()) <= LANGUAGES
    assert not LANGUAGES & set(OTHER_CODES)
