"""A data set on a store: it is read as the same data set in a folder, and what is here is never fetched again."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd
import pytest

from voice_assets.audio.recordings import write_wav
from voice_assets.dataset.clips import DatasetError, Shard, fingerprint, read_shard
from voice_assets.dataset.faults import Limits
from voice_assets.dataset.mirror import AT_ONCE, Mirror
from voice_assets.dataset.shards import shard_of
from voice_assets.runtime import hash_memory, remote
from voice_assets.runtime.files import sha256
from voice_assets.runtime.locks import SharedLock
from voice_assets_tests.dataset.reading import add_row
from voice_assets_tests.dataset.stored import Stored
from voice_assets_tests.dataset.stored import stored as stored
from voice_assets_tests.datasets import RATE, TEXTS, burst
from voice_assets_tests.remembered import decay

pytestmark = pytest.mark.slow

HEAD = ["config.json", "metadata_2col.csv"]
WAVS = [f"wavs/clip-{number:03d}.wav" for number in range(len(TEXTS))]


def observed(stored: Stored, shards: int = 2, **how: bool) -> dict[str, str]:
    return fingerprint(stored.mirror.folder, shards, mirror=stored.mirror, **how)


def read(stored: Stored, limits: Limits, shard: str = "0-of-1") -> Shard:
    return read_shard(stored.mirror.folder, shard, limits, mirror=stored.mirror)


def of_shard(index: int, shards: int = 2) -> list[str]:
    return [wav for wav in WAVS if shard_of(Path(wav).stem, shards) == index]


def test_an_observation_is_one_listing_and_fetches_no_audio(stored: Stored) -> None:
    before = observed(stored)
    assert stored.requests.listings == 1
    assert stored.fetched() == HEAD
    assert observed(stored) == before
    assert stored.requests.listings == 1
    assert stored.fetched() == []


def test_a_shard_fetches_its_own_audio_once(stored: Stored, limits: Limits) -> None:
    for index, shard in enumerate(("0-of-2", "1-of-2")):
        assert read(stored, limits, shard).version == observed(stored)[shard]
        assert [name for name in stored.fetched() if name not in HEAD] == of_shard(index)
        read(stored, limits, shard)
        assert stored.requests.listings == 1
        assert stored.fetched() == []


@pytest.mark.parametrize("name", ["wavs/clip-001.wav", "wavs/clip-004.wav"])
def test_another_object_changes_its_shard_only_and_is_fetched_alone(stored: Stored, limits: Limits, name: str) -> None:
    before = observed(stored, 5)
    read(stored, limits)
    write_wav(stored.origin / name, burst(1.0, 77), RATE)
    stored.upload(name)
    stored.fetched()
    after = observed(stored, 5)
    assert [key for key in before if after[key] != before[key]] == [f"{shard_of(Path(name).stem, 5)}-of-5"]
    assert stored.fetched() == []
    found = read(stored, limits).clips.set_index("path")
    assert stored.fetched() == [name]
    assert found.loc[name, "audio_sha256"] == sha256(stored.origin / name)


def test_the_list_and_the_config_count(stored: Stored) -> None:
    before = observed(stored, 5)
    text = (stored.origin / "metadata_2col.csv").read_text(encoding="utf-8")
    (stored.origin / "metadata_2col.csv").write_text(text.replace("сейчас начнётся", "скоро начнётся"), encoding="utf-8")
    stored.upload("metadata_2col.csv")
    after = observed(stored, 5)
    assert [key for key in before if after[key] != before[key]] == [f"{shard_of('clip-001', 5)}-of-5"]
    stored.remove("config.json")
    assert not set(observed(stored, 5).items()) & set(after.items())


def test_the_table_is_that_of_the_folder_whatever_is_wrong(stored: Stored, limits: Limits) -> None:
    """Every fault of names and files, each as it is in a folder."""
    for line in (
        "./clip-000|Тот же клип", "sub//deep|Две косые черты", "sub/./dot|Точка", "Clip-002|Другой регистр",
        "nobody|Такого файла нет", "wavs/own.wav|Своя папка", "own2/|Косая черта в конце", "../clip-003|Наружу",
        "empty|Пустой файл",
    ):  # fmt: skip
        add_row(stored.origin, line)
    for name in ("sub/deep", "sub/dot", "sub/extra", "Zextra", "aextra", "own", "own2", ".hidden", "CLIP-005"):
        write_wav(stored.origin / "wavs" / f"{name}.wav", burst(0.3, len(name)), RATE)
    (stored.origin / "wavs" / "empty.wav").write_bytes(b"")
    (stored.origin / "wavs" / "notes.txt").write_text("no audio")
    (stored.origin / "reports").mkdir()
    (stored.origin / "reports" / "nobody.wav").write_bytes(b"")
    stored.upload()
    folder = remote.location(stored.mirror.url)
    folder.fs.call_s3("put_object", Bucket="voices", Key=f"{folder.path.partition('/')[2]}/wavs/sub/", Body=b"")
    for shard in ("0-of-1", "0-of-2", "1-of-2"):
        here, there = read_shard(stored.origin, shard, limits), read(stored, limits, shard)
        assert len(here.clips)
        pd.testing.assert_frame_equal(there.clips, here.clips)
        assert there.config_sha256 == here.config_sha256


def test_a_copy_that_somebody_changed_or_removed_is_fetched_again(stored: Stored, limits: Limits) -> None:
    read(stored, limits)
    stored.fetched()
    (stored.mirror.folder / WAVS[0]).write_bytes(b"other")
    (stored.mirror.folder / WAVS[1]).unlink()
    whole = read(stored, limits)
    assert stored.fetched() == WAVS[:2]
    pd.testing.assert_frame_equal(whole.clips, read_shard(stored.origin, "0-of-1", limits).clips)


def test_a_copy_that_decayed_is_found_when_every_byte_is_read(
    stored: Stored, limits: Limits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hash_memory, "SETTLED_S", 0.0)
    clips = read(stored, limits).clips
    wanted = dict(zip(clips["path"], clips["audio_sha256"], strict=True))
    (stored.mirror.folder / WAVS[0]).write_bytes(b"decayed")
    decay(stored.mirror.folder / WAVS[0], wanted[WAVS[0]])
    stored.fetched()
    before = observed(stored)
    assert stored.mirror.bring(wanted) == stored.fetched() == []
    assert observed(stored, every_byte=True) == before
    assert stored.mirror.bring(wanted) == []
    assert stored.fetched() == [WAVS[0]]
    assert sha256(stored.mirror.folder / WAVS[0]) == wanted[WAVS[0]]


def test_copies_are_removed_with_their_objects_but_not_while_another_process_fetches(stored: Stored, limits: Limits) -> None:
    read(stored, limits)
    unfinished, report = stored.mirror.folder / "wavs" / ".clip-000.x.wav", stored.mirror.folder / "reports" / "quality.md"
    unfinished.write_bytes(b"half")
    report.parent.mkdir()
    report.write_text("a report")
    stored.remove(WAVS[2])
    with SharedLock(stored.mirror.folder / ".lock") as other:
        other.share()
        observed(stored)
        assert (stored.mirror.folder / WAVS[2]).exists()
    observed(stored)
    left = sorted(file.relative_to(stored.mirror.folder).as_posix() for file in stored.mirror.folder.rglob("*.*"))
    assert left == sorted([".lock", *HEAD, "reports/quality.md", *WAVS[:2], *WAVS[3:]])


def test_validated_audio_is_brought_by_its_hash_without_a_listing(stored: Stored, limits: Limits) -> None:
    clips = read(stored, limits).clips
    wanted = dict(zip(clips["path"], clips["audio_sha256"], strict=True))
    stored.forget()
    stored.fetched()
    assert stored.mirror.bring({name: wanted[name] for name in WAVS[:2]}) == []
    assert stored.fetched() == WAVS[:2]
    assert stored.mirror.bring(wanted) == []
    assert stored.requests.listings == 0
    assert stored.fetched() == WAVS[2:]
    write_wav(stored.origin / WAVS[3], burst(1.0, 99), RATE)
    stored.upload(WAVS[3])
    stored.remove(WAVS[4])
    stored.forget()
    assert stored.mirror.bring(wanted) == WAVS[3:5]


def on_request(stored: Stored, wanted: str, work: Callable[[], object]) -> None:
    """Do ``work`` once, before the server answers a GET of ``wanted``."""

    def before(request: str) -> None:
        if request.startswith("GET") and request.endswith(wanted):
            stored.requests.before = None
            work()

    stored.requests.before = before


def test_an_object_that_changes_between_listing_and_reading_is_noticed(stored: Stored, limits: Limits) -> None:
    def change() -> None:
        write_wav(stored.origin / WAVS[0], burst(1.0, 55), RATE)
        stored.upload(WAVS[0])

    on_request(stored, WAVS[0], change)
    with pytest.raises(DatasetError, match=re.escape(f"{stored.mirror.url}/{WAVS[0]}: changed while the data set was read")):
        read(stored, limits)
    stored.fetched()
    read(stored, limits)
    assert WAVS[0] not in stored.fetched()  # the new bytes are here, under their own mark
    on_request(stored, WAVS[1], lambda: stored.remove(WAVS[1]))
    stored.forget()
    with pytest.raises(DatasetError, match=re.escape(WAVS[1])):
        read(stored, limits)


def test_a_copy_that_another_run_replaces_meanwhile_is_noticed(stored: Stored, limits: Limits) -> None:
    class WithRival(Mirror):
        def fetch(self, marks: Mapping[str, str]) -> dict[str, str]:
            found = super().fetch(marks)
            if WAVS[0] in marks:
                write_wav(self.folder / WAVS[0], burst(1.0, 44), RATE)
            return found

    with pytest.raises(DatasetError, match=re.escape(f"{WAVS[0]}: changed while the data set was read; run again")):
        read_shard(stored.mirror.folder, "0-of-1", limits, mirror=WithRival(stored.mirror.url, stored.mirror.folder))
    pd.testing.assert_frame_equal(read(stored, limits).clips, read_shard(stored.origin, "0-of-1", limits).clips)


@pytest.mark.slow
def test_a_killed_fetch_loses_only_what_was_on_its_way(stored: Stored) -> None:
    names = [f"wavs/more-{number:03d}.wav" for number in range(3 * AT_ONCE)]
    for number, name in enumerate(names):
        (stored.origin / name).write_bytes(f"bytes of {number}".encode())
    stored.upload(*names)
    script = (
        "import sys; from pathlib import Path; from voice_assets.dataset.mirror import Mirror\n"
        "mirror = Mirror(sys.argv[1], Path(sys.argv[2])); print(flush=True); sys.stdin.readline()\n"
        "mirror.fetch({name: mark for name, mark in mirror.listed().items() if 'more' in name})"
    )
    stored.fetched()
    command = [sys.executable, "-c", script, stored.mirror.url, str(stored.mirror.folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ.copy()) as process:
        assert process.stdin is not None
        on_request(stored, names[2 * AT_ONCE], lambda: os.kill(process.pid, signal.SIGKILL))
        process.communicate(b"go\n")
    assert process.returncode == -signal.SIGKILL
    stored.fetched()
    marks = {name: mark for name, mark in stored.mirror.listed().items() if "more" in name}
    stored.mirror.fetch(marks)
    assert stored.fetched() == names[2 * AT_ONCE :]
    assert all((stored.mirror.folder / name).read_bytes() == (stored.origin / name).read_bytes() for name in names)


def test_two_processes_at_once_do_no_harm(stored: Stored, limits: Limits) -> None:
    """The second reads the whole shard while the first is about to fetch a clip."""
    on_request(stored, WAVS[0], lambda: read(Stored(stored.origin, stored.mirror, stored.requests), limits))
    pd.testing.assert_frame_equal(read(stored, limits).clips, read_shard(stored.origin, "0-of-1", limits).clips)


def test_names_that_no_folder_can_hold_are_refused(stored: Stored) -> None:
    folder = remote.location(stored.mirror.url)
    key = folder.path.partition("/")[2]
    for name in ("wavs/../../out.wav", "wavs//a.wav", "wavs/./a.wav", "wavs/a\0.wav"):
        folder.fs.call_s3("put_object", Bucket="voices", Key=f"{key}/{name}", Body=b"1")
        with pytest.raises((DatasetError, remote.RemoteError)) as raised:
            observed(stored)
        assert repr(name) in str(raised.value)
        assert "rename or remove" in str(raised.value)
        folder.fs.call_s3("delete_object", Bucket="voices", Key=f"{key}/{name}")
    assert sorted(path.name for path in stored.mirror.folder.parent.iterdir() if "out" in path.name) == []


def test_what_is_wrong_is_named(stored: Stored, tmp_path: Path) -> None:
    for url, words in (
        (f"{stored.mirror.url}/none", "metadata_2col.csv: no such object; upload config.json, metadata_2col.csv and wavs/"),
        ("s3://no-such-bucket/x", "s3://no-such-bucket/x: The specified bucket does not exist"),
    ):
        with pytest.raises((DatasetError, remote.RemoteError), match=re.escape(words)):
            Mirror(url, tmp_path / "other").refresh()
    (stored.origin / "fix_decisions.tsv").write_text("version\n")
    stored.upload("fix_decisions.tsv")
    with pytest.raises(DatasetError, match=r"fix_decisions.tsv: decisions .* only from a data set in a folder"):
        observed(stored)


def test_the_hashes_of_today_cost_one_listing(stored: Stored, limits: Limits) -> None:
    clips = read(stored, limits).clips
    wanted = dict(zip(clips["path"], clips["audio_sha256"], strict=True))
    stored.fetched()
    assert stored.mirror.hashes(wanted) == wanted
    stored.forget()
    assert stored.mirror.hashes(wanted) == wanted
    assert stored.requests.listings == 2
    assert stored.fetched() == []
    stored.remove(WAVS[5])
    write_wav(stored.origin / WAVS[0], burst(1.0, 66), RATE)
    stored.upload(WAVS[0])
    now = {name: digest for name, digest in wanted.items() if name != WAVS[5]}
    assert stored.mirror.hashes(wanted) == {**now, WAVS[0]: sha256(stored.origin / WAVS[0])}
