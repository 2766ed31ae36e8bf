"""What a check says is safe to print and short, however the check says it."""

from pathlib import Path

from voice_assets.release.checked import LONGEST, MOST, Check, checked


def test_a_check_that_returns_its_result_is_cut_and_made_safe_too() -> None:
    long = "x" * (16 << 20)
    found = checked("licence", lambda: Check("licence", long, ("\x1b[2J", *["again"] * 50), (long,)), "", Path())
    assert len(found.found) == len(found.warnings[0]) == LONGEST + 1
    assert found.problems[0] == "\\x1b[2J"
    assert (len(found.problems), found.problems[-1]) == (MOST + 1, f"and {51 - MOST} more")


def test_problems_have_no_finding() -> None:
    assert checked("files", lambda: ["a: missing"], "3 files", Path()) == Check("files", problems=("a: missing",))
    assert checked("files", list, "3 files", Path()) == Check("files", "3 files")
