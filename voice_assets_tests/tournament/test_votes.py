"""Votes on disk: appended whole, kept for ever, bound to the audio that was heard."""

import dataclasses
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from voice_assets.tournament.ranking import heard_hashes
from voice_assets.tournament.votes import VotesError, append, counted, read, version
from voice_assets_tests.tournament.made import TEXTS, candidate, vote

A, B = candidate(10), candidate(20)
HASHES = heard_hashes([A, B])
ODD = "Анна\n<b>“\u2028"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "votes" / "votes.jsonl"


def test_what_was_appended_is_read(file: Path) -> None:
    assert read(file) == []
    said = [vote(A, B), vote(B, A, "none", by=ODD, text=TEXTS[2])]
    for one in said:
        append(file, one)
    assert read(file) == said
    assert file.read_bytes().count(b"\n") == 2


def test_the_newest_vote_of_a_person_on_a_pair_counts_and_the_older_one_stays_on_disk(file: Path) -> None:
    first, again = vote(A, B, "first"), vote(B, A, "none")
    for one in (first, vote(A, B, "second", by="Boris"), again):
        append(file, one)
    kept = counted(read(file), HASHES)
    assert [(one.by, one.choice) for one in kept] == [("Anna", "none"), ("Boris", "second")]
    assert len(read(file)) == 3


def test_votes_on_other_audio_or_another_sentence_do_not_count() -> None:
    good = vote(A, B)
    other = dataclasses.replace(good, first=dataclasses.replace(good.first, sha256="0" * 64))
    assert counted([good, other, dataclasses.replace(good, text=TEXTS[1])], HASHES) == [good]
    assert counted([vote(A, candidate(30))], HASHES) == []


def test_the_version_names_the_votes_in_any_order() -> None:
    said = [vote(A, B), vote(A, B, "none", by="Boris")]
    assert version(said) == version(said[::-1])
    assert len({version(said), version(said[:1]), version([]), version([said[0], vote(A, B, by="Boris")])}) == 4


def test_half_a_line_was_never_a_vote(file: Path) -> None:
    append(file, vote(A, B))
    with file.open("ab") as opened:
        opened.write(b'{"time": "2026-11-29 10:00')
    assert read(file) == [vote(A, B)]
    append(file, vote(B, A))
    assert read(file) == [vote(A, B), vote(B, A)]


@pytest.mark.parametrize(
    "line",
    [
        "nonsense",
        "[1]",
        "{}",
        "[" * 100_000,
        '{"time": "t", "by": "x", "text": "t", "first": {"epoch_key": "a", "sha256": "b"}, "second": null, "choice": "first"}',
        '{"time": "t", "by": 3, "text": "t", "first": {"epoch_key": "a", "sha256": "b"}, '
        '"second": {"epoch_key": "a", "sha256": "b"}, "choice": "first"}',
        '{"time": "t", "by": "x", "text": "t", "first": {"epoch_key": "a", "sha256": "b"}, '
        '"second": {"epoch_key": "a", "sha256": "b"}, "choice": "best"}',
    ],
)
def test_a_line_that_is_no_vote_is_named(file: Path, line: str) -> None:
    append(file, vote(A, B))
    with file.open("a", encoding="utf-8") as opened:
        opened.write(f"{line}\n")
    with pytest.raises(VotesError, match=r"votes\.jsonl: line 2 is no vote"):
        read(file)


def test_several_writers_lose_nothing(file: Path) -> None:
    def write(person: int) -> None:
        for text in TEXTS:
            append(file, vote(A, B, by=f"Person {person}", text=text))

    threads = [threading.Thread(target=write, args=(person,)) for person in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({(one.by, one.text) for one in read(file)}) == 4 * len(TEXTS)


KILLED = """
import os, signal, sys
from pathlib import Path
from voice_assets.tournament import votes
from voice_assets_tests.tournament.made import candidate, vote
os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)
votes.append(Path(sys.argv[1]), vote(candidate(10), candidate(20), by="killed"))
"""


@pytest.mark.slow
def test_a_killed_writer_leaves_whole_votes_and_no_lock(file: Path) -> None:
    append(file, vote(A, B))
    killed = subprocess.run([sys.executable, "-c", KILLED, str(file)], env=dict(os.environ), check=False)
    assert killed.returncode == -signal.SIGKILL
    append(file, vote(B, A))
    found = read(file)
    assert (found[0], found[-1]) == (vote(A, B), vote(B, A))
    assert {one.by for one in found[1:-1]} <= {"killed"}


def test_a_folder_in_the_place_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(VotesError, match="cannot be read"):
        read(tmp_path)
    with pytest.raises(VotesError, match="cannot be written"):
        append(tmp_path, vote(A, B))
