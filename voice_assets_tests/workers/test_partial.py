import subprocess
import sys

import pytest

from voice_assets.workers import partial
from voice_assets.workers.partial import opened, options_key


def record(clip_id, audio="aa", reference="да"):
    return {"clip_id": clip_id, "audio_sha256": audio, "reference": reference, "similarity": 1.0}


def test_what_was_appended_is_found_by_the_next_run(tmp_path):
    path = tmp_path / "out.partial.jsonl"
    with opened(path, "key") as first:
        first.append([record("a"), record("b\u2028\ud800")])
        assert first.find("a", "aa", "да") is not None
    with opened(path, "key") as second:
        assert second.find("a", "aa", "да")["similarity"] == 1.0
        assert second.find("b\u2028\ud800", "aa", "да") is not None
        assert second.find("c", "aa", "да") is None


@pytest.mark.parametrize(("key", "audio", "reference"), [("other", "aa", "да"), ("key", "bb", "да"), ("key", "aa", "нет")])
def test_other_options_audio_or_text_do_not_count(tmp_path, key, audio, reference):
    path = tmp_path / "out.partial.jsonl"
    with opened(path, "key") as first:
        first.append([record("a")])
    with opened(path, key) as second:
        assert second.find("a", audio, reference) is None


@pytest.mark.parametrize("torn", [b'{"clip_id": "c", "audio', b"\x00" * 50, b'{"clip_id": "c"}'])
def test_a_torn_last_line_is_dropped_and_writing_goes_on(tmp_path, torn):
    path = tmp_path / "out.partial.jsonl"
    with opened(path, "key") as first:
        first.append([record("a"), record("b")])
    whole = path.read_bytes()
    path.write_bytes(whole + torn)
    with opened(path, "key") as second:
        assert path.read_bytes() == whole
        second.append([record("c")])
    with opened(path, "key") as third:
        assert [third.find(name, "aa", "да") is not None for name in "abc"] == [True, True, True]


def test_two_processes_do_not_write_the_same_results(tmp_path, monkeypatch):
    monkeypatch.setattr(partial, "_WAIT_S", 0.3)
    path = tmp_path / "out.partial.jsonl"
    code = (
        "import sys, pathlib, time; from voice_assets.workers.partial import opened\n"
        "with opened(pathlib.Path(sys.argv[1]), 'key'):\n print('held', flush=True); time.sleep(60)"
    )
    other = subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True)
    try:
        assert other.stdout.readline() == "held\n"
        with pytest.raises(partial.PartialError, match="another process"), opened(path, "key"):
            pass
    finally:
        other.kill()
        other.wait()
    with opened(path, "key"):
        pass


def test_the_key_is_of_every_option_whatever_their_order():
    assert options_key(beam=5, model="a") == options_key(model="a", beam=5)
    assert options_key(beam=5, model="a") != options_key(beam=1, model="a")
