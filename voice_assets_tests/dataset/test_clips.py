"""Reading a data set: every kind of broken one, and a fingerprint that sees what changed and nothing else."""

import os
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from voice_assets.audio.recordings import write_wav
from voice_assets.dataset.clips import DatasetError, Limits, fingerprint, fingerprint_shard, read_shard
from voice_assets.dataset.espeak import EspeakVoiceError
from voice_assets.dataset.faults import faults
from voice_assets.dataset.shards import shard_of
from voice_assets.dataset.tables import CLIPS, frame
from voice_assets.runtime.files import sha256
from voice_assets_tests.audio.test_recordings import encode
from voice_assets_tests.conftest import MakeDataset
from voice_assets_tests.datasets import RATE, TEXTS, burst


def read_all(dataset: Path, limits: Limits) -> pd.DataFrame:
    return read_shard(dataset, "0-of-1", limits)


def only(clips: pd.DataFrame, clip_id: str) -> pd.Series:
    found = clips[clips["clip_id"] == clip_id]
    assert len(found) == 1, f"{len(found)} rows of {clip_id}"
    return found.iloc[0]


def add_row(dataset: Path, line: str) -> None:
    with (dataset / "metadata_2col.csv").open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")


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


def test_shards_part_the_rows_and_progress_counts_them(make_dataset: MakeDataset, limits: Limits) -> None:
    dataset = make_dataset()
    write_wav(dataset / "wavs" / "extra.wav", burst(0.3), RATE)
    whole = read_all(dataset, limits)
    parts = []
    for index in range(3):
        told: list[tuple[int, int]] = []
        part = read_shard(dataset, f"{index}-of-3", limits, lambda done, total, told=told: told.append((done, total)))
        assert all(shard_of(name, 3) == index for name in part["clip_id"])
        assert told == [(done, len(part)) for done in range(1, len(part) + 1)]
        parts.append(part)
    together = pd.concat(parts).sort_values(["row", "clip_id"]).reset_index(drop=True)
    pd.testing.assert_frame_equal(together, whole.sort_values(["row", "clip_id"]).reset_index(drop=True))
    assert len(whole) == len(TEXTS) + 1


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("only one column", "bad_columns", "1 column instead of 2"),
        ('new|"Он сказал да', "bad_columns", "swallows"),
        ("", "bad_columns", "empty"),
        ("../x|Текст", "unsafe_path", "leads out of the data set"),
        ("/etc/hostname|Текст", "unsafe_path", "absolute"),
        ("nobody|Такого файла нет", "missing_wav", "no file wavs/nobody and none wavs/nobody.wav"),
        ("x" * 300 + "|Слишком длинное имя", "missing_wav", "no file"),
        ("clip-000.wav|Ещё раз", "duplicate", "row 1 already"),
        ("clip-000|", "duplicate", "row 1 already"),
        ("new|", "empty_text", "no text"),
        ("|Текст", "empty_name", "no name"),
        ("a\0b|Текст", "unsafe_path", "control character"),
    ],
)
def test_a_faulty_row(make_dataset: MakeDataset, limits: Limits, line: str, code: str, said: str) -> None:
    dataset = make_dataset()
    add_row(dataset, line)
    clips = read_all(dataset, limits)
    last = clips.iloc[-1]
    assert (last["row"], last["structure"]) == (len(TEXTS) + 1, code)
    assert said in last["findings"]
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


@pytest.mark.parametrize("name", ["clip-000", "clip-000.wav", "./clip-000", "wavs/clip-000", "wavs/clip-000.wav"])
def test_spellings_piper_resolves(make_dataset: MakeDataset, limits: Limits, name: str) -> None:
    dataset = make_dataset(TEXTS[:1])
    (dataset / "metadata_2col.csv").write_text(f"{name}|Текст\n", encoding="utf-8")
    if name.startswith("wavs/"):
        assert not (dataset / "wavs" / name).exists()
    clips = read_all(dataset, limits)
    assert (clips["path"][0], clips["structure"][0], clips["clip_id"][0]) == ("wavs/clip-000.wav", "", name)
    assert len(clips) == 1


