"""The rows of a list and their audio files: each row has its own file, or a reason in words."""

from pathlib import Path

from voice_assets.audio.recordings import write_wav
from voice_assets.dataset.clips import read_shard
from voice_assets.dataset.faults import Limits
from voice_assets.importers.items import About
from voice_assets_tests.datasets import RATE, burst
from voice_assets_tests.importers.layouts import faults, folder_of, found, rows
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
    items = [(item.name, item.text) for item in found(write(tmp_path / "in")).items]
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
    summary = make(found(write(tmp_path / "in")).items, tmp_path / "out", limits, about)
    assert (summary.kept, summary.dropped) == (3, 3)
    clips = read_shard(summary.out, "0-of-1", limits).clips
    assert list(clips["text"]) == ["In nineteen forty-one", "Only two columns here", "“Quoted,” he said"]
    assert (clips["findings"] == "").all()


def test_one_bad_row_is_dropped_and_the_others_stay(tmp_path: Path) -> None:
    folder = write(tmp_path / "in")
    long = "x" * 300
    with (folder / "metadata.csv").open("a", encoding="utf-8") as file:
        file.write(f"LJ001.wav|Again|Once more\nLJ006\nLJ007|four|columns|here\n{long}|Long|A name too long\n")
    limits = Limits(sample_rate=RATE, language="en", espeak_voice="en-us")
    summary = make(found(folder).items, tmp_path / "out", limits, About("lj", "US", "medium", "a test", "CC0-1.0", "nobody"))
    assert (summary.read, summary.kept, summary.dropped) == (10, 3, 7)
    info = (summary.out / "PREPARE_INFO.txt").read_text(encoding="utf-8")
    for part in (
        "LJ001\n    row: line 6: 'LJ001' already has a row, line 1\n    text: Once more\n",
        "LJ006\n    row: line 7: 1 column; expected `id|text|normalised`\n    text: \n",
        "LJ007\n    row: line 8: 4 columns; expected `id|text|normalised`\n    text: four|columns|here\n",
        f"{long}\n    name: it is 300 bytes long",
    ):
        assert part in info


def test_a_file_belongs_to_the_row_that_is_spelt_like_it(tmp_path: Path) -> None:
    folder = folder_of(
        tmp_path / "in", "wavs/a.wav wavs/b.wav", metadata__csv="A|First text here.\na|Second text here.\nb|A b.\nb.wav|B.\n"
    )
    recordings = found(folder)
    assert rows(recordings) == [("a", "Second text here."), ("b", "A b.")]
    assert [item.fault for item in recordings.items if item.fault] == [
        "row: line 1: 'a' already has a row, line 2",
        "row: line 4: 'b' already has a row, line 3",
    ]
    assert recordings.told[1] == (
        "1 name differs from the audio file in upper and lower case, such as 'A' in line 1 for 'wavs/a.wav'"
    )


def test_a_row_without_a_file_says_what_is_nearly_there(tmp_path: Path) -> None:
    folder = folder_of(
        tmp_path / "in", "wavs/clip-001.wav m/q.wav n/q.wav", metadata__csv="clip_1|One.\nq|Two.\nz|Three.\n../q|Four.\n"
    )
    assert faults(found(folder)) == {
        "clip_1": "audio: line 1: no audio file 'clip_1'; there is 'wavs/clip-001.wav'",
        "q": "row: line 2: 'q' can mean several files: m/q.wav and n/q.wav",
        "z": "audio: line 3: no audio file 'z'",
    }


def test_names_that_begin_with_a_folder_keep_it_where_it_distinguishes(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "in", "s/a/1.wav s/b/1.wav", metadata__csv="a/1|One.\nb/1.wav|Two.\n")
    assert rows(found(folder)) == [("a/1", "One."), ("b/1", "Two.")]


def test_a_name_in_another_unicode_form_is_composed(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "in", "wavs/fu\u0308r.wav", metadata__csv="f\u00fcr|One.\n")
    (item,) = found(folder).items
    assert (item.name, item.audio.name) == ("f\u00fcr", "fu\u0308r.wav")
