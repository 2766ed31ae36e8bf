"""A table of clips and their files: what is used, and what is an error with a reason."""

import numpy as np
import pandas as pd
import pytest

from voice_assets.asr.validated_clips import ClipsError, check_all_audio, read_validated_clips, validated_audio
from voice_assets.audio import recordings
from voice_assets.runtime import hash_memory
from voice_assets_tests.remembered import bytes_read, decay
from voice_assets_tests.workers.transcription import table


@pytest.fixture
def dataset(tmp_path):
    """Two clips without speech: enough for every step before the model."""
    for name in ("a", "b"):
        recordings.write_wav(tmp_path / "data" / "wavs" / f"{name}.wav", np.arange(2000, dtype=np.int16), 16000)
    return tmp_path / "data"


def changed(rows, column, value):
    rows.loc[0, column] = value
    return rows


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda rows: rows.drop(columns="text"), "the columns text are missing"),
        (lambda rows: pd.concat([rows, rows[:1]]), "'a' has more than one row"),
    ],
)
def test_a_table_that_cannot_be_used(dataset, tmp_path, spoil, message):
    path = tmp_path / "clips.parquet"
    spoil(table(dataset, "ab")).to_parquet(path)
    with pytest.raises(ClipsError, match=message):
        read_validated_clips(path)


@pytest.mark.parametrize("content", [None, b"", b"clip_id|text"])
def test_a_file_that_is_no_table(tmp_path, content):
    path = tmp_path / "clips.parquet"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ClipsError, match=r"clips\.parquet: not a table"):
        read_validated_clips(path)


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
    with pytest.raises(ClipsError, match=rf"clip 'a'.*{message}"):
        validated_audio(dataset, row)


def test_a_link_to_a_file_outside_the_data_set_is_an_error(dataset, tmp_path):
    row = table(dataset, "ab").to_dict("records")[0]
    (dataset / "wavs" / "a.wav").rename(tmp_path / "elsewhere.wav")
    (dataset / "wavs" / "a.wav").symlink_to(tmp_path / "elsewhere.wav")
    with pytest.raises(ClipsError, match="not a file of the data set"):
        validated_audio(dataset, row)


def test_a_file_that_is_remembered_is_checked_without_reading(dataset, tmp_path, monkeypatch):
    monkeypatch.setenv("VOICE_ASSETS_ROOT", str(tmp_path / "project"))
    monkeypatch.setattr(hash_memory, "SETTLED_S", 0.0)
    recordings.write_wav(dataset / "wavs" / "a.wav", np.zeros(1_000_000, np.int16), 16000)
    rows = table(dataset, "ab").to_dict("records")
    files = check_all_audio(dataset, rows)
    assert files == {row["audio_sha256"]: (dataset / row["path"]).resolve() for row in rows}
    assert bytes_read(lambda: check_all_audio(dataset, rows)) < 500_000
    assert validated_audio(dataset, rows[0]) == (dataset / "wavs" / "a.wav").read_bytes()
    decay(files[rows[1]["audio_sha256"]])
    with pytest.raises(ClipsError, match=r"clip 'b'.*SHA-256 is 0000"):
        check_all_audio(dataset, rows)


def test_all_clips_are_checked_and_the_first_wrong_one_is_named(dataset):
    rows = table(dataset, "ab")
    check_all_audio(dataset, rows.to_dict("records"))
    rows.loc[1, "audio_sha256"] = "0" * 64
    with pytest.raises(ClipsError, match="clip 'b'"):
        check_all_audio(dataset, rows.to_dict("records"))
