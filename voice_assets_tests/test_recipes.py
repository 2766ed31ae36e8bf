"""The container's recipe and GitHub's workflow name files and commands that exist. A build needs a daemon; this does not."""

import fnmatch
import os
import re
import shlex
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

import voice_assets

ROOT = Path(voice_assets.__file__).parent.parent
WORKFLOW = yaml.safe_load((ROOT / ".github" / "workflows" / "check.yml").read_text(encoding="utf-8"))
STEPS = WORKFLOW["jobs"]["check"]["steps"]


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions and their arguments, with joined lines."""
    lines = [line for line in (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [(line.split(maxsplit=1)[0], line.split(maxsplit=1)[1]) for line in joined.splitlines() if line.strip()]


def arguments(instruction: str) -> list[str]:
    return [argument for name, argument in instructions() if name == instruction]


def test_the_image_copies_what_exists_and_what_the_builder_gets() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    kept = {line[1:] for line in ignored if line.startswith("!")}
    copied = {source for argument in arguments("COPY") for source in argument.split()[:-1]}
    assert copied == kept
    assert all((ROOT / source).exists() for source in copied)


def test_the_image_copies_every_package_that_is_installed() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    rooms = settings["tool"]["setuptools"]["packages"]["find"]
    copied = {source for argument in arguments("COPY") for source in argument.split()[:-1]}
    top = {file.parent.name for file in ROOT.glob("*/__init__.py")}
    installed = {
        name
        for name in top
        if any(fnmatch.fnmatch(name, pattern) for pattern in rooms["include"])
        and not any(fnmatch.fnmatch(name, pattern) for pattern in rooms["exclude"])
    }
    assert installed == {"voice_assets", "data_checks"}
    assert installed <= copied
    assert settings["project"]["readme"] in copied


def test_the_image_has_the_python_of_the_lock_and_starts_the_command() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert arguments("FROM") == [f"python:{settings['tool']['mypy']['python_version']}-slim-bookworm"]
    assert arguments("ENTRYPOINT") == ['["voice-assets"]']
    assert "voice-assets" in settings["project"]["scripts"]
    assert arguments("USER") == ["1000"], "the container does not run as root"


def test_no_secret_is_in_the_image() -> None:
    assert not [
        argument for name in ("ENV", "ARG") for argument in arguments(name) if re.search("SECRET|TOKEN|PASSW", argument)
    ]


@pytest.mark.parametrize("script", [*arguments("RUN"), *(step["run"] for step in STEPS if "run" in step)])
def test_every_command_is_one_for_the_shell(script: str) -> None:
    done = subprocess.run(["sh", "-n", "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_workflow_runs_what_continuous_integration_runs_and_may_only_read() -> None:
    commands = [step["run"] for step in STEPS if "run" in step]
    assert ".ci/run" in commands
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    assert WORKFLOW["permissions"] == {"contents": "read"}
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    called = [words[1] for command in commands if (words := shlex.split(command))[0] == "make"]
    assert called == ["check"]
    assert set(called) <= targets
