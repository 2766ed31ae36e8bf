"""The faults of a voice file in words: file, key, value, rule, and what to write instead.

Here: what people write by mistake into a voice file. Not here: the settings and their limits (``voices``), and what depends on
this machine or on the data set (``orchestration.before_start``).
"""

import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import AfterValidator, BaseModel, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from voice_assets.runtime.language_codes import ESPEAK_VOICES, TWO_LETTERS

# Piper's own presets: the rate of a model in Hz. A model of another rate does not exist.
QUALITY_RATES = {"x_low": 16000, "low": 16000, "medium": 22050, "high": 22050}
HOP_LENGTH = 256
KEY, VALUE = "key", "value"
NOT_IN_FILE = ("name", "file", "dataset_url")
"""The settings of a voice that follow from the name of its file, or from another setting."""
NO_COUNTRIES = {"UK": "not the code of the United Kingdom, write `region: GB`", "EN": "a language, write US or GB, for example"}
NOT_ESPEAKS = ("zh", "no", "nn")
CLOSE = 0.6
NO_TEXT = ("string_type", "path_type", "is_instance_of", "literal_error")
Value = TypeVar("Value")
NO_NUMBER = ("int_type", "float_type", "int_from_float")


def require(key: str, value: Value, problem: str) -> Value:
    """``value``, when ``problem`` is empty. For validators that know better than pydantic what is wrong, and where.

    ``key`` is below the key that pydantic names; empty for the same.

    Raises:
        PydanticCustomError: `explain` makes a line of it.
    """
    if problem:
        raise PydanticCustomError("rule", "{rule}", {"rule": problem, KEY: key, VALUE: repr(value)})
    return value


def fits(judge: Callable[[Value], str]) -> AfterValidator:
    """A validator of one value: ``judge`` says what is wrong with the value, and nothing when it fits."""
    return AfterValidator(lambda value: require("", value, judge(value)))


def explain(file: Path, error: ValidationError, written: Any, model: type[BaseModel]) -> str:
    """One line for each fault.

    Args:
        file: the voice file.
        error: what pydantic found.
        written: the content of the file in which every value is the text that stands in the file.
        model: the model of the file, for the names of its keys.
    """
    return "\n".join(f"{file}: {_line(problem, written, model)}" for problem in error.errors())


def name_fault(name: str) -> str:
    """Why ``name`` cannot be the name of a voice, and a name that can."""
    plain = "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in name.lower()).strip("_")
    better = plain if plain[:1].isalpha() else f"voice_{plain}".rstrip("_")
    return (
        f"{name!r} must be lower-case letters, digits and _, starting with a letter, because assets and files bear the name; "
        f"call the file {better}.yaml, for example"
    )


def language_fault(code: str) -> str:
    """Why ``code`` cannot be the key ``language``, and what to write; empty when it can."""
    if len(code) == 2 and code.isascii() and code.islower():
        return ""
    rule = "the two-letter code of a language, in lower case, such as `ru`"
    low = code.lower()
    if low in TWO_LETTERS:
        two = TWO_LETTERS[low]
        voice = ESPEAK_VOICES.get(low, ESPEAK_VOICES.get(two, two))
        return f"{rule}; write `language: {_quoted(two)}` and `espeak_voice: {voice}`"
    head = low.replace("-", "_").partition("_")
    if len(head[0]) == 2 and head[0].isascii() and head[0].isalpha():
        region = f" and `region: {_quoted(head[2].upper())}`" if len(head[2]) == 2 else ""
        return f"{rule}; write `language: {_quoted(head[0])}`{region}"
    return f"{rule}; ISO 639-1 lists the codes"


def region_fault(code: str) -> str:
    """Why ``code`` cannot be the key ``region``, and what to write; empty when it can."""
    rule = "the two-letter code of a country, in upper case, such as `RU`"
    high = code.upper()
    if high in NO_COUNTRIES:
        return f"{rule}; {high} is {NO_COUNTRIES[high]}"
    if len(code) == 2 and code.isascii() and code.isalpha():
        return "" if code == high else f"{rule}; write `region: {_quoted(high)}`"
    last = high.replace("-", "_").rpartition("_")[2]
    return f"{rule}; write `region: {_quoted(last)}`" if len(last) == 2 and last.isalpha() else f"{rule}; ISO 3166-1 lists them"


