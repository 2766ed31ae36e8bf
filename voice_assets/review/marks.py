"""The marks of the reviewers on disk: for each reviewer and clip the mark, the comment, and whether the clip was heard.

One JSON file per reviewer, in one folder per data version of a subject. A file is replaced whole under a lock, so several
servers and several reviewers may write at the same time, and a killed server loses nothing that it has answered.
"""

import hashlib
import json
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from voice_assets.runtime import files, locks, project
from voice_assets.runtime.plain_text import plain

MARKS = ("good", "bad", "")
LONGEST_NAME, LONGEST_COMMENT = 60, 2000
MOST_REVIEWERS = 200
SECONDS_TO_WAIT, SECONDS_BETWEEN_TRIES = 5.0, 0.01
FIELDS = {"mark", "comment", "heard"}


class MarksError(ValueError):
    """A mark that cannot be taken. The message says what is wrong with it."""


class MarksFileError(RuntimeError):
    """The marks on disk cannot be read or written. The message names the file."""


@dataclass(frozen=True)
class Mark:
    """What one reviewer said about one clip. ``mark`` is ``good``, ``bad`` or empty."""

    mark: str = ""
    comment: str = ""
    heard: bool = False


def reviewer_name(name: object) -> str:
    """The name of a reviewer, without spaces around it.

    Raises:
        MarksError: not a text, empty, too long, or with control characters.
    """
    if not isinstance(name, str) or not (clean := " ".join(name.split())):
        raise MarksError("a reviewer needs a name")
    if len(clean) > LONGEST_NAME:
        raise MarksError(f"a reviewer's name has at most {LONGEST_NAME} characters; this one has {len(clean)}")
    if plain(clean) != clean:
        raise MarksError(f"a reviewer's name has no control characters: {plain(clean)}")
    return clean


def comment_text(comment: object) -> str:
    """A comment, with control characters written out.

    Raises:
        MarksError: not a text, or too long.
    """
    if not isinstance(comment, str):
        raise MarksError("a comment is a text")
    if len(comment) > LONGEST_COMMENT:
        raise MarksError(f"a comment has at most {LONGEST_COMMENT} characters; this one has {len(comment)}")
    return plain(comment.replace("\r\n", "\n"), lines=True)


def changed(mark: Mark, changes: Mapping[str, object]) -> Mark:
    """``mark`` with ``changes``; fields that are not named stay.

    Raises:
        MarksError: an unknown field, or a value that the field cannot have.
    """
    if not changes.keys() <= FIELDS:
        raise MarksError(f"a mark has the fields {', '.join(sorted(FIELDS))}; not {', '.join(sorted(set(changes) - FIELDS))}")
    if changes.get("mark", "") not in MARKS:
        raise MarksError(f"a mark is good, bad or empty; not {changes['mark']!r}")
    if not isinstance(changes.get("heard", False), bool):
        raise MarksError(f"heard is true or false; not {changes['heard']!r}")
    found: dict[str, Any] = dict(changes)
    if "comment" in found:
        found["comment"] = comment_text(found["comment"])
    return replace(mark, **found)


class Marks:
    """The marks on one data version of one subject.

    Args:
        voice: the name of the voice.
        key: the subject's key.
        data_version: the content that is marked; other content has other marks.
    """

    def __init__(self, voice: str, key: str, data_version: str):
        name = hashlib.sha256(data_version.encode()).hexdigest()[:16]
        self.folder = project.artifacts_dir(voice) / "review" / key / name
        self._about = {"voice": voice, "subject": key, "data_version": data_version}

    def all(self) -> dict[str, dict[str, Mark]]:
        """The marks by reviewer and clip, sorted by reviewer.

        Raises:
            MarksFileError: a file cannot be read.
        """
        found = [_read(file) for file in sorted(self.folder.glob("*.json")) if not file.name.startswith(".")]
        return dict(sorted(found))

    def put(self, by: str, clip: str, changes: Mapping[str, object]) -> Mark:
        """Change the mark of one reviewer on one clip. The mark is on disk when this function returns.

        Raises:
            MarksError: the changes cannot be taken.
            MarksFileError: the file cannot be read or written.
        """
        file = self.folder / _file_name(by)
        with _locked(self.folder / "marks.lock"):
            if not file.exists() and len(list(self.folder.glob("*.json"))) >= MOST_REVIEWERS:
                raise MarksError(f"there are {MOST_REVIEWERS} reviewers already")
            marks = _read(file)[1] if file.exists() else {}
            marks[clip] = changed(marks.get(clip, Mark()), changes)
            content = {"by": by, **self._about, "marks": {name: asdict(mark) for name, mark in marks.items()}}
            try:
                files.write_text(file, json.dumps(content, ensure_ascii=False, indent=1) + "\n")
            except OSError as error:
                raise MarksFileError(f"{file}: cannot be written: {error.strerror}") from error
        return marks[clip]


def rows(marks: Mapping[str, Mapping[str, Mark]]) -> list[dict[str, object]]:
    """The marks of all reviewers, one mapping per reviewer and clip: ``clip``, ``by``, ``mark``, ``comment``, ``heard``."""
    return [{"clip": clip, "by": by, **asdict(mark)} for by, clips in marks.items() for clip, mark in clips.items()]


def _file_name(by: str) -> str:
    """A file name that differs for different reviewers, also where a file system ignores capitals."""
    readable = re.sub(r"\W+", "_", by).strip("_")[:30]
    return f"{readable}-{hashlib.sha256(by.encode()).hexdigest()[:12]}.json"


def _read(file: Path) -> tuple[str, dict[str, Mark]]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        return str(content["by"]), {str(clip): Mark(**mark) for clip, mark in content["marks"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise MarksFileError(f"{file}: cannot be read as the marks of a reviewer: {error!r}; move the file away") from error


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    """Hold the lock while the block runs; wait for another writer.

    Raises:
        MarksFileError: nobody could lock the file in time.
    """
    end = time.monotonic() + SECONDS_TO_WAIT
    with ExitStack() as stack:
        while True:
            try:
                stack.enter_context(locks.exclusive(file))
                break
            except locks.LockError as error:
                if time.monotonic() > end:
                    raise MarksFileError(str(error)) from error
                time.sleep(SECONDS_BETWEEN_TRIES)
        yield
