"""Which file a name means, in every spelling that people use; and what a message says when there is none."""

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_assets.dataset.locator import Locator, Match
from voice_assets.dataset.names import differences, key, parts_of, skeleton

FILES = ("wavs/a.WAV", "wavs/b.wav", "wavs/B.wav", "wavs/12.wav", "wavs/c.flac", "wavs/c.mp3", "other/x/7.wav",
         "wavs/clip-001.wav", "wavs/\u0430z.wav", "m/q.wav", "n/q.wav",
         "wavs/Ü.wav", "wavs/fu\u0308r.wav", "wav2/12.wav", "reports/r.wav",
         "wavs/notes.txt", ".hidden/h.wav", "wavs/1.5 .wav")  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for file in FILES:
        (tmp_path / "set" / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "set" / file).touch()
    return tmp_path / "set"


FOUND = [
    ("12", "wavs/12.wav", ()),
    ("12.wav", "wavs/12.wav", ()),
    ("wavs/12.wav", "wavs/12.wav", ()),
    ("./wavs/12", "wavs/12.wav", ()),
    ("a", "wavs/a.WAV", ()),
    ("a.wav", "wavs/a.WAV", ("upper and lower case",)),
    ("Wavs/12.wav", "wavs/12.wav", ("upper and lower case",)),
    ("b", "wavs/b.wav", ()),
    ("B", "wavs/B.wav", ()),
    ("b.WAV", "wavs/b.wav", ("upper and lower case",)),
    ("c", "wavs/c.flac", ()),
    ("c.mp3", "wavs/c.mp3", ()),
    ("c.ogg", "wavs/c.flac", ("the suffix",)),
    ("f\u00fcr", "wavs/fu\u0308r.wav", ("the Unicode form",)),
    ("ü", "wavs/Ü.wav", ("upper and lower case",)),
    ("12 ", "wavs/12.wav", ("spaces",)),
    ("1.5", "wavs/1.5 .wav", ()),
    ("wavs\\12.wav", "wavs/12.wav", ("back slashes",)),
    ("7", "other/x/7.wav", ()),
    ("x/7.wav", "other/x/7.wav", ()),
    ("y/7.wav", "other/x/7.wav", ("the folder",)),
    ("wav2/12", "wav2/12.wav", ()),
    ("/home/me/set/wavs/12.wav", "wavs/12.wav", ("the folder",)),
    ("C:\\set\\wavs\\12.wav", "wavs/12.wav", ("back slashes", "the folder")),
]


@pytest.mark.parametrize(("name", "path", "differs"), FOUND)
def test_a_name_that_means_one_file(folder: Path, name: str, path: str, differs: tuple[str, ...]) -> None:
    assert Locator(folder).locate(name) == Match(path, differs)


@pytest.mark.parametrize(
    "name", ["13", "m/12", "other/12", "../12", "wavs/../../12", "", " ", "reports/r", "h", "notes", "clip_1"]
)
def test_a_name_that_means_no_file(folder: Path, name: str) -> None:
    """``m/12``: the folder ``m`` exists, so a file 12 of another folder is not meant."""
    assert Locator(folder).locate(name) == Match()


def test_a_name_that_can_mean_two_files_is_not_guessed(folder: Path) -> None:
    (folder / "wavs" / "d.Wav").touch()
    (folder / "wavs" / "D.wAv").touch()
    assert Locator(folder).locate("q") == Match(rivals=("m/q.wav", "n/q.wav"))
    assert Locator(folder).locate("D.wav").path == "wavs/D.wAv"
    (folder / "wavs" / "e.Wav").touch()
    (folder / "wavs" / "e.wAv").touch()
    assert Locator(folder).locate("e") == Match(rivals=("wavs/e.Wav", "wavs/e.wAv"))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("a", "there is 'wavs/a.WAV', which differs in the suffix"),
        ("12 ", "there is 'wavs/12.wav', which differs in spaces"),
        ("wav2/12", "there is 'wav2/12.wav', which differs in the folder"),
        (
            "f\u00fcr",
            "there is 'wavs/fu\u0308r.wav' (U+0075 U+0308 where they differ), which differs in the Unicode form; "
            "the row has 'f\u00fcr' (U+00FC where they differ)",
        ),
        ("az", "there is 'wavs/\u0430z.wav' (U+0430 where they differ)"),
        ("clip_1", "there is 'wavs/clip-001.wav'"),
        ("q", "there are 'm/q.wav' and 'n/q.wav'"),
        ("13", ""),
        ("../12", ""),
    ],
)
def test_what_is_nearly_there(folder: Path, name: str, words: str) -> None:
    assert Locator(folder).nearly(name) == words


def test_links_that_lead_out_are_not_found(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.wav").touch()
    (folder / "wavs" / "out.wav").symlink_to(tmp_path / "secret.wav")
    (folder / "wavs" / "in.wav").symlink_to(folder / "wavs" / "12.wav")
    (folder / "linked").symlink_to(tmp_path)
    assert Locator(folder).locate("out") == Match()
    assert Locator(folder).locate("linked/secret") == Match()
    assert Locator(folder).locate("in").path == "wavs/in.wav"


def test_a_folder_can_be_left_out(folder: Path) -> None:
    assert "wav2/12.wav" not in Locator(folder, without=folder / "wav2").files
    assert "wavs/12.wav" in Locator(folder, without=folder / "wav2").files


def test_a_deep_and_a_closed_folder(tmp_path: Path) -> None:
    """Neither a folder 300 levels deep nor one that cannot be read stops the search."""
    place = tmp_path
    for _ in range(300):
        place = place / "d"
    place.mkdir(parents=True)
    (tmp_path / "closed").mkdir(mode=0)
    (tmp_path / "a.wav").touch()
    (place / "b.wav").touch()
    assert Locator(tmp_path).locate("b").path == "d/" * 300 + "b.wav"
    assert Locator(tmp_path).locate("a").path == "a.wav"
    assert Locator(tmp_path).locate("x" * 5_000_000) == Match()
    (tmp_path / "closed").chmod(0o700)


def test_an_empty_folder(tmp_path: Path) -> None:
    assert (Locator(tmp_path).locate("a"), Locator(tmp_path).nearly("a")) == (Match(), "")


@given(st.text(max_size=12), st.text(max_size=12))
def test_no_name_breaks_the_rules_of_names(name: str, other: str) -> None:
    parts = parts_of(name)
    skeleton(name)
    if parts and parts_of(other):
        differences(name, "/".join(parts_of(other)))
        assert key(parts) == key([unicodedata.normalize("NFC", part) for part in parts])
        assert "upper and lower case" not in differences(name, "/".join(parts)) or parts != [part.strip() for part in parts]


def test_one_name_in_many_folders_is_told_apart_by_its_folder(tmp_path: Path) -> None:
    for number in range(20):
        (tmp_path / f"d{number}").mkdir()
        (tmp_path / f"d{number}" / "a.wav").touch()
    locator = Locator(tmp_path)
    assert [locator.locate(f"home/D{number}/a").path for number in range(20)] == [f"d{number}/a.wav" for number in range(20)]
    assert locator.locate("home/a").rivals == tuple(sorted(f"d{number}/a.wav" for number in range(20)))
