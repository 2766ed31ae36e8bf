"""The requests of the blind comparison: nothing tells which epoch is heard, and a vote names exactly the audio."""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from voice_assets.review.app import create_app
from voice_assets.runtime import files
from voice_assets.tournament.votes import read, votes_file
from voice_assets_tests.review.small_comparisons import SmallComparisons, small_comparison
from voice_assets_tests.review.small_subjects import SmallSubjects, make_project, small_subject

BASE = "/review/toy/blind"
EPOCHS = ("v0-e0010", "v0-e0020", "v0-e0030")
GOAL = 9
QUESTION = {"by": "Anna"}


@pytest.fixture
def comparisons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallComparisons:
    make_project(tmp_path / "project", monkeypatch)
    return SmallComparisons(small_comparison(tmp_path / "spoken", title="<script>x</script>"))


@pytest.fixture
def client(comparisons: SmallComparisons, tmp_path: Path) -> TestClient:
    app = create_app(SmallSubjects(small_subject(tmp_path / "project" / "dataset")), comparisons, BASE)
    return TestClient(app, base_url="http://127.0.0.1:3001")


def pair(client: TestClient, by: str = "Anna") -> dict[str, Any]:
    answer = client.get(f"{BASE}/pair", params={"by": by})
    assert answer.status_code == 200
    return answer.json()


def vote(client: TestClient, choice: str = "a", by: str = "Anna", **changes: object) -> Any:
    asked = pair(client, by)
    content = {
        "by": by,
        "data_version": asked["data_version"],
        "pair": asked["pair"] and asked["pair"]["name"],
        "choice": choice,
    }
    return client.post(f"{BASE}/vote", json={**content, **changes})


def test_the_page_has_no_inline_script_and_escapes_the_title(client: TestClient) -> None:
    answer = client.get("/")
    assert str(answer.url).endswith(BASE)
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert "&lt;script&gt;x&lt;/script&gt;" in answer.text
    assert "<script>" not in answer.text
    for name in ("style.css", "review.css", "blind.css", "blind.js", "parts.js", "saving.js"):
        assert client.get(f"/review/-/{name}").status_code == 200


def test_a_vote_is_on_disk_with_the_audio_that_was_heard(client: TestClient, comparisons: SmallComparisons) -> None:
    asked = pair(client)
    assert (asked["done"], asked["goal"]) == (0, GOAL)
    heard = [client.get(f"{BASE}/audio/{asked['pair']['name']}/{side}", params=QUESTION).content for side in "ab"]
    answer = vote(client, "b")
    assert answer.status_code == 200
    assert answer.json()["done"] == 1
    (kept,) = read(votes_file("toy"))
    assert (kept.by, kept.text, kept.choice) == ("Anna", asked["pair"]["text"], "second")
    folders = comparisons.now.folders
    for one, sound in zip((kept.first, kept.second), heard, strict=True):
        assert sound in [file.read_bytes() for file in folders[one.epoch_key].iterdir()]
        assert one.sha256 in [files.sha256(file) for file in folders[one.epoch_key].iterdir()]
    assert {kept.first.epoch_key, kept.second.epoch_key} == set(EPOCHS[:2])  # the scores cannot tell these two apart
    assert comparisons.recorded == [comparisons.now.data_version]
    again = client.get(f"{BASE}/pair", params={"by": "Boris"}).json()
    assert again["done"] == 0


def test_nothing_gives_the_epoch_away(client: TestClient) -> None:
    asked = client.get(f"{BASE}/pair", params=QUESTION)
    told = [asked.text, json.dumps(dict(asked.headers)), client.get(BASE).text]
    for side in "ab":
        answer = client.get(f"{BASE}/audio/{asked.json()['pair']['name']}/{side}", params=QUESTION)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "audio/wav"
        assert (answer.headers["etag"], answer.headers["last-modified"][-12:]) == ('"-"', "00:00:00 GMT")
        assert answer.headers["cache-control"] == "no-store"
        assert "content-disposition" not in answer.headers
        told.append(json.dumps(dict(answer.headers)))
    told.append(client.get("/review/toy/").text)
    for said in told:
        assert not any(epoch in said for epoch in EPOCHS)
        assert "sample_0" not in said


def test_a_part_of_the_audio_can_be_asked_for(client: TestClient) -> None:
    name = pair(client)["pair"]["name"]
    part = client.get(f"{BASE}/audio/{name}/a", params=QUESTION, headers={"Range": "bytes=0-3"})
    assert (part.status_code, part.content) == (206, b"RIFF")


def test_the_louder_sample_is_played_more_quietly(client: TestClient) -> None:
    gains = pair(client)["pair"]["gains"]
    assert sorted(gains) == [pytest.approx(10 ** (-1 / 20), abs=1e-3), 1]


