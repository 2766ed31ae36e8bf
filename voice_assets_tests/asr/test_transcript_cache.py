"""The transcript cache: what is stored is found, by whoever asks in the same way, and what is damaged is never believed."""

import fcntl
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_assets.asr import transcript_cache
from voice_assets.asr.transcript_cache import CacheKey, TranscriptCacheError, opened

FAST, FULL = CacheKey.of(decoding_pass="fast", model="m"), CacheKey.of(decoding_pass="full", model="m", beam_size=5)
WRITER = """
import pathlib, sys
from voice_assets.asr.transcript_cache import CacheKey, opened
who = sys.argv[2]
with opened(pathlib.Path(sys.argv[1]), "test") as cache:
    for batch in range(int(sys.argv[3])):
        heard = {f"{who}-{batch}-{clip}": f"{who} said {batch} {clip}" for clip in range(8)}
        cache.add({CacheKey.of(decoding_pass="fast", model="m"): heard})
        print(batch, flush=True)
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "deep" / "transcripts.sqlite"


def filled(path, **texts):
    with opened(path, "v1") as book:
        book.add({FAST: texts})
    return path


def read(path, setting=FAST, audio="abc"):
    with opened(path, "v1") as book:
        return book.heard(setting, audio), book.notes


def test_what_was_added_is_found_by_the_next_process(path):
    filled(path, a="один", b="два\u2028\0 'x\" --")
    assert read(path) == ({"a": "один", "b": "два\u2028\0 'x\" --"}, [])


def test_the_passes_are_apart_and_a_setting_is_its_options_whatever_their_order(path):
    filled(path, a="один")
    assert read(path, FULL) == ({}, [])
    assert read(path, CacheKey.of(model="m", decoding_pass="fast"))[0] == {"a": "один"}
    assert read(path, CacheKey.of(model="n", decoding_pass="fast"))[0] == {}


def test_a_second_hypothesis_replaces_the_first_and_rows_name_who_wrote_them(path):
    filled(path, a="один", b="два")
    with opened(path, "v2") as book:
        book.add({FAST: {"a": "другое"}, FULL: {"a": "третье"}})
        assert book.heard(FAST, "ab") == {"a": "другое", "b": "два"}
    database = sqlite3.connect(path)
    assert dict(database.execute("SELECT engine, count(*) FROM hypotheses GROUP BY engine").fetchall()) == {"v1": 1, "v2": 2}
    stored = database.execute("SELECT options FROM settings").fetchall()
    assert set(stored) == {(FAST.text,), (FULL.text,)}


@given(texts=st.dictionaries(st.text("0123456789abcdef", min_size=1), st.text(st.characters(codec="utf-8")), max_size=5))
def test_any_text_comes_back_as_it_was(tmp_path_factory, texts):
    with opened(tmp_path_factory.mktemp("cache") / "l.sqlite", "v1") as book:
        book.add({FAST: texts})
        assert book.heard(FAST, texts) == texts


def test_a_batch_that_cannot_be_stored_is_an_error_and_leaves_nothing(path):
    with opened(path, "v1") as book:
        with pytest.raises(TranscriptCacheError, match="2 hypotheses could not be stored"):
            book.add({FAST: {"a": "один", "b": "\ud800"}})
        book.add({FULL: {"a": "один"}})
        assert book.heard(FAST, "ab") == {}


def test_more_audio_than_one_statement_may_name(path):
    texts = {f"{number:064x}": str(number) for number in range(2500)}
    with opened(path, "v1") as book:
        book.add({FAST: texts})
        assert book.heard(FAST, texts) == texts


def test_a_damaged_row_is_not_found_and_can_be_written_anew(path):
    filled(path, a="один", b="два")
    with sqlite3.connect(path) as raw:
        raw.execute("UPDATE hypotheses SET hypothesis = 'одно' WHERE audio_sha256 = 'a'")
    found, (note,) = read(path)
    assert found == {"b": "два"}
    assert "audio a is damaged" in note
    filled(path, a="один")
    assert read(path) == ({"a": "один", "b": "два"}, [])


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
def test_a_file_that_is_not_sound_is_moved_aside_whole_and_a_new_one_begun(path, spoil):
    with opened(path, "v1") as book:
        book.add({FAST: {f"{number:064x}": "слово " * 20 for number in range(300)}})
    spoil(path)
    before = path.read_bytes()
    found, (note,) = read(path, audio=[f"{1:064x}"])
    assert found == {}
    assert "moved aside" in note
    (aside,) = path.parent.glob("*.untrusted-*[0-9]")
    assert aside.read_bytes() == before
    filled(path, a="один")
    assert read(path) == ({"a": "один"}, [])


def test_an_unsound_file_that_others_have_open_stays_where_it_is(path, monkeypatch):
    monkeypatch.setattr(transcript_cache, "_WAIT_FOR_OTHERS_S", 0.3)
    filled(path, a="один")
    with opened(path, "v1"):
        other_layout(path)
        with pytest.raises(TranscriptCacheError, match="other processes have it open"), opened(path, "v1"):
            pass
    assert not list(path.parent.glob("*untrusted*"))


def test_who_comes_second_takes_the_new_ledger_though_the_first_holds_it(path, monkeypatch):
    """All shards of a run start at once: one moves the unsound file aside and works on for hours."""
    filled(path, a="один")
    other_layout(path)
    alone, begun = transcript_cache._alone, []

    def beaten(lock):
        if not begun:
            fcntl.flock(lock, fcntl.LOCK_UN)  # as where two try at once: the kernel lets go of the old lock first
            begun.append(start(path, "first", 1000))
            assert begun[0].stdout.readline() == "0\n"  # it has moved the file aside, and writes into the new one
        return alone(lock)

    monkeypatch.setattr(transcript_cache, "_alone", beaten)
    with opened(path, "v2") as book:
        assert book.notes == []
        assert begun[0].poll() is None
        book.add({FAST: {"mine": "да"}})
    begun[0].kill()
    begun[0].wait()
    begun[0].stdout.close()
    assert len(list(path.parent.glob("*.untrusted-*[0-9]"))) == 1
    assert read(path, audio=["mine", "first-0-0"])[0] == {"mine": "да", "first-0-0": "first said 0 0"}


def test_switching_to_the_write_ahead_log_waits_for_a_lock(tmp_path):
    other = sqlite3.connect(tmp_path / "x.sqlite", isolation_level=None, check_same_thread=False)
    other.execute("CREATE TABLE t (x)")
    other.execute("BEGIN IMMEDIATE")
    threading.Timer(0.3, other.execute, ["COMMIT"]).start()
    mine = sqlite3.connect(tmp_path / "x.sqlite", timeout=0, isolation_level=None)
    transcript_cache._write_ahead(mine)
    assert mine.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_folder_in_the_way_is_an_error_that_names_it(path):
    path.mkdir(parents=True)
    with pytest.raises(TranscriptCacheError, match=r"transcripts\.sqlite: cannot be"), opened(path, "v1"):
        pass


def start(path, who, batches):
    command = [sys.executable, "-c", WRITER, str(path), who, str(batches)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_four_processes_begin_and_write_at_once_and_nothing_is_lost(path):
    writers = [start(path, who, 25) for who in "abcd"]
    assert [writer.wait() for writer in writers] == [0, 0, 0, 0]
    for writer in writers:
        writer.stdout.close()
    wanted = {
        f"{who}-{batch}-{clip}": f"{who} said {batch} {clip}" for who in "abcd" for batch in range(25) for clip in range(8)
    }
    assert read(path, audio=wanted) == (wanted, [])


@pytest.mark.slow
def test_kill_9_at_any_moment_loses_no_batch_that_was_stored(path):
    """What a killed process had announced as stored is there, and of every batch there is all or nothing."""
    moments, announced = random.Random(3), {}
    for turn in range(20):
        writer = start(path, f"w{turn}", 100_000)
        lines = [writer.stdout.readline()]
        time.sleep(moments.uniform(0, 0.05))
        writer.send_signal(signal.SIGKILL)
        lines += writer.stdout.readlines()
        writer.wait()
        announced[turn] = sum(line.endswith("\n") for line in lines)
    with opened(path, "v1") as book:
        assert book.notes == []
        for turn, count in announced.items():
            found = book.heard(FAST, [f"w{turn}-{batch}-{clip}" for batch in range(count + 1) for clip in range(8)])
            assert len(found) in (count * 8, count * 8 + 8)