def test_links_out_of_the_data_set_are_not_followed(make_dataset: MakeDataset, limits: Limits, tmp_path: Path) -> None:
    dataset = make_dataset()
    outside = write_wav(tmp_path / "secret.wav", burst(0.5), RATE)
    (dataset / "wavs" / "link.wav").symlink_to(outside)
    (dataset / "wavs" / "loose.wav").symlink_to(outside)
    (dataset / "wavs" / "dangling.wav").symlink_to(tmp_path / "nowhere.wav")
    add_row(dataset, "link|Наружу")
    clips = read_all(dataset, limits)
    link = only(clips, "link")
    assert (link["structure"], link["path"], link["audio_sha256"]) == ("unsafe_path", "", "")
    assert str(outside) in link["findings"]
    for name in ("loose.wav", "dangling.wav"):
        loose = only(clips, name)
        assert (loose["structure"], loose["path"], loose["audio_sha256"]) == ("extra_wav", "", "")
    assert len(clips) == len(TEXTS) + 3


def test_a_linked_folder_of_wavs_is_outside_too(make_dataset: MakeDataset, limits: Limits, tmp_path: Path) -> None:
    dataset = make_dataset()
    shutil.move(dataset / "wavs", tmp_path / "elsewhere")
    (dataset / "wavs").symlink_to(tmp_path / "elsewhere")
    assert set(read_all(dataset, limits)["structure"]) == {"unsafe_path"}


def test_links_inside_and_a_linked_data_set_are_fine(make_dataset: MakeDataset, limits: Limits, tmp_path: Path) -> None:
    dataset = make_dataset()
    (dataset / "store").mkdir()
    shutil.move(dataset / "wavs" / "clip-000.wav", dataset / "store" / "kept.wav")
    (dataset / "wavs" / "clip-000.wav").symlink_to("../store/kept.wav")
    (tmp_path / "linked").symlink_to(dataset)
    clips = read_all(tmp_path / "linked", limits)
    assert (clips["findings"] == "").all()
    assert len(clips) == len(TEXTS)


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
def test_a_wav_nobody_may_read(make_dataset: MakeDataset, limits: Limits) -> None:
    dataset = make_dataset()
    (dataset / "wavs" / "clip-001.wav").chmod(0)
    assert only(read_all(dataset, limits), "clip-001")["structure"] == "unreadable_wav"


def test_a_folder_named_like_a_wav_is_missing(make_dataset: MakeDataset, limits: Limits) -> None:
    dataset = make_dataset()
    (dataset / "wavs" / "clip-001.wav").unlink()
    (dataset / "wavs" / "clip-001.wav").mkdir()
    assert only(read_all(dataset, limits), "clip-001")["structure"] == "missing_wav"


def test_wrong_formats_are_found_in_words(make_dataset: MakeDataset, limits: Limits) -> None:
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
    for finding, said in zip(clips["findings"], expected, strict=True):
        assert said in finding


def test_texts_are_judged(make_dataset: MakeDataset, limits: Limits) -> None:
    dataset = make_dataset()
    (dataset / "metadata_2col.csv").write_text(
        "clip-000|Да\nclip-001|Слово\0слово\nclip-002|Only English here\nclip-003|Нажмите 1\nclip-004|з+амок Q\nclip-005|"
        + "а" * 401,
        encoding="utf-8",
    )
    clips = read_all(dataset, limits)
    said = ["2 characters, under", "U+0000", "0.000 of the letters", "", "", "401 characters, over max_text_chars 400"]
    assert [bool(finding) for finding in clips["findings"]] == [bool(part) for part in said]
    assert all(part in finding for part, finding in zip(said, clips["findings"], strict=True))
    assert list(clips["digits"]) == [False, False, False, True, False, False]
    assert list(clips["plus"]) == [False, False, False, False, True, False]
    assert list(clips["latin"]) == [False, False, True, False, True, False]
    assert clips["unprintable"][1] == 1


