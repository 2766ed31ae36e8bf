"""The environment of the clients: made once, with pip, from pinned versions only."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from voice_assets.release.clients import environment, speaking
from voice_assets.release.clients.environment import ClientsError, pins, place_in, prepare

SMALL = "pathvalidate==3.3.1\n"


def test_every_client_is_pinned() -> None:
    pinned = pins(environment.REQUIREMENTS.read_text(encoding="utf-8"))
    assert {distribution for distribution, _ in speaking.CLIENTS.values()} <= set(pinned)
    assert {"flask", "wyoming"} <= set(pinned)


@pytest.mark.parametrize("line", ["piper-tts", "piper-tts>=1", "--index-url x", "a==1; b", "https://x/a.whl", "a==1 --hash=x"])
def test_a_line_that_pins_nothing_is_refused(line: str) -> None:
    with pytest.raises(ClientsError, match=r"line 2 is not <name>==<version>"):
        pins(f"# clients\n{line}\n")


def test_comments_and_names() -> None:
    assert pins("# all\n\nPiper_TTS==1.8.0 # the CLI\n") == {"piper-tts": "1.8.0"}


def test_the_python_of_others_gets_no_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "very secret")
    python, seen = tmp_path / "bin" / "python", tmp_path / "seen"
    python.parent.mkdir()
    python.write_text(f"#!/bin/sh\nenv > '{seen}'\n")
    python.chmod(0o755)
    assert "its Python does not run" in environment._lacks(tmp_path, {})
    assert "PATH=" in seen.read_text()
    assert "very secret" not in seen.read_text()


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Requirements of one small package."""
    requirements = tmp_path / "requirements.txt"
    requirements.write_text(SMALL)
    monkeypatch.setattr(environment, "REQUIREMENTS", requirements)
    return requirements


@pytest.mark.slow
def test_an_incomplete_one_is_made_again_and_a_complete_one_is_not(small: Path, tmp_path: Path) -> None:
    folder = place_in(tmp_path / "cache", SMALL)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    before = folder.stat().st_ino
    made = prepare(tmp_path / "cache")
    assert (made.python, made.versions) == (folder / "bin" / "python", {"pathvalidate": "3.3.1"})
    subprocess.run([made.python, "-I", "-c", "import pathvalidate"], check=True)
    complete = folder.stat().st_ino
    assert complete != before
    assert prepare(tmp_path / "cache") == made
    assert folder.stat().st_ino == complete
    assert list((tmp_path / "cache").iterdir()) == [folder]


@pytest.mark.slow
def test_what_pip_says_is_told_and_nothing_is_left(small: Path, tmp_path: Path) -> None:
    small.write_text("pathvalidate==0.0.0.1\n")
    with pytest.raises(ClientsError, match=r"(?s)PIP_FIND_LINKS.*No matching distribution found for pathvalidate==0\.0\.0\.1"):
        prepare(tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


@pytest.mark.slow
def test_the_pinned_versions_fit_together(clients: environment.ClientEnvironment) -> None:
    """Installed without resolving, so a pin that is missing or wrong shows here and not in the middle of a release."""
    done = subprocess.run([clients.python, "-I", "-m", "pip", "check"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "No broken requirements found.")
    listed = subprocess.run(
        [clients.python, "-I", "-m", "pip", "list", "--format", "json"], capture_output=True, text=True, check=True
    )
    names = {environment._plain(entry["name"]) for entry in json.loads(listed.stdout)} - {"pip", "setuptools"}
    assert names == set(clients.versions)
