"""What people write by mistake into a voice file: every message names file, key and value, and says what to write instead."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from voice_assets.runtime.language_codes import ESPEAK_VOICES, TWO_LETTERS
from voice_assets.voice_faults import NOT_ESPEAKS, QUALITY_RATES, language_fault, name_fault
from voice_assets.voices import VoiceError, load_voice

MINIMAL = {"dataset": "../data", "title": "Felix", "language": "ru", "region": "RU", "espeak_voice": "ru"}

# What stands in the file, the key that the message names, words of the message.
CASES = [
    # YAML reads a word without quotes as something else.
    ("language: no", "language", 'YAML reads no as true or false, so write it in quotes: `language: "no"`'),
    ("language: NO", "language", '`language: "no"`'),
    ("region: NO", "region", '`region: "NO"`'),
    ("title: off", "title", '`title: "off"`'),
    ("title: yes", "title", '`title: "yes"`'),
    ("title: 1984", "title", 'YAML reads 1984 as a number, so write it in quotes: `title: "1984"`'),
    ("title: 12:30", "title", '`title: "12:30"`'),
    ("title: 2020-01-02", "title", "YAML reads 2020-01-02 as a date"),
    ("title:", "title", "the key has no value: give it one, or remove the line"),
    ("listening: off", "listening", '`listening: "off"`'),
    ("license: 4.0", "license", '`license: "4.0"`'),
    ("training: {checkpoint: no}", "training.checkpoint", '`checkpoint: "no"`'),
    ("samples: {sentences: [Раз, Два, no, Три, Четыре]}", "samples.sentences.2", 'write it in quotes: `"no"`'),
    ("advisory: {a/b: on}", "advisory.a/b", '`a/b: "on"`'),
    # Languages, countries, espeak voices.
    ("language: cmn", "language", "write `language: zh` and `espeak_voice: cmn`"),
    ("language: nob", "language", 'write `language: "no"` and `espeak_voice: nb`'),
    ("language: rus", "language", "write `language: ru` and `espeak_voice: ru`"),
    ("language: ENG", "language", "write `language: en` and `espeak_voice: en-us`"),
    ("language: RU", "language", "write `language: ru`"),
    ('language: "NO"', "language", 'write `language: "no"`'),
    ("language: en-us", "language", "write `language: en` and `region: US`"),
    ("language: nb_NO", "language", 'write `language: nb` and `region: "NO"`'),
    ("language: russian", "language", "the two-letter code of a language"),
    ("region: ru", "region", "write `region: RU`"),
    ("region: UK", "region", "write `region: GB`"),
    ("region: EN", "region", "a language, write US or GB"),
    ("region: en_US", "region", "write `region: US`"),
    ("region: RUS", "region", "the two-letter code of a country"),
    ("espeak_voice: roa/fr", "espeak_voice", "write `espeak_voice: fr`"),
    ("espeak_voice: zh", "espeak_voice", "espeak calls this language cmn; write that"),
    ('espeak_voice: "no"', "espeak_voice", "espeak calls this language nb; write that"),
    ("espeak_voice: ''", "espeak_voice", "the name of an espeak voice"),
    # Rates and qualities.
    ("sample_rate: 44100", "sample_rate", "no model of 44100 Hz, only of 16000 (x_low and low), 22050 (medium and high)"),
    ("sample_rate: 16000", "training.quality", "medium is 22050 Hz in Piper, and sample_rate is 16000 Hz; write x_low or low"),
    ("training: {quality: low}", "training.quality", "low is 16000 Hz in Piper, and sample_rate is 22050 Hz"),
    ("training: {quality: x-low}", "training.quality", "write x_low"),
    # Shares and limits that no data can keep, or that are meant in other units.
    ("training: {validation_ratio: 0}", "training.validation_ratio", "Piper's own recipe is `--validation-split 0.0`"),
    ("training: {validation_ratio: 1.0}", "training.validation_ratio", "so that clips are left to train on"),
    ("training: {validation_ratio: 5}", "training.validation_ratio", "5 % is 0.05"),
    ("whisper: {min_mean_similarity: 90}", "whisper.min_mean_similarity", "90 % is 0.9"),
    ("whisper: {min_mean_similarity: 90%}", "whisper.min_mean_similarity", "without quotes: 0.9"),
    ("whisper: {max_low_ratio: 0}", "whisper.max_low_ratio", "the gate would never open"),
    ("asr_sample: {max_low_ratio: 0.0}", "asr_sample.max_low_ratio", "the gate would never open"),
    ("quality: {max_duplicate_ratio: 0}", "quality.max_duplicate_ratio", "the gate would never open"),
    ("limits: {max_duration_s: 15000}", "limits.max_duration_s", "less than or equal to 600"),
    ("limits: {max_duration_s: 0.1}", "limits.min_duration_s", "must be below max_duration_s, which is 0.1"),
    ("limits: {min_text_chars: 500}", "limits.min_text_chars", "must be below max_text_chars, which is 400"),
    ("training: {epochs: 1}", "training.epochs", "greater than or equal to 2"),
    ("training: {batch_size: 0}", "training.batch_size", "greater than 0"),
    ("training: {segment_size: 8000}", "training.segment_size", "write 7936"),
    ("shards: '4'", "shards", "write a number without quotes: 4"),
    ("sample_rate: 22,050", "sample_rate", "write a number without quotes: 22050"),
    ("whisper: {vad_filter: 'yes'}", "whisper.vad_filter", "write true or false, without quotes"),
    ("training: {precision: fp16}", "training.precision", "'16-mixed'"),
    ("whisper: {compute_type: int3}", "whisper.compute_type", "'int8'"),
    ("samples: {sentences: ['', a, b, c, d]}", "samples.sentences.0", "a text with letters is needed"),
    ("owner: Bob", "owner", "write `owner: team:voices`"),
    # Keys in the wrong place.
    ("wisper: {}", "wisper", "did you mean whisper?"),
    ("whisper: {modell: base}", "whisper.modell", "did you mean model?"),
    ("epochs: 100", "epochs", "the key is training.epochs"),
    ("whisper: large-v3", "whisper", "whisper is a section: its keys stand below it, indented"),
]


def load(folder: Path, *lines: str) -> str:
    """The error of a voice file with ``lines`` in the place of those with the same keys; empty where there is none."""
    given = {line.partition(":")[0] for line in lines}
    kept = [f"{key}: {value}" for key, value in MINIMAL.items() if key not in given]
    file = folder / "felix.yaml"
    file.write_text("\n".join([*kept, *lines, ""]), encoding="utf-8")
    try:
        load_voice(file)
    except VoiceError as error:
        return str(error).replace(str(file), "FILE")
    return ""


@pytest.mark.parametrize(("line", "key", "words"), CASES)
def test_the_message_says_what_to_write(tmp_path: Path, line: str, key: str, words: str) -> None:
    (message,) = load(tmp_path, line).splitlines()
    assert message.startswith(f"FILE: {key}: ")
    assert words in message
    assert "(value: " in message


@pytest.mark.parametrize(
    "lines",
    [
        ('language: "no"', 'region: "NO"', "espeak_voice: nb"),
        ("language: zh", "region: CN", "espeak_voice: cmn"),
        ("sample_rate: 16000", "training: {quality: x_low}"),
        ("training: {validation_ratio: 0.001}",),
        ('listening: "off"',),
    ],
)
def test_what_the_messages_tell_people_to_write_is_accepted(tmp_path: Path, lines: tuple[str, ...]) -> None:
    assert load(tmp_path, *lines) == ""


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("title: Felix: the voice", "write it in quotes: title: 'Felix: the voice'"),
        ("title: *felix", "write it in quotes: title: '*felix'"),
        ("title: @home", "write it in quotes: title: '@home'"),
        ("\ttitle: Felix", "Indent with spaces"),
    ],
)
def test_text_that_yaml_cannot_read(tmp_path: Path, line: str, words: str) -> None:
    assert words in load(tmp_path, line)


@pytest.mark.parametrize(("name", "better"), [("en-us_lessac", "en_us_lessac"), ("Felix", "felix"), ("9lives", "voice_9lives")])
def test_a_name_that_cannot_be_one(tmp_path: Path, name: str, better: str) -> None:
    file = tmp_path / f"{name}.yaml"
    file.write_text(yaml.safe_dump(MINIMAL), encoding="utf-8")
    with pytest.raises(VoiceError, match=f"{better}.yaml"):
        load_voice(file)
    file.rename(tmp_path / f"{better}.yaml")
    assert load_voice(tmp_path / f"{better}.yaml").name == better


@given(st.text(min_size=1))
def test_the_name_that_is_suggested_is_a_name(name: str) -> None:
    suggested = name_fault(name).rpartition("call the file ")[2].partition(".yaml")[0]
    assert suggested.isidentifier()
    assert suggested == suggested.lower()
    assert suggested.isascii()
    assert not suggested.startswith("_")


@pytest.mark.parametrize("code", sorted(TWO_LETTERS))
def test_three_letters_lead_to_a_language_and_an_espeak_voice(code: str) -> None:
    """The language is accepted. Where espeak speaks the language, the voice that is named exists."""
    from voice_assets.dataset import espeak

    two = TWO_LETTERS[code]
    assert language_fault(two) == ""
    named = ESPEAK_VOICES.get(code, ESPEAK_VOICES.get(two, two))
    assert f"espeak_voice: {named}" in language_fault(code)
    assert named in espeak.voice_names() or two not in {name.split("-")[0] for name in espeak.voice_names()}


def test_the_codes_that_espeak_does_not_use_are_refused_for_a_reason() -> None:
    from voice_assets.dataset import espeak

    assert all(espeak.voice_problem(code) for code in NOT_ESPEAKS)
    assert not any(espeak.voice_problem(voice) for voice in ESPEAK_VOICES.values())


def test_every_quality_has_its_rate(tmp_path: Path) -> None:
    for quality, rate in QUALITY_RATES.items():
        assert load(tmp_path, f"sample_rate: {rate}", f"training: {{quality: {quality}}}") == ""
