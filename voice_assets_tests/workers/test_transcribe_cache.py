"""The clips that the worker decodes again, and the clips that it takes from the transcript cache."""

import random
import re
import shutil
import sqlite3
import subprocess
import sys

import pandas as pd
import pytest

from voice_assets.asr.whisper import WhisperRecogniser
from voice_assets.workers import transcribe
from voice_assets_tests.workers.transcription import command, events, figures, run, table

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def transcribed(ivrvoice, speech, tmp_path_factory):
    """The 24 clips, transcribed: the folder with table, result and cache. Copy a file before you change it."""
    folder = tmp_path_factory.mktemp("transcribed")
    speech.to_parquet(folder / "clips.parquet")
    assert transcribe.main(command(ivrvoice, folder / "clips.parquet", folder / "out.parquet")) == 0
    return folder


@pytest.fixture
def again(transcribed, tmp_path):
    return shutil.copytree(transcribed, tmp_path / "again")


def test_an_untouched_set_decodes_nothing_and_loads_no_model(ivrvoice, again):
    clips, out = again / "clips.parquet", again / "out.parquet"
    before = pd.read_parquet(out)
    out.unlink()
    code = (
        "import sys; from voice_assets.workers import transcribe; code = transcribe.main(sys.argv[1:])\n"
        "heavy = {'faster_whisper', 'ctranslate2', 'torch', 'onnxruntime', 'dagster'} & set(sys.modules)\n"
        "assert not heavy, heavy; sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *command(ivrvoice, clips, out)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert figures(events(done.stdout)) == (0, 24)
    pd.testing.assert_frame_equal(pd.read_parquet(out), before)
    lines = (again / "out.log").read_text(encoding="utf-8").splitlines()[-24:]
    assert all(re.search(r" pass=(fast|wide|full) cache ", line) for line in lines)


def test_other_rows_in_another_order_use_the_cache(ivrvoice, speech, again, capsys):
    clips, out = again / "clips.parquet", again / "out.parquet"
    before = pd.read_parquet(out)
    table(ivrvoice, list(speech["clip_id"][10:0:-1]), dict(zip(speech["clip_id"], speech["text"], strict=True))).to_parquet(
        clips
    )
    code, printed = run(capsys, command(ivrvoice, clips, out))
    assert (code, figures(printed)) == (0, (0, 10))
    pd.testing.assert_frame_equal(pd.read_parquet(out), before[10:0:-1].reset_index(drop=True))


def test_an_edited_text_is_scored_again_and_nothing_is_decoded(ivrvoice, speech, again, capsys):
    clips, out = again / "clips.parquet", again / "out.parquet"
    before = pd.read_parquet(out)
    sure = int(before.index[(before["similarity"] == 1) & (before["decoding_pass"] == "fast")][0])
    edited = speech.copy()
    edited.loc[sure, "text"] = "Совсем другие слова, которых никто не говорил."
    edited.to_parquet(clips)
    assert figures(run(capsys, command(ivrvoice, clips, out))[1]) == (0, 24)
    row = pd.read_parquet(out).loc[sure]
    assert row["reference"].startswith("Совсем")
    assert row["hypothesis"] == before["hypothesis"][sure]
    assert row["similarity"] < 0.8
    speech.to_parquet(clips)
    assert figures(run(capsys, command(ivrvoice, clips, out))[1]) == (0, 24)
    pd.testing.assert_frame_equal(pd.read_parquet(out), before)


def test_other_thresholds_decode_the_missing_passes_and_only_once(ivrvoice, again, capsys, monkeypatch):
    clips, out = again / "clips.parquet", again / "out.parquet"
    before, passes = pd.read_parquet(out), []
    decode = WhisperRecogniser.decode
    monkeypatch.setattr(
        WhisperRecogniser, "decode", lambda self, name, sounds: passes.append((name, len(sounds))) or decode(self, name, sounds)
    )
    stricter = command(ivrvoice, clips, out, retry_below=0.999)
    printed = run(capsys, stricter)[1]
    decoded, kept = figures(printed)
    first = next(
        event for event in printed if event["event"] == "progress"
    )  # cached results are shown before a clip is decoded
    assert (first["done"], first["total"], first["decoded"], first["from_cache"]) == (kept, 24, 0, kept)
    assert decoded + kept == 24
    assert decoded == sum(number for name, number in passes if name == "wide") > 0
    assert not sum(number for name, number in passes if name == "fast")
    assert figures(run(capsys, stricter)[1]) == (0, 24)
    assert figures(run(capsys, command(ivrvoice, clips, out))[1]) == (0, 24)
    pd.testing.assert_frame_equal(pd.read_parquet(out), before)


def test_a_hypothesis_that_is_damaged_in_the_cache_is_decoded_again(ivrvoice, again, capsys):
    clips, out = again / "clips.parquet", again / "out.parquet"
    before = pd.read_parquet(out)
    with sqlite3.connect(again / "transcripts.sqlite") as cache:
        fast = "SELECT cache_key FROM cache_keys WHERE json_extract(options, '$.decoding_pass') = 'fast'"
        cache.execute(
            f"UPDATE hypotheses SET hypothesis = 'gone' WHERE cache_key IN ({fast}) AND audio_sha256 = ?",
            [before["audio_sha256"][3]],
        )
    cache.close()
    code, printed = run(capsys, command(ivrvoice, clips, out))
    assert (code, figures(printed)) == (0, (1, 23))
    assert any("damaged" in event["message"] for event in printed if event["event"] == "note")
    pd.testing.assert_frame_equal(pd.read_parquet(out), before)


def test_one_recording_under_two_names_is_decoded_once_and_scored_twice(ivrvoice, speech, tmp_path, capsys):
    clips, out = tmp_path / "clips.parquet", tmp_path / "out.parquet"
    rows = pd.concat([speech[:1], speech[:1].assign(clip_id="copy", text="нечто иное")], ignore_index=True)
    rows.to_parquet(clips)
    code, printed = run(capsys, command(ivrvoice, clips, out))
    assert (code, figures(printed)) == (0, (2, 0))
    result = pd.read_parquet(out)
    assert list(result["clip_id"]) == [speech["clip_id"][0], "copy"]
    assert result["similarity"][0] > 0.8 > result["similarity"][1]


def test_a_recording_with_two_names_has_the_same_result_whichever_shard_comes_first(ivrvoice, speech, tmp_path, capsys):
    rows = pd.concat([speech[:1], speech[:1].assign(clip_id="copy", text="нечто иное")], ignore_index=True)
    found = []
    for order in ([0, 1], [1, 0]):
        folder = tmp_path / str(order[0])
        folder.mkdir()
        for index in order:
            rows[index : index + 1].to_parquet(folder / "clips.parquet")
            assert run(capsys, command(ivrvoice, folder / "clips.parquet", folder / f"out-{index}.parquet"))[0] == 0
        found.append(pd.concat([pd.read_parquet(folder / f"out-{index}.parquet") for index in (0, 1)], ignore_index=True))
    pd.testing.assert_frame_equal(*found)


@pytest.mark.parametrize(("option", "value", "decoded"), [("beam_size", 2, "few"), ("language", "uk", "all")])
def test_other_options_decode_only_the_passes_they_change(ivrvoice, again, capsys, option, value, decoded):
    clips, out = again / "clips.parquet", again / "out.parquet"
    full = int((pd.read_parquet(out)["decoding_pass"] != "fast").sum())
    now, _ = figures(run(capsys, command(ivrvoice, clips, out, **{option: value}))[1])
    assert now == 24 if decoded == "all" else full <= now < 24


def test_a_damaged_cache_is_reported_and_every_clip_is_decoded_again(ivrvoice, again, capsys):
    clips, out = again / "clips.parquet", again / "out.parquet"
    before = pd.read_parquet(out)
    (again / "transcripts.sqlite").write_bytes(b"\0" * 5000)
    code, printed = run(capsys, command(ivrvoice, clips, out))
    assert (code, figures(printed)) == (0, (24, 0))
    assert any("moved aside" in event["message"] for event in printed if event["event"] == "note")
    pd.testing.assert_frame_equal(pd.read_parquet(out), before)


def events_before_kill(arguments, number):
    """The events of a worker that ``kill -9`` ends right after event ``number``. With 0, the worker is killed at its start."""
    worker = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    lines = [worker.stdout.readline() for _ in range(number)]
    worker.kill()
    lines += worker.stdout.readlines()
    worker.wait()
    worker.stdout.close()
    return events("".join(line for line in lines if line.endswith("\n")))


def test_twenty_kills_after_any_event_change_nothing(ivrvoice, tmp_path, capsys):
    """``kill -9`` again and again until the table is done. The table equals the table of a run without kills."""
    lines = (ivrvoice / "metadata_2col.csv").read_text(encoding="utf-8").splitlines()[:60]
    texts = {name.removesuffix(".wav"): text for name, text in (line.split("|") for line in lines)}
    whole, torn = tmp_path / "whole", tmp_path / "torn"
    for folder in (whole, torn):
        folder.mkdir()
        table(ivrvoice, list(texts), texts).to_parquet(folder / "clips.parquet")
    assert run(capsys, command(ivrvoice, whole / "clips.parquet", whole / "out.parquet"))[0] == 0
    request = command(ivrvoice, torn / "clips.parquet", torn / "out.parquet")
    # The events are started, a progress event for the cache, then one for each batch. Ten kills fall before the model is
    # loaded, ten after a batch was stored.
    numbers, kept = [0, 0, 1, 1, 1, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 4, 4, 4, 5, 5], 0
    random.Random(1).shuffle(numbers)
    for number in numbers:
        printed = events_before_kill([sys.executable, "-m", "voice_assets.workers.transcribe", *request], number)
        started = [event["from_cache"] for event in printed if event["event"] == "started"]
        if started:
            assert started[0] >= kept, "a stored batch was lost"
        finished = [event["decoded"] + event["from_cache"] for event in printed if event["event"] == "progress"]
        kept = max([kept, *started, *finished])
    assert kept > 0
    code, printed = run(capsys, request)
    assert code == 0
    assert figures(printed)[1] >= kept
    pd.testing.assert_frame_equal(pd.read_parquet(torn / "out.parquet"), pd.read_parquet(whole / "out.parquet"))
