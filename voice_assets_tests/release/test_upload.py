"""Uploading a release to folders, memory and S3: every byte compared, nothing overwritten, a repeated call sends nothing."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from voice_assets.release.upload import Progress, Uploaded, UploadError, upload
from voice_assets.runtime import files, remote, s3


@pytest.fixture(params=["folder", "file", "memory", pytest.param("s3", marks=pytest.mark.slow)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A place for releases on each kind of file system."""
    if request.param == "s3":
        return str(request.getfixturevalue("s3_folder"))
    place = {"folder": f"{tmp_path}/to", "file": f"file://{tmp_path}/to", "memory": f"memory://{tmp_path.name}/to"}
    return place[request.param]


@pytest.fixture
def release(tmp_path: Path) -> Mapping[str, Path]:
    """A release: an archive of two parts, and a folder."""
    archive = tmp_path / "voice.zip"
    archive.write_bytes(b"PK" + b"1" * s3.PART_BYTES)
    for name in ("a/b", "a.b", "empty"):
        file = tmp_path / "logs" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"" if name == "empty" else name.encode())
    return {"1.0.0/voice.zip": archive, "1.0.0/logs": tmp_path / "logs"}


def sent(done: Mapping[str, Uploaded]) -> int:
    return sum(one.sent for one in done.values())


def test_a_release_is_uploaded_and_read_back(url: str, release: Mapping[str, Path]) -> None:
    done = upload(release, url)
    assert list(done) == ["1.0.0/voice.zip", "1.0.0/logs/a/b", "1.0.0/logs/a.b", "1.0.0/logs/empty"]
    for name, one in done.items():
        assert remote.sha256(remote.location(url) / name) == one.sha256
    assert done["1.0.0/voice.zip"].sha256 == files.sha256(release["1.0.0/voice.zip"])
    assert done["1.0.0/voice.zip"].url.endswith("/1.0.0/voice.zip")
    assert sent(done) == s3.PART_BYTES + 2 + 3 + 3


def test_a_repeated_upload_sends_nothing(url: str, release: Mapping[str, Path]) -> None:
    first = upload(release, url)
    told: list[Progress] = []
    again = upload(release, url, told.append)
    assert sent(again) == 0
    assert {name: one.sha256 for name, one in again.items()} == {name: one.sha256 for name, one in first.items()}
    assert (told[-1].done, told[-1].size, told[-1].sent) == (s3.PART_BYTES + 8, s3.PART_BYTES + 8, 0)


@pytest.mark.parametrize("other", [b"xy", b"a/b and more", b"a/B"])
def test_nothing_is_overwritten_and_nothing_sent_before_that_is_known(
    url: str, release: Mapping[str, Path], other: bytes, tmp_path: Path
) -> None:
    (mine := tmp_path / "mine").write_bytes(other)
    upload({"1.0.0/logs/a/b": mine}, url)
    with pytest.raises(UploadError, match=r"1\.0\.0/logs/a/b: another file is there"):
        upload(release, url)
    assert list(remote.listing(remote.location(url))) == ["1.0.0/logs/a/b"]
    assert remote.sha256(remote.location(url) / "1.0.0/logs/a/b") == files.sha256(mine)


def test_half_a_file_of_a_killed_upload_is_sent_again(url: str, release: Mapping[str, Path], tmp_path: Path) -> None:
    (half := tmp_path / "half").write_bytes(release["1.0.0/voice.zip"].read_bytes()[:1000])
    upload({"1.0.0/voice.zip": half}, url)
    assert upload(release, url)["1.0.0/voice.zip"].sent == s3.PART_BYTES + 2


def test_other_bytes_that_come_back_are_an_error(url: str, release: Mapping[str, Path]) -> None:
    """The local file changes between its hash and its upload, as a disk or a network that fails would have it."""
    archive = release["1.0.0/voice.zip"]

    def spoil(progress: Progress) -> None:
        if progress.name.endswith("a/b"):
            archive.write_bytes(b"XX" + archive.read_bytes()[2:])

    with pytest.raises(UploadError, match=r"voice\.zip: came back with the SHA-256 \w+, and was sent with"):
        upload({"1.0.0/logs": release["1.0.0/logs"], "1.0.0/voice.zip": archive}, url, spoil)
    assert remote.info(remote.location(url) / "1.0.0/voice.zip") is None
    assert upload(release, url)["1.0.0/voice.zip"].sent == s3.PART_BYTES + 2


def test_what_is_no_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UploadError, match="nothing: there is no such file to upload"):
        upload({"a": tmp_path / "nothing"}, f"file://{tmp_path}/to")
    with pytest.raises(UploadError, match=r"\.\./a: leads out of the folder"):
        upload({"../a": tmp_path}, f"file://{tmp_path}/to")
    assert not (tmp_path / "to").exists()


@pytest.mark.parametrize(
    ("progress", "text"),
    [
        (Progress("voice.zip", 0, 80_000_000, 0, 0.0), "voice.zip: 0.0 of 80.0 MB"),
        (Progress("voice.zip", 40_000_000, 80_000_000, 0, 1.0), "voice.zip: 40.0 of 80.0 MB"),
        (Progress("voice.zip", 60_000_000, 80_000_000, 20_000_000, 4.0), "voice.zip: 60.0 of 80.0 MB, 5.0 MB/s, 4 s to go"),
    ],
)
def test_progress_for_people(progress: Progress, text: str) -> None:
    assert str(progress) == text
