"""The pages of a package work inside the package alone, whatever the data set's clips are called."""

from pathlib import Path
from urllib.parse import quote

import pytest

from voice_assets.release.players import Recordings, broken_links, complete_pages, links_of
from voice_assets.reports import html
from voice_assets.runtime.files import sha256
from voice_assets_tests.dataset.stored import Stored
from voice_assets_tests.dataset.stored import stored as stored

PAGE = "reports/quality_1/quality_report.html"


def data_set(folder: Path, *clips: str) -> Recordings:
    """A data set with these clips, each with bytes of its own, all of them judged as they are."""
    for clip in clips:
        (folder / clip).parent.mkdir(parents=True, exist_ok=True)
        (folder / clip).write_bytes(clip.encode())
    return Recordings(folder, {clip: {sha256(folder / clip)} for clip in clips})


@pytest.mark.parametrize("clip", ["wavs/clip-000.wav"])
def test_clips_of_a_store_are_fetched_for_the_pages_that_play_them(stored: Stored, tmp_path: Path, clip: str) -> None:
    digests = {f"wavs/{wav.name}": {sha256(wav)} for wav in (stored.origin / "wavs").iterdir()}
    recordings = Recordings(stored.mirror.folder, digests, stored.mirror)
    write_page(tmp_path / "package", *players(clip))
    complete_pages(tmp_path / "package", recordings)
    assert stored.fetched() == [clip]
    assert (tmp_path / "package" / clip).read_bytes() == (stored.origin / clip).read_bytes()
    assert recordings.changed() == []
    stored.remove(clip)
    assert recordings.unchanged(clip) == stored.mirror.folder / clip  # the judged bytes are still here
    assert recordings.changed() == [clip]


def write_page(package: Path, *links: str) -> Path:
    page = package / PAGE
    page.parent.mkdir(parents=True)
    page.write_text(html.page("Quality", html.join(html.audio(link) for link in links)), encoding="utf-8")
    return page


def players(*clips: str) -> list[str]:
    return [quote(f"../../{clip}") for clip in clips]


def test_only_the_clips_that_a_page_plays_are_copied_and_the_page_keeps_its_bytes(tmp_path: Path) -> None:
    played, package = ["wavs/a b.wav", "wavs/in/é#1.wav"], tmp_path / "package"
    recordings = data_set(tmp_path / "data", *played, "wavs/never played.wav")
    page = write_page(package, *players(*played, "wavs/a b.wav"))
    before = page.read_bytes()
    assert broken_links(package) == [f"{PAGE}: ../../wavs/a%20b.wav", f"{PAGE}: ../../wavs/in/%C3%A9%231.wav"]
    complete_pages(package, recordings)
    assert broken_links(package) == []
    assert page.read_bytes() == before
    copied = {path.relative_to(package).as_posix(): path.read_bytes() for path in package.rglob("*.wav")}
    assert copied == {clip: clip.encode() for clip in played}


@pytest.mark.parametrize("happened", ["changed", "removed", "never judged"])
def test_a_player_without_its_clip_becomes_a_note(tmp_path: Path, happened: str) -> None:
    recordings = data_set(tmp_path / "data", "wavs/a.wav", "wavs/b.wav")
    page = write_page(tmp_path / "package", *players("wavs/a.wav", "wavs/b.wav"))
    if happened == "changed":
        (tmp_path / "data/wavs/a.wav").write_bytes(b"other")
    elif happened == "removed":
        (tmp_path / "data/wavs/a.wav").unlink()
    else:
        recordings = Recordings(recordings.dataset, {"wavs/b.wav": recordings.digests["wavs/b.wav"]})
    complete_pages(tmp_path / "package", recordings)
    assert broken_links(tmp_path / "package") == []
    assert links_of(page) == ["../../wavs/b.wav"]
    assert "this recording is not in the package" in page.read_text(encoding="utf-8")
    assert not (tmp_path / "package/wavs/a.wav").exists()


@pytest.mark.parametrize(
    "clip",
    [
        "MODEL_CARD",
        "samples/a.wav",
        "wavs/a\nb.wav",
        "wavs/a\\b.wav",
        "wavs/a:b.wav",
        "wavs/a.",
        "wavs/ a.wav",
        "wavs/a\u0085.wav",
        "wavs/e\u0301.wav",
        "wavs/aux.wav",
        "wavs/long/" + "a" * 100 + "/" + "b" * 90 + ".wav",
    ],
)
def test_a_clip_whose_name_is_not_safe_everywhere_is_not_copied(tmp_path: Path, clip: str) -> None:
    recordings = data_set(tmp_path / "data", clip)
    page = write_page(tmp_path / "package", *players(clip))
    complete_pages(tmp_path / "package", recordings)
    assert links_of(page) == []
    assert [path.name for path in (tmp_path / "package").iterdir()] == ["reports"]


@pytest.mark.parametrize(
    "pair", [("wavs/a.wav", "wavs/A.wav"), ("wavs/In/a.wav", "wavs/in/b.wav"), ("wavs/é.wav", "wavs/É.wav")]
)
def test_of_two_names_that_a_file_system_may_not_tell_apart_one_is_copied(tmp_path: Path, pair: tuple[str, str]) -> None:
    recordings = data_set(tmp_path / "data", *pair)
    page = write_page(tmp_path / "package", *players(*pair))
    complete_pages(tmp_path / "package", recordings)
    assert links_of(page) == players(pair[0])
    assert broken_links(tmp_path / "package") == []


@pytest.mark.parametrize(
    "link",
    ["../../../outside.wav", "/etc/passwd", "https://example.org/a.wav", "//example.org/a.wav", "gone.wav", "..", "a%00b"],
)
def test_a_link_that_leads_out_of_the_package_or_to_nothing_is_broken(tmp_path: Path, link: str) -> None:
    (tmp_path / "outside.wav").write_bytes(b"secret")
    write_page(tmp_path / "package", link)
    assert broken_links(tmp_path / "package") == [f"{PAGE}: {link}"]


def test_links_to_files_of_the_report_and_to_a_place_on_the_page_work(tmp_path: Path) -> None:
    page = write_page(tmp_path / "package", "picture.png", "#top", "./picture.png?x=1")
    (page.parent / "picture.png").write_bytes(b"png")
    assert broken_links(tmp_path / "package") == []
