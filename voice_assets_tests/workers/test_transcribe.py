import json
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import threading
import time

import numpy as np
import pandas as pd
import pytest

from voice_assets.asr import whisper
from voice_assets.audio import recordings
from voice_assets.dataset.tables import TRANSCRIPTS
from voice_assets.runtime import files, project
from voice_assets.voices import Whisper
from voice_assets.workers import transcribe


@pytest.fixture
def dataset(tmp_path):
    """Two clips that are no speech: enough for everything before the model."""
    for name in ("a", "b"):
        recordings.write_wav(tmp_path / "data" / "wavs" / f"{name}.wav", np.arange(2000, dtype=np.int16), 16000)
    return tmp_path / "data"


def table(dataset, names, texts=None):
    rows = []
    for name in names:
        path = dataset / "wavs" / f"{name}.wav"
        length = recordings.probe(path).duration_s
        text = (texts or {}).get(name, "текст")
        rows.append((name, f"wavs/{name}.wav", text, files.sha256(path), length))
    return pd.DataFrame(rows, columns=list(transcribe.NEEDED))


def command(dataset, clips, out, /, **changes):
    """The command line for a request with other values; settings of Whisper go into their section."""
    whisper = {"model": "base", "device": "cpu", "compute_type": "int8", "batch_size": 4}
    whisper |= {name: changes.pop(name) for name in list(changes) if name in Whisper.model_fields}
    request = {
        "dataset": str(dataset),
        "clips": str(clips),
        "out": str(out),
        "language": "ru",
        "whisper": whisper,
        "weights_cache": str(project.cache_dir() / "whisper"),
        "cache": str(out.with_name("transcripts.sqlite")),
        "log": str(out.with_suffix(".log")),
    }
    file = out.with_suffix(".json")
    file.write_text(json.dumps(request | changes), encoding="utf-8")
    return [str(file)]


def events(text):
    return [json.loads(line) for line in text.splitlines()]


def run(capsys, arguments):
    code = transcribe.main(arguments)
    return code, events(capsys.readouterr().out)


def changed(rows, column, value):
    rows.loc[0, column] = value
    return rows


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda rows: rows.drop(columns="text"), "the columns text are missing"),
        (lambda rows: pd.concat([rows, rows[:1]]), "'a' is in it more than once"),
    ],
)
def test_a_table_that_cannot_be_used(dataset, tmp_path, spoil, message):
    path = tmp_path / "clips.parquet"
    spoil(table(dataset, "ab")).to_parquet(path)
    with pytest.raises(transcribe.ClipsError, match=message):
        transcribe.read_clips(path)


@pytest.mark.parametrize("content", [None, b"", b"clip_id|text"])
def test_a_file_that_is_no_table(tmp_path, content):
    path = tmp_path / "clips.parquet"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(transcribe.ClipsError, match=r"clips\.parquet: not a table"):
        transcribe.read_clips(path)


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("audio_sha256", "0" * 64, "the audio changed since it was validated.*0000"),
        ("path", "wavs/gone.wav", "is missing"),
        ("path", "", "no path"),
        ("path", "../clips.parquet", "not a file of the data set"),
        ("path", "/etc/hostname", "not a file of the data set"),
    ],
)
def test_a_clip_whose_file_is_not_the_validated_one(dataset, column, value, message):
    row = changed(table(dataset, "ab"), column, value).to_dict("records")[0]
    with pytest.raises(transcribe.ClipsError, match=rf"clip 'a'.*{message}"):
        transcribe.audio_file(dataset, row)


def test_a_link_to_the_outside_is_refused(dataset, tmp_path):
    row = table(dataset, "ab").to_dict("records")[0]
    (dataset / "wavs" / "a.wav").rename(tmp_path / "elsewhere.wav")
    (dataset / "wavs" / "a.wav").symlink_to(tmp_path / "elsewhere.wav")
    with pytest.raises(transcribe.ClipsError, match="not a file of the data set"):
        transcribe.audio_file(dataset, row)


