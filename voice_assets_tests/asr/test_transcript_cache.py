"""The transcript cache: stored rows are found under the same key, and damaged rows and files are never used."""

import contextlib
import os
import random
import signal
import sqlite3
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_assets.asr import transcript_file, transcript_server
from voice_assets.asr.cache_keys import CacheKey
from voice_assets.asr.transcript_cache import TranscriptCacheError, opened
from voice_assets.runtime.locks import SharedLock
from voice_assets_tests.postgres_server import url_of

FAST, FULL = CacheKey.of(decoding_pass="fast", model="m"), CacheKey.of(decoding_pass="full", model="m", beam_size=5)
WRITER = """
import sys
from voice_assets.asr.cache_keys import CacheKey
from voice_assets.asr.transcript_cache import opened
who = sys.argv[2]
with opened(sys.argv[1], "test") as cache:
    for batch in range(int(sys.argv[3])):
        texts = {f"{who}-{batch}-{clip}": f"{who} wrote {batch} {clip}" for clip in range(8)}
        cache.add({CacheKey.of(decoding_pass="fast", model="m"): texts})
        print(batch, flush=True)
"""


END_OTHERS = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()"""
"""Ends every other connection, as a server does that is started again."""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "deep" / "transcripts.sqlite"


@pytest.fixture(params=["file", pytest.param("server", marks=pytest.mark.slow)])
def place(request, path):
    """Either place of a cache: a file, or a database of PostgreSQL whose password is in the environment."""
    return path if request.param == "file" else request.getfixturevalue("server")


@pytest.fixture
def server(database, monkeypatch):
    monkeypatch.setenv("PGPASSWORD", database["PGPASSWORD"])
    return url_of(database)


def execute(place, statement):
    """Execute a statement in the database of a cache. Returns its rows."""
    where = transcript_server.database(place) if isinstance(place, str) else transcript_file.database(place)
    with where as (database, _, _), database.begin() as connection:
        result = connection.exec_driver_sql(statement)
        return [tuple(row) for row in result] if result.returns_rows else []


def filled(place, **texts):
    with opened(place, "v1") as cache:
        cache.add({FAST: texts})
    return place


def read(place, key=FAST, audio="abc"):
    with opened(place, "v1") as cache:
        return cache.find(key, audio), cache.notes


def test_what_was_added_is_found_by_the_next_process(place):
    filled(place, a="один", b="два\u2028\0 'x\" --")
    assert read(place) == ({"a": "один", "b": "два\u2028\0 'x\" --"}, [])


def test_each_pass_has_rows_of_its_own_and_a_key_is_its_options_in_any_order(place):
    filled(place, a="один")
    assert read(place, FULL) == ({}, [])
    assert read(place, CacheKey.of(model="m", decoding_pass="fast"))[0] == {"a": "один"}
    assert read(place, CacheKey.of(model="n", decoding_pass="fast"))[0] == {}


def test_a_second_hypothesis_replaces_the_first_and_rows_name_who_wrote_them(place):
    filled(place, a="один", b="два")
    with opened(place, "v2") as cache:
        cache.add({FAST: {"a": "другое"}, FULL: {"a": "третье"}})
        assert cache.find(FAST, "ab") == {"a": "другое", "b": "два"}
    assert dict(execute(place, "SELECT engine, count(*) FROM hypotheses GROUP BY engine")) == {"v1": 1, "v2": 2}
    assert set(execute(place, "SELECT options FROM cache_keys")) == {(FAST.text,), (FULL.text,)}


@pytest.mark.slow
@given(texts=st.dictionaries(st.text("0123456789abcdef", min_size=1), st.text(st.characters(codec="utf-8")), max_size=5))
def test_any_text_comes_back_as_it_was(tmp_path_factory, texts):
    with opened(tmp_path_factory.mktemp("cache") / "l.sqlite", "v1") as cache:
        cache.add({FAST: texts})
        assert cache.find(FAST, texts) == texts


def test_a_batch_that_cannot_be_stored_is_an_error_and_leaves_nothing(place):
    with opened(place, "v1") as cache:
        with pytest.raises(TranscriptCacheError, match="2 hypotheses could not be stored"):
            cache.add({FAST: {"a": "один", "b": "\ud800"}})
        cache.add({FULL: {"a": "один"}})
        assert cache.find(FAST, "ab") == {}


def test_more_audio_than_one_statement_may_name(place):
    texts = {f"{number:064x}": str(number) for number in range(2500)}
    with opened(place, "v1") as cache:
        cache.add({FAST: texts})
        assert cache.find(FAST, texts) == texts


def test_a_damaged_row_is_not_found_and_can_be_written_again(place):
    filled(place, a="один", b="два")
    execute(place, "UPDATE hypotheses SET hypothesis = 'other' WHERE audio_sha256 = 'a'")
    found, (note,) = read(place)
    assert found == {"b": "два"}
    assert "audio a is damaged" in note
    filled(place, a="один")
    assert read(place) == ({"a": "один", "b": "два"}, [])


def spoil_header(path):
    path.write_bytes(b"this is not a database at all, not in the least" * 100)


def spoil_middle(path):
    content = bytearray(path.read_bytes())
    content[4096 : len(content)] = os.urandom(len(content) - 4096)
    path.write_bytes(content)


def cut_short(path):
    path.write_bytes(path.read_bytes()[:5000])


def other_program(path):
    path.unlink()
    with sqlite3.connect(path) as raw:
        raw.execute("CREATE TABLE hypotheses (x)")


def other_layout(path):
    with sqlite3.connect(path) as raw:
        raw.execute("PRAGMA user_version = 99")


@pytest.mark.parametrize("spoil", [spoil_header, spoil_middle, cut_short, other_program, other_layout])
def test_a_damaged_file_is_moved_aside_whole_and_a_new_file_is_created(path, spoil):
    with opened(path, "v1") as cache:
        cache.add({FAST: {f"{number:064x}": "слово " * 20 for number in range(300)}})
    spoil(path)
    before = path.read_bytes()
    found, (note,) = read(path, audio=[f"{1:064x}"])
    assert found == {}
    assert "moved aside" in note
    (aside,) = path.parent.glob("*.untrusted-*[0-9]")
    assert aside.read_bytes() == before
    filled(path, a="один")
    assert read(path) == ({"a": "один"}, [])


def test_a_damaged_file_that_other_processes_have_open_is_not_moved(path, monkeypatch):
    monkeypatch.setattr(transcript_file, "_WAIT_FOR_OTHERS_S", 0.3)
    filled(path, a="один")
    with opened(path, "v1"):
        other_layout(path)
        with pytest.raises(TranscriptCacheError, match="other processes have it open"), opened(path, "v1"):
            pass
    assert not list(path.parent.glob("*untrusted*"))


def test_the_second_process_takes_the_new_cache_that_the_first_has_open(path, monkeypatch):
    """All shards of a run start at once: one process moves the damaged file aside and then runs for hours."""
    filled(path, a="один")
    other_layout(path)
    take_alone, begun = SharedLock.take_alone, []

    def overtaken(lock):
        if not begun:
            lock.release()  # as when two processes try at once: each releases its share first
            begun.append(start(path, "first", 1000))
            assert (
                begun[0].stdout.readline() == "0\n"
            )  # the other process has moved the file aside and writes into the new file
        return take_alone(lock)

    monkeypatch.setattr(SharedLock, "take_alone", overtaken)
    with opened(path, "v2") as cache:
        assert cache.notes == []
        assert begun[0].poll() is None
        cache.add({FAST: {"mine": "да"}})
    begun[0].kill()
    begun[0].wait()
    begun[0].stdout.close()
    assert len(list(path.parent.glob("*.untrusted-*[0-9]"))) == 1
    assert read(path, audio=["mine", "first-0-0"])[0] == {"mine": "да", "first-0-0": "first wrote 0 0"}


def test_switching_the_journal_waits_for_a_lock(tmp_path, monkeypatch):
    other = sqlite3.connect(tmp_path / "x.sqlite", isolation_level=None)
    other.execute("CREATE TABLE t (x)")
    other.execute("BEGIN IMMEDIATE")
    waits = []

    def wait(seconds):
        waits.append(seconds)
        if len(waits) == 2:  # the switch was tried, and tried again
            other.execute("COMMIT")

    monkeypatch.setattr(transcript_file.time, "sleep", wait)
    mine = sqlite3.connect(tmp_path / "x.sqlite", timeout=0, isolation_level=None)
    transcript_file._set_journal(mine, "WAL")
    assert mine.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert len(waits) == 2


def journal(path):
    with contextlib.closing(sqlite3.connect(path)) as raw:
        return raw.execute("PRAGMA journal_mode").fetchone()[0]


def test_on_a_network_file_system_there_is_no_wal_and_the_notes_say_so(path, monkeypatch):
    filled(path, a="один")
    assert journal(path) == "wal"
    monkeypatch.setattr(transcript_file, "network_file_system", lambda _: "nfs4")
    found, (note,) = read(path)
    assert found == {"a": "один"}
    assert "on a network file system (nfs4): no WAL mode" in note
    assert journal(path) == "delete"
    filled(path, b="два")
    monkeypatch.undo()  # back on a local disk
    assert read(path) == ({"a": "один", "b": "два"}, [])
    assert journal(path) == "wal"


def test_a_folder_in_place_of_the_file_is_an_error_that_names_it(path):
    path.mkdir(parents=True)
    with pytest.raises(TranscriptCacheError, match=r"transcripts\.sqlite: cannot be"), opened(path, "v1"):
        pass


def start(path, who, batches):
    command = [sys.executable, "-c", WRITER, str(path), who, str(batches)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


@pytest.mark.slow
def test_four_processes_begin_and_write_at_once_and_nothing_is_lost(place):
    writers = [start(place, who, 25) for who in "abcd"]
    assert [writer.wait() for writer in writers] == [0, 0, 0, 0]
    for writer in writers:
        writer.stdout.close()
    wanted = {
        f"{who}-{batch}-{clip}": f"{who} wrote {batch} {clip}" for who in "abcd" for batch in range(25) for clip in range(8)
    }
    assert read(place, audio=wanted) == (wanted, [])


@pytest.mark.slow
def test_kill_9_after_any_batch_loses_no_batch_that_was_stored(place):
    """Each batch that a killed process had printed is stored; the batch in work is stored as a whole or not at all."""
    drawn, announced = random.Random(3), {}
    for turn in range(20):
        writer = start(place, f"w{turn}", 100_000)
        lines = [writer.stdout.readline() for _ in range(drawn.randrange(1, 40))]
        writer.send_signal(signal.SIGKILL)
        lines += writer.stdout.readlines()
        writer.wait()
        announced[turn] = sum(line.endswith("\n") for line in lines)
    with opened(place, "v1") as cache:
        assert cache.notes == []
        for turn, count in announced.items():
            assert count > 0
            found = cache.find(FAST, [f"w{turn}-{batch}-{clip}" for batch in range(count + 1) for clip in range(8)])
            assert len(found) in (count * 8, count * 8 + 8)


@pytest.mark.slow
def test_a_server_that_was_restarted_is_found_again(server):
    with opened(server, "v1") as cache:
        cache.add({FAST: {"a": "один"}})
        assert execute(server, END_OTHERS) == [(True,)]
        cache.add({FAST: {"b": "два"}})
        assert cache.find(FAST, "ab") == {"a": "один", "b": "два"}


@pytest.mark.slow
def test_a_wrong_password_is_an_error_without_the_password(server, monkeypatch):
    monkeypatch.setenv("PGPASSWORD", "not-to-be-seen")
    with pytest.raises(TranscriptCacheError, match=r"password authentication failed.*check VOICE_TRANSCRIPTS") as caught:
        read(server)
    assert "not-to-be-seen" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "rule"),
    [
        ("postgresql://me:hidden@db/voices", "holds a password"),
        ("postgresql://me@db/voices?password=hidden", "holds a password"),
        ("mysql://me@db/voices", "not mysql"),
        ("://", "cannot be read"),
    ],
)
def test_a_url_that_cannot_be_used_is_an_error_without_its_password(url, rule):
    with pytest.raises(TranscriptCacheError, match=rule) as caught:
        read(url)
    assert "hidden" not in str(caught.value)
