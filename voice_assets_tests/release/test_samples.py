"""The samples of a package: what is copied, and what a table or a sound from anywhere may not do."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from voice_assets.release.checked_voice import MOST_COLUMNS, MOST_SAMPLES, sample_problems, samples_of
from voice_assets.release.package_files import PackageFiles
from voice_assets.release.samples import copy_samples
from voice_assets.release.sums import PackageError
from voice_assets.runtime.tsv import TsvError
from voice_assets_tests.release.small_package import write_samples


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["sample_01.wav", "../sample_01.wav"], r"samples\.parquet: lists '\.\./sample_01\.wav', which is no name"),
        (["in/sample_01.wav", "sample_02.wav"], "lists 'in/sample_01.wav', which is no name"),
        (["sample_02.wav", "sample_02.wav"], "lists 'sample_02.wav' 2 times; make the samples again"),
    ],
)
def test_a_sample_is_one_file_of_its_folder(tmp_path: Path, names: list[str], said: str) -> None:
    source = write_samples(tmp_path / "samples")
    (source / "in").mkdir()
    for place in (source.parent, source / "in"):
        (place / "sample_01.wav").write_bytes((source / "sample_01.wav").read_bytes())
    pd.read_parquet(source / "samples.parquet").assign(sample=names).to_parquet(source / "samples.parquet")
    with pytest.raises(PackageError, match=said):
        copy_samples(source, tmp_path / "package")


def package(folder: Path, table: str) -> PackageFiles:
    """A folder with a table of samples, and one second of noise as two samples in WAV and FLAC."""
    (folder / "samples").mkdir()
    (folder / "samples/samples.tsv").write_text(table)
    sound = np.random.default_rng(1).integers(-9000, 9000, 200_000).astype(np.int16)
    for name in ("a.wav", "a.flac"):
        soundfile.write(folder / "samples" / name, sound, 16000)
    return PackageFiles.of(folder)


def test_a_table_with_more_columns_or_rows_than_a_package_has_is_refused(tmp_path: Path) -> None:
    (tmp_path / "wide").mkdir()
    wide = package(tmp_path / "wide", "\t".join(["sample", "text", *map(str, range(100_000))]) + "\n" + "a\n" * 1000)
    with pytest.raises(TsvError, match=f"100002 columns, and at most {MOST_COLUMNS} are allowed"):
        samples_of(wide)
    (tmp_path / "long").mkdir()
    long = package(tmp_path / "long", "sample\ttext\n" + "".join(f"{number}\tHello.\n" for number in range(MOST_SAMPLES + 1)))
    with pytest.raises(TsvError, match=f"over {MOST_SAMPLES} rows"):
        samples_of(long)


def test_a_sample_that_is_listed_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PackageError, match=r"samples\.tsv: the sample 'a\.wav' is listed 2 times; list every sample once"):
        sample_problems(package(tmp_path, "sample\ttext\na.wav\tOne.\na.wav\tTwo.\n"))


def test_a_sound_is_compared_to_its_end(tmp_path: Path) -> None:
    files = package(tmp_path, "sample\ttext\na.wav\tOne.\n")
    assert sample_problems(files) == []
    samples, rate = soundfile.read(tmp_path / "samples/a.wav", dtype="int16")
    samples[-1] += 1
    soundfile.write(tmp_path / "samples/a.wav", samples, rate)
    assert sample_problems(files) == ["samples/a.flac: not the sound of samples/a.wav"]


@pytest.mark.parametrize(("channels", "rate"), [(8, 16000), (1, 384000)])
def test_a_sound_of_many_channels_or_a_high_rate_is_refused(tmp_path: Path, channels: int, rate: int) -> None:
    files = package(tmp_path, "sample\ttext\na.wav\tOne.\n")
    soundfile.write(tmp_path / "samples/a.wav", np.zeros((100, channels), np.int16), rate)
    with pytest.raises(PackageError, match=rf"a\.wav: {channels} channels, {rate} Hz; a sample has one channel and at most"):
        sample_problems(files)