def test_every_pair_is_asked_once_and_the_sides_are_drawn(client: TestClient) -> None:
    sides: Counter[bool] = Counter()
    for person in ("Anna", "Boris"):
        for done in range(GOAL):
            answer = vote(client, "none", person)
            assert answer.json()["done"] == done + 1
        assert answer.json()["pair"] is None
    kept = read(votes_file("toy"))
    assert len({(one.by, one.text, frozenset((one.first.sha256, one.second.sha256))) for one in kept}) == 2 * GOAL
    sides.update(one.first.epoch_key < one.second.epoch_key for one in kept)
    assert min(sides.values()) >= 3  # of 18


def test_a_person_can_decide_again(client: TestClient) -> None:
    name = pair(client)["pair"]["name"]
    vote(client, "a")
    again = vote(client, "none", pair=name)
    assert again.json()["done"] == 1
    assert [one.choice for one in read(votes_file("toy"))] == ["first", "none"]


def test_the_result_is_shown_after_the_last_pair_that_was_asked_for(client: TestClient) -> None:
    for done in range(GOAL):
        answer = client.get(f"{BASE}/result", params=QUESTION)
        assert answer.status_code == 403
        assert f"you have compared {done}" in answer.text
        vote(client, "none")
    found = client.get(f"{BASE}/result", params=QUESTION).json()
    assert {one["epoch_key"]: (one["preferred"], one["votes"], one["share"]) for one in found["candidates"]} == dict.fromkeys(
        EPOCHS, (3.0, 6, 0.5)
    )
    assert (found["votes"], found["people"], found["clearly"]) == (GOAL, {"Anna": GOAL}, [])
    assert client.get(f"{BASE}/result", params={"by": "Boris"}).status_code == 403


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        ({"by": ""}, 422, "name"),
        ({"choice": "best"}, 422, "a choice is a, b, none; not 'best'"),
        ({"data_version": "older"}, 409, "other data"),
        ({"pair": "0" * 24}, 409, "other data"),
        ({"by": "Boris"}, 409, "other data"),  # another person's pair
        ({"pair": "x" * 70000}, 413, "65536"),
    ],
)
def test_votes_that_are_refused(client: TestClient, changes: dict[str, object], status: int, words: str) -> None:
    asked = pair(client)
    content = {"by": "Anna", "data_version": asked["data_version"], "pair": asked["pair"]["name"], "choice": "a"}
    answer = client.post(f"{BASE}/vote", json={**content, **changes})
    assert answer.status_code == status
    assert words in answer.json()["error"]
    assert read(votes_file("toy")) == []


def test_audio_that_was_changed_is_not_voted_on(client: TestClient, comparisons: SmallComparisons) -> None:
    asked = pair(client)
    for folder in comparisons.now.folders.values():
        for file in folder.iterdir():
            file.write_bytes(file.read_bytes()[:-2])
    assert vote(client).status_code == 409
    assert read(votes_file("toy")) == []
    for folder in comparisons.now.folders.values():
        for file in folder.iterdir():
            file.unlink()
    assert client.get(f"{BASE}/audio/{asked['pair']['name']}/a", params=QUESTION).status_code == 404


def test_a_new_tournament_asks_to_reload(client: TestClient, comparisons: SmallComparisons) -> None:
    version = pair(client)["data_version"]
    comparisons.now = replace(comparisons.now, data_version="newer")
    assert vote(client, data_version=version).status_code == 409


def test_votes_that_cannot_be_read(client: TestClient) -> None:
    vote(client)
    votes_file("toy").write_text("nonsense\n", encoding="utf-8")
    answer = client.get(f"{BASE}/pair", params=QUESTION, headers={"Accept": "application/json"})
    assert answer.status_code == 503
    assert "line 1 is no vote" in answer.json()["error"]


@pytest.mark.parametrize("path", ["audio/nonsense/a", "pair", "result"])
def test_a_person_needs_a_name(client: TestClient, path: str) -> None:
    assert client.get(f"{BASE}/{path}").status_code == 422


def test_what_there_is_not(client: TestClient) -> None:
    name = pair(client)["pair"]["name"]
    assert client.get(f"{BASE}/audio/{name}/c", params=QUESTION).status_code == 404
    assert client.get("/review/other/blind").status_code == 404
    assert client.get(f"{BASE}/vote").status_code == 405
    assert client.post(f"{BASE}/vote", content="{}", headers={"content-type": "text/plain"}).status_code == 415


def test_the_comparison_is_a_subject_without_its_result(client: TestClient) -> None:
    vote(client)
    listed = client.get("/review/toy/").text
    assert f'href="{BASE}"' in listed
    assert "1 vote by 1 person" in listed
