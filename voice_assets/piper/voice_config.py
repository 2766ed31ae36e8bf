"""The ``.onnx.json`` beside a voice: what players read, complete. Values only; files and models are elsewhere.

Piper itself needs ``audio``, ``espeak``, ``inference`` and the phoneme ids; Home Assistant's wyoming-piper also wants
``dataset`` (the middle of the file's name), ``language.code`` and ``audio.quality``.
"""

import re
from typing import Any

NAME = re.compile(r"(?P<language>[a-z]{2,3})_(?P<region>[A-Z]{2})-(?P<dataset>[^-]+)-(?P<quality>x_low|low|medium|high)")
PHONEMES_ALL_VOICES_HAVE = ("_", "^", "$")

# ISO 639: native and English name. What is not here is called by its code.
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


def complete(
    config: dict[str, Any], *, dataset: str, language: str, region: str, quality: str, num_speakers: int, piper_version: str
) -> dict[str, Any]:
    """The data set's ``config.json`` with everything that a player reads. ``num_speakers`` is the model's."""
    inference = {"noise_scale": 0.667, "length_scale": 1.0, "noise_w": 0.8, **config.get("inference", {})}
    return {
        "phoneme_type": "espeak",
        "phoneme_map": {},
        "speaker_id_map": {},
        "hop_length": 256,
        **config,
        "num_speakers": num_speakers,
        "inference": inference,
        "audio": {**config.get("audio", {}), "quality": quality},
        "language": language_of(language, region),
        "dataset": dataset,
        "piper_version": piper_version,
    }


def problems(config: dict[str, Any], name: str, num_symbols: int) -> list[str]:
    """What a player would stumble over in a voice called ``name`` (the file's stem), in words; empty when complete.

    ``num_symbols`` is the size of the model's phoneme table.
    """
    return [*_key_problems(config), *_name_problems(config, name), *_phoneme_problems(config, num_symbols)]


def _get(config: dict[str, Any], path: str) -> Any:
    value: Any = config
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value


_TEXTS = (
    "dataset",
    "audio.quality",
    "espeak.voice",
    "phoneme_type",
    "piper_version",
    "language.code",
    "language.family",
    "language.region",
    "language.name_native",
    "language.name_english",
    "language.country_english",
)
_NUMBERS = (
    "audio.sample_rate",
    "num_symbols",
    "num_speakers",
    "inference.noise_scale",
    "inference.length_scale",
    "inference.noise_w",
)


def _key_problems(config: dict[str, Any]) -> list[str]:
    texts = [f"{path} is no text: {_get(config, path)!r}" for path in _TEXTS if not _is_text(_get(config, path))]
    return texts + [f"{path} is no number: {_get(config, path)!r}" for path in _NUMBERS if not _is_number(_get(config, path))]


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _name_problems(config: dict[str, Any], name: str) -> list[str]:
    match = NAME.fullmatch(name)
    if match is None:
        return [f"the file's name {name!r} is not <language>_<REGION>-<name>-<quality>"]
    wanted = {
        "dataset": match["dataset"],
        "audio.quality": match["quality"],
        "language.code": f"{match['language']}_{match['region']}",
    }
    return [
        f"{path} is {_get(config, path)!r}, the file's name says {value!r}"
        for path, value in wanted.items()
        if _get(config, path) != value
    ]


def _phoneme_problems(config: dict[str, Any], num_symbols: int) -> list[str]:
    ids = config.get("phoneme_id_map")
    if not isinstance(ids, dict) or not ids:
        return ["phoneme_id_map is missing or empty"]
    found = [f"phoneme_id_map lacks {phoneme!r}" for phoneme in PHONEMES_ALL_VOICES_HAVE if phoneme not in ids]
    for phoneme, values in ids.items():
        if not isinstance(values, list) or not all(isinstance(one, int) and 0 <= one < num_symbols for one in values):
            found.append(f"phoneme_id_map[{phoneme!r}] = {values!r}: not ids from 0 to {num_symbols - 1}")
    if _is_number(config.get("num_symbols")) and config["num_symbols"] != num_symbols:
        found.append(f"num_symbols is {config['num_symbols']}, the model has {num_symbols}")
    return found


def tokens(phoneme_id_map: dict[str, list[int]]) -> str:
    """``tokens.txt`` for sherpa-onnx: ``<phoneme> <id>`` a line, by id, the first id of each phoneme."""
    pairs = sorted((values[0], phoneme) for phoneme, values in phoneme_id_map.items())
    return "".join(f"{phoneme} {number}\n" for number, phoneme in pairs)
