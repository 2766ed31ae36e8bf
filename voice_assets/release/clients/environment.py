"""The Python environment of the clients: made once with pip from ``requirements.txt``, in the project's cache.

The environment is a venv of its own, because the clients ask for versions of their own. Its folder's name is a hash of the
requirements and of the Python that made the environment, so a new pin or a new Python makes a new environment. Not here:
running a client (``processes``).
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from voice_assets.release.clients.processes import without_secrets
from voice_assets.runtime import building

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
SECONDS_TO_INSTALL = 1800
LOG_LINES_SHOWN = 15
_INSTALLED = (
    "import importlib.metadata as m, json; print(json.dumps({d.metadata['Name']: d.version for d in m.distributions()}))"
)


class ClientsError(RuntimeError):
    """An environment that cannot be made, or results that do not fit together. The message says what to do."""


@dataclass(frozen=True)
class ClientEnvironment:
    """An environment that is complete.

    Attributes:
        python: its interpreter.
        versions: distribution -> version, of every pinned distribution.
    """

    python: Path
    versions: Mapping[str, str]


def pins(text: str) -> dict[str, str]:
    """Distribution -> version, from the text of a requirements file with nothing but ``name==version`` and comments.

    Raises:
        ClientsError: a line is something else.
    """
    found = {}
    for number, line in enumerate(text.splitlines(), start=1):
        wanted = line.partition("#")[0].strip()
        name, equal, version = wanted.partition("==")
        if not wanted:
            continue
        if not equal or not re.fullmatch(r"[A-Za-z0-9._-]+", name) or not re.fullmatch(r"[0-9A-Za-z.+!]+", version):
            raise ClientsError(f"{REQUIREMENTS}: line {number} is not <name>==<version>: {line[:80]!r}")
        found[_plain(name)] = version
    return found


def prepare(cache: Path) -> ClientEnvironment:
    """The environment in ``cache``. It is made with pip when it is not there, or not complete.

    Making it needs the package index that pip is configured for; wheels in a folder that ``PIP_FIND_LINKS`` names do as well.

    Raises:
        ClientsError: pip failed. The message has the end of pip's output.
    """
    text = REQUIREMENTS.read_text(encoding="utf-8")
    wanted, place = pins(text), place_in(cache, text)
    if _lacks(place, wanted):
        _make(place, wanted)
    return ClientEnvironment(_python(place), wanted)


def place_in(cache: Path, requirements: str) -> Path:
    """The folder of the environment with these requirements."""
    made_by = f"{sys.version} {sysconfig.get_platform()}"
    return cache.absolute() / hashlib.sha256(f"{made_by}\n{requirements}".encode()).hexdigest()[:16]


def _plain(name: str) -> str:
    """The normalised name of a distribution (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _python(place: Path) -> Path:
    return place / "bin" / "python"


def _without_python(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment without the variables that change what a Python imports."""
    return {name: value for name, value in environment.items() if not name.startswith("PYTHON")}


def _lacks(place: Path, wanted: Mapping[str, str]) -> str:
    """What the environment lacks, in words; empty when it is complete. Starting its Python runs code of others (``.pth``)."""
    command = [str(_python(place)), "-I", "-c", _INSTALLED]
    try:
        done = subprocess.run(
            command, env=without_secrets(), capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL
        )
        found = {_plain(name): version for name, version in json.loads(done.stdout).items()}
    except (OSError, subprocess.CalledProcessError, ValueError) as error:
        return f"its Python does not run: {error}"
    return ", ".join(f"{name} {version}" for name, version in wanted.items() if found.get(name) != version)


def _make(place: Path, wanted: Mapping[str, str]) -> None:
    """Make the environment beside ``place``, then rename it. Of two processes that make one, the first wins."""
    with building.beside(place) as new:
        # A venv may be renamed: its Python names the Python that made it. Only its scripts name the folder; none is used.
        _run([sys.executable, "-I", "-m", "venv", str(new)])
        _run([*_pip(new), "--requirement", str(REQUIREMENTS)])
        lacking = _lacks(new, wanted)
        if lacking:
            raise ClientsError(f"{place}: the environment of the clients lacks {lacking}; delete the folder and try again")
        if _lacks(place, wanted):
            shutil.rmtree(place, ignore_errors=True)
            new.rename(place)


def _pip(place: Path) -> list[str]:
    """Pip's command for installing wheels: a source distribution would run its own code while it is installed."""
    options = ["--no-input", "--disable-pip-version-check", "--only-binary=:all:", "--no-compile", "--no-deps", "--quiet"]
    return [str(_python(place)), "-I", "-m", "pip", "install", *options]


def _run(command: list[str]) -> None:
    try:
        subprocess.run(
            command,
            env=_without_python(os.environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=SECONDS_TO_INSTALL,
            check=True,
        )
    except subprocess.TimeoutExpired as error:
        raise ClientsError(f"the environment of the clients was not made within {SECONDS_TO_INSTALL} s: {command}") from error
    except subprocess.CalledProcessError as error:
        last = "\n".join(error.stdout.strip().splitlines()[-LOG_LINES_SHOWN:])
        raise ClientsError(
            "the environment of the clients cannot be made; it needs pip's package index once, or the wheels of "
            f"{REQUIREMENTS} in a folder that PIP_FIND_LINKS names. The end of pip's output:\n{last}"
        ) from error
