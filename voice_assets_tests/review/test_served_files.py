"""What the server of the reports serves, as what, and what it never serves."""

import os
import shutil
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from voice_assets.review import served_files
from voice_assets.review.app import create_app
from voice_assets.runtime.storage import project_store
from voice_assets_tests.dataset.stored import Stored
from voice_assets_tests.dataset.stored import stored as stored
from voice_assets_tests.review.small_subjects import NoComparisons, SmallSubjects, make_project, small_subject

PAGE = '<p>report</p><audio src="../../wavs/clip-000.wav"></audio>'
REPORT = "quality_20261128_101010_123"


@pytest.fixture
def dataset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data set of the project's only voice, with one report."""
    dataset = make_project(tmp_path / "project", monkeypatch, title="<b>Toy</b>")
    folder = dataset / "reports" / REPORT
    folder.mkdir(parents=True)
    (folder / "quality_report.html").write_text(PAGE, encoding="utf-8")
    (folder / "samples.tsv").write_text("clip_id\tтекст\n", encoding="utf-8")
    (folder / "stats.json").write_text("{}", encoding="utf-8")
    return dataset


@pytest.fixture
def client(dataset: Path) -> TestClient:
    app = create_app(SmallSubjects(small_subject(dataset)), NoComparisons())
    return TestClient(app, base_url="http://127.0.0.1:3000", follow_redirects=False)


def status(client: TestClient, path: str) -> int:
    return client.get(path).status_code


def test_the_recorded_address_leads_to_the_report_and_its_players_find_their_audio(client: TestClient) -> None:
    answer = client.get(f"/reports/toy/{REPORT}/quality_report.html")
    assert answer.status_code == 307
    place = answer.headers["location"]
    assert client.get(place).text == PAGE
    audio = client.get(client.base_url.join(place).join("../../wavs/clip-000.wav"))
    assert (audio.status_code, audio.headers["content-type"]) == (200, "audio/wav")
    assert audio.content.startswith(b"RIFF")


