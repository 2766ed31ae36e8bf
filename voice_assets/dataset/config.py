"""A data set's ``config.json``: the model of the file, its reader, and the facts that the rules judge."""

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator

from voice_assets.dataset import espeak
from voice_assets.runtime import strict_json
from voice_assets.runtime.files import shown
from voice_assets.voice_faults import rate_fault

# Piper puts these symbols around and between all phonemes: training fails with a map that lacks one.
REQUIRED_SYMBOLS = ("_", "^", "$", " ")
MAX_PHONEME_PROBLEMS = 20
LONGEST = 60
HOP_LENGTH = 256

Model = TypeVar("Model", bound=BaseModel)


class ConfigError(ValueError):
    """A ``config.json`` that cannot be used. `load_config` puts the file, the keys and the values into the message."""


class Part(BaseModel):
    """A part of ``config.json``. Keys without a field are kept as they are. A number in quotes is an error.

    The ``description`` of a field says what the key must hold. An error message quotes the description.
    """

    model_config = ConfigDict(extra="allow", strict=True, frozen=True)


class Audio(Part):
    """The key ``audio``."""

    sample_rate: int = Field(gt=0, description="a number of Hz")


class Espeak(Part):
    """The key ``espeak``."""

    voice: str = Field(min_length=1, description="the name of an espeak voice")


class PhonemeIds(Part):
    """The keys about phonemes: the ids of every phoneme, each at least 0 and under ``num_symbols``."""

    num_symbols: int = Field(256, gt=0, description="a number over 0")
    phoneme_id_map: dict[str, list[int]] = Field(repr=False, description="a mapping of phonemes to lists of ids")

    @field_validator("phoneme_id_map", mode="before")
    @classmethod
    def _expect_ids(cls, id_map: Any, info: ValidationInfo) -> Any:
        problems = _id_map_problems(id_map, info.data.get("num_symbols"))
        if problems:
            raise ValueError("\n".join(problems[:MAX_PHONEME_PROBLEMS]))
        return id_map


class PiperConfig(PhonemeIds):
    """``config.json`` as Piper's training needs it, with Piper's own defaults."""

    audio: Audio = Field(description="an object with sample_rate")
    espeak: Espeak = Field(description="an object with voice")
    phoneme_type: Literal["espeak"] = Field("espeak", description="'espeak', the only type handled here,")
    num_speakers: int = Field(1, ge=1, le=1, description="1, a data set of one speaker,")
    hop_length: int = Field(HOP_LENGTH, ge=HOP_LENGTH, le=HOP_LENGTH, description="256, the only value Piper trains with,")
    inference: Part = Field(default_factory=Part, description="an object")

    @property
    def sample_rate(self) -> int:
        """``audio.sample_rate``, in Hz."""
        return self.audio.sample_rate

    @property
    def espeak_voice(self) -> str:
        """``espeak.voice``."""
        return self.espeak.voice


@dataclass(frozen=True)
class ConfigFacts:
    """The facts of a ``config.json`` that the rules judge.

    ``valid``: the file parses and has everything that training needs. A rate other than the voice's does not count: another
    rule judges the rate. ``problems``: every fault in words. ``id_map``: phoneme to ids; Piper's default when the file has no
    usable map. ``sample_rate`` is 0 and ``espeak_voice`` is empty when the file does not give them. ``sha256``: of the file's
    bytes; empty when there is no file.
    """

    present: bool
    valid: bool
    sample_rate: int
    espeak_voice: str
    problems: list[str]
    id_map: dict[str, list[int]] = field(repr=False)
    sha256: str


def load_config(path: Path) -> PiperConfig:
    """Read a ``config.json``.

    Raises:
        ConfigError: the file cannot be read, is not JSON, or lacks what training needs; one line per problem.
    """
    try:
        content = _parse(path.read_bytes())
        return PiperConfig.model_validate(content)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except ValidationError as error:
        raise ConfigError("\n".join(f"{path}: {problem}" for problem in problems_of(error, PiperConfig))) from error
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error


def problems_of(error: ValidationError, model: type[Part]) -> list[str]:
    """One line for each problem that pydantic found in a ``model``: the key, the value needed and the value found."""
    lines: list[str] = []
    for one in error.errors():
        if one["type"] == "value_error":
            lines += str(one["ctx"]["error"]).splitlines()
            continue
        key = ".".join(str(part) for part in one["loc"])
        found = "the key is missing" if one["type"] == "missing" else f"not {_short(one['input'])}"
        lines.append(f"{key}: {_needed(model, one['loc'])} is needed, {found}{_instead(key, one['input'])}")
    return lines


def _instead(key: str, value: object) -> str:
    """What to write instead of a ``value`` that programs write by mistake; empty for any other."""
    if key == "phoneme_type" and str(value).startswith("PhonemeType."):
        return f'; a version of Piper wrote this by mistake, so write "{str(value).removeprefix("PhonemeType.").lower()}"'
    return ""


