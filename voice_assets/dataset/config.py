"""A data set's ``config.json``: whether Piper can be trained with it, and what it says. Reads no clip."""

import codecs
import hashlib
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from voice_assets.dataset import espeak
from voice_assets.runtime.files import shown

# Piper puts these around and between all phonemes: a map without them cannot train.
REQUIRED_SYMBOLS = ("_", "^", "$", " ")
HOP_LENGTH = 256
# A real one has 3 levels; past some hundreds Python's own functions for nested values give up.
MAX_DEPTH = 32


class ConfigError(ValueError):
    """Bytes that are no JSON of the kind every reader takes alike. The message says what and where, without the file."""


@dataclass(frozen=True)
class ConfigFacts:
    """What ``config.json`` says.

    ``valid``: it parses and everything training needs is there and makes sense (a rate other than the voice's has a rule of its
    own and does not count). ``problems``: every fault in words. ``id_map``: phoneme to ids; Piper's default when the file has
    none that can be used. ``sample_rate`` is 0 and ``espeak_voice`` empty when the file does not say. ``sha256`` is of the
    file's bytes, empty when there is none.
    """

    present: bool
    valid: bool
    sample_rate: int
    espeak_voice: str
    problems: list[str]
    id_map: dict[str, list[int]] = field(repr=False)
    sha256: str


def _no_number(name: str) -> None:
    raise ConfigError(f"not JSON: {name} is no JSON number")


def _check_values(content: Any) -> None:
    """Refuse texts that cannot be written as UTF-8 and what is nested too deep. Level by level: deep ones cannot raise here."""
    level = [content]
    for _ in range(MAX_DEPTH):
        nested: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                nested += [*value.keys(), *value.values()]
            elif isinstance(value, list):
                nested += value
            elif isinstance(value, str) and (halves := [code for code in value if "\ud800" <= code <= "\udfff"]):
                raise ConfigError(f"half a character (U+{ord(halves[0]):04X}) in {value!a}; such a text is no Unicode")
        if not nested:
            return
        level = nested
    raise ConfigError(f"nested too deep, over {MAX_DEPTH} levels")


def parse(data: bytes) -> dict[str, Any]:
    """A ``config.json`` from its bytes: UTF-8 without a BOM, a JSON object, every text whole. What training reads it with too.

    Raises:
        ConfigError: it is anything else. Nothing else is raised, whatever the bytes are.
    """
    if data.startswith(codecs.BOM_UTF8):
        raise ConfigError("the file begins with a byte order mark (BOM), which JSON does not have; save it as UTF-8 without")
    try:
        content = json.loads(data.decode("utf-8"), parse_constant=_no_number)
    except UnicodeDecodeError as error:
        raise ConfigError(f"not UTF-8: byte {error.start} is 0x{data[error.start]:02x}; convert the file to UTF-8") from error
    except ConfigError:
        raise
    except ValueError as error:
        raise ConfigError(f"not JSON: {error}") from error
    except RecursionError as error:
        raise ConfigError(f"nested too deep, over {MAX_DEPTH} levels") from error
    _check_values(content)
    if not isinstance(content, dict):
        raise ConfigError(f"a JSON object is needed, not {str(content)[:60]!r}")
    return content


def inside(dataset: Path, path: Path) -> bool:
    """Whether a path, all symbolic links followed, lies in the data set's folder."""
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(dataset))


def _part(content: dict[str, Any], section: str, key: str) -> Any:
    value = content.get(section)
    return value.get(key) if isinstance(value, dict) else None


