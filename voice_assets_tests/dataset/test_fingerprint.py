"""The fingerprint of a shard changes with its names, texts, audio and the config, and with nothing else."""

import os
import shutil
from pathlib import Path

import pytest

from voice_assets.audio.recordings import write_wav
from voice_assets.dataset.clips import fingerprint, read_shard
from voice_assets.dataset.espeak import phonemes_of
from voice_assets.dataset.faults import Limits
from voice_assets.dataset.shards import shard_of
from voice_assets.runtime import hash_memory
from voice_assets.runtime.files import sha256
from voice_assets_tests.conftest import MakeDataset
from voice_assets_tests.dataset.reading import add_row
from voice_assets_tests.datasets import RATE, burst
from voice_assets_tests.remembered import bytes_read


def changed(dataset: Path, before: dict[str, str], shards: int = 5) -> set[int]:
    after = fingerprint(dataset, shards)
    assert after.keys() == before.keys()
    return {index for index, key in enumerate(before) if before[key] != after[key]}


def test_fingerprint_ignores_row_order_and_copies(make_dataset: MakeDataset, limits: Limits, tmp_path: Path) -> None:
    dataset = make_dataset()
    before = fingerprint(dataset, 5)
    assert list(before) == [f"{index}-of-5" for index in range(5)]
    shards = {key: read_shard(dataset, key, limits) for key in before}
    assert {key: shard.version for key, shard in shards.items()} == before
    assert {shard.config_sha256 for shard in shards.values()} == {sha256(dataset / "config.json")}
    metadata = dataset / "metadata_2col.csv"
    metadata.write_text("".join(reversed(metadata.read_text(encoding="utf-8").splitlines(keepends=True))), encoding="utf-8")
    assert changed(dataset, before) == set()
    shutil.copytree(dataset, tmp_path / "copy")
    assert changed(tmp_path / "copy", before) == set()


def test_fingerprint_changes_with_a_text_a_file_and_the_config(make_dataset: MakeDataset) -> None:
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


@pytest.mark.parametrize("config", [None, "{", "link"])
def test_a_shard_and_the_data_set_have_one_version_with_every_config(
    make_dataset: MakeDataset, limits: Limits, tmp_path: Path, config: str | None
) -> None:
    dataset = make_dataset()
    add_row(dataset, "nobody|Текст")
    (dataset / "wavs" / "clip-001.wav").write_bytes(b"")
    file = dataset / "config.json"
    if config == "link":
        file.rename(tmp_path / "config.json")
        file.symlink_to(tmp_path / "config.json")
    elif config is not None:
        file.write_text(config)
    else:
        file.unlink()
    assert {key: read_shard(dataset, key, limits).version for key in ("0-of-2", "1-of-2")} == fingerprint(dataset, 2)


def test_audio_is_read_once_and_a_change_under_the_old_date_is_noticed(
    make_dataset: MakeDataset, limits: Limits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOICE_ASSETS_ROOT", str(tmp_path / "project"))
    monkeypatch.setattr(hash_memory, "SETTLED_S", 0.0)
    dataset = make_dataset(seconds=20.0)
    clips = sorted((dataset / "wavs").iterdir())
    size = sum(clip.stat().st_size for clip in clips)
    before = fingerprint(dataset, 5)
    assert bytes_read(lambda: fingerprint(dataset, 5)) < size / 4
    assert size <= bytes_read(lambda: fingerprint(dataset, 5, every_byte=True)) < size * 5 / 4
    read_shard(dataset, "0-of-1", limits)
    dictionary = bytes_read(lambda: phonemes_of(["да"], "ru"))  # espeak reads it each time
    assert bytes_read(lambda: read_shard(dataset, "0-of-1", limits)) - dictionary < size / 4

    was = clips[1].stat()
    clips[1].write_bytes(clips[1].read_bytes()[:-2] + b"\1\1")
    os.utime(clips[1], ns=(was.st_atime_ns, was.st_mtime_ns))
    assert changed(dataset, before) == {shard_of("clip-001", 5)}


def test_fingerprint_changes_with_faulty_rows(make_dataset: MakeDataset) -> None:
    dataset = make_dataset()
    before = fingerprint(dataset, 5)
    for line, name in (("nobody|Текст", "nobody"), ("clip-001|Ещё", "clip-001"), ("../x|Текст", "../x"), ("one", "one")):
        kept = (dataset / "metadata_2col.csv").read_bytes()
        add_row(dataset, line)
        assert changed(dataset, before) == {shard_of(name, 5)}
        (dataset / "metadata_2col.csv").write_bytes(kept)
