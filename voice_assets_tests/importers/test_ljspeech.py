"""LJSpeech's layout."""

from pathlib import Path

import pytest

from voice_assets.audio.recordings import write_wav
from voice_assets.dataset.clips import read_shard
from voice_assets.dataset.faults import Limits
from voice_assets.importers.errors import RecordingsError
from voice_assets.importers.items import About
from voice_assets.importers.ljspeech import read_ljspeech
from voice_assets_tests.datasets import RATE, burst
from voice_assets_tests.importers.making import make

METADATA = (
    'LJ001|In 1941|In nineteen forty-one\nLJ002|Only two columns here\nLJ003.wav|"Quoted," he said|\n'
    "LJ004|Gone|This file is gone\n../LJ005|Out|Out of the folder\n"
)


def write(folder: Path) -> Path:
    (folder / "wavs").mkdir(parents=True)
    for number, name in enumerate(("LJ001", "LJ002", "LJ003", "unnamed")):
        write_wav(folder / "wavs" / f"{name}.wav", burst(1.0, number), RATE)
    (folder / "metadata.csv").write_text(METADATA, encoding="utf-8")
    return folder


def test_items(tmp_path: Path) -> None:
    items = [(item.name, item.text) for item in read_ljspeech(write(tmp_path))]
    assert items == [
        ("LJ001", "In nineteen forty-one"),
        ("LJ002", "Only two columns here"),
        ("LJ003", '"Quoted," he said'),
        ("LJ004", "This file is gone"),
        ("../LJ005", "Out of the folder"),
        ("unnamed", ""),
    ]


def test_prepared(tmp_path: Path) -> None:
    limits = Limits(sample_rate=RATE, language="en", espeak_voice="en-us")
    about = About("lj", "US", "medium", "a test", "CC0-1.0", "nobody")
    summary = make(read_ljspeech(write(tmp_path / "in")), tmp_path / "out", limits, about)
    assert (summary.kept, summary.dropped) == (3, 3)
    clips = read_shard(summary.out, "0-of-1", limits)
    assert list(clips["text"]) == ["In nineteen forty-one", "Only two columns here", "“Quoted,” he said"]
    assert (clips["findings"] == "").all()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\n", "no rows"),
        (b"a|\xff", "cannot be read"),
    ],
)
def test_bad_metadata(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "wavs").mkdir()
    (tmp_path / "metadata.csv").write_bytes(content)
    with pytest.raises(RecordingsError, match=rf"metadata\.csv: {message}"):
        read_ljspeech(tmp_path)


def test_one_bad_row_is_dropped_and_the_others_stay(tmp_path: Path) -> None:
    folder = write(tmp_path / "in")
    long = "x" * 300
    with (folder / "metadata.csv").open("a", encoding="utf-8") as file:
        file.write(f"LJ001.wav|Again|Once more\nLJ006\nLJ007|four|columns|here\n{long}|Long|A name too long\n")
    limits = Limits(sample_rate=RATE, language="en", espeak_voice="en-us")
    summary = make(read_ljspeech(folder), tmp_path / "out", limits, About("lj", "US", "medium", "a test", "CC0-1.0", "nobody"))
    assert (summary.read, summary.kept, summary.dropped) == (10, 3, 7)
    info = (summary.out / "PREPARE_INFO.txt").read_text(encoding="utf-8")
    for part in (
        "LJ001\n    row: line 6: 'LJ001' already has a row, line 1\n    text: Once more\n",
        "LJ006\n    row: line 7: 1 column; expected `id|text` or `id|text|normalised text`\n    text: \n",
        "LJ007\n    row: line 8: 4 columns; expected `id|text` or `id|text|normalised text`\n    text: four|columns|here\n",
        f"{long}\n    name: it is 300 bytes long",
    ):
        assert part in info


def test_missing_things(tmp_path: Path) -> None:
    with pytest.raises(RecordingsError, match="wavs: no such folder"):
        read_ljspeech(tmp_path)
    (tmp_path / "wavs").mkdir()
    with pytest.raises(RecordingsError, match=r"metadata\.csv: cannot be read"):
        read_ljspeech(tmp_path)