def test_phonemes_the_config_does_not_know(make_dataset: MakeDataset, limits: Limits) -> None:
    dataset = make_dataset()
    config = dataset / "config.json"
    config.write_text(config.read_text(encoding="utf-8").replace('"ʲ": [', '"never": ['), encoding="utf-8")
    clips = read_all(dataset, limits)
    assert set(clips["unknown_phonemes"]) == {"ʲ"}
    assert "ʲ (U+02B2)" in clips["findings"][0]


def test_findings_are_those_of_faults(make_dataset: MakeDataset, limits: Limits) -> None:
    dataset = make_dataset()
    add_row(dataset, "nobody|Hi")
    (dataset / "wavs" / "clip-001.wav").write_bytes(b"")
    for clip in read_all(dataset, limits).to_dict("records"):
        assert "; ".join(fault.finding for fault in faults(clip, limits)) == clip["findings"]


def test_extra_wavs(make_dataset: MakeDataset, limits: Limits) -> None:
    dataset = make_dataset()
    write_wav(dataset / "wavs" / "deep" / "more.WAV", burst(0.5), RATE)
    (dataset / "wavs" / "notes.txt").write_text("not audio")
    clips = read_all(dataset, limits)
    extra = clips[clips["structure"] == "extra_wav"]
    assert list(extra["clip_id"]) == ["deep/more.WAV"]
    assert (extra["row"].item(), extra["text"].item(), extra["path"].item()) == (0, "", "wavs/deep/more.WAV")
    assert "no row of metadata_2col.csv names this file" in extra["findings"].item()


def test_a_name_that_is_not_utf8(make_dataset: MakeDataset, limits: Limits, tmp_path: Path) -> None:
    """As a file system holds it that was written with cp1251 names: the table must be one that Parquet takes."""
    dataset = make_dataset()
    name = os.fsdecode(os.fsencode(dataset / "wavs") + b"/" + "звук.wav".encode("cp1251"))
    shutil.copy(dataset / "wavs" / "clip-000.wav", name)
    clips = read_all(dataset, limits)
    clips.to_parquet(tmp_path / "clips.parquet")
    extra = clips[clips["structure"] == "extra_wav"]
    assert list(extra["clip_id"]) == [r"\xe7\xe2\xf3\xea.wav"]
    assert (extra["path"].item(), extra["audio_sha256"].item()) == ("", "")
    assert "the name is not UTF-8" in extra["findings"].item()
    assert (clips[clips["structure"] == ""]["findings"] == "").all()
    assert len(fingerprint(dataset, 2)) == 2


def test_a_link_to_a_name_that_is_not_utf8(make_dataset: MakeDataset, limits: Limits, tmp_path: Path) -> None:
    dataset = make_dataset()
    target = os.fsdecode(os.fsencode(tmp_path) + b"/\xe7.wav")
    shutil.move(dataset / "wavs" / "clip-000.wav", target)
    (dataset / "wavs" / "clip-000.wav").symlink_to(target)
    clip = only(read_all(dataset, limits), "clip-000")
    assert r"\xe7.wav" in clip["findings"]


def test_no_wavs_at_all(make_dataset: MakeDataset, limits: Limits) -> None:
    dataset = make_dataset()
    shutil.rmtree(dataset / "wavs")
    assert set(read_all(dataset, limits)["structure"]) == {"missing_wav"}


def test_no_config_falls_back_to_pipers_ids(make_dataset: MakeDataset, limits: Limits) -> None:
    dataset = make_dataset()
    (dataset / "config.json").unlink()
    assert (read_all(dataset, limits)["findings"] == "").all()


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "no such file"), (b"", "the file is empty"), (b"a|\xff\n", "line 1, byte 2")],
)
def test_metadata_that_cannot_be_read(make_dataset: MakeDataset, limits: Limits, content: bytes | None, said: str) -> None:
    dataset = make_dataset()
    metadata = dataset / "metadata_2col.csv"
    metadata.unlink()
    if content is not None:
        metadata.write_bytes(content)
    for use in (lambda: read_all(dataset, limits), lambda: fingerprint(dataset, 2)):
        with pytest.raises(DatasetError, match=rf"metadata_2col\.csv: {said}"):
            use()


