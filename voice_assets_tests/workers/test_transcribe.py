"""The worker that transcribes clips: errors in the request, and its results for real speech."""

import numpy as np
import pandas as pd
import pytest

from voice_assets.audio import recordings
from voice_assets.dataset.tables import TRANSCRIPTS
from voice_assets_tests.workers.transcription import command, run, table


@pytest.fixture
def dataset(tmp_path):
    """Two clips without speech: enough for every step before the model."""
    for name in ("a", "b"):
        recordings.write_wav(tmp_path / "data" / "wavs" / f"{name}.wav", np.arange(2000, dtype=np.int16), 16000)
    return tmp_path / "data"


@pytest.mark.parametrize("option", [("model", "large-v9"), ("clips", "/no/such.parquet"), ("compute_type", "int3")])
def test_an_impossible_option_is_one_line_and_code_2(dataset, tmp_path, capsys, option):
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


def test_a_batch_size_of_0_is_an_error(dataset, tmp_path, capsys):
    code, printed = run(capsys, command(dataset, tmp_path / "c", tmp_path / "o", batch_size=0))
    assert code == 2
    assert "whisper.batch_size: Input should be greater than 0 (value: 0)" in printed[-1]["message"]


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


@pytest.mark.slow
def test_audio_that_changed_stops_the_worker(ivrvoice, speech, tmp_path, capsys):
    clips, out = tmp_path / "clips.parquet", tmp_path / "out.parquet"
    rows = speech[:2].copy()
    rows.loc[0, "audio_sha256"] = "0" * 64
    rows.to_parquet(clips)
    code, printed = run(capsys, command(ivrvoice, clips, out))
    assert code == 2
    assert "the audio changed" in printed[-1]["message"]
    assert not out.exists()
