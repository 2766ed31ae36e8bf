"""Describes the faults of a clip, rule by rule, in words with both numbers. Works on one row of the table ``CLIPS``.

The rule names are those of ``data_checks/base_validation.json``. The suite and this module judge the same columns by the same
limits: the suite gives the verdict, this module the sentence. Opens no file.
"""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from voice_assets.text.composed import Place, places
from voice_assets.text.russian_yo import missing_yo
from voice_assets.text.scripts import has_digits, has_latin, has_plus, script_share, unprintable
from voice_assets.voices import DatasetLimits, Positive, Voice

FORMATS = ("WAV", "WAVEX")  # WAVEX: a WAV with the extensible format chunk, as sox writes it; Piper reads both
SUBTYPE = "PCM_16"
CHANNELS = 1

# The rule that fails for each code of dataset.rows.STRUCTURE.
STRUCTURE_RULES = {
    "bad_columns": "two_columns",
    "empty_name": "names_present",
    "empty_text": "texts_present",
    "duplicate": "no_duplicate_rows",
    "unsafe_path": "safe_paths",
    "missing_wav": "wavs_present",
    "unreadable_wav": "wavs_readable",
    "extra_wav": "no_extra_wavs",
}

# Values of ``structure`` with which the text is judged: none, and those where only the audio is at fault.
TEXT_JUDGED = frozenset({"", "missing_wav", "unreadable_wav", "unsafe_path"})

# Rules that only warn: the column of CLIPS that each rule reads, and what a warning means for a voice.
WARNINGS = {
    "no_digits": (
        "digits",
        "digits in the text: espeak reads them in one case only, so they may be trained as mispronunciation",
    ),
    "no_latin": ("latin", "Latin letters in the text: espeak reads them as another language's"),
    "no_plus": (
        "plus",
        "`+` in the text: espeak reads `+` aloud as the word plus; where `+` marks stress, `voice-assets import` writes U+0301",
    ),
    "no_missing_yo": ("missing_yo", "words with ё written as е: espeak reads the е, and the voice learns another vowel"),
    "no_signs": ("signs", "signs in the text that espeak reads aloud: the clip must say the same, or the sign must go"),
}

# Signs that people say as a word when they read a text aloud. The words may be other than espeak's.
SAID_BY_PEOPLE = frozenset("%‰&€$£¥¢₽₴°№§=@/×÷±½¼¾²³#")
MOST_PLACES = 3


class Limits(DatasetLimits):
    """The limits for a clip: those of the voice file, all inclusive, and the voice's rate, language and espeak voice.

    ``sample_rate`` in Hz, ``language`` as a two-letter code.
    """

    sample_rate: Positive
    language: str
    espeak_voice: str

    @classmethod
    def of(cls, voice: Voice) -> Self:
        """The limits of the clips of a voice."""
        own = voice.model_dump(include={"sample_rate", "language", "espeak_voice"})
        return cls(**voice.limits.model_dump(), **own)


@dataclass(frozen=True)
class Fault:
    """One rule that a clip breaks: the rule's name, the value that breaks the rule, and a sentence with both numbers."""

    rule: str
    value: str
    finding: str


def text_facts(text: str, language: str) -> dict[str, object]:
    """The columns of ``CLIPS`` that depend on the text alone."""
    return {
        "text_length": len(text),
        "script_share": script_share(text, language),
        "unprintable": unprintable(text),
        "digits": has_digits(text),
        "latin": has_latin(text, language),
        "plus": has_plus(text),
        "missing_yo": " ".join(missing_yo(text)) if language == "ru" else "",
    }


def phoneme_name(phoneme: str) -> str:
    """A phoneme for a message, with its code point. Most unknown phonemes are combining marks, which are hard to see alone."""
    if len(phoneme) > 1:
        return phoneme
    code = f"U+{ord(phoneme):04X}"
    if unicodedata.combining(phoneme):
        return f"◌{phoneme} ({code})"
    return f"{phoneme} ({code})" if phoneme.strip() and phoneme.isprintable() else code


def _codes(text: str) -> str:
    return " ".join(dict.fromkeys(f"U+{ord(character):04X}" for character in text))


def _place(place: Place) -> str:
    """A piece of a text that is not composed, with its code points: all of it may be invisible or look like one letter."""
    meant = f" for {place.composed}" if place.composed else f" ({unicodedata.name(place.written[0], 'no name').lower()})"
    return f"{_codes(place.written)}{meant} at character {place.at}"


def _misread(text: str, readings: str) -> Fault:
    """The fault of a text that is spoken otherwise than its composed form. ``readings``: the column ``misread``."""
    found = places(text)
    more = f" and {len(found) - MOST_PLACES} more" if len(found) > MOST_PLACES else ""
    return Fault(
        "same_reading",
        _codes("".join(place.written for place in found)),
        f"{', '.join(map(_place, found[:MOST_PLACES]))}{more}: espeak says {readings}; write the text in NFC without invisible "
        "characters, as `voice-assets import` does",
    )


def _sign_names(pairs: Sequence[tuple[str, str]]) -> str:
    return ", ".join(f"{sign} ({_codes(sign)}) as {words}" for sign, words in pairs)