def read_config(dataset: Path, sample_rate: int, espeak_voice: str) -> ConfigFacts:
    """The facts of a data set's ``config.json``, compared with the voice's rate in Hz and espeak voice. Never raises."""
    path = dataset / "config.json"
    if not inside(dataset, path):
        return _broken(f"{path}: a link that leads out of the data set, to {shown(os.path.realpath(path))}", present=True)
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return _broken(f"{path}: no such file; Piper needs it for the phoneme ids and the rate", present=False)
    except OSError as error:
        return _broken(f"{path}: cannot be read: {error.strerror}", present=True)
    digest = hashlib.sha256(data).hexdigest()
    try:
        content = _parse(data)
    except ConfigError as error:
        return _broken(f"{path}: {error}", present=True, sha256=digest)
    audio, voice, phonemes = (
        _part(Audio, content.get("audio")),
        _part(Espeak, content.get("espeak")),
        _part(PhonemeIds, content),
    )
    problems = _config_problems(content) + (_voice_problems(voice.voice, espeak_voice) if voice else [])
    valid = not problems
    if audio and audio.sample_rate != sample_rate:
        unknown = rate_fault(audio.sample_rate)
        rule = f"{audio.sample_rate} Hz, the voice file says {sample_rate} Hz{f'; {unknown}' if unknown else ''}"
        problems.append(f"audio.sample_rate: {rule}")
    return ConfigFacts(
        present=True,
        valid=valid,
        sample_rate=audio.sample_rate if audio else 0,
        espeak_voice=voice.voice if voice else "",
        problems=[f"{path}: {problem}" for problem in problems],
        id_map=phonemes.phoneme_id_map if phonemes else espeak.default_id_map(),
        sha256=digest,
    )


def inside(dataset: Path, path: Path) -> bool:
    """Whether a path, all symbolic links followed, lies in the data set's folder."""
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(dataset))


def _parse(data: bytes) -> dict[str, Any]:
    """A JSON object from its bytes, read as `strict_json` does.

    Raises:
        ConfigError: the bytes are anything else. The message does not name the file. No other error is raised.
    """
    try:
        content = strict_json.parse(data)
    except strict_json.JsonError as error:
        raise ConfigError(str(error)) from error
    if not isinstance(content, dict):
        raise ConfigError(f"a JSON object is needed, not {_short(content)}")
    return content


def _short(value: object) -> str:
    return repr(value)[:LONGEST]


def _needed(model: type[BaseModel], loc: tuple[int | str, ...]) -> str:
    """The description of the field at ``loc``."""
    first, *rest = loc
    described = model.model_fields[str(first)]
    nested = described.annotation
    if rest and isinstance(nested, type) and issubclass(nested, BaseModel):
        return _needed(nested, tuple(rest))
    return described.description or "another value"


def _part(model: type[Model], content: Any) -> Model | None:
    """One part of the file, None where that part is not valid. The rest of the file does not matter."""
    try:
        return model.model_validate(content)
    except ValidationError:
        return None


def _config_problems(content: dict[str, Any]) -> list[str]:
    try:
        PiperConfig.model_validate(content)
    except ValidationError as error:
        return problems_of(error, PiperConfig)
    return []


def _id_map_problems(id_map: Any, num_symbols: int | None) -> list[str]:
    """The problems of a ``phoneme_id_map``. ``num_symbols`` is None when that key itself is wrong."""
    if not isinstance(id_map, dict) or not id_map:
        return [f"phoneme_id_map: a mapping of phonemes to lists of ids is needed, not {_short(id_map)}"]
    problems = []
    for phoneme, ids in id_map.items():
        if not isinstance(ids, list) or not ids or not all(type(one) is int and one >= 0 for one in ids):
            problems.append(f"phoneme_id_map: {phoneme!r} has {_short(ids)}; a list of ids from 0 is needed")
        elif num_symbols is not None and max(ids) >= num_symbols:
            problems.append(f"phoneme_id_map: {phoneme!r} has the id {max(ids)}, num_symbols is {num_symbols}")
    lacking = [symbol for symbol in REQUIRED_SYMBOLS if symbol not in id_map]
    if lacking:
        problems.append(f"phoneme_id_map: no id for {', '.join(map(repr, lacking))}, which Piper puts into every sentence")
    return problems


def _voice_problems(voice: str, expected: str) -> list[str]:
    if problem := espeak.voice_problem(voice):
        return [f"espeak.voice: {problem}"]
    return [] if voice == expected else [f"espeak.voice: {voice!r}, the voice file says {expected!r}"]


def _broken(problem: str, *, present: bool, sha256: str = "") -> ConfigFacts:
    return ConfigFacts(present, False, 0, "", [problem], espeak.default_id_map(), sha256)
