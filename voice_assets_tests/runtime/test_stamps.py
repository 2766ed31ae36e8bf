"""Stamps in names: in the order of time wherever the machine stands and whatever its clock does."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_assets.runtime.stamps import new_folder, new_stamp, stamped, timestamp, utc_text

ZONES = {"Europe/Berlin": (2026, 10, 25, 1), "America/New_York": (2026, 11, 1, 6), "Australia/Lord_Howe": (2026, 4, 4, 15)}
"""Zone -> the moment, in UTC, at which its clocks are set back in 2026."""


@pytest.fixture(params=ZONES)
def clock_change(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[float]:
    """The machine stands in a zone; the seconds at which its clocks are set back."""
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield datetime(*ZONES[request.param], tzinfo=UTC).timestamp()
    monkeypatch.undo()
    time.tzset()


def test_the_autumn_clock_change_does_not_turn_the_order_round(clock_change: float) -> None:
    before, after = clock_change - 60, clock_change + 60
    assert time.localtime(before)[:6] > time.localtime(after)[:6]  # what local time would have made of it
    assert timestamp(before) < timestamp(after)
    assert utc_text(before) < utc_text(after)


def test_the_text_and_the_name_carry_one_time(clock_change: float) -> None:
    found = datetime.strptime(utc_text(clock_change), "%Y-%m-%d %H:%M:%S UTC").replace(tzinfo=UTC)
    assert found.timestamp() == clock_change
    assert timestamp(clock_change + 0.123456) == f"{found:%Y%m%d_%H%M%S}_123"


def test_now_is_the_time_now() -> None:
    start = timestamp(time.time())
    assert start <= timestamp() <= timestamp(time.time() + 0.001)


@given(st.floats(0, 4e9), st.floats(0, 4e9))
def test_stamps_sort_by_time(first: float, second: float) -> None:
    earlier, later = sorted((first, second))
    assert timestamp(earlier) <= timestamp(later)


@pytest.mark.parametrize(
    ("there", "stamp"),
    [
        ("report_20991231_101500_123", "20991231_101500_124"),
        (".report_20991231_101500_123", "20991231_101500_124"),
        ("report_20991231_101500_123.md", "20991231_101500_124"),
        ("report_20991231_101500_999-17", "20991231_101501_000"),
        ("report_20991231_235959_999", "21000101_000000_000"),
        ("report_20991231_101500", "20991231_101500_001"),
    ],
)
def test_a_name_is_later_than_all_that_are_there(tmp_path: Path, there: str, stamp: str) -> None:
    (tmp_path / there).mkdir()
    (tmp_path / "report_20200101_000000_000").mkdir()
    for prefix in ("report_", ".report_"):
        assert new_stamp(tmp_path, prefix) == stamp


@pytest.mark.parametrize(
    "there", ["report_other_20991231_101500_123", "report_20991341_101500_123", "xreport_20991231_101500_123"]
)
def test_other_names_do_not_count(tmp_path: Path, there: str) -> None:
    (tmp_path / there).mkdir()
    assert new_stamp(tmp_path, "report_") < timestamp(time.time() + 0.001)


def test_a_folder_that_is_not_there_has_no_stamps(tmp_path: Path) -> None:
    assert stamped(tmp_path / "none", "report_") == []
    assert new_folder(tmp_path / "none", "report_").is_dir()


def test_many_folders_in_one_millisecond_are_in_the_order_of_their_making(tmp_path: Path) -> None:
    made = [new_folder(tmp_path, "report_") for _ in range(50)]
    assert stamped(tmp_path, "report_") == made


def test_only_stamped_names_are_listed(tmp_path: Path) -> None:
    good = ["report_20261122_101500", "report_20261122_101500_123", "report_20261122_101501_000"]
    for name in [*good, "report_20261122_101500_123.old", "report_copy", ".report_20261122_101500_124", "report_z"]:
        (tmp_path / name).mkdir()
    assert [path.name for path in stamped(tmp_path, "report_")] == good
