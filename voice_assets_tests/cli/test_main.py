"""The group of all commands: help that helps at once, and one plain message for what cannot be done."""

import subprocess
import sys
from pathlib import Path

import click
import pytest

from voice_assets.cli.main import main
from voice_assets_tests.cli.projects import call, error_of
from voice_assets_tests.datasets import write_voice

VOICE_COMMANDS = (("run",), ("watch", "--once"), ("fix",), ("doctor",), ("review",), ("tensorboard",))
OLD_WORDS = ("road", "walk", "station", "errand", "heard", "mend", "refus", "babble", "lane")


def all_commands(group: click.Group = main, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Every command and group as its words, ``()`` for the whole."""
    found = [path]
    for name, command in group.commands.items():
        found += all_commands(command, (*path, name)) if isinstance(command, click.Group) else [(*path, name)]
    return found


def test_all_commands_are_there() -> None:
    data, runs = {"demo", "import", "voices", "doctor"}, {"run", "watch", "tensorboard", "status", "ui", "lineage"}
    names = data | runs | {"review", "fix", "waive", "waivers", "verify"}
    assert {path[0] for path in all_commands() if path} == names


@pytest.mark.parametrize("command", all_commands(), ids=" ".join)
def test_every_command_explains_itself_in_plain_words(command: tuple[str, ...]) -> None:
    done = call(*command, "--help")
    assert done.exit_code == 0
    assert len(done.output.splitlines()) > 4
    assert [word for word in OLD_WORDS if word in done.output.lower()] == []
    assert max(map(len, done.output.splitlines())) <= 80


def test_help_imports_nothing_but_click() -> None:
    script = "import sys; from voice_assets.cli.main import main; main(['--help'], standalone_mode=False); "
    script += "print({'rich', 'pydantic', 'dagster', 'pandas', 'numpy', 'yaml'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("set()\n")


@pytest.mark.slow
def test_a_terminal_without_cyrillic_stops_nothing(project: Path) -> None:
    write_voice(project / "voices" / "toy.yaml", project, title="Голос")
    command = [sys.executable, "-c", "from voice_assets.cli.main import main; main()", "voices"]
    done = subprocess.run(command, capture_output=True, check=False, env={"PYTHONIOENCODING": "ascii", **environment(project)})
    assert done.returncode == 0, done.stderr
    assert rb"\u0413\u043e\u043b\u043e\u0441" in done.stdout


def environment(project: Path) -> dict[str, str]:
    return {"VOICE_ASSETS_ROOT": str(project), "PYTHONPATH": ":".join(sys.path), "HOME": str(project)}


@pytest.mark.parametrize("command", VOICE_COMMANDS, ids=" ".join)
def test_a_wrong_voice(project: Path, command: tuple[str, ...]) -> None:
    assert error_of(*command, "toy") == (
        f"{project / 'voices'} holds no voice file; README.md, 'Bring your own data set', says how to write one"
    )
    write_voice(project / "voices" / "toy.yaml", project)
    assert error_of(*command, "toi") == "there is no voice 'toi'; there are: toy"
    assert error_of(*command, "../voices/toy") == "there is no voice '../voices/toy'; there are: toy"


@pytest.mark.parametrize("command", VOICE_COMMANDS, ids=" ".join)
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"dataset: [unclosed", "expected ',' or ']'"),
        (b"\xff\xfe\x00", "can't decode byte 0xff"),
        (b"title: 1", "dataset: Field required"),
        (b"just a text", "a voice file is a mapping of keys to values"),
        (b"title: \x1b[2J", "special characters are not allowed"),
    ],
)
def test_a_voice_file_that_does_not_load(project: Path, command: tuple[str, ...], content: bytes, message: str) -> None:
    file = project / "voices" / "toy.yaml"
    file.write_bytes(content)
    error = error_of(*command, "toy")
    assert error.startswith(str(file))
    assert message in error
    assert "\x1b" not in error


@pytest.mark.parametrize("command", VOICE_COMMANDS[:3], ids=" ".join)
def test_a_missing_data_set(project: Path, command: tuple[str, ...]) -> None:
    file = write_voice(project / "voices" / "toy.yaml", project / "nowhere")
    assert error_of(*command, "toy") == (
        f"{file}: dataset: {project / 'nowhere'} is no folder; put the data set there, or correct `dataset` in the voice file"
    )


def test_the_missing_data_set_of_the_demo_is_made_by_a_command(project: Path) -> None:
    write_voice(project / "voices" / "ivrvoice_ru.yaml", project / "nowhere")
    assert "make it with `voice-assets demo ivrvoice_ru`" in error_of("run", "ivrvoice_ru")
