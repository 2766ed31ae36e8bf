"""The review page in a real browser: a person's keys become marks on disk, and nothing is lost."""

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import pytest

from voice_assets.review.app import create_app
from voice_assets.review.marks import Mark, Marks
from voice_assets_tests.browser import Page, browser, needs_chromium
from voice_assets_tests.ports import free_port
from voice_assets_tests.review.served_app import serving
from voice_assets_tests.review.small_subjects import NoComparisons, SmallSubjects, make_project, small_subject

pytestmark = [pytest.mark.slow, needs_chromium]

READY = "document.documentElement.dataset.ready"
NO_DIALOG = "!document.querySelector('dialog[open]')"


def running(subjects: SmallSubjects, port: int) -> AbstractContextManager[None]:
    """The server of the subjects."""
    return serving(create_app(subjects, NoComparisons(), "/review/toy/quality"), port)


@pytest.fixture
def subjects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallSubjects:
    return SmallSubjects(small_subject(make_project(tmp_path / "project", monkeypatch)))


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    with browser(tmp_path / "profile") as page:
        yield page


def kept() -> dict[str, dict[str, Mark]]:
    return Marks("toy", "quality", "v1").all()


def start(page: Page, port: int, name: str) -> None:
    """Open the page and say who listens."""
    page.open(f"http://127.0.0.1:{port}/")
    page.wait_for(READY)
    page.wait_for("document.activeElement.id == 'name'")
    page.type(name)
    page.press("Enter")
    page.wait_for(NO_DIALOG)


def at(page: Page, number: int) -> None:
    """Wait until the page shows clip ``number``, from 1, with its waveform."""
    page.wait_for(f"location.hash == '#{number}' && document.querySelector('.wave svg')")


def summary(page: Page, words: str) -> None:
    page.wait_for(f"document.querySelector('.summary').textContent.includes({json.dumps(words)})")


def test_listening_marking_and_approving_by_keys(subjects: SmallSubjects, page: Page) -> None:
    port = free_port()
    with running(subjects, port):
        start(page, port, "Анна <b>К</b>")
        at(page, 1)
        page.press(" ")
        summary(page, "1 heard")  # the clip was played to its end
        page.press("g")
        at(page, 2)
        assert kept()["Анна <b>К</b>"] == {"clip-000": Mark("good", "", True)}
        page.press_place("и", "b")  # a Russian keyboard: the key in the place of B
        summary(page, "1 bad")
        page.press("c")
        page.type("<img src=x> не слышно")
        page.press("Escape", "n")
        at(page, 3)
        page.press("ArrowLeft")
        at(page, 2)
        page.wait_for("document.getElementById('comment').value == '<img src=x> не слышно'")
        page.press("p", "u")
        at(page, 1)
        summary(page, "1 of 6 marked")
        page.press("g")
        at(page, 2)
        said = kept()["Анна <b>К</b>"]["clip-001"]
        assert (said.mark, said.comment) == ("bad", "<img src=x> не слышно")
        page.press("c")
        page.type("! ")  # not saved yet when the page is left
        Marks("toy", "quality", "v1").put("Борис", "clip-001", {"mark": "good", "comment": "мне слышно"})

        page.call("Page.reload")
        page.wait_for(f"{READY} && document.querySelector('.summary')")
        at(page, 2)
        summary(page, "2 of 6 marked · 1 good · 1 bad")
        page.wait_for("document.querySelector('.others')?.innerText.includes('Борис good мне слышно')")
        page.wait_for("document.getElementById('comment').value == '<img src=x> не слышно! '")
        assert page.value("document.querySelector('.you').innerText") == "Reviewer: Анна <b>К</b>"

        page.press("r")
        page.wait_for("document.querySelector('dialog[open]').innerText.includes('marked 1 good and 1 bad')")
        page.press("Escape")
        page.wait_for(NO_DIALOG)
        assert subjects.decided == []
        page.press("a")
        page.wait_for("document.querySelector('dialog[open]').innerText.includes('Борис marked 1 good and 0 bad')")
        page.press("Enter")
        page.wait_for("document.querySelector('.standing').innerText.includes('approved by Анна <b>К</b>')")
        assert page.value("document.querySelectorAll('main img, main b').length") == 0
        assert page.errors == []
    ((subject, verdict, by, _, marks),) = subjects.decided
    assert (subject.data_version, verdict, by) == ("v1", "approved", "Анна <b>К</b>")
    assert [(one["by"], one["clip"], one["mark"]) for one in marks] == [
        ("Анна <b>К</b>", "clip-000", "good"),
        ("Анна <b>К</b>", "clip-001", "bad"),
        ("Борис", "clip-001", "good"),
    ]


def test_marks_wait_in_the_browser_while_the_server_is_down(subjects: SmallSubjects, page: Page) -> None:
    port = free_port()
    with running(subjects, port):
        start(page, port, "Anna")
        at(page, 1)
    page.press("g")
    page.wait_for("document.querySelector('.alert').innerText.includes('Not saved')")
    assert page.value("location.hash") == "#1"
    summary(page, "1 good")
    assert kept() == {}
    with running(subjects, port):
        page.wait_for("document.querySelector('.alert').hidden")
        assert kept()["Anna"]["clip-000"].mark == "good"


def test_new_data_end_the_review(subjects: SmallSubjects, page: Page) -> None:
    port = free_port()
    with running(subjects, port):
        start(page, port, "Anna")
        at(page, 1)
        subjects.subject_now = replace(subjects.subject_now, data_version="v2")
        page.press("b")
        page.wait_for("document.querySelector('.alert').innerText.includes('other data')")
        page.press("a")
        page.wait_for("document.querySelector('dialog[open]')")
        page.press("Enter")
        page.wait_for("document.querySelector('dialog[open] .error').innerText.includes('Not recorded')")
    assert subjects.decided == []
    assert kept() == {}
