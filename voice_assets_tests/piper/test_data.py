"""What Piper trains on."""

import csv
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_assets.dataset.config import PiperConfig
from voice_assets.dataset.tables import TRAINING_SET, frame
from voice_assets.piper import data
from voice_assets.runtime import files


def rows(**changes: str) -> pd.DataFrame:
    one = {"clip_id": "a", "path": "wavs/a.wav", "text": "Да.", "audio_sha256": "0", "duration_s": 1.0, "split": "train"}
    return frame([{**one, **changes}, {**one, "clip_id": "b", "path": "wavs/b.wav", "split": "validation"}], TRAINING_SET)


def config(rate: int = 22050, voice: str = "ru", **ids: list[int]) -> PiperConfig:
    symbols = {"_": [0], "^": [1], "$": [2], " ": [3], **ids}
    return PiperConfig.model_validate({"audio": {"sample_rate": rate}, "espeak": {"voice": voice}, "phoneme_id_map": symbols})


CONFIG = config()
# Python's own csv module gives up on NUL, and universal newlines turn a lone \r into \n: such texts fail earlier rules.
TEXTS = st.text(st.characters(exclude_characters="\x00\r", exclude_categories=["Cs"]))


@given(st.lists(TEXTS, min_size=1, max_size=5))
def test_metadata_reads_back_as_piper_reads_it(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    path = tmp_path_factory.mktemp("csv") / "metadata.csv"
    table = pd.DataFrame({"path": [f'{number}|".wav' for number in range(len(texts))], "text": texts})
    data.write_metadata(table, path)
    with path.open(encoding="utf-8") as file:
        assert list(csv.reader(file, delimiter="|")) == table.to_numpy().tolist()


def test_a_text_that_starts_with_a_quote_swallows_nothing(tmp_path: Path) -> None:
    table = pd.DataFrame({"path": ["a", "b"], "text": ['"Да', "Нет"]})
    with data.write_metadata(table, tmp_path / "m.csv").open(encoding="utf-8") as file:
        assert [row[1] for row in csv.reader(file, delimiter="|")] == ['"Да', "Нет"]


@pytest.mark.parametrize(
    "changes", [{"clip_id": "c"}, {"path": "wavs/c.wav"}, {"text": "Нет."}, {"audio_sha256": "1"}, {"split": "validation"}]
)
def test_the_fingerprint_sees_every_change(changes: dict[str, str]) -> None:
    assert data.fingerprint(rows(**changes), CONFIG) != data.fingerprint(rows(), CONFIG)


@pytest.mark.parametrize("other", [config(rate=16000), config(voice="uk"), config(a=[4])])
def test_the_fingerprint_sees_the_config(other: PiperConfig) -> None:
    assert data.fingerprint(rows(), other) != data.fingerprint(rows(), CONFIG)


def test_the_fingerprint_is_as_caches_on_disk_are_named() -> None:
    """A changed fingerprint would compute the spectrograms of every voice again."""
    assert data.fingerprint(rows(), CONFIG)[:16] == "563f24ba15044efa"


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    for name in ("a", "b"):
        (tmp_path / "wavs").mkdir(exist_ok=True)
        (tmp_path / "wavs" / f"{name}.wav").write_bytes(name.encode())
    return tmp_path


def accepted(dataset: Path) -> pd.DataFrame:
    table = rows()
    table["audio_sha256"] = [files.sha256(dataset / path) for path in table["path"]]
    return table


def test_a_sound_training_set_passes(dataset: Path) -> None:
    data.check_training_set(accepted(dataset), dataset)


def test_a_replaced_recording_is_an_error(dataset: Path) -> None:
    table = accepted(dataset)
    (dataset / "wavs/b.wav").write_bytes(b"another")
    with pytest.raises(data.TrainingSetError, match=r"b\.wav: changed since clip b was accepted"):
        data.check_training_set(table, dataset)


def test_a_missing_recording_is_an_error(dataset: Path) -> None:
    table = accepted(dataset)
    (dataset / "wavs/b.wav").unlink()
    with pytest.raises(data.TrainingSetError, match=r"b\.wav: no such file, clip b"):
        data.check_training_set(table, dataset)


@pytest.mark.parametrize("side", ["train", "validation"])
def test_an_empty_side_is_an_error(dataset: Path, side: str) -> None:
    table = accepted(dataset)
    with pytest.raises(data.TrainingSetError, match=f"is for {side}"):
        data.check_training_set(table[table["split"] != side], dataset)
