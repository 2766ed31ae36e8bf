"""A data set that cannot be read: no folder, no metadata, an unknown espeak voice."""

import shutil
from pathlib import Path

import pytest

from voice_assets.dataset.clips import DatasetError, fingerprint
from voice_assets.dataset.espeak import EspeakVoiceError
from voice_assets.dataset.faults import Limits
from voice_assets_tests.conftest import MakeDataset
from voice_assets_tests.dataset.reading import read_all
from voice_assets_tests.datasets import RATE


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "no such file"), (b"", "the file is empty"), (b"a|\xff\n", "line 1, byte 2")],
)
def test_metadata_that_cannot_be_read(make_dataset: MakeDataset, limits: Limits, content: bytes | None, message: str) -> None:
    dataset = make_dataset()
    metadata = dataset / "metadata_2col.csv"
    metadata.unlink()
    if content is not None:
        metadata.write_bytes(content)
    for use in (lambda: read_all(dataset, limits), lambda: fingerprint(dataset, 2)):
        with pytest.raises(DatasetError, match=rf"metadata_2col\.csv: {message}"):
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
        read_all(make_dataset(), Limits(sample_rate=RATE, language="ru", espeak_voice="nope"))
