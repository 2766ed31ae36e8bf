"""The fingerprint of a shard changes with its names, texts, audio and the config, and with nothing else."""

import shutil
from pathlib import Path

from voice_assets.audio.recordings import write_wav
from voice_assets.dataset.clips import fingerprint, fingerprint_shard
from voice_assets.dataset.shards import shard_of
from voice_assets_tests.conftest import MakeDataset
from voice_assets_tests.dataset.reading import add_row
from voice_assets_tests.datasets import RATE, burst


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


def test_fingerprint_changes_with_faulty_rows(make_dataset: MakeDataset) -> None:
    dataset = make_dataset()
    before = fingerprint(dataset, 5)
    for line, name in (("nobody|Текст", "nobody"), ("clip-001|Ещё", "clip-001"), ("../x|Текст", "../x"), ("one", "one")):
        kept = (dataset / "metadata_2col.csv").read_bytes()
        add_row(dataset, line)
        assert changed(dataset, before) == {shard_of(name, 5)}
        (dataset / "metadata_2col.csv").write_bytes(kept)
