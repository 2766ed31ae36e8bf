"""The content of the ``.onnx.json`` beside a voice, with everything that players read. Opens no file.

Piper itself needs ``audio``, ``espeak``, ``inference`` and the phoneme ids. Home Assistant's wyoming-piper also needs
``dataset`` (the middle of the file's name), ``language.code`` and ``audio.quality``.
"""

import re
from typing import Any

from pydantic import Field, ValidationError

from voice_assets.dataset.config import Audio, Part, PiperConfig, problems_of

NAME = re.compile(r"(?P<language>[a-z]{2,3})_(?P<region>[A-Z]{2})-(?P<dataset>[^-]+)-(?P<quality>x_low|low|medium|high)")

# ISO 639: native and English name. A language that is not here is called by its code.
LANGUAGES = {
    "ar": ("العربية", "Arabic"),
    "ca": ("Català", "Catalan"),
    "cs": ("Čeština", "Czech"),
    "da": ("Dansk", "Danish"),
    "de": ("Deutsch", "German"),
    "el": ("Ελληνικά", "Greek"),
    "en": ("English", "English"),
    "es": ("Español", "Spanish"),
    "fi": ("Suomi", "Finnish"),
    "fr": ("Français", "French"),
    "hu": ("Magyar", "Hungarian"),
    "it": ("Italiano", "Italian"),
    "ka": ("ქართული ენა", "Georgian"),
    "kk": ("қазақша", "Kazakh"),
    "nl": ("Nederlands", "Dutch"),
    "no": ("Norsk", "Norwegian"),
    "pl": ("Polski", "Polish"),
    "pt": ("Português", "Portuguese"),
    "ro": ("Română", "Romanian"),
    "ru": ("Русский", "Russian"),
    "sv": ("Svenska", "Swedish"),
    "tr": ("Türkçe", "Turkish"),
    "uk": ("українська мова", "Ukrainian"),
    "vi": ("Tiếng Việt", "Vietnamese"),
}
COUNTRIES = {
    "AT": "Austria", "BR": "Brazil", "CH": "Switzerland", "CZ": "Czech Republic", "DE": "Germany", "DK": "Denmark",
    "ES": "Spain", "FI": "Finland", "FR": "France", "GB": "Great Britain", "GE": "Georgia", "GR": "Greece",
    "HU": "Hungary", "IT": "Italy", "JO": "Jordan", "KZ": "Kazakhstan", "MX": "Mexico", "NL": "Netherlands",
    "NO": "Norway", "PL": "Poland", "PT": "Portugal", "RO": "Romania", "RU": "Russia", "SE": "Sweden", "TR": "Turkey",
    "UA": "Ukraine", "US": "United States", "VN": "Vietnam",
}  # fmt: skip


def language_of(language: str, region: str) -> dict[str, str]:
    """The ``language`` object, such as ``{"code": "ru_RU", "family": "ru", …}``."""
    native, english = LANGUAGES.get(language, (language, language))
    return {
        "code": f"{language}_{region}",
        "family": language,
        "region": region,
        "name_native": native,
        "name_english": english,
        "country_english": COUNTRIES.get(region, region),
    }


class PlayerAudio(Audio):
    """The key ``audio``."""

    quality: str = Field(min_length=1, description="a text")


class Inference(Part):
    """The key ``inference``: noise and speed of the synthesis."""

    noise_scale: float = Field(description="a number")
    length_scale: float = Field(description="a number")
    noise_w: float = Field(description="a number")


class Language(Part):
    """The key ``language``."""

    code: str = Field(min_length=1, description="a text")
    family: str = Field(min_length=1, description="a text")
    region: str = Field(min_length=1, description="a text")
    name_native: str = Field(min_length=1, description="a text")
    name_english: str = Field(min_length=1, description="a text")
    country_english: str = Field(min_length=1, description="a text")


class PlayerConfig(PiperConfig):
    """A ``.onnx.json`` that every player can read."""

    num_symbols: int = Field(gt=0, description="a number over 0")
    audio: PlayerAudio = Field(description="an object with sample_rate and quality")
    inference: Inference = Field(description="an object")
    language: Language = Field(description="an object")
    dataset: str = Field(min_length=1, description="a text")
    piper_version: str = Field(min_length=1, description="a text")


def complete(
    config: PiperConfig, *, dataset: str, language: str, region: str, quality: str, num_speakers: int, piper_version: str
) -> dict[str, Any]:
    """The data set's ``config.json`` with everything that a player reads. ``num_speakers`` is the model's."""
    content = config.model_dump()
    return {
        "phoneme_map": {},
        "speaker_id_map": {},
        **content,
        "num_speakers": num_speakers,
        "inference": {"noise_scale": 0.667, "length_scale": 1.0, "noise_w": 0.8, **content["inference"]},
        "audio": {**content["audio"], "quality": quality},
        "language": language_of(language, region),
        "dataset": dataset,
        "piper_version": piper_version,
    }


def problems(content: dict[str, Any], name: str, num_symbols: int) -> list[str]:
    """The problems of the ``.onnx.json`` of a voice for players, in words; ``name`` is the stem of the file.

    ``num_symbols`` is the size of the model's phoneme table. Empty when the content is complete.
    """
    try:
        config = PlayerConfig.model_validate(content)
    except ValidationError as error:
        return [*problems_of(error, PlayerConfig), *_unreadable(name)]
    if config.num_symbols != num_symbols:
        return [f"num_symbols: {config.num_symbols}, the model has {num_symbols}", *_name_problems(config, name)]
    return _name_problems(config, name)


def _unreadable(name: str) -> list[str]:
    return [] if NAME.fullmatch(name) else [f"the file's name {name!r} is not <language>_<REGION>-<name>-<quality>"]


def _name_problems(config: PlayerConfig, name: str) -> list[str]:
    match = NAME.fullmatch(name)
    if match is None:
        return _unreadable(name)
    compared = {
        "dataset": (config.dataset, match["dataset"]),
        "audio.quality": (config.audio.quality, match["quality"]),
        "language.code": (config.language.code, f"{match['language']}_{match['region']}"),
    }
    return [f"{key}: {found!r}, the file's name says {named!r}" for key, (found, named) in compared.items() if found != named]


def tokens(phoneme_id_map: dict[str, list[int]]) -> str:
    """``tokens.txt`` for sherpa-onnx: ``<phoneme> <id>`` a line, by id, the first id of each phoneme.

    Only phonemes of one character: sherpa-onnx refuses the file otherwise, and no Piper program looks up a longer one, because
    all of them look up espeak-ng's phonemes character by character. Piper's default map has five such entries (``aɪ``).
    """
    pairs = sorted((values[0], phoneme) for phoneme, values in phoneme_id_map.items() if len(phoneme) == 1)
    return "".join(f"{phoneme} {number}\n" for number, phoneme in pairs)
