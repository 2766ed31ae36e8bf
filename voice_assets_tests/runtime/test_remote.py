"""Files at a URL: what is refused, what an error shows, and uploads to S3 that go on after a kill."""

import os
import signal
import subprocess
import sys
from contextlib import nullcontext
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from upath import UPath

from voice_assets.runtime import files, remote, s3
from voice_assets_tests.ports import free_port
from voice_assets_tests.s3_server import SECRET

PARTS = 4
SIZE = (PARTS - 1) * s3.PART_BYTES + 1000


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of four parts, each of other bytes."""
    path = tmp_path_factory.mktemp("large") / "epoch.ckpt"
    with path.open("wb") as file:
        for number in range(PARTS):
            file.write(bytes([number]) * min(s3.PART_BYTES, SIZE - file.tell()))
    return path


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("s3://AKID:hidden@bucket/voices", "holds a password, a key or a query"),
        ("s3://hidden@bucket/voices", "holds a password, a key or a query"),
        ("ftp://me:hidden@host/voices", "FSSPEC_FTP_<OPTION>"),
        ("https://host/voices?sig=hidden", "holds a password, a key or a query"),
        ("s3:///voices", "names no bucket"),
        ("nonsense://host/voices", "nonsense://host/voices: .* a URL that fsspec knows"),
    ],
)
def test_a_url_with_a_secret_or_without_a_meaning_is_refused(place: str, said: str) -> None:
    with pytest.raises(remote.RemoteError, match=said) as refused:
        remote.location(place)
    assert "hidden" not in str(refused.value)


def test_a_url_of_this_disk_is_a_folder(tmp_path: Path) -> None:
    assert remote.location(f"file://{tmp_path}/a b") == tmp_path / "a b"
    assert isinstance(remote.location(f"file://{tmp_path}"), Path)


@pytest.mark.parametrize("name", ["../../evil", "/b", "a/../../b", "./c", "a//b"])
def test_a_name_that_leads_out_of_its_folder_is_refused(tmp_path: Path, name: str) -> None:
    target = remote.location(f"memory://{tmp_path.name}/folder")
    for one in ("a.txt", name):
        target.fs.pipe_file(f"{target.path}/{one}", b"x")
    with pytest.raises(remote.RemoteError, match=r"folder: the name .* leads out of the folder; rename or remove"):
        remote.listing(target)


@pytest.mark.slow
def test_a_killed_upload_goes_on_where_it_stopped(large: Path, s3_folder: str) -> None:
    target = remote.location(s3_folder) / large.name
    sha256 = files.sha256(large)
    script = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from voice_assets.runtime import remote, s3\n"
        "s3.AT_ONCE = 1\n"
        "arrived = []\n"
        "def report(there, sent):\n"
        "    arrived.append(there)\n"
        "    if len(arrived) == 2: os.kill(os.getpid(), signal.SIGKILL)\n"
        "remote.send(Path(sys.argv[1]), remote.location(sys.argv[2]) / sys.argv[3], sys.argv[4], report)\n"
    )
    killed = subprocess.run([sys.executable, "-c", script, str(large), s3_folder, large.name, sha256], env=os.environ.copy())
    assert killed.returncode == -signal.SIGKILL
    assert remote.info(target) is None
    told: list[tuple[int, int]] = []
    sent = remote.send(large, target, sha256, lambda there, new: told.append((there, new)))
    kept = sum(there for there, new in told if not new)
    assert kept >= 2 * s3.PART_BYTES
    assert (sent, sum(there for there, _ in told)) == (SIZE - kept, SIZE)
    assert remote.sha256(target) == sha256 == remote.kept_sha256(target)


@pytest.mark.slow
def test_parts_of_another_file_are_not_taken(large: Path, s3_folder: str, tmp_path: Path) -> None:
    target = remote.location(s3_folder) / large.name
    upload = s3._Parts(large, target).begin({"Metadata": {"sha256": "of another file"}})[0]
    s3._Parts(large, target)._send_part(upload, 1, b"\xff" * s3.PART_BYTES)
    assert remote.send(large, target, files.sha256(large)) == SIZE
    assert remote.sha256(target) == files.sha256(large)


@pytest.mark.slow
def test_a_file_that_begins_as_another_did_carries_its_own_hash(large: Path, s3_folder: str) -> None:
    target = remote.location(s3_folder) / large.name
    parts = s3._Parts(large, target)
    upload = parts.begin({"Metadata": {"sha256": "of another file"}})[0]
    parts._send_part(upload, 1, parts._read(1))
    remote.send(large, target, files.sha256(large))
    assert remote.sha256(target) == files.sha256(large) == remote.kept_sha256(target)


@pytest.mark.parametrize("made", [True, False])
def test_an_upload_whose_answer_is_lost_counts_when_the_object_is_there(
    large: Path, s3_folder: str, monkeypatch: pytest.MonkeyPatch, made: bool
) -> None:
    """The client asks again, and the server knows the upload no more."""
    from moto.s3.models import S3Backend
    from s3fs import S3FileSystem

    complete = S3Backend.complete_multipart_upload

    def lose_the_answer(*arguments: object) -> None:
        if made:
            complete(*arguments)
        raise ValueError

    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    S3FileSystem.clear_instance_cache()  # an instance keeps the number of attempts
    monkeypatch.setattr(S3Backend, "complete_multipart_upload", lose_the_answer)
    target, sha256 = remote.location(s3_folder) / large.name, files.sha256(large)
    with nullcontext() if made else pytest.raises(remote.RemoteError, match="Internal Server Error"):
        assert remote.send(large, target, sha256) == SIZE
    assert (remote.info(target) is not None) == made
    S3FileSystem.clear_instance_cache()


@pytest.mark.slow
def test_other_processes_are_seen_at_once(s3_folder: str, tmp_path: Path) -> None:
    (file := tmp_path / "a.txt").write_bytes(b"one")
    target = remote.location(s3_folder) / "a.txt"
    assert remote.info(target) is None
    assert remote.listing(target.parent) == {}
    script = (
        "import sys\nfrom pathlib import Path\nfrom voice_assets.runtime import remote\n"
        "remote.send(Path(sys.argv[1]), remote.location(sys.argv[2]) / 'a.txt', '')"
    )
    subprocess.run([sys.executable, "-c", script, str(file), s3_folder], env=os.environ.copy(), check=True)
    assert remote.size(target) == 3
    assert list(remote.listing(target.parent)) == ["a.txt"]


def test_times_are_read_as_the_library_reads_them(s3_folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from s3fs import S3FileSystem

    read, ours = list[str](), s3._time
    monkeypatch.setattr(s3, "_time", lambda value: read.append(value) or ours(value))

    (tmp_path / "one.txt").write_text("one")
    place = remote.location(s3_folder)
    remote.send(tmp_path / "one.txt", place / "one.txt", files.sha256(tmp_path / "one.txt"))
    fast, stock = (S3FileSystem(use_listings_cache=False, skip_instance_cache=True) for _ in range(2))
    s3.read_times_fast(fast)
    for ask in ("info", "find"):  # by a header, and in a listing
        found, theirs = (time_of(one, ask, f"{place.path}/one.txt") for one in (fast, stock))
        assert found == theirs
        assert found.tzinfo is not None
    assert len(read) >= 2
    assert place.fs.session is not None


def time_of(file_system: Any, ask: str, path: str) -> datetime:
    about = file_system.info(path) if ask == "info" else file_system.find(path.rpartition("/")[0], detail=True)[path]
    return about["LastModified"]


@pytest.mark.slow
def test_a_server_that_is_not_there_is_an_error_and_no_missing_file(s3_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    target = UPath(f"{s3_url}/a.txt", use_listings_cache=False, skip_instance_cache=True)
    with pytest.raises(remote.RemoteError, match=r"voices/a\.txt: .*check AWS_ENDPOINT_URL") as failed:
        remote.info(target)
    assert SECRET not in str(failed.value)
    assert failed.value.__cause__ is None


def test_a_missing_bucket_is_named(s3_url: str, tmp_path: Path) -> None:
    (file := tmp_path / "a.txt").write_bytes(b"one")
    with pytest.raises(remote.RemoteError, match=r"s3://no-such-bucket/a\.txt: .*bucket does not exist"):
        remote.send(file, remote.location("s3://no-such-bucket") / "a.txt", "")


def test_missing_secrets_are_named(s3_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    target = UPath(f"{s3_url}/a.txt", use_listings_cache=False, skip_instance_cache=True)
    with pytest.raises(remote.RemoteError, match="set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"):
        remote.info(target)


def test_no_secret_of_the_environment_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", "very+secret/token")
    monkeypatch.setenv("FSSPEC_FTP_PASSWORD", "pass-word")
    text = "ftp://me:any@thing@host/a: very+secret/token refused, pass-word too"
    assert remote.without_secrets(text) == "ftp://host/a: $AWS_SESSION_TOKEN refused, $FSSPEC_FTP_PASSWORD too"
