"""Data sets that users of Piper, coqui and ffmpeg described in public reports: imported, and judged as they are.

Each test names the report. The audio is generated. The lists hold the reported kind of row.
"""

import os
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

from voice_assets.audio.recordings import probe, write_wav
from voice_assets.dataset.clips import DatasetError, read_shard
from voice_assets.dataset.faults import Limits
from voice_assets.importers.errors import RecordingsError
from voice_assets.importers.folder import read_folder
from voice_assets_tests.datasets import RATE, burst
from voice_assets_tests.importers.making import make, metadata

ENGLISH = Limits(sample_rate=RATE, language="en", espeak_voice="en-us")
BULGARIAN = Limits(sample_rate=RATE, language="bg", espeak_voice="bg")


def audio(folder: Path, *files: str) -> Path:
    """A folder with a recording of half a second for each file."""
    for number, file in enumerate(files):
        write_wav(folder / "new.wav", burst(0.5, number), RATE)
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / "new.wav").rename(folder / file)
    return folder


def listed(folder: Path, content: str | bytes, name: str = "metadata.csv") -> Path:
    (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def imported(folder: Path, limits: Limits = ENGLISH, **options: str) -> list[list[str]]:
    """The rows of the data set that the import makes; every audio file is mono PCM16 at the voice's rate."""
    out = folder.parent / "out"
    make(read_folder(folder, out, **options).items, out, limits)
    for name, _ in metadata(out):
        info = probe(out / "wavs" / f"{name}.wav")
        assert (info.format, info.subtype, info.channels, info.sample_rate) == ("WAV", "PCM_16", 1, limits.sample_rate)
    return metadata(out)


def judged(folder: Path, limits: Limits = ENGLISH) -> dict[str, str]:
    """Clip -> finding of the data set as it is, by base validation; empty for a clip without a fault."""
    clips = read_shard(folder, "0-of-1", limits).clips
    return dict(zip(clips["clip_id"], clips["findings"], strict=True))


QUOTES = 'a|"Stop right there, he said.\nb|Birds sing early in the morning.\nc|He said "stop" and left.\nd|She reads a book.\n'


def test_a_single_quotation_mark(tmp_path: Path) -> None:
    """rhasspy/piper#147: the CSV reader of Piper takes the lines that follow as one text."""
    folder = audio(tmp_path / "in", *(f"wavs/{name}.wav" for name in "abcd"))
    found = judged(listed(folder, QUOTES, "metadata_2col.csv"))
    assert [name for name, finding in found.items() if finding] == ["a", "b", "c"]
    (folder / "metadata_2col.csv").rename(folder / "metadata.csv")
    assert imported(folder) == [
        ["a", "“Stop right there, he said."],
        ["b", "Birds sing early in the morning."],
        ["c", 'He said "stop" and left.'],
        ["d", "She reads a book."],
    ]


@pytest.mark.parametrize("home", ["wav", "wavs"])
def test_a_speaker_column_and_a_name_in_another_case(tmp_path: Path, home: str) -> None:
    """rhasspy/piper#368."""
    folder = audio(tmp_path / "in", f"{home}/1.wav", f"{home}/12.wav")
    rows = f"{home}/1.wav|male1|Този запис е направен.\n{home.title()}/12.wav|male1|Моля посетете ни точка орг.\n"
    assert imported(listed(folder, rows), BULGARIAN) == [["1", "Този запис е направен."], ["12", "Моля посетете ни точка орг."]]
    told = read_folder(folder, tmp_path / "other").told
    assert "id|speaker|text" in told[0]
    assert f"'{home.title()}/12.wav' in line 2 for '{home}/12.wav'" in told[1]
    assert told[2] == "speaker 'male1'"


def test_names_with_the_folder_in_front(tmp_path: Path) -> None:
    """A tutorial of advancedweb.hu, and coqui's XTTS."""
    folder = audio(tmp_path / "in", "wavs/1.wav", "wavs/2.wav")
    rows = "wavs/1.wav|The cat sat on the mat.\nwavs/2.wav|Birds sing in the morning.\n"
    assert not any(judged(listed(folder, rows, "metadata_2col.csv")).values())
    assert imported(folder) == [["1", "The cat sat on the mat."], ["2", "Birds sing in the morning."]]


def test_a_list_from_a_spreadsheet(tmp_path: Path) -> None:
    """rhasspy/piper#516: "Not enough columns"."""
    folder = audio(tmp_path / "in", "wavs/1.wav", "wavs/2.wav")
    rows = '1.wav,"The cat sat, on the mat."\n2.wav,"Birds sing in the morning."\n'
    findings = list(judged(listed(folder, rows, "metadata_2col.csv")).values())[:2]
    assert all("no `|` and looks separated by commas; `voice-assets import` reads other layouts" in one for one in findings)
    assert imported(folder) == [["1", "The cat sat, on the mat."], ["2", "Birds sing in the morning."]]


def test_a_file_name_of_a_mac(tmp_path: Path) -> None:
    """espeak-ng/espeak-ng#1555: letters with their marks apart, as macOS writes file names."""
    folder = audio(tmp_path / "in", "wavs/fu\u0308r.wav")
    found = judged(listed(folder, "f\u00fcr|The cat sat on the mat.\n", "metadata_2col.csv"))
    assert (
        "there is 'wavs/fu\u0308r.wav' (U+0075 U+0308 where they differ), which differs in the Unicode form"
        in found["f\u00fcr"]
    )
    assert imported(folder) == [["f\u00fcr", "The cat sat on the mat."]]


def test_wavs_that_were_written_to_a_pipe(tmp_path: Path) -> None:
    """kkroening/ffmpeg-python#118, Borewit/music-metadata#707, naudio/NAudio#688."""
    folder = audio(tmp_path / "in", *(f"wavs/{name}.wav" for name in ("ff", "zero", "odd")))
    for name, size in (("ff", 0xFFFFFFFF), ("zero", 0)):
        path = folder / "wavs" / f"{name}.wav"
        data = path.read_bytes()
        path.write_bytes(data[:4] + struct.pack("<I", size) + data[8:40] + struct.pack("<I", size) + data[44:])
    path = folder / "wavs" / "odd.wav"
    data = path.read_bytes()
    path.write_bytes(data[:36] + b"id3 \x05\0\0\0hello" + data[36:])
    rows = "ff|The cat sat on the mat.\nzero|Birds sing in the morning.\nodd|She reads a book.\n"
    found = judged(listed(folder, rows, "metadata_2col.csv"))
    assert found["ff"] == ""
    assert "its header gives no size" in found["zero"]
    assert "'id3 ' chunk has 5 bytes, an odd number, and lacks the padding byte" in found["odd"]
    assert "truncated" not in "".join(found.values())
    assert [name for name, _ in imported(folder)] == ["ff", "zero", "odd"]
    assert [probe(tmp_path / "out" / "wavs" / f"{name}.wav").frames for name in ("ff", "zero", "odd")] == [RATE // 2] * 3


KINDS = {
    "ext": ("WAVEX", "PCM_16", RATE, ""),
    "p24": ("WAV", "PCM_24", RATE, "encoding PCM_24, not PCM_16"),
    "flt": ("WAV", "FLOAT", RATE, "encoding FLOAT, not PCM_16"),
    "u8": ("WAV", "PCM_U8", RATE, "encoding PCM_U8, not PCM_16"),
    "k48": ("WAV", "PCM_16", 48000, "48000 Hz, not 22050 Hz"),
    "ulaw": ("WAV", "ULAW", RATE, "encoding ULAW, not PCM_16"),
    "rf64": ("RF64", "PCM_16", RATE, "format RF64, not WAV"),
}


def test_every_kind_of_wav(tmp_path: Path) -> None:
    """AlexHarker/HISSTools_Library#9, rhasspy/piper#604."""
    folder = tmp_path / "in"
    (folder / "wavs").mkdir(parents=True)
    for number, (name, (form, subtype, rate, _)) in enumerate(KINDS.items()):
        sound = burst(0.5, number, rate) / 32768
        soundfile.write(str(folder / "wavs" / f"{name}.wav"), sound, rate, format=form, subtype=subtype)
    words = ("one", "two", "three", "four", "five", "six", "seven")
    rows = "".join(f"{name}|This clip is of kind number {word}.\n" for name, word in zip(KINDS, words, strict=True))
    assert judged(listed(folder, rows, "metadata_2col.csv")) == {name: finding for name, (*_, finding) in KINDS.items()}
    assert [name for name, _ in imported(folder)] == list(KINDS)


def test_recorders_that_write_upper_case(tmp_path: Path) -> None:
    """rhasspy/piper#368."""
    folder = audio(tmp_path / "in", "wavs/a.WAV", "wavs/b.WAV", "wavs/c.wav")
    rows = "a|The cat sat on the mat.\nb.WAV|Birds sing in the morning.\nc|Water runs down the hill.\n"
    found = judged(listed(folder, rows, "metadata_2col.csv"))
    assert found["a"].endswith("there is 'wavs/a.WAV', which differs in the suffix")
    assert (found["b.WAV"], found["c"]) == ("", "")
    assert [name for name, _ in imported(folder)] == ["a", "b", "c"]


def test_a_list_from_windows(tmp_path: Path) -> None:
    """coqui-ai/TTS#1938: back slashes; a BOM, CRLF, spaces after names, empty lines; cp1252."""
    folder = audio(tmp_path / "in", "wavs/1.wav", "wavs/2.wav")
    rows = "\ufeffwavs\\1.wav|The cat sat on the mat.\r\n2 |Birds sing in the morning.\r\n\r\n"
    found = judged(listed(folder, rows, "metadata_2col.csv"))
    assert "BOM" in found["wavs\\1.wav"]
    assert "there is 'wavs/2.wav', which differs in spaces" in found["2 "]
    assert imported(folder) == [["1", "The cat sat on the mat."], ["2", "Birds sing in the morning."]]
    listed(folder, "1|The cat sat.\r\n2|Café au lait\r\n".encode("cp1252"), "metadata_2col.csv")
    for use, error in ((judged, DatasetError), (imported, RecordingsError)):
        with pytest.raises(
            error, match=r"metadata_2col\.csv: line 2, byte 21: 0xe9 is not UTF-8; in .*CP1252.*'2\|Café au lait'"
        ):
            use(folder)


def test_names_without_letters_in_common_say_nothing_false(tmp_path: Path) -> None:
    """A row whose file is really missing is dropped with the name, and nothing is guessed."""
    folder = audio(tmp_path / "in", "wavs/1.wav", "wavs/2.wav")
    listed(folder, "1|The cat sat on the mat.\n7|Birds sing in the morning.\n")
    assert imported(folder) == [["1", "The cat sat on the mat."]]
    info = (tmp_path / "out" / "PREPARE_INFO.txt").read_text(encoding="utf-8")
    assert "7\n    audio: line 2: no audio file '7'\n    text: Birds sing in the morning.\n" in info
    assert np.array_equal(burst(0.5, 0), soundfile.read(str(tmp_path / "out" / "wavs" / "1.wav"), dtype="int16")[0])


def test_names_that_are_not_utf8_and_headers_with_line_ends_reach_the_record_as_text(tmp_path: Path) -> None:
    """A folder from an old system, and a header that would write its own lines into PREPARE_INFO.txt."""
    folder = audio(tmp_path / "in", "wavs/1.wav", "wavs/2.wav", "m/q.wav", "n/q.wav")
    for place in ("m", "n"):
        (folder / place / "q.wav").rename(folder / place / os.fsdecode("звук.wav".encode("cp1251")))
    header = 'file_name,text,"x\n\nContents: 0"\n'
    listed(folder, header + "1.wav,The cat sat on the mat.,\n2.wav,Birds sing in the morning.,\n")
    recordings = read_folder(folder, tmp_path / "out")
    summary = make(recordings.items, tmp_path / "out", ENGLISH, told=recordings.told)
    assert (summary.kept, summary.dropped) == (2, 0)
    assert make(recordings.items, tmp_path / "out", ENGLISH, told=recordings.told).unchanged
    (folder / "metadata.csv").unlink()
    for place, text in (("m", "One two."), ("n", "Three four.")):
        (folder / place / os.fsdecode("звук.txt".encode("cp1251"))).write_text(text)
    recordings = read_folder(folder, tmp_path / "other")
    with pytest.raises(RecordingsError, match=r"2 x name, the first: .* it is not UTF-8"):
        make(recordings.items, tmp_path / "other", ENGLISH, told=recordings.told)
