"""Every layout that people have is found by what the folder holds; a layout that is not sure is refused, with the reasons."""

import json
from pathlib import Path

import pandas as pd
import pytest

from voice_assets.importers.errors import RecordingsError
from voice_assets.importers.folder import read_folder
from voice_assets_tests.importers.layouts import faults, folder_of, found, rows

TWO = "wavs/1.wav wavs/2.wav"
TEXTS = [("1", "The cat sat on the mat."), ("2", "Birds sing in the morning.")]

LISTS = {
    "piper": ("metadata__csv", "1|The cat sat on the mat.\n2|Birds sing in the morning.\n", "`id|text`"),
    "names with a folder": (
        "metadata__csv",
        "wavs/1.wav|The cat sat on the mat.\nwavs/2.wav|Birds sing in the morning.\n",
        "piper",
    ),
    "ljspeech": (
        "metadata__csv",
        "1|The cat.|The cat sat on the mat.\n2|Birds sing in the morning.|\n",
        "`id|text|normalised`",
    ),
    "speaker": ("metadata__csv", "1|ann|The cat sat on the mat.\n2|ann|Birds sing in the morning.\n", "`id|speaker|text`"),
    "speaker numbers": (
        "train__txt",
        "".join(f"wavs/{n % 2 + 1}.wav|78|{t}\n" for n, (_, t) in enumerate(TEXTS)),
        "id|speaker|text",
    ),
    "text-speaker": ("metadata__csv", "1|The cat sat on the mat.|ann\n2|Birds sing in the morning.|ann\n", "`id|text|speaker`"),
    "mimic": (
        "u-metadata__txt",
        "1.wav|The cat sat on the mat.|23\n2.wav|Birds sing in the morning.|26\n",
        "mimic (`id|text|length`)",
    ),
    "durations": ("metadata__csv", "1|The cat sat on the mat.|1.93\n2|Birds sing in the morning.|2.6\n", "`id|text|length`"),
    "coqui": (
        "metadata__csv",
        "audio_file|text|speaker_name\nwavs/1.wav|The cat sat on the mat.|@X\nwavs/2.wav|Birds sing in the morning.|@X\n",
        "layout header (`id|text|speaker`), the header names audio_file, text, speaker_name",
    ),
    "common voice": (
        "validated__tsv",
        "client_id\tpath\tsentence\tvotes\nx1\t1.mp3\tThe cat sat on the mat.\t2\nx1\t2.mp3\tBirds sing in the morning.\t2\n",
        "layout header (`speaker|id|text|-`)",
    ),
    "commas": (
        "metadata__csv",
        '1.wav,"The cat sat on the mat."\n2.wav,"Birds sing in the morning."\n',
        "commas, quoted as CSV",
    ),
    "a comma and a space": ("metadata__csv", '1.wav, "The cat sat on the mat."\n2.wav, Birds sing in the morning.\n', "commas"),
    "tabs": ("metadata__tsv", "1\tThe cat sat on the mat.\n2\tBirds sing in the morning.\n", "separated by tabs"),
    "semicolons": ("metadata__csv", "1;The cat sat on the mat.\n2;Birds sing in the morning.\n", "separated by semicolons"),
    "crlf": ("metadata__csv", "1|The cat sat on the mat.\r\n2|Birds sing in the morning.\r\n", "piper"),
    "old mac": ("metadata__csv", "1|The cat sat on the mat.\r2|Birds sing in the morning.\r", "piper"),
    "bom": ("metadata__csv", "\ufeff1|The cat sat on the mat.\n2|Birds sing in the morning.\n", "piper"),
    "utf-16": ("metadata__csv", "1|The cat sat on the mat.\n2|Birds sing in the morning.\n".encode("utf-16"), "UTF-16-LE"),
    "prompts": ("core__txt", "; comment\n1: The cat sat on the mat.\n2: Birds sing in the morning.\n", "layout prompts"),
    "kaldi": ("text", "1 The cat sat on the mat.\n2 Birds sing in the morning.\n", "a space after the name"),
    "audiofolder": (
        "metadata__csv",
        "file_name,transcription\nwavs/1.wav,The cat sat on the mat.\nwavs/2.wav,Birds sing in the morning.\n",
        "layout audiofolder (`id|text`)",
    ),
    "json lines": (
        "metadata__jsonl",
        "".join(json.dumps({"file_name": f"wavs/{name}.wav", "text": text}) + "\n" for name, text in TEXTS),
        "layout audiofolder",
    ),
    "nemo": (
        "manifest__json",
        "".join(json.dumps({"audio_filepath": f"/d/wavs/{n}.wav", "duration": 1.5, "text": t}) + "\n" for n, t in TEXTS),
        "layout header (`id|length|text`)",
    ),
    "json array": (
        "all__json",
        json.dumps([{"path": f"{name}.wav", "sentence": text} for name, text in TEXTS]),
        "layout header",
    ),
    "gpt-sovits": (
        "a__list",
        "out/1.wav|ann|EN|The cat sat on the mat.\nout/2.wav|ann|EN|Birds sing in the morning.\n",
        "id|speaker",
    ),
    "in a folder below": ("data___metadata__csv", "1|The cat sat on the mat.\n2|Birds sing in the morning.\n", "piper"),
}


