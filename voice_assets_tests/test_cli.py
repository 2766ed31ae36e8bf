"""The command line: help that helps, exit codes a script can use, errors without tracebacks."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from voice_assets.cli import main
from voice_assets.engines.audio import write_wav
from voice_assets_tests.datasets import RATE, burst, write_voice


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VOICE_ASSETS_ROOT", str(tmp_path))
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / ".dagster"))
    monkeypatch.setenv("COLUMNS", "200")
    (tmp_path / "voices").mkdir()
    (tmp_path / "dagster.yaml").write_text("telemetry:\n  enabled: false\n", encoding="utf-8")
    return tmp_path


def call(*arguments: str):
    return CliRunner().invoke(main, list(arguments))


@pytest.mark.parametrize(
    "command",
    [[], ["run"], ["voices"], ["doctor"], ["ui"], ["demo"], ["import"], ["import", "prompts"], ["import", "ljspeech"]],
)
def test_every_command_explains_itself(command: list[str]) -> None:
    done = call(*command, "--help")
    assert done.exit_code == 0
    assert len(done.output.splitlines()) > 4


def test_an_unknown_voice_is_exit_code_2_and_names_those_there_are(project: Path) -> None:
    write_voice(project / "voices" / "toy.yaml", project / "nowhere")
    done = call("run", "toi")
    assert done.exit_code == 2
    assert "there is no voice 'toi'; there are: toy" in done.output


def test_a_missing_data_set_is_exit_code_1(project: Path) -> None:
    write_voice(project / "voices" / "toy.yaml", project / "nowhere")
    done = call("run", "toy", "--to", "clips")
    assert done.exit_code == 1
    assert "toy.yaml: dataset:" in done.output
    assert "no such folder" in done.output


def test_voices_shows_a_broken_file_beside_the_good(project: Path) -> None:
    write_voice(project / "voices" / "toy.yaml", project)
    write_voice(project / "voices" / "bad.yaml", project, shards=0)
    done = call("voices")
    assert done.exit_code == 0
    assert "toy" in done.output
    assert "bad does not load" in done.output
    assert "shards" in done.output


def test_importing_ljspeech(project: Path) -> None:
    source = project / "lj"
    for number, text in enumerate(("Hello, my good friends.", "The weather is fine today.")):
        write_wav(source / "wavs" / f"LJ-{number}.wav", burst(1.0, number), RATE)
        with (source / "metadata.csv").open("a", encoding="utf-8") as metadata:
            metadata.write(f"LJ-{number}|{text}|{text}\n")
    done = call(
        "import", "ljspeech", str(source), str(project / "out"), "--language", "en", "--region", "US", "--espeak-voice", "en-us"
    )
    assert done.exit_code == 0, done.output
    rows = (project / "out" / "metadata_2col.csv").read_text(encoding="utf-8").splitlines()
    assert rows == ["LJ-0|Hello, my good friends.", "LJ-1|The weather is fine today."]


def test_an_import_that_cannot_be_says_why_without_a_traceback(project: Path) -> None:
    (project / "empty").mkdir()
    (project / "list.txt").write_text("a: text\n", encoding="utf-8")
    done = call(
        "import",
        "prompts",
        str(project / "empty"),
        str(project / "list.txt"),
        str(project / "out"),
        "--language",
        "ru",
        "--region",
        "RU",
    )
    assert done.exit_code == 2
    assert "no audio files" in done.output
    assert "Traceback" not in done.output