def espeak_fault(voice: str) -> str:
    """Why ``voice`` cannot be the key ``espeak_voice``, and what to write; empty when it can. espeak judges the rest."""
    if "/" in voice or "\\" in voice:
        last = voice.replace("\\", "/").rpartition("/")[2]
        return f"the name of an espeak voice, without the folder of its file; write `espeak_voice: {last.lower()}`"
    if voice in NOT_ESPEAKS:
        return f"the name of an espeak voice, and espeak calls this language {ESPEAK_VOICES[voice]}; write that"
    return "" if voice.strip() else "the name of an espeak voice, such as `ru`"


def owner_fault(owner: str) -> str:
    """Why Dagster cannot take ``owner``; empty when it can."""
    fits_dagster = re.fullmatch(r"|team:[\w.-]+|[^@\s]+@[^@\s]+\.[^@\s]+", owner)
    return "" if fits_dagster else "an e-mail address or `team:name` is needed; write `owner: team:voices`, for example"


def text_fault(text: str) -> str:
    """Why ``text`` is none; empty when it is."""
    return "" if any(letter.isalnum() for letter in text) else "a text with letters is needed"


def limit_fault(share: float) -> str:
    """Why ``share`` cannot be a limit that another share must be under; empty when it can."""
    return (
        ""
        if share > 0
        else "no share is under 0, so the gate would never open; write the smallest share that would be too much"
    )


def held_out_fault(ratio: float) -> str:
    """Why ``ratio`` cannot be the share of clips that training holds out; empty when it can."""
    if ratio >= 1:
        return "under 1 is needed, so that clips are left to train on; write 0.05, for example"
    return (
        ""
        if ratio > 0
        else "over 0 is needed. Piper's own recipe is `--validation-split 0.0`; here the losses on clips that are held out "
        "show whether the training converges, so write a small share such as 0.05, or leave the key out"
    )


def segment_fault(size: int) -> str:
    """Why ``size`` cannot be a number of audio samples per training step and clip; empty when it can."""
    near = max(HOP_LENGTH, round(size / HOP_LENGTH) * HOP_LENGTH)
    return f"{size} is not a multiple of the hop length, {HOP_LENGTH}; write {near}" if size % HOP_LENGTH else ""


def sentences_fault(sentences: list[str]) -> str:
    """Why ``sentences`` are too few, or one is there twice; empty when they are fine."""
    if twice := next((one for place, one in enumerate(sentences) if one in sentences[:place]), None):
        return f"{twice!r} is there twice; the tournament compares epochs sentence by sentence: write each once"
    few = f"{len(sentences)} sentences; give 5 to 10, or none for the built-in sentences of the language"
    return few if 0 < len(sentences) < 5 else ""


def rate_fault(rate: int) -> str:
    """Why no voice can have the ``rate``, in Hz; empty when one can."""
    rates = sorted(set(QUALITY_RATES.values()))
    if rate in rates:
        return ""
    known = ", ".join(f"{one} ({' and '.join(_qualities_of(one))})" for one in rates)
    return f"Piper has no model of {rate} Hz, only of {known}; resample the clips, and write their new rate"


def quality_fault(quality: str, rate: int) -> str:
    """Why a model of ``quality`` cannot be trained on audio of ``rate`` Hz; empty when it can."""
    wanted = QUALITY_RATES[quality]
    return (
        ""
        if wanted == rate
        else f"{quality} is {wanted} Hz in Piper, and sample_rate is {rate} Hz; write {' or '.join(_qualities_of(rate))}, or "
        f"resample the clips to {wanted} Hz and write `sample_rate: {wanted}`"
    )


def _qualities_of(rate: int) -> list[str]:
    return [quality for quality, its_rate in QUALITY_RATES.items() if its_rate == rate]


