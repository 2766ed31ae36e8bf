"""The votes of the blind comparison on disk: one file per voice, one line per vote, only ever appended to.

A vote names the person, the time, the sentence, both samples with the SHA-256 of their audio, and the choice. So a vote counts
for exactly the audio that was heard, and everybody can see later who said what, and when. Nothing is ever removed: a person
who decides again adds a line, and the newest line counts.

Not here: which pair is played next (``pairing``), and what the votes mean (``preferences``).
"""

import hashlib
import json
import os
import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal, get_args

from voice_assets.runtime import locks, project
from voice_assets.runtime.stamps import utc_text

Choice = Literal["first", "second", "none"]
SECONDS_TO_WAIT, SECONDS_BETWEEN_TRIES = 5.0, 0.01


class VotesError(RuntimeError):
    """The votes on disk cannot be read or written. The message names the file, and the line if there is one."""


@dataclass(frozen=True)
class Heard:
    """One of the two samples: the epoch that spoke it, and the SHA-256 of the audio."""

    epoch_key: str
    sha256: str


@dataclass(frozen=True)
class Vote:
    """One vote. ``first`` is the sample that the page called A; ``none`` means that the person heard no difference.

    ``time`` is in UTC, such as ``2026-11-29 10:15:00 UTC``. ``text`` is the sentence of both samples.
    """

    time: str
    by: str
    text: str
    first: Heard
    second: Heard
    choice: Choice

    @property
    def question(self) -> tuple[str, str, frozenset[str]]:
        """What was asked of whom: the same for both orders of the same two samples."""
        return (self.by, self.text, frozenset((self.first.sha256, self.second.sha256)))

    def points(self) -> tuple[tuple[str, float], tuple[str, float]]:
        """Each epoch with its part of the vote: 1 and 0, or a half each."""
        share = {"first": 1.0, "second": 0.0, "none": 0.5}[self.choice]
        return (self.first.epoch_key, share), (self.second.epoch_key, 1.0 - share)


def votes_file(voice: str) -> Path:
    """The file with the votes of a voice."""
    return project.artifacts_dir(voice) / "blind_votes" / "votes.jsonl"


def append(file: Path, vote: Vote) -> None:
    """Add a vote. The vote is on disk when this function returns.

    A process that was killed while it wrote leaves half a line. Nobody was told that this vote is kept, so the half line is
    removed.

    Raises:
        VotesError: the file cannot be written, or another process holds its lock.
    """
    line = json.dumps(asdict(vote), ensure_ascii=False) + "\n"
    with _locked(file.with_suffix(".lock")):
        try:
            with file.open("a+b") as opened:
                opened.truncate(_whole_bytes(_all(opened)))
                opened.write(line.encode())
                opened.flush()
                os.fsync(opened.fileno())
        except OSError as error:
            raise VotesError(f"{file}: cannot be written: {error.strerror}") from error


def read(file: Path) -> list[Vote]:
    """All votes, the oldest first; none where there is no file. Half a line at the end was never a vote.

    Raises:
        VotesError: the file cannot be read, or a line is no vote.
    """
    try:
        content = file.read_bytes() if file.exists() else b""
    except OSError as error:
        raise VotesError(f"{file}: cannot be read: {error.strerror}") from error
    return [_vote(file, number, line) for number, line in enumerate(content[: _whole_bytes(content)].splitlines(), start=1)]


def counted(votes: Iterable[Vote], samples: Collection[tuple[str, str, str]]) -> list[Vote]:
    """The votes that count: on exactly these samples, and of each person the newest on each pair.

    Args:
        votes: the oldest first.
        samples: epoch key, sentence and SHA-256 of the audio of each.
    """
    newest: dict[tuple[str, str, frozenset[str]], Vote] = {}
    for vote in votes:
        if all((heard.epoch_key, vote.text, heard.sha256) in samples for heard in (vote.first, vote.second)):
            newest[vote.question] = vote
    return list(newest.values())


def version(votes: Iterable[Vote]) -> str:
    """The data version of votes: SHA-256 over all of them, in any order."""
    lines = sorted(json.dumps(asdict(vote), sort_keys=True) for vote in votes)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def now() -> str:
    """The time of a vote that is given now."""
    return utc_text()


def _whole_bytes(content: bytes) -> int:
    """The length of the whole lines in ``content``."""
    return content.rfind(b"\n") + 1


def _all(opened: BinaryIO) -> bytes:
    opened.seek(0)
    return opened.read()


def _vote(file: Path, number: int, line: bytes) -> Vote:
    try:
        found: dict[str, Any] = json.loads(line)
        vote = Vote(**{**found, "first": Heard(**found["first"]), "second": Heard(**found["second"])})
        texts = (vote.time, vote.by, vote.text, *asdict(vote.first).values(), *asdict(vote.second).values())
        if vote.choice not in get_args(Choice) or not all(isinstance(one, str) for one in texts):
            raise ValueError("a field has a value of another kind")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise VotesError(
            f"{file}: line {number} is no vote ({error}); restore the file from a backup, or move the file away"
        ) from error
    return vote


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    """Hold the lock while the block runs; wait for another writer.

    Raises:
        VotesError: nobody could lock the file in time.
    """
    end = time.monotonic() + SECONDS_TO_WAIT
    while True:
        try:
            taken = locks.InheritableLock.take(file)
        except locks.LockError as error:
            raise VotesError(str(error)) from error
        if taken is not None:
            break
        if time.monotonic() > end:
            raise VotesError(f"{locks.holder_text(file)} holds the lock {file}")
        time.sleep(SECONDS_BETWEEN_TRIES)
    try:
        taken.sign()
        yield
    finally:
        taken.release()
