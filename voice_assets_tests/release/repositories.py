"""Git repositories for tests: a project that is committed, and a remote to push to."""

import subprocess
from pathlib import Path

IDENTITY = ("-c", "user.name=A. Nna", "-c", "user.email=anna@example.org")


def git(folder: Path, *arguments: str) -> str:
    """Run git in ``folder`` and return what it prints."""
    command = ["git", "-C", str(folder), *IDENTITY, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def committed(folder: Path) -> Path:
    """Make ``folder`` a repository whose one commit has every file that is not ignored; the person who tags is known."""
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "--quiet")
    git(folder, "config", "user.name", "A. Nna")
    git(folder, "config", "user.email", "anna@example.org")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", "the project")
    return folder


def remote_of(folder: Path, place: Path) -> Path:
    """A bare repository that ``folder`` knows as ``origin``."""
    subprocess.run(["git", "init", "--quiet", "--bare", str(place)], check=True)
    git(folder, "remote", "add", "origin", str(place))
    return place