@pytest.mark.parametrize("kind", LISTS)
def test_a_list_in_any_layout(tmp_path: Path, kind: str) -> None:
    name, content, told = LISTS[kind]
    recordings = found(folder_of(tmp_path / "in", TWO, **{name: content}))
    assert sorted(rows(recordings)) == TEXTS
    assert faults(recordings) == {}
    assert told in recordings.told[0]
    assert "2 of 2 rows name an audio file" in recordings.told[0]


def test_parquet(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "in", TWO)
    pd.DataFrame({"file_name": ["wavs/1.wav", "wavs/2.wav"], "text": [text for _, text in TEXTS]}).to_parquet(
        folder / "metadata.parquet"
    )
    assert rows(found(folder)) == TEXTS
    pd.DataFrame({"audio": [{"bytes": b"RIFF", "path": "1.wav"}], "text": ["The cat."]}).to_parquet(folder / "metadata.parquet")
    with pytest.raises(RecordingsError, match=r"metadata\.parquet: the column audio holds the audio itself; write the audio"):
        found(folder)


def test_a_text_for_every_recording(tmp_path: Path) -> None:
    texts = {
        "wavs___1__txt": "The cat sat on the mat.\n",
        "wavs___2__lab": "Birds sing\nin the morning.",
        "readme__txt": "Hello: all",
    }
    recordings = found(folder_of(tmp_path / "in", f"{TWO} wavs/3.flac", **texts))
    assert recordings.told == [f"{tmp_path / 'in'}: layout pairs: 2 of 3 audio files have a text file of their name"]
    assert [(item.audio.name, " ".join(item.text.split())) for item in recordings.items] == [
        ("1.wav", TEXTS[0][1]),
        ("2.wav", TEXTS[1][1]),
        ("3.flac", ""),
    ]


def test_recordings_with_texts_are_named_as_those_of_a_list(tmp_path: Path) -> None:
    folder = folder_of(
        tmp_path / "in", "wav/1.mp3 wav/1.wav wav/2.WAV", lab___1__lab="The cat sat.", lab___2__lab="Birds sing."
    )
    assert rows(found(folder)) == [("1", "The cat sat."), ("1", "The cat sat."), ("2", "Birds sing.")]
    named = folder_of(tmp_path / "named", "a/1.mp3 a/1.wav a/b/2.WAV", a___1__txt="The cat sat.", a___b___2__txt="Birds sing.")
    assert [(item.name, item.audio.name) for item in found(named).items] == [("1", "1.wav"), ("1", "1.mp3"), ("b/2", "2.WAV")]


def test_links_out_of_the_folder_are_told(tmp_path: Path) -> None:
    folder_of(tmp_path / "blobs", "1.wav 2.wav")
    folder = folder_of(tmp_path / "in", "", metadata__csv="1|The cat sat.\n2|Birds sing.\n")
    (folder / "wavs").symlink_to(tmp_path / "blobs")
    with pytest.raises(
        RecordingsError, match=r"no audio files in it, .*; not followed: 1 link leads out of the folder \(wavs\)"
    ):
        found(folder)
    folder_of(folder, "clips/1.wav")
    (folder / "clips" / "2.wav").symlink_to(tmp_path / "blobs" / "2.wav")
    told = found(folder).told
    assert "not followed: 2 links lead out of the folder (clips/2.wav, wavs); copy what the data set needs" in told[1]
    (folder / "wavs").unlink()
    (folder / "clips" / "2.wav").unlink()
    (folder / "clips" / "2.wav").symlink_to("1.wav")
    assert len(found(folder).told) == 1


def test_semicolons_are_no_prompts(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "in", TWO, metadata__csv="1;The cat sat.\n2;Birds sing.\n")
    assert "layout piper (`id|text`), by its content; metadata.csv is separated by semicolons" in found(folder).told[0]


def test_texts_in_a_folder_beside_the_audio(tmp_path: Path) -> None:
    folder = folder_of(
        tmp_path / "in", "wav48/p1/p1_1.wav wav48/p1/p1_2.wav", txt___p1___p1_1__txt="One.", txt___p1___p1_2__txt="Two."
    )
    assert [item.text for item in found(folder).items] == ["One.", "Two."]
    libri = folder_of(tmp_path / "libri", "1.wav", **{"1__normalized__txt": "ten", "1__original__txt": "10"})
    assert [item.text for item in found(libri).items] == ["ten"]


