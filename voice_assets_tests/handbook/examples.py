"""The commands in the handbook, and where each of them is run.

Every line of every ``sh`` block of the README, CONTRIBUTING and ``docs/`` belongs to one place. A comment ``# exit code 1`` is
the code that a command ends with; without one it is 0. Names of the examples are replaced by those of the test's project.
"""

import os
import re
import shlex
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from voice_assets_tests.cli.projects import call
from voice_assets_tests.handbook.pages import ROOT, blocks, lines_of
from voice_assets_tests.ports import free_port
from voice_assets_tests.toy_project import ToyProject

OWN_VOICE = "docs/own_voice.md"
LAST_OF_OWN_VOICE = "fix"
"""Up to the validation after ``fix``, the page is walked in order, on recordings. What follows runs in a finished project."""
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+\S*")
LONG_AFTER = "2999-12-31"


class Place(Enum):
    """Where a command is run."""

    OWN_VOICE = "the page on one's own voice, line by line"
    VALIDATED = "a small project that is validated"
    FAILED = "a small project with a failed rule"
    FINISHED = "the finished project of test_end_to_end.py"
    SHELL = "a shell"
    MAKE = "make, which prints what it would do"
    OTHER_TEST = "another test"


CLIENT = "voice_assets_tests/cli/test_client.py"
OTHER_TESTS = {
    "voice-assets run VOICE --server http://control:3000 --to whisper_validation": (CLIENT, 'laptop.call("run", "toy", "--to"'),
    "voice-assets watch VOICE --server http://control:3000": (CLIENT, 'laptop.call("watch", "toy"'),
    "voice-assets status --server http://control:3000": (CLIENT, 'laptop.call("status"'),
    "voice-assets lineage VOICE/v3-e0050 --server http://control:3000": (CLIENT, 'laptop.call("lineage", "toy/'),
    "voice-assets ui": ("voice_assets_tests/cli/test_ui.py", "served(project)"),
    "voice-assets tensorboard VOICE": ("voice_assets_tests/cli/test_tensorboard.py", '"tensorboard", "toy", "--port"'),
    "voice-assets release VOICE --version 1.0.0": ("voice_assets_tests/defs/test_release.py", '"release", "toy", "--version"'),
    "voice-assets release VOICE --version 1.0.0 --push": ("voice_assets_tests/defs/test_release.py", '"--push", "--to"'),
    "voice-assets release VOICE --version 1.0.0 --to s3://bucket/voices": (
        "voice_assets_tests/defs/test_release.py",
        '"--push", "--to"',
    ),
}
"""Commands that another test runs: its file, and a text in it that shows that."""
OTHER_PAGES = {"docs/verify.md": ("voice_assets_tests/release/test_verify_page.py", '"verify.md"')}
"""Pages whose every command another test runs: its file, and a text in it that shows that."""
VALIDATED = re.compile(
    r"voice-assets (doctor|voices|status|watch|run VOICE --to (base_validation|quality_report)|review VOICE$)"
)


@dataclass(frozen=True)
class Command:
    """One command line of the handbook.

    Attributes:
        page: relative to the repository.
        line: as written, without the comment.
        place: where it is run.
        code: the exit code that the page promises.
    """

    page: str
    line: str
    place: Place
    code: int = 0


def handbook_commands() -> Iterator[Command]:
    """Every command of the handbook, in order."""
    walked = True
    for block in blocks("sh"):
        for line, comment in lines_of(block) if block.page not in OTHER_PAGES else ():
            promised = re.search(r"exit code (\d+)", comment)
            place = Place.OWN_VOICE if block.page == OWN_VOICE and walked else _place(general(line))
            yield Command(block.page, line, place, int(promised[1]) if promised else 0)
        walked = walked and not (block.page == OWN_VOICE and f" {LAST_OF_OWN_VOICE} " in block.body)


def general(line: str) -> str:
    """A command with the names of the examples' voices replaced by VOICE."""
    return re.sub(r"\b(felix_mirage|my_voice)\b", "VOICE", line)