@pytest.mark.parametrize("option", [("model", "large-v9"), ("clips", "/no/such.parquet"), ("compute_type", "int3")])
def test_what_cannot_work_is_one_line_and_code_2(dataset, tmp_path, capsys, option):
    clips, out = tmp_path / "clips.parquet", tmp_path / "out.parquet"
    table(dataset, "ab").to_parquet(clips)
    code, printed = run(capsys, command(dataset, clips, out, **dict([option])))
    assert code == 2
    assert printed[-1]["event"] == "error"
    assert option[1] in printed[-1]["message"]
    assert not out.exists()


def test_no_clips_are_a_table_without_rows(dataset, tmp_path, capsys):
    clips, out = tmp_path / "clips.parquet", tmp_path / "out.parquet"
    table(dataset, "a")[:0].to_parquet(clips)
    code, printed = run(capsys, command(dataset, clips, out))
    assert code == 0
    assert printed[-1]["event"] == "done"
    assert list(pd.read_parquet(out).columns) == list(TRANSCRIPTS)


def test_a_batch_size_of_0_is_refused(dataset, tmp_path, capsys):
    code, printed = run(capsys, command(dataset, tmp_path / "c", tmp_path / "o", batch_size=0))
    assert code == 2
    assert "whisper.batch_size: Input should be greater than 0 (value: 0)" in printed[-1]["message"]


@pytest.fixture(scope="module")
def speech(ivrvoice):
    """24 real clips, as a table."""
    lines = (ivrvoice / "metadata_2col.csv").read_text(encoding="utf-8").splitlines()[:24]
    texts = {name.removesuffix(".wav"): text for name, text in (line.split("|") for line in lines)}
    return table(ivrvoice, list(texts), texts)


@pytest.mark.slow
def test_every_clip_is_scored_in_the_order_of_the_table(ivrvoice, speech, tmp_path, capsys):
    clips, out = tmp_path / "clips.parquet", tmp_path / "out.parquet"
    speech[:8].to_parquet(clips)
    code, printed = run(capsys, command(ivrvoice, clips, out))
    assert code == 0
    result = pd.read_parquet(out)
    assert list(result["clip_id"]) == list(speech["clip_id"][:8])
    assert list(result.columns) == list(TRANSCRIPTS)
    assert result["similarity"].mean() > 0.9
    progress = [event for event in printed if event["event"] == "progress"]
    assert (progress[-1]["done"], progress[-1]["total"], progress[-1]["low"]) == (8, 8, int((result["similarity"] < 0.8).sum()))
    assert progress[-1]["mean_similarity"] == pytest.approx(result["similarity"].mean())
    assert (progress[-1]["decoded"], progress[-1]["from_cache"]) == (8, 0)
    assert set(progress[-1]["last"]) == {"clip_id", "reference", "hypothesis", "similarity"}
    lines = out.with_suffix(".log").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 8
    assert lines[-1].startswith("[8/8] sim=")
    assert not any(" cache " in line for line in lines)


def figures(printed):
    done = printed[-1]
    assert done["event"] == "done"
    return done["decoded"], done["from_cache"]


@pytest.fixture(scope="module")
def heard(ivrvoice, speech, tmp_path_factory):
    """The 24 clips, transcribed: the folder with table, result and cache. Copy what you change."""
    folder = tmp_path_factory.mktemp("heard")
    speech.to_parquet(folder / "clips.parquet")
    assert transcribe.main(command(ivrvoice, folder / "clips.parquet", folder / "out.parquet")) == 0
    return folder


@pytest.fixture
def again(heard, tmp_path):
    return shutil.copytree(heard, tmp_path / "again")


@pytest.mark.slow
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


