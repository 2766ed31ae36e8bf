"""The marks of reviewers: several side by side, and nothing lost that was answered."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from voice_assets.review import marks
from voice_assets.review.marks import Mark, Marks, MarksError, MarksFileError
from voice_assets.runtime import locks


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Marks:
    monkeypatch.setenv("VOICE_ASSETS_ROOT", str(tmp_path))
    return Marks("toy", "quality", "data-1")


def test_changes_of_one_field_leave_the_others(kept: Marks) -> None:
    kept.put("Anna", "a", {"heard": True})
    kept.put("Anna", "a", {"mark": "bad"})
    kept.put("Anna", "a", {"comment": "cut off"})
    assert kept.all() == {"Anna": {"a": Mark("bad", "cut off", True)}}
    assert kept.put("Anna", "a", {"mark": ""}) == Mark("", "cut off", True)


def test_reviewers_stand_side_by_side(kept: Marks) -> None:
    for by in ("Борис", "anna", "Anna", "../..", "а/б"):
        kept.put(by, "a", {"comment": by})
    assert {by: clips["a"].comment for by, clips in kept.all().items()} == {
        by: by for by in ("Борис", "anna", "Anna", "../..", "а/б")
    }
    assert {file.parent for file in kept.folder.parent.rglob("*.json")} == {kept.folder}


def test_other_data_have_other_marks(kept: Marks) -> None:
    kept.put("Anna", "a", {"mark": "good"})
    assert Marks("toy", "quality", "data-2").all() == {}
    assert Marks("toy", "v0-e0001", "data-1").all() == {}
    assert Marks("toy", "quality", "data-1").all() == {"Anna": {"a": Mark("good")}}


def test_writers_at_the_same_time_lose_nothing(kept: Marks) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: kept.put(f"reviewer {number % 2}", str(number), {"mark": "good"}), range(40)))
    found = kept.all()
    assert [len(found[f"reviewer {number}"]) for number in (0, 1)] == [20, 20]


KILLED = """
import os, sys
from voice_assets.review.marks import Marks
kept = Marks("toy", "quality", "data-1")
number = 0
while True:
    kept.put("Anna", str(number), {"mark": "good"})
    print(number, flush=True)
    number += 1
"""


def test_a_killed_writer_loses_no_mark_that_it_reported(kept: Marks, tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", KILLED], stdout=subprocess.PIPE, text=True, env=dict(os.environ))
    assert process.stdout is not None
    for _ in range(5):
        process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    reported = 5 + len(process.stdout.read().splitlines())
    process.wait()
    found = kept.all()["Anna"]
    assert set(map(str, range(reported))) <= found.keys()
    kept.put("Anna", "0", {"mark": "bad"})  # the killed process left no lock behind
    assert kept.all()["Anna"]["0"] == Mark("bad")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"mark": "best"}, "good, bad or empty"),
        ({"mark": 1}, "good, bad or empty"),
        ({"heard": "yes"}, "true or false"),
        ({"comment": 3}, "a comment is a text"),
        ({"comment": "x" * (marks.LONGEST_COMMENT + 1)}, "at most 2000"),
        ({"by": "Anna"}, "not by"),
    ],
)
def test_marks_that_are_not_taken(kept: Marks, changes: dict[str, object], words: str) -> None:
    kept.put("Anna", "a", {"mark": "good"})
    with pytest.raises(MarksError, match=words):
        kept.put("Anna", "a", changes)
    assert kept.all() == {"Anna": {"a": Mark("good")}}


def test_control_characters_of_a_comment_are_written_out(kept: Marks) -> None:
    assert kept.put("Anna", "a", {"comment": "one\r\ntwo\x1b[2J\ud800"}).comment == "one\ntwo\\x1b[2J\\ud800"
    assert Marks("toy", "quality", "data-1").all()["Anna"]["a"].comment == "one\ntwo\\x1b[2J\\ud800"


@pytest.mark.parametrize("name", ["", "  ", None, 3, "x" * 61, "An\x00na", "An\u202ena"])
def test_names_that_are_not_taken(name: object) -> None:
    with pytest.raises(MarksError, match="reviewer"):
        marks.reviewer_name(name)


def test_a_name_is_the_same_with_other_spaces() -> None:
    assert marks.reviewer_name("  Анна \t Каренина ") == "Анна Каренина"


def test_a_broken_file_is_an_error_and_stays(kept: Marks) -> None:
    kept.put("Anna", "a", {"mark": "good"})
    (file,) = kept.folder.glob("*.json")
    file.write_text("{half", encoding="utf-8")
    with pytest.raises(MarksFileError, match=file.name):
        kept.all()
    with pytest.raises(MarksFileError, match=file.name):
        kept.put("Anna", "b", {"mark": "good"})
    assert file.read_text(encoding="utf-8") == "{half"


def test_a_lock_that_stays_held_is_an_error(kept: Marks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(marks, "SECONDS_TO_WAIT", 0.0)
    with locks.exclusive(kept.folder / "marks.lock"), pytest.raises(MarksFileError, match=r"marks\.lock"):
        kept.put("Anna", "a", {"mark": "good"})


def test_the_rows_of_all_reviewers(kept: Marks) -> None:
    kept.put("Борис", "b", {"mark": "bad", "comment": "noise", "heard": True})
    kept.put("Anna", "a", {"heard": True})
    assert marks.rows(kept.all()) == [
        {"clip": "a", "by": "Anna", "mark": "", "comment": "", "heard": True},
        {"clip": "b", "by": "Борис", "mark": "bad", "comment": "noise", "heard": True},
    ]
