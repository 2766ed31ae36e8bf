"""The requests of the review page: marks are on disk before the answer, and verdicts count for the data that were heard."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from voice_assets.review.app import create_app, is_ours
from voice_assets.review.marks import Mark, Marks
from voice_assets_tests.review.small_subjects import NoComparisons, SmallSubjects, make_project, small_subject

BASE = "/review/toy/quality"


@pytest.fixture
def subjects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallSubjects:
    return SmallSubjects(small_subject(make_project(tmp_path / "project", monkeypatch), title="<script>x</script>"))


@pytest.fixture
def client(subjects: SmallSubjects) -> TestClient:
    return TestClient(create_app(subjects, NoComparisons(), BASE), base_url="http://127.0.0.1:3001")


def posted(client: TestClient, what: str, **content: object) -> tuple[int, Mapping[str, Any]]:
    answer = client.post(f"{BASE}/{what}", json={"data_version": "v1", "by": "Anna", **content})
    return answer.status_code, answer.json()


def test_the_page_has_no_inline_script_and_escapes_the_title(client: TestClient) -> None:
    answer = client.get("/")
    assert str(answer.url).endswith(BASE)
    policy = answer.headers["content-security-policy"]
    for rule in ("default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "frame-ancestors 'none'"):
        assert rule in policy.split("; ")
    assert "unsafe" not in policy
    assert "&lt;script&gt;x&lt;/script&gt;" in answer.text
    assert "<script>" not in answer.text
    assert "style=" not in answer.text
    for name in ("style.css", "review.css", "review.js"):
        assert f'"/review/-/{name}"' in answer.text
    for name, kind in {"style.css": "text/css", "review.js": "text/javascript", "player.js": "text/javascript"}.items():
        assert client.get(f"/review/-/{name}").headers["content-type"] == f"{kind}; charset=utf-8"


def test_the_clips_with_their_differences(client: TestClient) -> None:
    clips = client.get(f"{BASE}/clips").json()["clips"]
    assert len(clips) == 6
    assert (clips[0]["hypothesis"], clips[0]["diff"]) == (None, None)
    assert clips[1]["diff"] == [
        {"kind": "same", "words": "конференция"},
        {"kind": "missing", "words": "сейчас"},
        {"kind": "added", "words": "сегодня"},
        {"kind": "same", "words": "начнется"},
    ]
    assert clips[0]["signals"] == [["Level", "-12.0 dBFS"], ["Speech", "93% of the clip"]]


def test_a_mark_is_on_disk_when_it_is_answered(client: TestClient) -> None:
    status, state = posted(client, "mark", clip="clip-000", changes={"mark": "bad", "comment": "noise"})
    assert status == 200
    assert state["marks"] == {"Anna": {"clip-000": {"mark": "bad", "comment": "noise", "heard": False}}}
    assert Marks("toy", "quality", "v1").all() == {"Anna": {"clip-000": Mark("bad", "noise")}}
    assert client.get(f"{BASE}/state").json() == state


@pytest.mark.parametrize(
    ("content", "status", "words"),
    [
        ({"clip": "clip-000", "changes": {"mark": "bad"}, "by": ""}, 422, "name"),
        ({"clip": "clip-000", "changes": {"mark": "bad"}, "by": "x" * 61}, 422, "60"),
        ({"clip": "other", "changes": {"mark": "bad"}}, 422, "no clip"),
        ({"clip": ["clip-000"], "changes": {"mark": "bad"}}, 422, "no clip"),
        ({"clip": "clip-000", "changes": {"mark": "best"}}, 422, "good, bad"),
        ({"clip": "clip-000", "changes": "bad"}, 422, "changes"),
        ({"clip": "clip-000", "changes": {"mark": "bad"}, "data_version": "v0"}, 409, "other data"),
        ({"clip": "clip-000", "changes": {"comment": "x" * 70000}}, 413, "65536"),
    ],
)
def test_marks_that_are_refused(client: TestClient, content: dict[str, object], status: int, words: str) -> None:
    found, answer = posted(client, "mark", **content)
    assert found == status
    assert words in answer["error"]
    assert Marks("toy", "quality", "v1").all() == {}


@pytest.mark.parametrize("what", ["mark", "decide"])
@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_only_json_is_taken(client: TestClient, subjects: SmallSubjects, what: str, kind: str) -> None:
    body = '{"data_version": "v1", "by": "Anna", "clip": "clip-000", "changes": {"mark": "bad"}, "verdict": "approved"}'
    assert client.post(f"{BASE}/{what}", content=body, headers={"content-type": kind}).status_code == 415
    assert client.get(f"{BASE}/{what}").status_code == 405
    assert Marks("toy", "quality", "v1").all() == {}
    assert subjects.decided == []


@pytest.mark.parametrize("body", ["", "[1]", "nonsense", "[" * 60000])
def test_bodies_that_are_no_object(client: TestClient, body: str) -> None:
    assert client.post(f"{BASE}/mark", content=body, headers={"content-type": "application/json"}).status_code == 400


def test_a_verdict_is_handed_over_with_the_marks_of_all(client: TestClient, subjects: SmallSubjects) -> None:
    posted(client, "mark", clip="clip-000", changes={"mark": "good", "heard": True})
    posted(client, "mark", clip="clip-001", changes={"mark": "bad"}, by="Борис")
    status, state = posted(client, "decide", verdict="approved", comment="clean\x07")
    assert status == 200
    ((subject, verdict, by, comment, marks),) = subjects.decided
    assert (subject.data_version, verdict, by, comment) == ("v1", "approved", "Anna", "clean\\x07")
    assert [(one["by"], one["clip"], one["mark"]) for one in marks] == [
        ("Anna", "clip-000", "good"),
        ("Борис", "clip-001", "bad"),
    ]
    assert state["standing"] == {
        "verdict": "approved",
        "by": "Anna",
        "comment": "clean\\x07",
        "time": "1970-01-01 00:00:00 UTC",
    }


@pytest.mark.parametrize(
    ("content", "status"),
    [
        ({"verdict": "maybe"}, 422),
        ({}, 422),
        ({"verdict": "approved", "by": " "}, 422),
        ({"verdict": "approved", "comment": 1}, 422),
    ],
)
def test_verdicts_that_are_refused(
    client: TestClient, subjects: SmallSubjects, content: dict[str, object], status: int
) -> None:
    assert posted(client, "decide", **content)[0] == status
    assert subjects.decided == []


def test_new_data_end_the_review_of_the_old(client: TestClient, subjects: SmallSubjects) -> None:
    posted(client, "mark", clip="clip-000", changes={"mark": "good"})
    subjects.subject_now = replace(subjects.subject_now, data_version="v2")
    status, answer = posted(client, "decide", verdict="approved")
    assert (status, answer["error"]) == (409, "There are other data now: reload the page and listen again.")
    assert subjects.decided == []
    assert client.get(f"{BASE}/audio/0?version=v1").status_code == 409
    assert client.get(f"{BASE}/state").json()["marks"] == {}


def test_data_that_change_while_a_verdict_is_recorded(client: TestClient, subjects: SmallSubjects) -> None:
    class Late(SmallSubjects):
        def subject(self, voice: str, key: str) -> Any:
            return replace(super().subject(voice, key), data_version="v1")

    late = Late(replace(subjects.subject_now, data_version="v2"))
    answer = TestClient(create_app(late, NoComparisons())).post(
        f"{BASE}/decide", json={"data_version": "v1", "by": "Anna", "verdict": "approved"}
    )
    assert (answer.status_code, answer.json()["error"]) == (409, "other data now")
    assert late.decided == []


def test_audio_and_its_waveform(client: TestClient, tmp_path: Path) -> None:
    whole = (tmp_path / "project" / "dataset" / "wavs" / "clip-003.wav").read_bytes()
    answer = client.get(f"{BASE}/audio/3?version=v1", headers={"range": "bytes=10-19"})
    assert (answer.status_code, answer.content) == (206, whole[10:20])
    assert max(client.get(f"{BASE}/waveform/3?version=v1").json()["peaks"]) == 1
    assert client.get(f"{BASE}/audio/6?version=v1").status_code == 404


def test_audio_that_is_gone_or_a_link_to_another_place(client: TestClient, tmp_path: Path) -> None:
    wavs = tmp_path / "project" / "dataset" / "wavs"
    (wavs / "clip-000.wav").rename(tmp_path / "moved.wav")
    (wavs / "clip-000.wav").symlink_to(tmp_path / "moved.wav")
    (wavs / "clip-001.wav").unlink()
    for path in ("audio/0", "waveform/0", "audio/1", "waveform/1"):
        assert client.get(f"{BASE}/{path}?version=v1").status_code == 404, path


def test_broken_marks_are_an_error_that_names_the_file(client: TestClient) -> None:
    posted(client, "mark", clip="clip-000", changes={"mark": "good"})
    (file,) = Marks("toy", "quality", "v1").folder.glob("*.json")
    file.write_text("{half", encoding="utf-8")
    status, answer = posted(client, "mark", clip="clip-000", changes={"mark": "bad"})
    assert status == 503
    assert file.name in answer["error"]


def test_what_is_not_there(client: TestClient) -> None:
    for path in ("/review/toy/v0-e0001", "/review/other/quality", "/review/other/", f"{BASE}/audio/0"):
        assert client.get(path).status_code in (404, 409), path
    page = client.get("/review/toy/v0-e0001", headers={"accept": "text/html"})
    assert "toy has no v0-e0001" in page.text
    assert client.get("/review/toy/").text.count(f'href="{BASE}"') == 1


@pytest.mark.parametrize(
    ("path", "ours"),
    [
        ("/review", True),
        ("/review/toy/quality", True),
        ("/reports/", True),
        ("/data/toy/wavs/a.wav", True),
        ("/reportsx", False),
        ("/report_asset_check/x", False),
        ("/", False),
        ("/assets/review/x", False),
    ],
)
def test_which_paths_are_answered(path: str, ours: bool) -> None:
    assert is_ours(path) is ours
