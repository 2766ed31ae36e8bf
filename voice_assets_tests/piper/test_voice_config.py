"""The configuration beside a voice."""

import copy
from typing import Any

import pytest

from voice_assets.piper.voice_config import complete, language_of, problems, tokens

NAME = "ru_RU-ivrvoice_ru-medium"
DATA_SET = {
    "audio": {"sample_rate": 22050},
    "espeak": {"voice": "ru"},
    "num_symbols": 256,
    "phoneme_id_map": {"_": [0], "^": [1], "$": [2], "a": [3]},
}


def config() -> dict[str, Any]:
    return complete(
        copy.deepcopy(DATA_SET),
        dataset="ivrvoice_ru",
        language="ru",
        region="RU",
        quality="medium",
        num_speakers=1,
        piper_version="1.8",
    )


def test_a_completed_config_has_no_problems() -> None:
    assert problems(config(), NAME, 256) == []


def test_a_data_sets_own_config_is_not_complete() -> None:
    found = problems(copy.deepcopy(DATA_SET), NAME, 256)
    for key in (
        "dataset",
        "audio.quality",
        "language.code",
        "language.name_native",
        "piper_version",
        "inference.noise_w",
        "num_speakers",
    ):
        assert any(problem.startswith(f"{key} is no ") for problem in found), key


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        ("dataset", "other", "dataset is 'other', the file's name says 'ivrvoice_ru'"),
        ("audio.quality", "high", "audio.quality is 'high', the file's name says 'medium'"),
        ("language.code", "ru", "language.code is 'ru', the file's name says 'ru_RU'"),
        ("language.name_english", "", "language.name_english is no text: ''"),
        ("audio.sample_rate", "22050", "audio.sample_rate is no number: '22050'"),
        ("num_speakers", True, "num_speakers is no number: True"),
        ("num_symbols", 130, "num_symbols is 130, the model has 256"),
        ("phoneme_id_map.a", [256], "phoneme_id_map['a'] = [256]: not ids from 0 to 255"),
        ("phoneme_id_map.a", 3, "phoneme_id_map['a'] = 3: not ids from 0 to 255"),
        ("phoneme_id_map", {}, "phoneme_id_map is missing or empty"),
    ],
)
def test_every_problem_is_named(path: str, value: object, problem: str) -> None:
    broken = config()
    *parents, last = path.split(".")
    place = broken
    for key in parents:
        place = place[key]
    place[last] = value
    assert problem in problems(broken, NAME, 256)


def test_pad_and_marks_must_have_ids() -> None:
    broken = config()
    del broken["phoneme_id_map"]["^"]
    assert problems(broken, NAME, 256) == ["phoneme_id_map lacks '^'"]


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