@pytest.mark.slow
def test_other_rows_in_another_order_take_what_is_there(ivrvoice, speech, again, capsys):
    clips, out = again / "clips.parquet", again / "out.parquet"
    before = pd.read_parquet(out)
    table(ivrvoice, list(speech["clip_id"][10:0:-1]), dict(zip(speech["clip_id"], speech["text"], strict=True))).to_parquet(
        clips
    )
    code, printed = run(capsys, command(ivrvoice, clips, out))
    assert (code, figures(printed)) == (0, (0, 10))
    pd.testing.assert_frame_equal(pd.read_parquet(out), before[10:0:-1].reset_index(drop=True))


@pytest.mark.slow
def test_an_edited_text_is_scored_anew_and_decodes_nothing(ivrvoice, speech, again, capsys):
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


@pytest.mark.slow
def test_other_thresholds_ask_for_the_looks_that_are_owed_and_only_once(ivrvoice, again, capsys, monkeypatch):
    clips, out = again / "clips.parquet", again / "out.parquet"
    before, passes = pd.read_parquet(out), []
    decoding_pass = whisper.Transcriber._decode_pass
    monkeypatch.setattr(
        whisper.Transcriber,
        "_decode_pass",
        lambda self, name, *what: passes.append((name, len(what[0]))) or decoding_pass(self, name, *what),
    )
    stricter = command(ivrvoice, clips, out, retry_below=0.999)
    printed = run(capsys, stricter)[1]
    decoded, kept = figures(printed)
    first = next(
        event for event in printed if event["event"] == "progress"
    )  # what is known is shown before anything is decoded
    assert (first["done"], first["total"], first["decoded"], first["from_cache"]) == (kept, 24, 0, kept)
    assert decoded + kept == 24
    assert decoded == sum(number for name, number in passes if name == "wide") > 0
    assert not sum(number for name, number in passes if name == "fast")
    assert figures(run(capsys, stricter)[1]) == (0, 24)
    assert figures(run(capsys, command(ivrvoice, clips, out))[1]) == (0, 24)
    pd.testing.assert_frame_equal(pd.read_parquet(out), before)


@pytest.mark.slow
def test_a_look_that_is_damaged_in_the_ledger_is_had_again(ivrvoice, again, capsys):
    clips, out = again / "clips.parquet", again / "out.parquet"
    before = pd.read_parquet(out)
    with sqlite3.connect(again / "transcripts.sqlite") as cache:
        fast = "SELECT setting FROM settings WHERE json_extract(options, '$.decoding_pass') = 'fast'"
        cache.execute(
            f"UPDATE hypotheses SET hypothesis = 'gone' WHERE setting IN ({fast}) AND audio_sha256 = ?",
            [before["audio_sha256"][3]],
        )
    cache.close()
    code, printed = run(capsys, command(ivrvoice, clips, out))
    assert (code, figures(printed)) == (0, (1, 23))
    assert any("damaged" in event["message"] for event in printed if event["event"] == "note")
    pd.testing.assert_frame_equal(pd.read_parquet(out), before)


@pytest.mark.slow
def test_one_recording_under_two_names_is_decoded_once_and_scored_twice(ivrvoice, speech, tmp_path, capsys):
    clips, out = tmp_path / "clips.parquet", tmp_path / "out.parquet"
    rows = pd.concat([speech[:1], speech[:1].assign(clip_id="copy", text="нечто иное")], ignore_index=True)
    rows.to_parquet(clips)
    code, printed = run(capsys, command(ivrvoice, clips, out))
    assert (code, figures(printed)) == (0, (2, 0))
    result = pd.read_parquet(out)
    assert list(result["clip_id"]) == [speech["clip_id"][0], "copy"]
    assert result["similarity"][0] > 0.8 > result["similarity"][1]


@pytest.mark.slow
def test_a_recording_of_two_names_is_judged_alike_whichever_shard_comes_first(ivrvoice, speech, tmp_path, capsys):
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