def _place(line: str) -> Place:
    if line in OTHER_TESTS:
        return Place.OTHER_TEST
    if line.startswith("make "):
        return Place.MAKE
    if not line.startswith("voice-assets "):
        return Place.SHELL
    if re.match(r"voice-assets (waive|waivers) ", line):
        return Place.FAILED
    if line == "voice-assets fix VOICE --switch" or VALIDATED.match(line):
        return Place.OWN_VOICE if " fix " in line else Place.VALIDATED
    return Place.FINISHED


def at(place: Place) -> list[Command]:
    """The commands that are run at one place, each once, in order; of the page on one's own voice only its own lines."""
    found = [one for one in handbook_commands() if one.place is place]
    if place is Place.OWN_VOICE:
        return [one for one in found if one.page == OWN_VOICE]
    return list({general(one.line): one for one in found}.values())


def adapted(line: str, names: Mapping[str, str]) -> str:
    """A command for a test's project: the names of the examples replaced, and a last day that never comes."""
    for name, other in names.items():
        line = line.replace(name, other)
    return re.sub(r"\d{4}-\d{2}-\d{2}", LONG_AFTER, line)


def is_server(line: str) -> bool:
    """Whether a command runs until Ctrl-C."""
    return re.match(r"voice-assets (ui|review|tensorboard) ", f"{line} ") is not None


def run(command: Command, names: Mapping[str, str], root: Path) -> str:
    """Run a command of the handbook in the project of this process; returns what it printed.

    Raises:
        AssertionError: the exit code is not the one that the page promises, or a server does not answer.
    """
    line = adapted(command.line, names)
    if is_server(line):
        return served(line, root)
    done = call(*shlex.split(line)[1:])
    assert done.exit_code == command.code, f"{command.page}: {line}\n{done.output}"
    assert done.exception is None or isinstance(done.exception, SystemExit), f"{command.page}: {line}: {done.exception!r}"
    return done.output


def served(line: str, root: Path) -> str:
    """Start a server, read the page at the address that it prints, and end it as Ctrl-C does; returns the page."""
    command = [sys.executable, "-u", "-m", "voice_assets.cli", *shlex.split(line)[1:], "--port", str(free_port())]
    process = subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        assert process.stdout is not None
        printed = process.stdout.readline()
        address = ADDRESS.search(printed)
        assert address is not None, printed + process.stdout.read()
        page = _answer(address[0], process)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 0, line
        return page
    finally:
        process.kill()
        process.wait()


def _answer(address: str, process: "subprocess.Popen[str]") -> str:
    """The page at an address that a starting server has printed."""
    while True:
        try:
            with urllib.request.urlopen(address, timeout=60) as answer:
                return str(answer.read().decode("utf-8"))
        except urllib.error.HTTPError:
            raise
        except OSError:  # it does not listen yet
            assert process.poll() is None, f"the server has ended with {process.returncode}"
            time.sleep(0.1)


def run_in_finished(toy: ToyProject, winner: str) -> None:
    """Run the commands that need a finished project.

    Raises:
        AssertionError: a command did not end as the handbook says, or printed something else.
    """
    package = toy.file("voice_package", "package", winner)
    names = {
        "ru_RU-felix_mirage-medium.zip": f"{package}.zip",
        "ru_RU-felix_mirage-medium.onnx": str(package / "ru_RU-toy-medium.onnx"),
        **dict.fromkeys(("felix_mirage", "my_voice"), "toy"),
        **dict.fromkeys(("v3-e0050", "v0-e0001"), winner),
    }
    voice = toy.root / "voices" / "toy.yaml"
    text, printed = voice.read_text(encoding="utf-8"), {}
    for command in at(Place.FINISHED):
        asked = text.replace("listening: 'off'", "listening: advisory") if is_server(command.line) else text
        voice.write_text(asked, encoding="utf-8")  # somebody is asked to listen, while a page to listen on is served
        try:
            printed[general(command.line)] = run(command, names, toy.root)
        finally:
            voice.write_text(text, encoding="utf-8")
    assert f"voice_package {winner}" in printed["voice-assets lineage VOICE/v3-e0050"]
    assert "toy" in printed["voice-assets review VOICE --blind"]


def shell(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command in a shell whose first ``PATH`` is that of this Python."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)}
    return subprocess.run(["bash", "-euc", line], cwd=folder, env=environment, capture_output=True, text=True, check=False)
