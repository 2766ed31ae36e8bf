import json
import signal
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from voice_assets import files, project
from voice_assets.engines import audio
from voice_assets.speech.tables import TRANSCRIPTS
from voice_assets.workers import transcribe


@pytest.fixture
def dataset(tmp_path):
    """Two clips that are no speech: enough for everything before the model."""
    for name in ("a", "b"):
        audio.write_wav(tmp_path / "data" / "wavs" / f"{name}.wav", np.arange(2000, dtype=np.int16), 16000)
    return tmp_path / "data"


def table(dataset, names, texts=None):
    rows = []
    for name in names:
        path = dataset / "wavs" / f"{name}.wav"
        length = audio.probe(path).duration_s
        text = (texts or {}).get(name, "текст")
        rows.append((name, f"wavs/{name}.wav", text, files.sha256(path), length))
    return pd.DataFrame(rows, columns=list(transcribe.NEEDED))


def command(dataset, clips, out, *more):
    options = {
        "--dataset": dataset,
        "--clips": clips,
        "--out": out,
        "--model": "base",
        "--language": "ru",
        "--device": "cpu",
        "--batch-size": 4,
        "--progress-every": 4,
        "--weights-cache": project.cache_dir() / "whisper",
        "--log": out.with_suffix(".log"),
    }
    return [str(part) for pair in options.items() for part in pair] + [str(part) for part in more]


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


@pytest.mark.parametrize("option", [("--model", "large-v9"), ("--clips", "/no/such.parquet"), ("--compute-type", "int3")])
def test_what_cannot_work_is_one_line_and_code_2(dataset, tmp_path, capsys, option):
    clips, out = tmp_path / "clips.parquet", tmp_path / "out.parquet"
    table(dataset, "ab").to_parquet(clips)
    code, printed = run(capsys, command(dataset, clips, out, *option))
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
    with pytest.raises(SystemExit):
        transcribe.parse(command(dataset, tmp_path / "c", tmp_path / "o", "--batch-size", 0))
    assert "0 is not 1 or more" in capsys.readouterr().err


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
    assert set(progress[-1]["last"]) == {"clip_id", "reference", "hypothesis", "similarity"}
    lines = out.with_suffix(".log").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 8
    assert lines[-1].startswith("[8/8] sim=")
    assert not out.with_name("out.parquet.partial.jsonl").exists()


@pytest.mark.slow
def test_a_killed_worker_goes_on_where_it_was(ivrvoice, speech, tmp_path, capsys):
    clips, whole, out = tmp_path / "clips.parquet", tmp_path / "whole.parquet", tmp_path / "out.parquet"
    speech.to_parquet(clips)
    assert run(capsys, command(ivrvoice, clips, whole))[0] == 0
    arguments = [sys.executable, "-m", "voice_assets.workers.transcribe", *command(ivrvoice, clips, out)]
    worker = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    before = next(event for line in worker.stdout if (event := json.loads(line))["event"] == "progress")
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    assert not out.exists()
    code, printed = run(capsys, command(ivrvoice, clips, out))
    assert code == 0
    started = next(event for event in printed if event["event"] == "started")
    assert before["done"] <= started["resumed"] < 24
    pd.testing.assert_frame_equal(pd.read_parquet(out), pd.read_parquet(whole))
    assert not out.with_name("out.parquet.partial.jsonl").exists()


@pytest.mark.slow
def test_audio_that_changed_stops_the_worker(ivrvoice, speech, tmp_path, capsys):
    clips, out = tmp_path / "clips.parquet", tmp_path / "out.parquet"
    changed(speech[:2].copy(), "audio_sha256", "0" * 64).to_parquet(clips)
    code, printed = run(capsys, command(ivrvoice, clips, out))
    assert code == 2
    assert "the audio changed" in printed[-1]["message"]
    assert not out.exists()


def test_help_works_from_a_shell():
    shown = subprocess.run(
        [sys.executable, "-m", "voice_assets.workers.transcribe", "--help"], capture_output=True, text=True, check=True
    )
    assert "--low-similarity" in shown.stdout
