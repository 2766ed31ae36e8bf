"""The table of clips: every row with its text, its audio file and its faults."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from voice_assets.audio.recordings import write_wav
from voice_assets.dataset.clips import read_shard
from voice_assets.dataset.faults import Limits, faults
from voice_assets.dataset.shards import shard_of
from voice_assets.dataset.tables import CLIPS, frame
from voice_assets.runtime.files import sha256
from voice_assets_tests.audio.test_recordings import encode
from voice_assets_tests.conftest import MakeDataset
from voice_assets_tests.dataset.reading import add_row, only, read_all
from voice_assets_tests.datasets import RATE, TEXTS, burst


def test_a_sound_data_set(make_dataset: MakeDataset, limits: Limits) -> None:
    dataset = make_dataset()
    clips = read_all(dataset, limits)
    pd.testing.assert_series_equal(clips.dtypes, frame([], CLIPS).dtypes)
    assert list(clips["clip_id"]) == [f"clip-{number:03d}" for number in range(len(TEXTS))]
    assert list(clips["row"]) == list(range(1, len(TEXTS) + 1))
    assert list(clips["text"]) == list(TEXTS)
    assert (clips[["structure", "findings", "unknown_phonemes"]] == "").all(axis=None)
    first = clips.iloc[0]
    assert first["path"] == "wavs/clip-000.wav"
    assert first["audio_sha256"] == sha256(dataset / first["path"])
    assert (first["format"], first["subtype"], first["channels"], first["sample_rate"]) == ("WAV", "PCM_16", 1, RATE)
    assert (first["frames"], first["duration_s"]) == (RATE, 1.0)
    assert first["text_length"] == len(TEXTS[0])


def test_shards_divide_the_rows_and_progress_counts_them(make_dataset: MakeDataset, limits: Limits) -> None:
    dataset = make_dataset()
    write_wav(dataset / "wavs" / "extra.wav", burst(0.3), RATE)
    whole = read_all(dataset, limits)
    parts = []
    for index in range(3):
        told: list[tuple[int, int]] = []
        part = read_shard(dataset, f"{index}-of-3", limits, lambda done, total, told=told: told.append((done, total))).clips
        assert all(shard_of(name, 3) == index for name in part["clip_id"])
        assert told == [(done, len(part)) for done in range(1, len(part) + 1)]
        parts.append(part)
    together = pd.concat(parts).sort_values(["row", "clip_id"]).reset_index(drop=True)
    pd.testing.assert_frame_equal(together, whole.sort_values(["row", "clip_id"]).reset_index(drop=True))
    assert len(whole) == len(TEXTS) + 1


@pytest.mark.parametrize(
    ("line", "code", "message"),
    [
        ("only one column", "bad_columns", "1 column instead of 2"),
        ('new|"Он сказал да', "bad_columns", "as one text"),
        ("", "bad_columns", "empty"),
        ("../x|Текст", "unsafe_path", "leads out of the data set"),
        ("/etc/hostname|Текст", "unsafe_path", "absolute"),
        ("nobody|Такого файла нет", "missing_wav", "no file wavs/nobody and no file wavs/nobody.wav"),
        ("x" * 300 + "|Слишком длинное имя", "missing_wav", "no file"),
        ("clip-000.wav|Ещё раз", "duplicate", "row 1 already"),
        ("clip-000|", "duplicate", "row 1 already"),
        ("new|", "empty_text", "no text"),
        ("|Текст", "empty_name", "no name"),
        ("a\0b|Текст", "unsafe_path", "control character"),
    ],
)
def test_a_faulty_row(make_dataset: MakeDataset, limits: Limits, line: str, code: str, message: str) -> None:
    dataset = make_dataset()
    add_row(dataset, line)
    clips = read_all(dataset, limits)
    last = clips.iloc[-1]
    assert (last["row"], last["structure"]) == (len(TEXTS) + 1, code)
    assert message in last["findings"]
    assert (clips.iloc[:-1]["findings"] == "").all()


def test_crlf_is_accepted_and_bom_is_not(make_dataset: MakeDataset, limits: Limits) -> None:
    dataset = make_dataset()
    metadata = dataset / "metadata_2col.csv"
    plain = metadata.read_bytes()
    metadata.write_bytes(plain.replace(b"\n", b"\r\n"))
    assert (read_all(dataset, limits)["findings"] == "").all()
    metadata.write_bytes(b"\xef\xbb\xbf" + plain)
    clips = read_all(dataset, limits)
    assert list(clips["structure"]) == ["bad_columns"] + [""] * (len(TEXTS) - 1)
    assert "BOM" in clips["findings"][0]


@pytest.mark.parametrize("keep", [0, 30, 1000])
def test_truncated_and_empty_wavs(make_dataset: MakeDataset, limits: Limits, keep: int) -> None:
    dataset = make_dataset()
    wav = dataset / "wavs" / "clip-001.wav"
    wav.write_bytes(wav.read_bytes()[:keep])
    clip = only(read_all(dataset, limits), "clip-001")
    assert (clip["structure"], clip["path"], clip["sample_rate"], clip["duration_s"]) == (
        "unreadable_wav",
        "wavs/clip-001.wav",
        0,
        0.0,
    )
    assert ("truncated" if keep else "empty: 0 bytes") in clip["findings"]
    assert clip["audio_sha256"] == sha256(wav)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_wav_without_read_permission(make_dataset: MakeDataset, limits: Limits) -> None:
    dataset = make_dataset()
    (dataset / "wavs" / "clip-001.wav").chmod(0)
    assert only(read_all(dataset, limits), "clip-001")["structure"] == "unreadable_wav"


def test_wrong_formats_are_described_in_words(make_dataset: MakeDataset, limits: Limits) -> None:
    dataset = make_dataset()
    wavs = dataset / "wavs"
    encode(wavs / "clip-000.wav", burst(1.0), RATE, "libmp3lame", "mp3")
    soundfile.write(wavs / "clip-001.wav", np.stack([burst(1.0)] * 2, axis=1), RATE)
    write_wav(wavs / "clip-002.wav", burst(1.0, rate=16000), 16000)
    soundfile.write(wavs / "clip-003.wav", burst(1.0), RATE, subtype="PCM_24")
    write_wav(wavs / "clip-004.wav", burst(0.1), RATE)
    write_wav(wavs / "clip-005.wav", burst(15.5), RATE)
    clips = read_all(dataset, limits)
    assert (clips["structure"] == "").all()
    expected = [
        "format MP3, not WAV",
        "2 channels, not 1",
        "16000 Hz, not 22050 Hz",
        "encoding PCM_24",
        "under min_duration_s",
        "over max",
    ]
    for finding, message in zip(clips["findings"], expected, strict=True):
        assert message in finding


def test_texts_are_judged(make_dataset: MakeDataset, limits: Limits) -> None:
    dataset = make_dataset()
    (dataset / "metadata_2col.csv").write_text(
        "clip-000|Да\nclip-001|Слово\0слово\nclip-002|Only English here\nclip-003|Нажмите 1\nclip-004|з+амок Q\nclip-005|"
        + "а" * 401,
        encoding="utf-8",
    )
    clips = read_all(dataset, limits)
    expected = ["2 characters, under", "U+0000", "0.000 of the letters", "", "", "401 characters, over max_text_chars 400"]
    assert [bool(finding) for finding in clips["findings"]] == [bool(part) for part in expected]
    assert all(part in finding for part, finding in zip(expected, clips["findings"], strict=True))
    assert list(clips["digits"]) == [False, False, False, True, False, False]
    assert list(clips["plus"]) == [False, False, False, False, True, False]
    assert list(clips["latin"]) == [False, False, True, False, True, False]
    assert clips["unprintable"][1] == 1


def test_phonemes_without_an_id_in_the_config(make_dataset: MakeDataset, limits: Limits) -> None:
    dataset = make_dataset()
    config = dataset / "config.json"
    config.write_text(config.read_text(encoding="utf-8").replace('"ʲ": [', '"never": ['), encoding="utf-8")
    clips = read_all(dataset, limits)
    assert set(clips["unknown_phonemes"]) == {"ʲ"}
    assert "ʲ (U+02B2)" in clips["findings"][0]


def test_findings_equal_the_faults(make_dataset: MakeDataset, limits: Limits) -> None:
    dataset = make_dataset()
    add_row(dataset, "nobody|Hi")
    (dataset / "wavs" / "clip-001.wav").write_bytes(b"")
    for clip in read_all(dataset, limits).to_dict("records"):
        assert "; ".join(fault.finding for fault in faults(clip, limits)) == clip["findings"]


def test_without_a_config_pipers_ids_are_used(make_dataset: MakeDataset, limits: Limits) -> None:
    dataset = make_dataset()
    (dataset / "config.json").unlink()
    assert (read_all(dataset, limits)["findings"] == "").all()


@pytest.mark.slow
def test_the_demo_is_sound(ivrvoice: Path, limits: Limits) -> None:
    clips = read_all(ivrvoice, limits)
    assert len(clips) > 250
    assert (clips["findings"] == "").all()
    assert not clips["latin"].any()
    assert not clips["plus"].any()
    assert clips["duration_s"].between(1.0, 15.0).all()
