"""`voice-assets import` and `voice-assets demo`: a data set, or one plain message why there is none."""

import json
import re
from pathlib import Path

import pytest

from voice_assets.audio.recordings import write_wav
from voice_assets.cli.data import demo, import_
from voice_assets.importers.debian import DEMOS
from voice_assets.voices import DatasetLimits, PiperQuality, Voice
from voice_assets_tests.cli.projects import call, error_of
from voice_assets_tests.datasets import RATE, burst

ENGLISH = ("--language", "en", "--region", "US", "--espeak-voice", "en-us")


@pytest.fixture
def source(project: Path) -> Path:
    """Two recordings in LJSpeech's layout."""
    folder = project / "lj"
    for number, text in enumerate(("Hello, my good friends.", "The weather is fine today.")):
        write_wav(folder / "wavs" / f"LJ-{number}.wav", burst(1.0, number), RATE)
        with (folder / "metadata.csv").open("a", encoding="utf-8") as metadata:
            metadata.write(f"LJ-{number}|{text}|{text}\n")
    return folder


def test_importing_a_list(source: Path, project: Path) -> None:
    out = project / "out"
    done = call("import", str(source), str(out), *ENGLISH)
    assert done.exit_code == 0, done.output
    rows = (out / "metadata_2col.csv").read_text(encoding="utf-8").splitlines()
    assert rows == ["LJ-0|Hello, my good friends.", "LJ-1|The weather is fine today."]
    told, made = done.stdout.splitlines()
    assert told == (
        f"{source}: layout ljspeech (`id|text|normalised`), by its content; metadata.csv is separated by `|`; 2 of 2 rows name "
        "an audio file"
    )
    assert made.startswith(f"{out}: 2 of 2 recordings")
    assert told in (out / "PREPARE_INFO.txt").read_text(encoding="utf-8")
    assert call("import", str(source), str(out), *ENGLISH).stdout.splitlines()[1].startswith(f"{out}: nothing to do")


def test_importing_prompts(source: Path, project: Path) -> None:
    (project / "list.txt").write_text("; core\nLJ-0: Hello, my good friends.\n", encoding="utf-8")
    named = ("--layout", "prompts", "--metadata", str(project / "list.txt"))
    done = call("import", str(source / "wavs"), str(project / "out"), *named, *ENGLISH)
    assert done.exit_code == 0, done.output
    assert "1 of 2 recordings" in done.stdout


def test_an_import_that_cannot_be_says_why(source: Path, project: Path) -> None:
    (project / "empty").mkdir()
    assert "no audio files" in error_of("import", str(project / "empty"), str(project / "out"), *ENGLISH)
    assert "choose another folder for the data set" in error_of("import", str(source), str(source), *ENGLISH)
    (project / "full").mkdir()
    (project / "full" / "file").touch()
    assert "not empty, and not made by an importer" in error_of("import", str(source), str(project / "full"), *ENGLISH)


def test_a_message_that_quotes_the_list_cannot_talk_to_the_terminal(source: Path, project: Path) -> None:
    (project / "list.txt").write_text("LJ-0|\x1b[2Jann|One two.\nLJ-1|\x1b[2Jbob|Three four.\n", encoding="utf-8")
    error = error_of("import", str(source), str(project / "out"), "--metadata", str(project / "list.txt"), *ENGLISH)
    assert "2 speakers" in error
    assert "\x1b" not in error


def test_when_every_row_fails_the_reasons_are_printed_and_kept(source: Path, project: Path) -> None:
    (source / "metadata.csv").write_text("LJ-2|Hello, my good friends.\nLJ-3|The weather is fine.\n", encoding="utf-8")
    error = error_of("import", str(source), str(project / "out"), *ENGLISH)
    assert "none of 4 recordings can be used" in error
    assert "2 x audio, the first: 'LJ-2': audio: line 1: no audio file 'LJ-2'" in error
    assert "2 x no text, the first: 'LJ-0': no text: the recording has none" in error
    (record,) = project.glob("out_rejected_*.txt")
    assert f"Every reason is in {record}" in error
    assert not (project / "out").exists()


def test_a_piper_folder_says_its_language_and_rate(source: Path, project: Path) -> None:
    config = {"espeak": {"voice": "en-us"}, "language": {"code": "en_GB"}, "audio": {"sample_rate": 16000, "quality": "x_low"}}
    (source / "config.json").write_text(json.dumps(config), encoding="utf-8")
    done = call("import", str(source), str(project / "out"))
    assert done.exit_code == 0, done.output
    assert "config.json: language en_GB, espeak voice en-us, 16000 Hz\n" in done.stdout
    made = json.loads((project / "out" / "config.json").read_text(encoding="utf-8"))
    assert (made["language"]["code"], made["espeak"]["voice"]) == ("en_GB", "en-us")
    assert made["audio"] == {"sample_rate": 16000, "quality": "x_low"}


