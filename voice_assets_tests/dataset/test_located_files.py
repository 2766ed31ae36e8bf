"""Which file a row names: the spellings that Piper resolves, links, missing files, files that no row names."""

import os
import shutil
from pathlib import Path

import pytest

from voice_assets.audio.recordings import write_wav
from voice_assets.dataset.clips import fingerprint, read_clips, read_shard
from voice_assets.dataset.faults import Limits
from voice_assets_tests.conftest import MakeDataset
from voice_assets_tests.dataset.reading import add_row, only, read_all
from voice_assets_tests.datasets import RATE, TEXTS, burst


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


def test_a_folder_named_like_a_wav_is_missing(make_dataset: MakeDataset, limits: Limits) -> None:
    dataset = make_dataset()
    (dataset / "wavs" / "clip-001.wav").unlink()
    (dataset / "wavs" / "clip-001.wav").mkdir()
    assert only(read_all(dataset, limits), "clip-001")["structure"] == "missing_wav"


def test_no_wavs_at_all(make_dataset: MakeDataset, limits: Limits) -> None:
    dataset = make_dataset()
    shutil.rmtree(dataset / "wavs")
    assert set(read_all(dataset, limits)["structure"]) == {"missing_wav"}


def test_extra_wavs(make_dataset: MakeDataset, limits: Limits) -> None:
    dataset = make_dataset()
    write_wav(dataset / "wavs" / "deep" / "more.WAV", burst(0.5), RATE)
    (dataset / "wavs" / "notes.txt").write_text("not audio")
    clips = read_all(dataset, limits)
    extra = clips[clips["structure"] == "extra_wav"]
    assert list(extra["clip_id"]) == ["deep/more.WAV"]
    assert (extra["row"].item(), extra["text"].item(), extra["path"].item()) == (0, "", "wavs/deep/more.WAV")
    assert "no row of metadata_2col.csv names this file" in extra["findings"].item()


def test_the_exact_name_comes_before_the_name_with_a_suffix(make_dataset: MakeDataset, limits: Limits) -> None:
    dataset = make_dataset()
    shutil.copy(dataset / "wavs" / "clip-001.wav", dataset / "wavs" / "clip-000")
    clips = read_all(dataset, limits)
    assert only(clips, "clip-000")["path"] == "wavs/clip-000"
    assert only(clips, "clip-000.wav")["structure"] == "extra_wav"


def test_a_link_names_what_it_leads_to_also_in_a_linked_data_set(
    make_dataset: MakeDataset, limits: Limits, tmp_path: Path
) -> None:
    dataset = make_dataset()
    (dataset / "wavs" / "clip-000.wav").rename(dataset / "wavs" / "kept.wav")
    (dataset / "wavs" / "clip-000.wav").symlink_to("kept.wav")
    (tmp_path / "linked").symlink_to(dataset)
    for folder in (dataset, tmp_path / "linked"):
        clips = read_all(folder, limits)
        assert (clips["findings"] == "").all()
        assert len(clips) == len(TEXTS)


def test_extra_wavs_are_in_one_order_and_a_wav_that_another_shard_names_is_none(
    make_dataset: MakeDataset, limits: Limits
) -> None:
    dataset = make_dataset()
    names = ["z.wav", "a/z.wav", "a/b/c.wav", "a.b/c.wav", "B.wav"]
    for name in names:
        write_wav(dataset / "wavs" / name, burst(0.3), RATE)
    clips = read_all(dataset, limits)
    extra = ["B.wav", "z.wav", "a/z.wav", "a/b/c.wav", "a.b/c.wav"]
    assert list(clips["clip_id"])[len(TEXTS) :] == extra
    parts = [read_shard(dataset, f"{index}-of-3", limits).clips for index in range(3)]
    assert sorted(name for part in parts for name in part[part["structure"] == "extra_wav"]["clip_id"]) == sorted(extra)


def test_a_name_that_is_not_utf8(make_dataset: MakeDataset, limits: Limits, tmp_path: Path) -> None:
    """A file name in cp1251, as old systems wrote it: Parquet must accept the table."""
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


@pytest.mark.parametrize(
    ("name", "file", "differs"),
    [
        ("a", "wavs/a.WAV", "the suffix"),
        ("a", "wavs/a.flac", "the suffix"),
        ("A", "wavs/a.wav", "upper and lower case"),
        ("a ", "wavs/a.wav", "spaces"),
        ("wavs\\a.wav", "wavs/a.wav", "back slashes"),
        ("wav/a.wav", "wav/a.wav", "the folder"),
        ("f\u00fcr", "wavs/fu\u0308r.wav", "the Unicode form"),
    ],
)
def test_a_file_that_piper_would_not_find_is_a_fault_that_says_what_is_there(
    make_dataset: MakeDataset, limits: Limits, name: str, file: str, differs: str
) -> None:
    dataset = make_dataset()
    (dataset / file).parent.mkdir(exist_ok=True)
    (dataset / "wavs" / "clip-000.wav").rename(dataset / file)
    (dataset / "metadata_2col.csv").write_text(f"{name}|Текст\n", encoding="utf-8")
    clips = read_all(dataset, limits)
    assert clips["structure"][0] == ("unsafe_path" if "\\" in name else "missing_wav")
    assert f"there is {file!r}" in clips["findings"][0]
    assert f"which differs in {differs}" in clips["findings"][0]
    loose = clips[(clips["structure"] == "extra_wav") & (clips["clip_id"] == file.removeprefix("wavs/"))]
    assert all(finding.endswith(f"; row 1 means this file and writes {name!r}") for finding in loose["findings"])
    assert len(loose) == (file.startswith("wavs/") and file.lower().endswith(".wav"))


@pytest.mark.slow
def test_many_missing_files_are_named_in_a_few_seconds(make_dataset: MakeDataset, limits: Limits) -> None:
    """As many rows as a real data set has. One look at the folder for all of them; a look for each would take an hour."""
    dataset = make_dataset(TEXTS[:1])
    names = [f"clip-{number:05d}" for number in range(18377)]
    for name in names:
        (dataset / "wavs" / f"{name}.WAV").touch()
    (dataset / "metadata_2col.csv").write_text("".join(f"{name}|Текст\n" for name in names), encoding="utf-8")
    clips = read_clips(dataset)
    assert all(f"there is 'wavs/{clip.row.clip_id}.WAV'" in clip.row.message for clip in clips[: len(names)])