@pytest.mark.parametrize(
    ("texts", "fault"),
    [
        ({"1__lab": "0 500000 pau\n500000 900000 k\n"}, "text: 1.lab has times and phonemes, and no text"),
        ({"1__txt": "One.", "1__lab": "Two."}, "text: 1.lab and 1.txt differ"),
        ({"1__txt": "Café".encode("cp1252")}, "text: 1.txt: line 1, byte 3: 0xe9 is not UTF-8"),
    ],
)
def test_a_text_file_that_is_no_text(tmp_path: Path, texts: dict[str, str | bytes], fault: str) -> None:
    recordings = found(folder_of(tmp_path / "in", "1.wav 2.wav", **{"2__txt": "Two words."}, **texts))
    assert [item.fault[: len(fault)] for item in recordings.items] == [fault, ""]


REFUSED = {
    "no audio": ("", {"metadata__csv": "1|The cat.\n"}, "in: no audio files in it"),
    "no list": (TWO, {}, "no list of clips: no file names the audio"),
    "several speakers": (
        "1.wav 2.wav 3.wav",
        {"metadata__csv": "1|ann|The cat sat.\n2|bob|Birds sing there.\n3|bob|Water runs down.\n"},
        r"metadata\.csv: 2 speakers, and a voice has one; choose one with `--speaker NAME`: 'bob' \(2\), 'ann' \(1\)",
    ),
    "two lists that differ": (
        "1.wav 2.wav",
        {"train__csv": "1|The cat sat there.\n", "val__csv": "2|Birds sing there.\n"},
        r"2 lists with different rows; choose with `--metadata FILE` .*:\n  train\.csv: layout piper .*\n  val\.csv: layout",
    ),
    "a list and pairs": (
        "1.wav 2.wav",
        {"metadata__csv": "1|The cat sat.\n2|Birds sing.\n", "1__txt": "The cat.", "2__txt": "Birds."},
        "two layouts are possible: layout piper .* and a text file for each of 2 recordings; choose",
    ),
    "two texts": (
        TWO,
        {"metadata__csv": "1|The cat sat there.|Die Katze war hier.\n2|Birds sing all day.|Vögel singen immer froh.\n"},
        r"several ways: column 2 looks like a text \('The cat sat there.', .*; say with `--layout` what each of the 3 columns",
    ),
    "two texts in a header": (
        TWO,
        {"metadata__csv": "path,text,sentence\n1.wav,a b,c d\n2.wav,a b,c d\n"},
        "text and sentence can both be the text; say with `--layout`",
    ),
    "a header without a text": (TWO, {"m__jsonl": '{"file_name": "1.wav", "size": 3}\n'}, "none is the text"),
    "cp1252": (
        TWO,
        {"metadata__csv": "1|The cat.\r\n2|Café au lait\r\n".encode("cp1252")},
        r"metadata\.csv: line 2, byte 17: 0xe9 is not UTF-8; .* CP1252, it reads '2\|Café au lait': convert",
    ),
    "empty": (TWO, {"metadata__csv": b""}, r"metadata\.csv: empty: 0 bytes"),
    "not fetched": (
        TWO,
        {"metadata__csv": "version https://git-lfs.github.com/spec/v1\nsize 3\n"},
        "a Git-LFS pointer, not the list",
    ),
    "lengths only": (TWO, {"durations__csv": "1,3.25\n2,4.5\n"}, "no list of texts: the column beside the names holds numbers"),
    "binary": (TWO, {"metadata__csv": b"1|The cat\x00\x01\x02\n"}, r"metadata\.csv: line 1, byte 9: 0x00, which no text has"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_not_sure_is_refused_with_the_reason(tmp_path: Path, kind: str) -> None:
    audio, lists, message = REFUSED[kind]
    (tmp_path / "in").mkdir()
    with pytest.raises(RecordingsError, match=message):
        found(folder_of(tmp_path / "in", audio, **lists))


def test_a_layout_can_be_named(tmp_path: Path) -> None:
    folder = folder_of(
        tmp_path / "in", TWO, metadata__csv="1|The cat sat there.|Die Katze war hier.\n2|Birds sing.|Vögel singen.\n"
    )
    assert rows(found(folder, "id|-|text"))[0] == ("1", "Die Katze war hier.")
    assert rows(found(folder, "piper")) == []
    assert rows(found(folder, "id|text|-"))[1] == ("2", "Birds sing.")
    for layout, message in (
        ("id|words", "words is no column"),
        ("id|-", "text must be there"),
        ("id|text|text", "text must be"),
    ):
        with pytest.raises(RecordingsError, match=message):
            found(folder, layout)
    with pytest.raises(RecordingsError, match="no text file"):
        found(folder, "pairs")


def test_a_list_elsewhere_and_one_of_several_can_be_named(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "in", TWO, train__csv="1|The cat sat there.\n", val__csv="2|Birds sing there.\n")
    (tmp_path / "list.txt").write_text("1: The cat sat.\n", encoding="utf-8")
    assert rows(found(folder, "", folder / "val.csv"))[0] == ("2", "Birds sing there.")
    assert rows(found(folder, "", tmp_path / "list.txt"))[0] == ("1", "The cat sat.")
    both = found(folder, "", folder / "train.csv", folder / "val.csv", tmp_path / "list.txt")
    assert rows(both) == [("1", "The cat sat there."), ("2", "Birds sing there.")]
    assert faults(both) == {"1": "row: line 1: '1' already has a row, line 1 of train.csv"}
    assert len([line for line in both.told if "layout" in line]) == 3
    (tmp_path / "bad.txt").write_bytes(b"1|\xff")
    with pytest.raises(RecordingsError, match=r"bad\.txt: line 1, byte 2"):
        found(folder, "", folder / "train.csv", tmp_path / "bad.txt")


def test_a_list_that_has_every_row_of_the_others_is_taken(tmp_path: Path) -> None:
    lists = {
        "metadata__csv": "1|The cat sat.\n2|Birds sing.\n",
        "train__csv": "1|The cat sat.\n",
        "val__csv": "2|Birds sing.\n",
    }
    recordings = found(folder_of(tmp_path / "in", TWO, **lists))
    assert rows(recordings) == [("1", "The cat sat."), ("2", "Birds sing.")]
    assert recordings.told[1] == "not read, because every row of it is in metadata.csv: train.csv, val.csv"


def test_a_usual_list_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    lists = {"metadata__csv": "1|Café\n".encode("cp1252"), "other__csv": "1|The cat sat.\n"}
    told = found(folder_of(tmp_path / "in", TWO, **lists)).told
    assert any(line.startswith("not read: ") and "metadata.csv: line 1, byte 5" in line for line in told)


def test_a_speaker_can_be_chosen(tmp_path: Path) -> None:
    lists = {"metadata__csv": "1|ann|The cat sat.\n2|bob|Birds sing there.\n3|bob|Water runs.\n4||Nobody speaks.\n"}
    folder = folder_of(tmp_path / "in", "1.wav 2.wav 3.wav 4.wav", **lists)
    chosen = found(folder, speaker="bob")
    assert rows(chosen) == [("2", "Birds sing there."), ("3", "Water runs.")]
    assert faults(chosen) == {
        "1": "speaker: 'ann', not 'bob'",
        "4": "row: line 4: 3 columns; expected `id|speaker|text`; the speaker is missing",
    }
    with pytest.raises(RecordingsError, match=r"no row has the speaker 'eve'; the speakers are: 'bob' \(2\), 'ann' \(1\)"):
        found(folder, speaker="eve")


def test_names_are_looked_for_beside_their_list_first(tmp_path: Path) -> None:
    """Splits of a data set often have the same names in each folder."""
    splits = {f"data___{split}___metadata__csv": f"file_name,text\n1.wav,This is {split}.\n" for split in ("train", "test")}
    folder = folder_of(tmp_path / "in", "data/train/1.wav data/test/1.wav", **splits)
    with pytest.raises(RecordingsError, match="2 lists with different rows"):
        found(folder)
    recordings = found(folder, "", folder / "data" / "test" / "metadata.csv")
    assert rows(recordings) == [("1", "This is test.")]
    assert [item.audio for item in recordings.items] == [folder / "data" / "test" / "1.wav"]


def test_a_spreadsheet_is_named_as_what_it_is(tmp_path: Path) -> None:
    with pytest.raises(RecordingsError, match=r"list\.xlsx: a spreadsheet; save the list as CSV"):
        found(folder_of(tmp_path / "in", TWO, list__xlsx="PK"))


def test_pairs_in_several_folders_can_be_several_speakers(tmp_path: Path) -> None:
    told = found(folder_of(tmp_path / "in", "ann/1.wav bob/2.wav", ann___1__txt="One two.", bob___2__txt="Three four.")).told
    assert told[1] == "the audio is in 2 folders (ann, bob); if each is a speaker, import one of them only"


def test_the_data_set_that_is_made_is_not_read(tmp_path: Path) -> None:
    folder = folder_of(
        tmp_path / "in", "wavs/1.wav out/wavs/1.wav", metadata__csv="1|The cat.\n", out___metadata_2col__csv="1|The cat.\n"
    )
    assert rows(read_folder(folder, folder / "out")) == [("1", "The cat.")]
    with pytest.raises(RecordingsError, match="choose another folder for the data set"):
        read_folder(folder, folder)
