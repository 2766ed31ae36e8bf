"""The annotated Git tag of a release, on the commit that the project is at. A tag is made once, and never moved or deleted.

Speaks to the ``git`` of this machine, in the project's own folder. Not here: what a release is, and when it is made.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from voice_assets.runtime.tsv import visible

SECONDS, SECONDS_TO_PUSH = 60, 600
SHOWN = 5
ANOTHER_REPOSITORY = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_PREFIX")
"""Variables that a git hook sets, and that would lead to the repository of the hook."""
_LOGIN = re.compile(r"(?<=://)[^/\s]*@")


class GitError(ValueError):
    """Git cannot tag or push here. The message names the folder or the tag, and says what to do."""


@dataclass(frozen=True)
class Tag:
    """A tag: its name, the commit that it names, and its message; the message is empty for a tag without one."""

    name: str
    commit: str
    message: str


def message(title: str, version: str, facts: Mapping[str, str]) -> str:
    """The message of a release's tag: the title and the version, then a line ``name: value`` per fact."""
    return "\n".join([f"{visible(title)} {version}", "", *(f"{name}: {value}" for name, value in facts.items())])


def says(tag: Tag, name: str, value: str) -> bool:
    """Whether the message of ``tag`` states that fact."""
    return f"{name}: {value}" in tag.message.splitlines()


def value_of(tag: Tag, name: str) -> str:
    """The value of that fact in the message of ``tag``; empty when the message does not state it."""
    lines = (line.partition(": ") for line in tag.message.splitlines())
    return next((value for found, _, value in lines if found == name), "")


class Repository:
    """The Git repository around a folder. Nothing is read before a method is called."""

    def __init__(self, folder: Path):
        self.folder = folder

    def require_ready(self, committed: Sequence[Path], own: Collection[Path] = ()) -> None:
        """Return when HEAD holds what the folder holds, so that a tag on HEAD names it.

        Args:
            committed: files that the tag must hold.
            own: files that the release itself writes; a change of them is none.

        Raises:
            GitError: there is no git, no repository, no commit, no name of the person who tags; or a file is not committed.
        """
        top = self._top()
        if self._git("rev-parse", "--verify", "--quiet", "HEAD^{commit}").returncode:
            raise GitError(f"{top}: this repository has no commit; commit the project first")
        if self._git("var", "GIT_COMMITTER_IDENT").returncode:
            raise GitError("Git does not know who tags: git config user.name and git config user.email")
        if changed := [name for name in self._changed() if (top / name).resolve() not in {one.resolve() for one in own}]:
            more = f" and {len(changed) - SHOWN} more" if len(changed) > SHOWN else ""
            raise GitError(
                f"{top}: {', '.join(changed[:SHOWN])}{more}: changed and not committed, so that a tag would name other files; "
                "commit the changes first"
            )
        for file in committed:
            if self._git("ls-files", "--error-unmatch", "--", str(file)).returncode:
                raise GitError(f"{file}: is not in the Git repository {top}, so that a tag would not hold it; commit it first")

    def tag(self, name: str) -> Tag | None:
        """The tag ``name``; None when there is none.

        Raises:
            GitError: there is no git or no repository.
        """
        self._top()
        commit = self._git("rev-parse", "--verify", "--quiet", f"refs/tags/{name}^{{commit}}")
        if commit.returncode:
            return None
        kind = self._git("cat-file", "-t", f"refs/tags/{name}").stdout.strip()
        message = self._read("for-each-ref", "--format=%(contents)", f"refs/tags/{name}") if kind == "tag" else ""
        return Tag(name, commit.stdout.strip(), message.strip())

    def make(self, name: str, message: str, commit: str = "HEAD") -> Tag:
        """Make the annotated tag ``name`` on ``commit``, and return it.

        Raises:
            GitError: there is such a tag already; or git refused.
        """
        done = self._git("tag", "--annotate", "--cleanup=verbatim", f"--message={message}", "--", name, commit)
        found = self.tag(name)
        if done.returncode or found is None:
            raise GitError(f"{self.folder}: git made no tag {name}: {_words(done)}")
        return found

    def remote(self, name: str) -> str:
        """The address of the remote ``name``, without a login.

        Raises:
            GitError: there is no such remote.
        """
        found = self._git("remote", "get-url", "--push", "--", name)
        if found.returncode:
            known = ", ".join(self._git("remote").stdout.split()) or "none"
            raise GitError(
                f"{self.folder}: Git knows no remote {name!r}, it knows {known}; add one: git remote add {name} <address>"
            )
        return _without_login(found.stdout.strip())

    def push(self, name: str, remote: str = "origin") -> str:
        """Push the tag ``name``, and return the address that it was pushed to. The same tag pushed again changes nothing.

        Raises:
            GitError: there is no such remote; the remote refused, for instance because it has another tag of that name.
        """
        address = self.remote(remote)
        done = self._git("push", "--porcelain", remote, f"refs/tags/{name}:refs/tags/{name}", seconds=SECONDS_TO_PUSH)
        if done.returncode:
            raise GitError(f"{address} did not take the tag {name}: {_words(done)}")
        return address

    def _changed(self) -> list[str]:
        """The tracked files that differ from HEAD, relative to the top of the repository."""
        listed = self._read("status", "--porcelain=v1", "-z", "--untracked-files=no", "--no-renames")
        return [entry[3:] for entry in listed.split("\0") if entry]

    def _top(self) -> Path:
        found = self._git("rev-parse", "--show-toplevel")
        if found.returncode:
            raise GitError(
                f"{self.folder}: is in no Git repository that can be tagged ({_words(found)}); make one (git init, git add, "
                "git commit), or release without a tag: --no-tag"
            )
        return Path(found.stdout.rstrip("\n"))

    def _read(self, *arguments: str) -> str:
        done = self._git(*arguments)
        if done.returncode:
            raise GitError(f"{self.folder}: git {arguments[0]}: {_words(done)}")
        return done.stdout

    def _git(self, *arguments: str, seconds: int = SECONDS) -> subprocess.CompletedProcess[str]:
        """Run git, which asks nobody anything: it has no terminal, so ssh has none. Passwords come from git's helpers."""
        environment = {name: value for name, value in os.environ.items() if name not in ANOTHER_REPOSITORY}
        git = shutil.which("git")
        if git is None:
            raise GitError("there is no git on this machine; install it, or release without a tag: --no-tag")
        try:
            return subprocess.run(
                [git, "-C", str(self.folder), *arguments],
                env={**environment, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C.UTF-8"},
                timeout=seconds,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                capture_output=True,
                text=True,
                errors="replace",
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise GitError(f"{self.folder}: git {arguments[0]} did not end within {seconds} s") from error


def _without_login(text: str) -> str:
    return _LOGIN.sub("", text)


def _words(done: subprocess.CompletedProcess[str]) -> str:
    """What git said, on one line, without a login."""
    lines = [line.strip() for line in (done.stderr or done.stdout).splitlines() if line.strip()]
    return _without_login("; ".join(lines) or f"exit code {done.returncode}")
