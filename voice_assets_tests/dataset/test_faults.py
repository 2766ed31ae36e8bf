"""The faults of every rule of stage 1, on both sides of every limit, and that the rule names are the suite's."""

import json
from pathlib import Path
from typing import Any

import pytest

import data_checks
from voice_assets.dataset.faults import STRUCTURE_RULES, WARNINGS, Limits, faults, phoneme_name, text_facts, warnings
from voice_assets.dataset.rows import STRUCTURE
from voice_assets.dataset.tables import CLIPS

LIMITS = Limits(sample_rate=22050, language="ru", espeak_voice="ru")


def clip(text: str = "Привет", **changes: Any) -> dict[str, Any]:
    sound = {
        "clip_id": "a", "row": 1, "path": "wavs/a.wav", "text": text, "structure": "", "unknown_phonemes": "",
        "audio_sha256": "0", "format": "WAV", "subtype": "PCM_16", "channels": 1, "sample_rate": 22050, "frames": 22050,
        "duration_s": 1.0, "findings": "", "letter_phonemes": 5, "misread": "", "signs": "",
    }  # fmt: skip
    return {**sound, **text_facts(text, "ru"), **changes}


def test_a_sound_clip_has_all_columns_and_no_fault() -> None:
    assert set(clip()) == set(CLIPS)
    assert faults(clip(), LIMITS) == []


@pytest.mark.parametrize(
    ("changes", "rule", "message"),
    [
        ({"format": "MP3"}, "format_wav", "format MP3, not WAV"),
        ({"subtype": "PCM_24"}, "pcm16", "encoding PCM_24, not PCM_16"),
        ({"channels": 2}, "mono", "2 channels, not 1"),
        ({"sample_rate": 16000}, "sample_rate", "16000 Hz, not 22050 Hz"),
        ({"duration_s": 0.19999}, "duration", "0.199990 s, under min_duration_s 0.2"),
        ({"duration_s": 15.0001}, "duration", "15.000100 s, over max_duration_s 15.0"),
        ({"duration_s": 17.3}, "duration", "17.300 s, over max_duration_s 15.0"),
        ({"text_length": 2}, "text_length", "2 characters, under min_text_chars 3"),
        ({"text_length": 401}, "text_length", "401 characters, over max_text_chars 400"),
        ({"script_share": 0.4}, "text_script", "0.400 of the letters are in the script of `ru`, under min_script_share 0.5"),
        ({"script_share": 0.49999}, "text_script", "0.499990 of the letters"),
        ({"letter_phonemes": 0}, "phonemes_present", "espeak says nothing for the text"),
        (
            {"text": "И\u0306огурт", "misread": "ɪʌɡˈurt instead of jˈoɡurt"},
            "same_reading",
            "U+0418 U+0306 for Й at character 1: espeak says ɪʌɡˈurt instead of jˈoɡurt; write the text in NFC",
        ),
        (
            {"text": "да\u200b \ufeffне\u200bт \u2060", "misread": "a instead of b"},
            "same_reading",
            "U+200B (zero width space) at character 3, U+FEFF (zero width no-break space) at character 5, U+200B (zero width "
            "space) at character 8 and 1 more: espeak",
        ),
        ({"unknown_phonemes": "ж \u0306"}, "phonemes_known", "ж (U+0436), ◌\u0306 (U+0306)"),
    ],
)
def test_one_fault(changes: dict[str, Any], rule: str, message: str) -> None:
    (fault,) = faults(clip(**changes), LIMITS)
    assert fault.rule == rule
    assert message in fault.finding


@pytest.mark.parametrize(
    "changes",
    [{"duration_s": 0.2}, {"duration_s": 15.0}, {"text_length": 3}, {"text_length": 400}, {"script_share": 0.5}],
)
def test_limits_are_inclusive(changes: dict[str, Any]) -> None:
    assert faults(clip(**changes), LIMITS) == []


def test_nul_is_named() -> None:
    (fault,) = faults(clip("При\0вет"), LIMITS)
    assert (fault.rule, fault.value) == ("text_printable", "1")
    assert "U+0000" in fault.finding


def test_several_faults() -> None:
    found = faults(clip("Hi", channels=2, sample_rate=8000), LIMITS)
    assert [fault.rule for fault in found] == ["mono", "sample_rate", "text_length", "text_script"]


@pytest.mark.parametrize("code", STRUCTURE)
def test_a_faulty_row_names_its_rule_and_no_audio_fault(code: str) -> None:
    found = faults(clip(structure=code, findings="why", channels=0, format="", sample_rate=0), LIMITS)
    assert [(fault.rule, fault.value, fault.finding) for fault in found] == [(STRUCTURE_RULES[code], code, "why")]


def test_text_is_judged_where_only_the_audio_is_at_fault() -> None:
    broken = clip("Hi", structure="missing_wav", findings="no file")
    first = faults(broken, LIMITS)
    assert [fault.rule for fault in first] == ["wavs_present", "text_length", "text_script"]
    again = faults({**broken, "findings": "; ".join(fault.finding for fault in first)}, LIMITS)
    assert again == first


def test_signs_that_people_say_and_others() -> None:
    (warning,) = warnings(clip(signs="& ænd  😀 ɡɹˈɪnɪŋ fˈeɪs  ... krˈapkɪ"))
    assert (warning.rule, warning.value) == ("no_signs", "& 😀 ...")
    assert warning.finding == (
        "espeak reads signs aloud: & (U+0026) as ænd: listen whether the clip says the same, and write words; "
        "😀 (U+1F600) as ɡɹˈɪnɪŋ fˈeɪs, ... (U+002E) as krˈapkɪ: hardly anybody says that, remove the sign"
    )


def test_words_with_e_for_yo_are_named_in_russian_only() -> None:
    (warning,) = warnings(clip("Еще один самолет, и все."))
    assert (warning.rule, warning.value) == ("no_missing_yo", "ещё самолёт")
    assert warning.finding.endswith("learns another vowel: ещё, самолёт")
    assert text_facts("Еще один", "bg")["missing_yo"] == ""


def test_warnings() -> None:
    assert [warning.rule for warning in warnings(clip("+7 Q"))] == ["no_digits", "no_latin", "no_plus"]
    assert warnings(clip()) == []
    assert warnings(clip("+7 Q", structure="extra_wav")) == []


@pytest.mark.parametrize(
    ("phoneme", "name"), [("a", "a (U+0061)"), ("\u0301", "◌\u0301 (U+0301)"), ("\u200d", "U+200D"), ("U+0020", "U+0020")]
)
def test_phoneme_name(phoneme: str, name: str) -> None:
    assert phoneme_name(phoneme) == name


def test_rule_names_are_those_of_the_suite() -> None:
    suite = json.loads((Path(data_checks.__file__).parent / "base_validation.json").read_text(encoding="utf-8"))
    severity = {rule["meta"]["rule"]: rule["severity"] for rule in suite["expectations"] if rule["meta"]["table"] == "clips"}
    broken = clip(
        "\0i",
        format="",
        subtype="",
        channels=0,
        sample_rate=0,
        duration_s=0.0,
        unknown_phonemes="x",
        script_share=0.0,
        letter_phonemes=0,
        misread="a instead of b",
    )
    named = {fault.rule for fault in faults(broken, LIMITS)} | set(STRUCTURE_RULES.values())
    assert named == {rule for rule, level in severity.items() if level == "critical"}
    assert set(WARNINGS) == {rule for rule, level in severity.items() if level == "warning"}
    assert set(STRUCTURE_RULES) == set(STRUCTURE)