def _count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _id_map_problems(id_map: Any, num_symbols: Any) -> list[str]:
    if not isinstance(id_map, dict) or not id_map:
        return [f"phoneme_id_map: a mapping of phonemes to lists of ids is needed, not {str(id_map)[:60]!r}"]
    problems = []
    for phoneme, ids in id_map.items():
        good = (
            isinstance(ids, list) and bool(ids) and all(isinstance(i, int) and not isinstance(i, bool) and i >= 0 for i in ids)
        )
        if not good:
            problems.append(f"phoneme_id_map: {phoneme!r} has {ids!r}; a list of ids from 0 is needed")
        elif _count(num_symbols) and max(ids) >= num_symbols:
            problems.append(f"phoneme_id_map: {phoneme!r} has the id {max(ids)}, num_symbols is {num_symbols}")
    lacking = [symbol for symbol in REQUIRED_SYMBOLS if symbol not in id_map]
    if lacking:
        problems.append(f"phoneme_id_map: no id for {', '.join(map(repr, lacking))}, which Piper puts into every sentence")
    return problems[:20]


def _voice_problems(voice: Any, expected: str) -> list[str]:
    if not isinstance(voice, str) or not voice:
        return [f"espeak.voice: the name of an espeak voice is needed, not {voice!r}"]
    if not espeak.has_voice(voice):
        return [f"espeak.voice: {voice!r} is no voice of espeak-ng"]
    return [] if voice == expected else [f"espeak.voice: {voice!r}, the voice file says {expected!r}"]


def _problems(content: dict[str, Any], espeak_voice: str) -> list[str]:
    """Everything that keeps Piper from training, but for a rate that is not the voice's."""
    problems = []
    rate = _part(content, "audio", "sample_rate")
    if not _count(rate):
        problems.append(f"audio.sample_rate: a number of Hz is needed, not {rate!r}")
    problems += _voice_problems(_part(content, "espeak", "voice"), espeak_voice)
    if content.get("phoneme_type", "espeak") != "espeak":
        problems.append(f"phoneme_type: {content['phoneme_type']!r}; only 'espeak' is handled here")
    if not _count(content.get("num_symbols", 256)):
        problems.append(f"num_symbols: a number over 0 is needed, not {content['num_symbols']!r}")
    if content.get("num_speakers", 1) != 1:
        problems.append(f"num_speakers: {content['num_speakers']!r}; a data set of one speaker is needed")
    hop_length = content.get("hop_length", HOP_LENGTH)
    if not _count(hop_length) or hop_length != HOP_LENGTH:
        problems.append(f"hop_length: {hop_length!r}; Piper trains with {HOP_LENGTH} only")
    return problems + _id_map_problems(content.get("phoneme_id_map"), content.get("num_symbols", 256))


def _broken(problem: str, *, present: bool, sha256: str = "") -> ConfigFacts:
    return ConfigFacts(present, False, 0, "", [problem], espeak.default_id_map(), sha256)


def read_config(dataset: Path, sample_rate: int, espeak_voice: str) -> ConfigFacts:
    """What ``config.json`` says, held against the voice's rate in Hz and espeak voice. Whatever is in it, it never raises."""
    path = dataset / "config.json"
    if not inside(dataset, path):
        return _broken(f"{path}: a link that leads out of the data set, to {shown(os.path.realpath(path))}", present=True)
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return _broken(f"{path}: no such file; Piper needs it for the phoneme ids and the rate", present=False)
    except OSError as error:
        return _broken(f"{path}: cannot be read: {error.strerror}", present=True)
    sha256 = hashlib.sha256(data).hexdigest()
    try:
        content = parse(data)
    except ConfigError as error:
        return _broken(f"{path}: {error}", present=True, sha256=sha256)
    problems = _problems(content, espeak_voice)
    valid = not problems
    rate, voice = _part(content, "audio", "sample_rate"), _part(content, "espeak", "voice")
    if _count(rate) and rate != sample_rate:
        problems.append(f"audio.sample_rate: {rate} Hz, the voice file says {sample_rate} Hz")
    usable = not _id_map_problems(content.get("phoneme_id_map"), content.get("num_symbols", 256))
    id_map = content["phoneme_id_map"] if usable else espeak.default_id_map()
    named = [f"{path}: {problem}" for problem in problems]
    return ConfigFacts(True, valid, rate if _count(rate) else 0, voice if isinstance(voice, str) else "", named, id_map, sha256)