def _spoken_signs(column: str) -> Fault:
    """The warning about signs. ``column``: the column ``signs``."""
    pairs = [(sign, words) for sign, _, words in (part.partition(" ") for part in column.split("  "))]
    said = _sign_names([pair for pair in pairs if pair[0] in SAID_BY_PEOPLE])
    unsaid = _sign_names([pair for pair in pairs if pair[0] not in SAID_BY_PEOPLE])
    advice = [f"{said}: listen whether the clip says the same, and write words"] if said else []
    advice += [f"{unsaid}: hardly anybody says that, remove the sign"] if unsaid else []
    return Fault("no_signs", " ".join(sign for sign, _ in pairs), f"espeak reads signs aloud: {'; '.join(advice)}")


def _between(value: float, low: float, high: float, low_name: str, high_name: str) -> str:
    """``under min 0.2`` or ``over max 15.0``; empty when the value lies within the limits, both included."""
    if value < low:
        return f"under {low_name} {low}"
    return f"over {high_name} {high}" if value > high else ""


def _exact(value: float, limit: str) -> str:
    """The value with 3 decimals, or with more when 3 would show the value as equal to the limit at the end of ``limit``."""
    bound = float(limit.rsplit(" ", 1)[1])
    return next((text for text in (f"{value:.3f}", f"{value:.6f}") if float(text) != bound), repr(value))


def _audio_faults(clip: Mapping[str, Any], limits: Limits) -> Iterator[Fault]:
    if clip["format"] not in FORMATS:
        yield Fault("format_wav", clip["format"], f"format {clip['format']}, not {FORMATS[0]}")
    if clip["subtype"] != SUBTYPE:
        yield Fault("pcm16", clip["subtype"], f"encoding {clip['subtype']}, not {SUBTYPE}")
    if clip["channels"] != CHANNELS:
        yield Fault("mono", str(clip["channels"]), f"{clip['channels']} channels, not {CHANNELS}")
    if clip["sample_rate"] != limits.sample_rate:
        yield Fault("sample_rate", str(clip["sample_rate"]), f"{clip['sample_rate']} Hz, not {limits.sample_rate} Hz")
    seconds = float(clip["duration_s"])
    outside = _between(seconds, limits.min_duration_s, limits.max_duration_s, "min_duration_s", "max_duration_s")
    if outside:
        yield Fault("duration", f"{seconds:.4f}", f"{_exact(seconds, outside)} s, {outside}")


def text_faults(clip: Mapping[str, Any], limits: Limits) -> Iterator[Fault]:
    """Every fault of the text, from the column ``text``, those of ``text_facts`` and those of ``readings.Spoken``."""
    length = int(clip["text_length"])
    outside = _between(length, limits.min_text_chars, limits.max_text_chars, "min_text_chars", "max_text_chars")
    if outside:
        yield Fault("text_length", str(length), f"{length} characters, {outside}")
    share = float(clip["script_share"])
    if share < limits.min_script_share:
        limit = f"under min_script_share {limits.min_script_share}"
        script = f"the script of `{limits.language}`"
        finding = f"{_exact(share, limit)} of the letters are in {script}, {limit}"
        yield Fault("text_script", f"{share:.4f}", finding)
    hidden = int(clip["unprintable"])
    if hidden:
        codes = sorted({f"U+{ord(character):04X}" for character in clip["text"] if unprintable(character)})
        yield Fault("text_printable", str(hidden), f"{hidden} invisible characters: {', '.join(codes)}")
    if clip["unknown_phonemes"]:
        names = ", ".join(phoneme_name(phoneme) for phoneme in clip["unknown_phonemes"].split(" "))
        yield Fault("phonemes_known", clip["unknown_phonemes"], f"phonemes without an id in config.json: {names}")
    if clip["letter_phonemes"] < 1:
        yield Fault(
            "phonemes_present", "0", "espeak says nothing for the text; write the words that are spoken, or drop the row"
        )
    if clip["misread"]:
        yield _misread(clip["text"], clip["misread"])


def faults(clip: Mapping[str, Any], limits: Limits) -> list[Fault]:
    """Every fault of one row of ``CLIPS``: of the row itself, of its audio, of its text.

    Audio faults are listed when the row itself has no fault. Text faults are also listed when only the audio is at fault.
    """
    code = clip["structure"]
    if not code:
        return [*_audio_faults(clip, limits), *text_faults(clip, limits)]
    of_text = list(text_faults(clip, limits)) if code in TEXT_JUDGED else []
    text_findings = "".join(f"; {fault.finding}" for fault in of_text)
    return [Fault(STRUCTURE_RULES[code], code, clip["findings"].removesuffix(text_findings)), *of_text]


def _warning(rule: str, value: object, meaning: str) -> Fault:
    """The warning of a rule. ``value``: of the rule's column."""
    if rule == "no_signs":
        return _spoken_signs(str(value))
    if rule == "no_missing_yo":
        return Fault(rule, str(value), f"{meaning}: {', '.join(str(value).split(' '))}")
    return Fault(rule, "yes", meaning)


def warnings(clip: Mapping[str, Any]) -> list[Fault]:
    """Every warning about the text of one row of ``CLIPS``."""
    if clip["structure"] not in TEXT_JUDGED:
        return []
    return [_warning(rule, clip[column], meaning) for rule, (column, meaning) in WARNINGS.items() if clip[column]]