@pytest.mark.slow
@pytest.mark.parametrize(("option", "value", "decoded"), [("beam_size", 2, "few"), ("language", "uk", "all")])
def test_other_options_decode_what_they_concern(ivrvoice, again, capsys, option, value, decoded):
    clips, out = again / "clips.parquet", again / "out.parquet"
    full = int((pd.read_parquet(out)["decoding_pass"] != "fast").sum())
    now, _ = figures(run(capsys, command(ivrvoice, clips, out, **{option: value}))[1])
    assert now == 24 if decoded == "all" else full <= now < 24


@pytest.mark.slow
def test_twenty_kills_at_random_moments_change_nothing(ivrvoice, tmp_path, capsys):
    """``kill -9`` again and again until the table is done: it equals that of a run which nobody disturbed."""
    names = (ivrvoice / "metadata_2col.csv").read_text(encoding="utf-8").splitlines()[:60]
    texts = {name.removesuffix(".wav"): text for name, text in (line.split("|") for line in names)}
    whole, torn = tmp_path / "whole", tmp_path / "torn"
    for folder in (whole, torn):
        folder.mkdir()
        table(ivrvoice, list(texts), texts).to_parquet(folder / "clips.parquet")
    begun = time.monotonic()
    assert run(capsys, command(ivrvoice, whole / "clips.parquet", whole / "out.parquet"))[0] == 0
    longest = (time.monotonic() - begun) * 0.4
    arguments = [
        sys.executable,
        "-m",
        "voice_assets.workers.transcribe",
        *command(ivrvoice, torn / "clips.parquet", torn / "out.parquet"),
    ]
    moments, kept = random.Random(1), 0
    for _ in range(20):
        worker = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        threading.Timer(moments.uniform(0.2, longest), worker.kill).start()
        printed = events("".join(line for line in worker.stdout if line.endswith("\n")))
        worker.wait()
        worker.stdout.close()
        started = [event["from_cache"] for event in printed if event["event"] == "started"]
        if started:
            assert started[0] >= kept, "a stored batch was lost"
        told = [event["decoded"] + event["from_cache"] for event in printed if event["event"] == "progress"]
        kept = max([kept, *started, *told])
    assert kept > 0
    code, printed = run(capsys, command(ivrvoice, torn / "clips.parquet", torn / "out.parquet"))
    assert code == 0
    assert figures(printed)[1] >= kept
    pd.testing.assert_frame_equal(pd.read_parquet(torn / "out.parquet"), pd.read_parquet(whole / "out.parquet"))


@pytest.mark.slow
def test_a_ledger_that_is_not_sound_is_told_and_everything_decoded_again(ivrvoice, again, capsys):
    clips, out = again / "clips.parquet", again / "out.parquet"
    before = pd.read_parquet(out)
    (again / "transcripts.sqlite").write_bytes(b"\0" * 5000)
    code, printed = run(capsys, command(ivrvoice, clips, out))
    assert (code, figures(printed)) == (0, (24, 0))
    assert any("moved aside" in event["message"] for event in printed if event["event"] == "note")
    pd.testing.assert_frame_equal(pd.read_parquet(out), before)


@pytest.mark.parametrize(
    ("device", "compute_type", "hidden", "expected"),
    [
        ("cpu", "int8", False, "int8"),
        ("auto", "int8", True, "int8"),
        ("auto", "float16", True, "int8"),
        ("cpu", "float32", False, "float32"),
    ],
)
def test_what_is_settled_before_a_library_is_loaded_is_what_the_model_takes(
    monkeypatch, device, compute_type, hidden, expected
):
    if hidden:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert transcribe.settled(device, compute_type) == ("cpu", expected)
    assert whisper.choose_compute_type(compute_type, "cpu", device)[0] == expected


@pytest.mark.slow
def test_audio_that_changed_stops_the_worker(ivrvoice, speech, tmp_path, capsys):
    clips, out = tmp_path / "clips.parquet", tmp_path / "out.parquet"
    changed(speech[:2].copy(), "audio_sha256", "0" * 64).to_parquet(clips)
    code, printed = run(capsys, command(ivrvoice, clips, out))
    assert code == 2
    assert "the audio changed" in printed[-1]["message"]
    assert not out.exists()