def test_a_report_of_another_machine_comes_from_the_store(
    client: TestClient, dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOICE_STORE", f"memory://{tmp_path.name}")
    place = dataset / "reports" / REPORT
    project_store(served_files.voice_of("toy")).add(place)
    shutil.rmtree(place)
    assert client.get(f"/reports/toy/{REPORT}/quality_report.html").status_code == 307
    assert (place / "quality_report.html").read_text(encoding="utf-8") == PAGE
    assert client.get("/reports/toy/quality_20261128_101010_999").status_code == 404


def test_a_clip_of_a_store_is_fetched_when_it_is_played(stored: Stored) -> None:
    stored.write_voice()
    client = TestClient(
        create_app(SmallSubjects(small_subject(stored.origin)), NoComparisons()), base_url="http://127.0.0.1:3000"
    )
    for _ in range(2):
        answer = client.get("/data/toy/wavs/clip-001.wav")
        assert (answer.status_code, answer.content) == (200, (stored.origin / "wavs" / "clip-001.wav").read_bytes())
        assert len(stored.fetched()) <= 1
    for name in ("wavs/none.wav", "wavs/%2e%2e/config.json", "wavs/..%2fwavs%2fclip-000.wav", "wavs/.hidden.wav", "wavs/a.txt"):
        assert client.get(f"/data/toy/{name}").status_code == 404
    assert stored.fetched() == ["wavs/none.wav"]


def test_a_report_can_run_no_script(client: TestClient) -> None:
    headers = client.get(f"/data/toy/reports/{REPORT}/quality_report.html").headers
    rules = {rule.partition(" ")[0]: rule.partition(" ")[2] for rule in headers["content-security-policy"].split("; ")}
    assert rules["default-src"] == "'none'"
    assert rules["sandbox"] == "allow-same-origin allow-popups"
    assert rules["media-src"] == "'self'"
    assert not [name for name in rules if name.startswith("script")]
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("samples.tsv", "text/plain; charset=utf-8"),
        ("stats.json", "application/json"),
        ("quality_report.html", "text/html; charset=utf-8"),
    ],
)
def test_types(client: TestClient, name: str, kind: str) -> None:
    answer = client.get(f"/data/toy/reports/{REPORT}/{name}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, kind)
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_range_of_audio(client: TestClient, dataset: Path) -> None:
    whole = (dataset / "wavs" / "clip-000.wav").read_bytes()
    answer = client.get("/data/toy/wavs/clip-000.wav", headers={"range": "bytes=100-199"})
    assert answer.status_code == 206
    assert answer.content == whole[100:200]
    assert answer.headers["content-range"] == f"bytes 100-199/{len(whole)}"
    assert client.get("/data/toy/wavs/clip-000.wav", headers={"range": f"bytes={len(whole)}-"}).status_code == 416


@pytest.mark.parametrize(
    "path",
    [
        "/data/toy/reports/%2e%2e/config.json",
        "/data/toy/reports/..%2fconfig.json",
        "/data/toy/wavs/..%2f..%2fvoices%2ftoy.yaml",
        "/data/toy/wavs/%2e%2e/reports/" + REPORT + "/samples.tsv",
        "/data/toy/reports//etc/passwd",
        "/data/toy/reports/%2fetc%2fpasswd",
        "/data/toy/reports/a%00b",
        "/data/toy/config.json",
        "/data/toy/wavs/",
        "/data/toy/other/x.wav",
        "/data/other/reports/x.html",
        "/data/..%2ftoy/reports/x.html",
        "/data/toy/reports/missing.html",
        "/reports/other/",
        "/reports/*/",
        "/review/-/..%2fapp.py",
        "/review/-/app.py",
    ],
)
def test_never_served(client: TestClient, path: str) -> None:
    assert client.get(path, follow_redirects=True).status_code == 404
    assert client.get(path, follow_redirects=True, headers={"accept": "text/html"}).status_code == 404


def test_a_link_out_of_its_folder_is_not_served(client: TestClient, dataset: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.html"
    secret.write_text("secret", encoding="utf-8")
    reports = dataset / "reports"
    (reports / "out.html").symlink_to(secret)
    (reports / "folder").symlink_to(tmp_path)
    (reports / "config.json").symlink_to(dataset / "config.json")
    (reports / "in.html").symlink_to(reports / REPORT / "quality_report.html")
    (dataset / "wavs" / "out.wav").symlink_to(secret)
    for path in ("reports/out.html", "reports/folder/secret.html", "reports/folder/", "reports/config.json", "wavs/out.wav"):
        assert status(client, f"/data/toy/{path}") == 404, path
    assert status(client, "/data/toy/reports/in.html") == 200
    listed = client.get("/data/toy/reports/").text
    assert "in.html" in listed
    assert "out.html" not in listed
    assert "folder" not in listed


def test_a_place_that_is_a_link_is_not_served(client: TestClient, dataset: Path, tmp_path: Path) -> None:
    shutil.move(dataset / "wavs", tmp_path / "elsewhere")
    (dataset / "wavs").symlink_to(tmp_path / "elsewhere")
    assert status(client, "/data/toy/wavs/clip-000.wav") == 404


def test_only_audio_in_wavs_and_no_special_files(client: TestClient, dataset: Path) -> None:
    (dataset / "wavs" / "notes.html").write_text("x", encoding="utf-8")
    (dataset / "reports" / "model.onnx").write_text("x", encoding="utf-8")
    (dataset / "reports" / ".hidden.html").write_text("x", encoding="utf-8")
    os.mkfifo(dataset / "reports" / "pipe.html")
    paths = ("wavs/notes.html", "reports/model.onnx", "reports/.hidden.html", "reports/pipe.html", f"reports/.{REPORT}/x.html")
    for path in paths:
        assert status(client, f"/data/toy/{path}") == 404, path


def test_the_pages_list_the_newest_report_first_and_escape_names(client: TestClient, dataset: Path) -> None:
    (dataset / "reports" / "quality_20261128_101010_124").mkdir()
    (dataset / "reports" / "validation_20261127_090000_000.md").write_text("x", encoding="utf-8")
    (dataset / "reports" / "validation_20261127_090000_000.tsv").write_text("x", encoding="utf-8")
    (dataset / "reports" / "<img src=x>.md").write_text("x", encoding="utf-8")
    page = client.get("/reports/toy/").text
    order = [page.index(stamp) for stamp in ("10:10:10 UTC", REPORT, "validation_20261127", "&lt;img src=x&gt;.md")]
    assert order == sorted(order)
    assert page.index("quality_20261128_101010_124/") < page.index(f"{REPORT}/")
    assert "&lt;b&gt;Toy&lt;/b&gt;" in page
    assert "<img" not in page
    assert f'href="/data/toy/reports/{REPORT}/quality_report.html">Quality<' in page
    assert client.get("/reports/").text.count('href="/reports/toy/"') == 1


def test_every_listed_link_can_be_opened(client: TestClient, dataset: Path) -> None:
    (dataset / "reports" / "отчёт 100% #1?.md").write_text("x", encoding="utf-8")
    for page in ("/reports/", "/reports/toy/", "/data/toy/reports/", f"/data/toy/reports/{REPORT}/", "/review/toy/"):
        links = [part.partition('"')[0] for part in client.get(page).text.split('href="')[1:]]
        assert links, page
        assert {link: status(client, link) for link in links} == dict.fromkeys(links, 200), page


def test_a_folder_gets_its_slash(client: TestClient) -> None:
    answer = client.get(f"/data/toy/reports/{REPORT}")
    assert (answer.status_code, answer.headers["location"]) == (307, f"/data/toy/reports/{REPORT}/")


def test_packages_are_listed_without_their_models(client: TestClient, tmp_path: Path) -> None:
    folder = tmp_path / "project" / "artifacts" / "toy" / "voice_package" / "v0-e0001" / "run" / "ru_RU-toy-medium"
    (folder / "samples").mkdir(parents=True)
    (folder / "MODEL_CARD").write_text("card", encoding="utf-8")
    (folder / "voice.onnx").write_text("x", encoding="utf-8")
    base = "/data/toy/packages/v0-e0001/run/ru_RU-toy-medium/"
    assert f'href="{base}"' in client.get("/reports/toy/").text
    page = client.get(base).text
    assert "samples/" in page
    assert "voice.onnx" not in page
    assert client.get(f"{base}MODEL_CARD").text == "card"
    assert status(client, f"{base}voice.onnx") == 404


def test_a_voice_that_does_not_load_is_shown(client: TestClient, tmp_path: Path) -> None:
    (tmp_path / "project" / "voices" / "broken.yaml").write_text("shards: many\n", encoding="utf-8")
    page = client.get("/reports/").text
    assert "broken.yaml" in page
    assert 'href="/reports/toy/"' in page
    assert status(client, "/reports/broken/") == 404


def test_nothing_is_written(client: TestClient) -> None:
    for method in ("POST", "PUT", "DELETE"):
        assert client.request(method, f"/data/toy/reports/{REPORT}/samples.tsv").status_code == 405