def _line(problem: ErrorDetails, written: Any, model: type[BaseModel]) -> str:
    kind, loc, context = problem["type"], [str(part) for part in problem["loc"]], problem.get("ctx") or {}
    if kind == "rule":
        return f"{'.'.join([*loc, context[KEY]] if context[KEY] else loc)}: {context['rule']} (value: {context[VALUE]})"
    key = ".".join(loc) or "(the whole file)"
    if kind == "missing":
        return f"{key}: {problem['msg']}"
    if kind == "extra_forbidden":
        return f"{key}: unknown key{_meant(loc, model)} (value: {problem['input']!r})"
    value = problem["input"]
    advice = _advice(kind, loc[-1] if loc else "", value, _found(written, problem["loc"]), context)
    return f"{key}: {problem['msg']}{advice} (value: {value!r})"


def _advice(kind: str, key: str, value: object, text: str | None, context: Mapping[str, Any]) -> str:
    """What to write instead of ``value``, which stands in the file as ``text``; empty when the rule says it already."""
    if value is None:
        return "; the key has no value: give it one, or remove the line"
    if kind == "literal_error" and (isinstance(value, str) or repr(text) not in context["expected"]):
        near = difflib.get_close_matches(str(text), re.findall("'([^']*)'", context["expected"]), n=1, cutoff=CLOSE)
        return f"; write {near[0]}" if near else ""
    if kind in NO_TEXT and text is not None and not isinstance(value, str):
        read = {bool: "as true or false", int: "as a number", float: "as a number"}.get(type(value), "as a date")
        wanted = f'"{text.lower() if key == "language" else text}"'
        return f"; YAML reads {text} {read}, so write it in quotes: `{wanted if key.isdigit() else f'{key}: {wanted}'}`"
    if kind in NO_NUMBER and isinstance(value, str):
        return f"; write a number without quotes{_as_number(value)}"
    if kind == "bool_type":
        return "; write true or false, without quotes"
    if kind == "model_type":
        return f"; {key} is a section: its keys stand below it, indented"
    if kind == "less_than_equal" and context.get("le") == 1 and isinstance(value, (int, float)) and 1 < value <= 100:
        return f"; a share is written from 0 to 1, so {value:g} % is {value / 100:g}"
    return ""


def _as_number(value: str) -> str:
    """The number that ``value`` seems to mean, with a colon before it."""
    share = value.endswith("%")
    try:
        number = float(value.rstrip("% ").replace(",", "." if share else "").replace(" ", ""))
    except ValueError:
        return ""
    return f": {number / 100 if share else number:g}" if abs(number) < 1e5 else ""


def _found(written: Any, loc: tuple[int | str, ...]) -> str | None:
    """The text in the file at ``loc``; None where no single value stands there."""
    for part in loc:
        try:
            written = written[part]
        except (KeyError, IndexError, TypeError):
            return None
    return written if isinstance(written, str) else None


def _quoted(code: str) -> str:
    """``code`` as it must be written in YAML, where ``no`` and ``NO`` are not text."""
    return f'"{code}"' if code.lower() in ("no", "on", "y", "n") else code


def _meant(loc: list[str], model: type[BaseModel]) -> str:
    """The key that an unknown key seems to stand for: one of another section, or one that is written nearly so."""
    keys = dict(_keys(model))
    elsewhere = [path for path, name in keys.items() if name == loc[-1]]
    if elsewhere:
        return f"; the key is {' or '.join(elsewhere)}"
    section = ".".join(loc[:-1])
    here = [name for path, name in keys.items() if path.rpartition(".")[0] == section]
    near = difflib.get_close_matches(loc[-1], here, n=1, cutoff=CLOSE)
    return f"; did you mean {near[0]}?" if near else ""


def _keys(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Path and name of every key of ``model`` and of the sections in it, without those that no file has."""
    for name, field in model.model_fields.items():
        if prefix or name not in NOT_IN_FILE:
            yield f"{prefix}{name}", name
        if isinstance(field.default, BaseModel):
            yield from _keys(type(field.default), f"{prefix}{name}.")
