"""`voice-assets import` and `voice-assets demo`: a data set, or one plain message why there is none."""

from pathlib import Path

import pytest

from voice_assets.audio.recordings import write_wav
from voice_assets.cli.data import ljspeech
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


def test_importing_ljspeech(source: Path, project: Path) -> None:
    out = project / "out"
    done = call("import", "ljspeech", str(source), str(out), *ENGLISH)
    assert done.exit_code == 0, done.output
    rows = (out / "metadata_2col.csv").read_text(encoding="utf-8").splitlines()
    assert rows == ["LJ-0|Hello, my good friends.", "LJ-1|The weather is fine today."]
    assert done.stdout.startswith(f"{out}: 2 of 2 recordings")
    assert call("import", "ljspeech", str(source), str(out), *ENGLISH).stdout.startswith(f"{out}: nothing to do")


def test_importing_prompts(source: Path, project: Path) -> None:
    (project / "list.txt").write_text("LJ-0: Hello, my good friends.\n", encoding="utf-8")
    done = call("import", "prompts", str(source / "wavs"), str(project / "list.txt"), str(project / "out"), *ENGLISH)
    assert done.exit_code == 0, done.output
    assert "1 of 2 recordings" in done.stdout


def test_an_import_that_cannot_be_says_why(source: Path, project: Path) -> None:
    (project / "empty").mkdir()
    (project / "list.txt").write_text("a: text\n", encoding="utf-8")
    prompts = ("import", "prompts", str(project / "empty"), str(project / "list.txt"), str(project / "out"))
    assert "no audio files" in error_of(*prompts, *ENGLISH)
    taken = ("import", "ljspeech", str(source), str(source), *ENGLISH)
    assert "not empty, and not made by an importer" in error_of(*taken)


def test_a_message_that_quotes_the_transcript_cannot_talk_to_the_terminal(source: Path, project: Path) -> None:
    (project / "list.txt").write_text("no colon \x1b[2J\n", encoding="utf-8")
    error = error_of("import", "prompts", str(source / "wavs"), str(project / "list.txt"), str(project / "out"), *ENGLISH)
    assert "is not `name: text`" in error
    assert "\x1b" not in error


@pytest.mark.parametrize(("option", "value"), [("--sample-rate", "0"), ("--quality", "best"), ("--min-duration", "-1")])
def test_an_option_out_of_its_range(source: Path, project: Path, option: str, value: str) -> None:
    done = call("import", "ljspeech", str(source), str(project / "out"), *ENGLISH, option, value)
    assert done.exit_code == 2
    assert f"Invalid value for '{option}'" in done.output


def test_the_defaults_of_the_options_are_those_of_a_voice_file() -> None:
    options = {option.name: option for option in ljspeech.params}
    limits = DatasetLimits()
    assert options["min_duration"].default == limits.min_duration_s
    assert options["max_duration"].default == limits.max_duration_s
    assert options["sample_rate"].default == Voice.model_fields["sample_rate"].default
    assert tuple(options["quality"].type.choices) == PiperQuality.__args__


def test_a_demo_without_its_packages_says_which_to_get(project: Path) -> None:
    (project / "empty").mkdir()
    error = error_of("demo", "--source", str(project / "empty"), "--out", str(project / "out"))
    assert "no folder ru_RU_f_IvrvoiceRU in it" in error
    assert "--source DIR" in error
