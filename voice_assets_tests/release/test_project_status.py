"""The status page: the part of a voice changes, and not one byte of what people wrote."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_assets.release.project_status import (
    Stage,
    Status,
    StatusError,
    markers,
    part,
    require_updatable,
    update,
    with_part,
)

STATUS = Status(
    voice="toy",
    title="Toy <b>| voice",
    version="1.0.0",
    epoch="v0-e0001",
    facts=[("Package", "artifacts/toy/x.zip")],
    stages=[Stage("validation", "base_validation", "PASS", "2026-11-22 10:15:00 UTC", "10 clips", "reports/validation_1.md")],
    next_step="hand over <!-- voice-assets: end toy -->",
)
BEGIN, END = markers("toy")
PAGE = Path("PROJECT_STATUS.md")
LOCK = "status.lock"


def test_a_new_page_says_that_people_may_write(tmp_path: Path) -> None:
    file = tmp_path / "PROJECT_STATUS.md"
    assert update(file, STATUS, tmp_path / LOCK)
    text = file.read_text(encoding="utf-8")
    assert text.startswith("# Project status\n")
    assert "| validation | base_validation | PASS | 2026-11-22 10:15:00 UTC | 10 clips | reports/validation_1.md |" in text
    assert "* Release: 1.0.0, epoch v0-e0001" in text
    assert "* Next step: hand over" in text


def test_the_same_release_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "PROJECT_STATUS.md"
    update(file, STATUS, tmp_path / LOCK)
    before = file.stat().st_mtime_ns
    assert not update(file, STATUS, tmp_path / LOCK)
    assert file.stat().st_mtime_ns == before


def test_texts_are_no_markup_and_no_marker() -> None:
    text = part(STATUS)
    assert "<b>" not in text.replace("\\<b\\>", "")
    assert END.decode() not in text


TEXTS = st.binary(max_size=200).filter(lambda text: b"<!--" not in text)


@given(before=TEXTS, after=TEXTS)
def test_every_other_byte_stays(before: bytes, after: bytes) -> None:
    page = before + BEGIN + b"\nold\n" + END + after
    written = with_part(page, STATUS, PAGE)
    assert written.startswith(before + BEGIN)
    assert written.endswith(END + after)
    assert with_part(written, STATUS, PAGE) == written


@given(before=TEXTS)
def test_a_page_without_markers_gets_the_part_at_its_end(before: bytes) -> None:
    written = with_part(before, STATUS, PAGE)
    assert written.startswith(before)
    assert with_part(written, STATUS, PAGE) == written


def test_two_voices_have_their_own_parts() -> None:
    both = with_part(with_part(b"mine\n", STATUS, PAGE), replace(STATUS, voice="toy_2"), PAGE)
    again = with_part(both, replace(STATUS, version="2.0.0"), PAGE)
    assert again.replace(b"2.0.0", b"1.0.0") == both
    assert again.count(b"2.0.0") == 1


def test_the_line_ends_of_the_page_are_kept() -> None:
    written = with_part(b"mine\r\n", STATUS, PAGE)
    assert b"\n" not in written.replace(b"\r\n", b"")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (BEGIN + b"\nno end", "no line: .*end toy.* must be there once"),
        (b"\n" + END, "no line: .*begin toy.* must be there once"),
        (BEGIN + b"\n" + BEGIN + b"\n" + END, "line 1 and 2: .*begin toy.* must be there once"),
        (END + b"\n" + BEGIN, "line 1: .*end toy.* is before"),
    ],
)
def test_markers_that_nobody_can_understand_are_refused(tmp_path: Path, text: bytes, words: str) -> None:
    file = tmp_path / "PROJECT_STATUS.md"
    file.write_bytes(text)
    for attempt in (lambda: update(file, STATUS, tmp_path / LOCK), lambda: require_updatable(file, "toy")):
        with pytest.raises(StatusError, match=words):
            attempt()
    assert file.read_bytes() == text


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    page = tmp_path / "docs" / "STATUS.md"
    page.write_text("mine\n", encoding="utf-8")
    (link := tmp_path / "PROJECT_STATUS.md").symlink_to(page)
    assert update(link, STATUS, tmp_path / LOCK)
    assert link.is_symlink()
    assert BEGIN in page.read_bytes()


def test_voices_that_are_released_at_once_are_all_on_the_page(tmp_path: Path) -> None:
    file, voices = tmp_path / "PROJECT_STATUS.md", [f"voice_{number}" for number in range(8)]
    together = threading.Barrier(len(voices))

    def release(voice: str) -> bool:
        together.wait()
        return update(file, replace(STATUS, voice=voice), tmp_path / LOCK)

    with ThreadPoolExecutor(len(voices)) as pool:
        assert all(pool.map(release, voices))
    assert all(markers(voice)[0] in file.read_bytes() for voice in voices)


def test_who_may_read_the_page_stays_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "PROJECT_STATUS.md"
    file.write_text("mine\n", encoding="utf-8")
    file.chmod(0o660)
    update(file, STATUS, tmp_path / LOCK)
    assert file.stat().st_mode & 0o777 == 0o660