def test_metadata_that_is_a_link_to_outside(make_dataset: MakeDataset, limits: Limits, tmp_path: Path) -> None:
    dataset = make_dataset()
    shutil.move(dataset / "metadata_2col.csv", tmp_path / "m.csv")
    (dataset / "metadata_2col.csv").symlink_to(tmp_path / "m.csv")
    for use in (lambda: read_all(dataset, limits), lambda: fingerprint(dataset, 2)):
        with pytest.raises(DatasetError, match=r"metadata_2col\.csv: a link that leads out"):
            use()


def test_no_data_set(tmp_path: Path, limits: Limits) -> None:
    for use in (lambda: read_all(tmp_path / "none", limits), lambda: fingerprint(tmp_path / "none", 2)):
        with pytest.raises(DatasetError, match="none: no such folder"):
            use()


def test_no_such_espeak_voice(make_dataset: MakeDataset) -> None:
    with pytest.raises(EspeakVoiceError, match="'nope'"):
        read_all(make_dataset(), Limits(0.2, 15.0, 3, 400, 0.5, RATE, "ru", "nope"))


def changed(dataset: Path, before: dict[str, str], shards: int = 5) -> set[int]:
    after = fingerprint(dataset, shards)
    assert after.keys() == before.keys()
    return {index for index, key in enumerate(before) if before[key] != after[key]}


def test_fingerprint_ignores_row_order_and_copies(make_dataset: MakeDataset, tmp_path: Path) -> None:
    dataset = make_dataset()
    before = fingerprint(dataset, 5)
    assert list(before) == [f"{index}-of-5" for index in range(5)]
    assert {key: fingerprint_shard(dataset, key) for key in before} == before
    metadata = dataset / "metadata_2col.csv"
    metadata.write_text("".join(reversed(metadata.read_text(encoding="utf-8").splitlines(keepends=True))), encoding="utf-8")
    assert changed(dataset, before) == set()
    shutil.copytree(dataset, tmp_path / "copy")
    assert changed(tmp_path / "copy", before) == set()


def test_fingerprint_sees_a_text_a_file_and_the_config(make_dataset: MakeDataset) -> None:
    dataset = make_dataset()
    before = fingerprint(dataset, 5)
    metadata, wav = dataset / "metadata_2col.csv", dataset / "wavs" / "clip-001.wav"
    texts, sound = metadata.read_text(encoding="utf-8"), wav.read_bytes()
    home = {shard_of("clip-001", 5)}

    metadata.write_text(texts.replace("сейчас начнётся", "скоро начнётся"), encoding="utf-8")
    assert changed(dataset, before) == home
    metadata.write_text(texts, encoding="utf-8")

    wav.write_bytes(sound[:-2] + b"\1\1")
    assert changed(dataset, before) == home
    wav.unlink()
    assert changed(dataset, before) == home
    wav.write_bytes(sound)
    assert changed(dataset, before) == set()

    write_wav(dataset / "wavs" / "extra.wav", burst(0.3), RATE)
    assert changed(dataset, before) == {shard_of("extra.wav", 5)}
    (dataset / "wavs" / "extra.wav").unlink()

    (dataset / "config.json").unlink()
    assert changed(dataset, before) == set(range(5))


def test_fingerprint_sees_faulty_rows(make_dataset: MakeDataset) -> None:
    dataset = make_dataset()
    before = fingerprint(dataset, 5)
    for line, name in (("nobody|Текст", "nobody"), ("clip-001|Ещё", "clip-001"), ("../x|Текст", "../x"), ("one", "one")):
        kept = (dataset / "metadata_2col.csv").read_bytes()
        add_row(dataset, line)
        assert changed(dataset, before) == {shard_of(name, 5)}
        (dataset / "metadata_2col.csv").write_bytes(kept)


@pytest.mark.slow
def test_the_demo_is_sound(ivrvoice: Path, limits: Limits) -> None:
    clips = read_all(ivrvoice, limits)
    assert len(clips) > 250
    assert (clips["findings"] == "").all()
    assert not clips["latin"].any()
    assert not clips["plus"].any()
    assert clips["duration_s"].between(1.0, 15.0).all()
