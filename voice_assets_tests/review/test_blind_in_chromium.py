"""The blind comparison in a real browser: both are heard, keys vote, and the result comes last."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette

from voice_assets.review.app import create_app
from voice_assets.tournament.votes import read, votes_file
from voice_assets_tests.browser import Page, browser, needs_chromium
from voice_assets_tests.ports import free_port
from voice_assets_tests.review.served_app import serving
from voice_assets_tests.review.small_comparisons import SmallComparisons, small_comparison
from voice_assets_tests.review.small_subjects import SmallSubjects, make_project, small_subject

pytestmark = [pytest.mark.slow, needs_chromium]

CAN_VOTE = "[...document.querySelectorAll('.choices button')].every((one) => !one.disabled)"
GOAL = 3  # three pairs of candidates, one sentence


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Starlette:
    dataset = make_project(tmp_path / "project", monkeypatch)
    comparisons = SmallComparisons(small_comparison(tmp_path / "spoken", sentences=1))
    return create_app(SmallSubjects(small_subject(dataset)), comparisons, "/review/toy/blind")


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    with browser(tmp_path / "profile") as page:
        yield page


def start(page: Page, port: int, name: str) -> None:
    """Open the page and say who listens."""
    page.open(f"http://127.0.0.1:{port}/")
    page.wait_for("document.documentElement.dataset.ready")
    page.wait_for("document.activeElement.id == 'name'")
    page.type(name)
    page.press("Enter")
    page.wait_for("!document.querySelector('dialog[open]')")


def summary(page: Page, words: str) -> None:
    page.wait_for(f"document.querySelector('.summary').textContent.includes({json.dumps(words)})")


def test_comparing_by_keys_until_the_result(app: Starlette, page: Page) -> None:
    port = free_port()
    with serving(app, port):
        start(page, port, "Анна <b>К</b>")
        summary(page, "0 of 3 pairs")
        page.press("a")  # nothing was heard yet: no vote
        page.press("1")
        page.wait_for(
            "document.querySelectorAll('.sample')[0].innerText.includes('heard') && "
            "!document.querySelectorAll('.sample')[0].innerText.includes('not heard')"
        )
        assert not page.value(CAN_VOTE)
        assert read(votes_file("toy")) == []
        page.press("2")
        page.wait_for(CAN_VOTE)
        page.press("b")
        summary(page, "1 of 3 pairs")
        assert not page.value(CAN_VOTE)

        page.press(" ")  # both, one after the other
        page.wait_for(CAN_VOTE)
        page.press_place("т", "n")  # a Russian keyboard: the key in the place of N
        summary(page, "2 of 3 pairs")

        page.press("u", " ")  # back to the pair before, heard again
        page.wait_for(CAN_VOTE)
        page.press("a")
        page.wait_for("document.getElementById('blind').getAttribute('aria-busy') == 'false'")
        summary(page, "2 of 3 pairs")
        assert not page.value(CAN_VOTE)

        assert page.value("document.body.innerText.includes('v0-e')") is False
        page.press("r")
        page.press(" ")
        page.wait_for(CAN_VOTE)
        assert page.value("document.querySelector('.result').hidden")
        page.press("a")
        summary(page, "3 of 3 pairs · done")
        page.wait_for("document.querySelector('.sentence').innerText.includes('You have compared every pair')")
        page.press("r")
        page.wait_for("!document.querySelector('.result').hidden")
        shown = page.value("document.querySelector('.result').innerText")
        assert all(epoch in shown for epoch in ("v0-e0010", "v0-e0020", "v0-e0030", "3 votes by Анна <b>К</b> (3)"))
        assert page.value("document.querySelectorAll('main b').length") == 0
        assert page.errors == []
    assert [one.choice for one in read(votes_file("toy"))] == ["second", "none", "first", "first"]


def test_a_vote_while_the_server_is_down_is_not_lost_silently(app: Starlette, page: Page) -> None:
    port = free_port()
    with serving(app, port):
        start(page, port, "Anna")
        summary(page, "0 of 3 pairs")
        page.press(" ")
        page.wait_for(CAN_VOTE)
    page.press("a")
    page.wait_for("document.querySelector('.alert').innerText.includes('Not recorded')")
    assert read(votes_file("toy")) == []
    with serving(app, port):
        page.wait_for(CAN_VOTE)
        page.press("a")
        summary(page, "1 of 3 pairs")
        page.wait_for("document.querySelector('.alert').hidden")
    assert len(read(votes_file("toy"))) == 1
