"""The configuration beside a voice."""

import copy
from typing import Any

import pytest

from voice_assets.dataset.config import PiperConfig
from voice_assets.piper.voice_config import complete, language_of, problems, tokens

NAME = "ru_RU-ivrvoice_ru-medium"
DATA_SET = {
    "audio": {"sample_rate": 22050},
    "espeak": {"voice": "ru"},
    "num_symbols": 256,
    "phoneme_id_map": {"_": [0], "^": [1], "$": [2], " ": [3], "a": [4]},
}


def config() -> dict[str, Any]:
    return complete(
        PiperConfig.model_validate(copy.deepcopy(DATA_SET)),
        dataset="ivrvoice_ru",
        language="ru",
        region="RU",
        quality="medium",
        num_speakers=1,
        piper_version="1.8",
    )


def test_a_completed_config_has_no_problems() -> None:
    assert problems(config(), NAME, 256) == []


def test_a_config_keeps_what_the_data_set_says_and_gains_the_rest() -> None:
    content = PiperConfig.model_validate({**DATA_SET, "inference": {"noise_w": 0.5}, "vowel_clusters": [["a", "i"]]})
    found = complete(content, dataset="x", language="ru", region="RU", quality="medium", num_speakers=1, piper_version="1.8")
    assert found["inference"] == {"noise_scale": 0.667, "length_scale": 1.0, "noise_w": 0.5}
    assert found["audio"] == {"sample_rate": 22050, "quality": "medium"}
    assert (found["vowel_clusters"], found["phoneme_id_map"]) == ([["a", "i"]], DATA_SET["phoneme_id_map"])


def test_an_optional_key_of_the_data_set_is_not_missing_from_the_voice() -> None:
    """A config.json without num_symbols is sound and means 256: the voice must say so, or players cannot load it."""
    content = {key: value for key, value in DATA_SET.items() if key != "num_symbols"}
    found = complete(
        PiperConfig.model_validate(content),
        dataset="ivrvoice_ru",
        language="ru",
        region="RU",
        quality="medium",
        num_speakers=1,
        piper_version="1.8",
    )
    assert problems(found, NAME, 256) == []
    assert (found["num_symbols"], found["hop_length"], found["phoneme_type"]) == (256, 256, "espeak")


def test_a_data_sets_own_config_is_not_complete() -> None:
    assert problems(copy.deepcopy(DATA_SET), NAME, 256) == [
        "audio.quality: a text is needed, the key is missing",
        "inference: an object is needed, the key is missing",
        "language: an object is needed, the key is missing",
        "dataset: a text is needed, the key is missing",
        "piper_version: a text is needed, the key is missing",
    ]


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        ("dataset", "other", "dataset: 'other', the file's name says 'ivrvoice_ru'"),
        ("audio.quality", "high", "audio.quality: 'high', the file's name says 'medium'"),
        ("language.code", "ru", "language.code: 'ru', the file's name says 'ru_RU'"),
        ("language.name_english", "", "language.name_english: a text is needed, not ''"),
        ("language.region", ..., "language.region: a text is needed, the key is missing"),
        ("audio.sample_rate", "22050", "audio.sample_rate: a number of Hz is needed, not '22050'"),
        ("inference.noise_w", "0.8", "inference.noise_w: a number is needed, not '0.8'"),
        ("num_speakers", True, "num_speakers: 1, a data set of one speaker, is needed, not True"),
        ("num_speakers", 2, "num_speakers: 1, a data set of one speaker, is needed, not 2"),
        ("num_symbols", 130, "num_symbols: 130, the model has 256"),
        ("num_symbols", ..., "num_symbols: a number over 0 is needed, the key is missing"),
        ("phoneme_id_map.a", [256], "phoneme_id_map: 'a' has the id 256, num_symbols is 256"),
        ("phoneme_id_map.a", 3, "phoneme_id_map: 'a' has 3; a list of ids from 0 is needed"),
        ("phoneme_id_map.^", ..., "phoneme_id_map: no id for '^', which Piper puts into every sentence"),
        ("phoneme_id_map", {}, "phoneme_id_map: a mapping of phonemes to lists of ids is needed, not {}"),
    ],
)
def test_every_problem_is_named(path: str, value: object, problem: str) -> None:
    broken = config()
    *parents, last = path.split(".")
    place = broken
    for key in parents:
        place = place[key]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    assert problems(broken, NAME, 256) == [problem]


@pytest.mark.parametrize("name", ["voice", "ru-ivr-medium", "ru_RU-ivr-great", "ru_RU-a-b-medium"])
def test_a_name_that_players_cannot_read(name: str) -> None:
    assert any("is not <language>_<REGION>-<name>-<quality>" in problem for problem in problems(config(), name, 256))


def test_languages() -> None:
    assert language_of("ru", "RU") == {
        "code": "ru_RU",
        "family": "ru",
        "region": "RU",
        "name_native": "Русский",
        "name_english": "Russian",
        "country_english": "Russia",
    }
    assert language_of("xx", "ZZ")["name_english"] == "xx"


def test_tokens_are_phoneme_and_id_in_order_of_the_id() -> None:
    assert tokens({"b": [2], " ": [1], "_": [0]}) == "_ 0\n  1\nb 2\n"


def test_tokens_leave_out_phonemes_of_two_characters_which_sherpa_refuses() -> None:
    assert tokens({"a": [1], "aɪ": [161], "ʊ": [3]}) == "a 1\nʊ 3\n"