def test_a_rate_that_no_piper_voice_has_is_not_taken(source: Path, project: Path) -> None:
    config = {"espeak": {"voice": "en-us"}, "audio": {"sample_rate": 44100}}
    (source / "config.json").write_text(json.dumps(config), encoding="utf-8")
    done = call("import", str(source), str(project / "out"))
    assert "config.json: language en_US, espeak voice en-us, no rate of a Piper voice (16000 or 22050 Hz)" in done.stdout
    made = json.loads((project / "out" / "config.json").read_text(encoding="utf-8"))
    assert made["audio"]["sample_rate"] == 22050


def test_recordings_of_several_speakers_are_not_taken_for_one(source: Path, project: Path) -> None:
    config = {"espeak": {"voice": "en-us"}, "num_speakers": 2, "speaker_id_map": {"ann": 0, "bob": 1}}
    (source / "config.json").write_text(json.dumps(config), encoding="utf-8")
    error = error_of("import", str(source), str(project / "out"))
    assert "config.json: num_speakers: 2, and nothing says who speaks which recording" in error
    assert not (project / "out").exists()
    (source / "metadata.csv").write_text("LJ-0|ann|Hello, my good friends.\nLJ-1|bob|The weather is fine.\n", encoding="utf-8")
    done = call("import", str(source), str(project / "out"), "--speaker", "ann")
    assert done.exit_code == 0, done.output
    assert "1 of 2 recordings" in done.stdout


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--language", "eng"), "--language eng: the two-letter code .*; write `language: en` and `espeak_voice: en-us`"),
        (("--language", "EN", "--region", "us"), "--language EN: .*\n--region us: .*; write `region: US`"),
        (("--espeak-voice", "zh"), "--espeak-voice zh: .* espeak calls this language cmn"),
        (("--sample-rate", "44100"), "--sample-rate 44100: Piper has no model of 44100 Hz"),
        (("--quality", "high", "--sample-rate", "16000"), "--quality high: high is 22050 Hz in Piper"),
    ],
)
def test_what_no_voice_file_can_have_is_refused(source: Path, project: Path, options: tuple[str, ...], message: str) -> None:
    assert re.search(message, error_of("import", str(source), str(project / "out"), *ENGLISH, *options))
    assert not (project / "out").exists()


@pytest.mark.parametrize(
    ("options", "audio"),
    [
        (("--sample-rate", "16000"), {"sample_rate": 16000, "quality": "low"}),
        (("--quality", "x_low"), {"sample_rate": 16000, "quality": "x_low"}),
        (("--quality", "high"), {"sample_rate": 22050, "quality": "high"}),
    ],
)
def test_rate_and_quality_follow_from_each_other(
    source: Path, project: Path, options: tuple[str, ...], audio: dict[str, object]
) -> None:
    assert call("import", str(source), str(project / "out"), *ENGLISH, *options).exit_code == 0
    assert json.loads((project / "out" / "config.json").read_text(encoding="utf-8"))["audio"] == audio


def test_a_language_that_espeak_calls_otherwise(source: Path, project: Path) -> None:
    done = call("import", str(source), str(project / "out"), "--language", "no", "--region", "NO")
    assert done.exit_code == 0, done.output
    assert json.loads((project / "out" / "config.json").read_text(encoding="utf-8"))["espeak"]["voice"] == "nb"


def test_without_a_config_the_language_must_be_named(source: Path, project: Path) -> None:
    done = call("import", str(source), str(project / "out"), "--region", "US")
    assert done.exit_code == 2
    assert "--language: needed, because" in done.output


@pytest.mark.parametrize(("option", "value"), [("--sample-rate", "0"), ("--quality", "best"), ("--min-duration", "-1")])
def test_an_option_out_of_its_range(source: Path, project: Path, option: str, value: str) -> None:
    done = call("import", str(source), str(project / "out"), *ENGLISH, option, value)
    assert done.exit_code == 2
    assert f"Invalid value for '{option}'" in done.output


def test_the_defaults_of_the_options_are_those_of_a_voice_file() -> None:
    options = {option.name: option for option in import_.params}
    limits = DatasetLimits()
    assert options["min_duration"].default == limits.min_duration_s
    assert options["max_duration"].default == limits.max_duration_s
    assert f"else {Voice.model_fields['sample_rate'].default}." in options["sample_rate"].help
    assert tuple(options["quality"].type.choices) == PiperQuality.__args__


def test_a_demo_without_its_packages_says_which_to_get(project: Path) -> None:
    (project / "empty").mkdir()
    for arguments, folder in (([], "en_US_f_Allison"), (["ivrvoice_ru"], "ru_RU_f_IvrvoiceRU")):
        error = error_of("demo", *arguments, "--source", str(project / "empty"), "--out", str(project / "out"))
        assert f"no folder {folder} in it" in error
        assert "--source DIR" in error


def test_the_demo_command_knows_every_demo() -> None:
    (voice,) = (one for one in demo.params if one.name == "voice")
    assert tuple(voice.type.choices) == tuple(DEMOS)
