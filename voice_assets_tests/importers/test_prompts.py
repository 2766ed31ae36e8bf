"""Asterisk's layout: transcripts and audio files."""

import gzip
from pathlib import Path

import pytest

from voice_assets.importers.errors import RecordingsError
from voice_assets.importers.prompts import read_prompts, read_transcript

TRANSCRIPT = "; Core sounds\n\nhello: Привет, мир: да\n  ; more\ndigits/1: один\nempty:\nlost: Файла нет\n"


def write(tmp_path: Path) -> tuple[Path, Path]:
    audio = tmp_path / "sounds"
    for name in ("hello.g722", "hello.wav", "digits/1.g722", "empty.g722", "unnamed.g722", "readme.txt"):
        (audio / name).parent.mkdir(parents=True, exist_ok=True)
        (audio / name).write_bytes(b"x")
    (tmp_path / "t.txt").write_text(TRANSCRIPT, encoding="utf-8")
    return audio, tmp_path / "t.txt"


def test_items(tmp_path: Path) -> None:
    audio, transcript = write(tmp_path)
    items = [(item.name, str(item.audio.relative_to(audio)), item.text) for item in read_prompts(audio, transcript)]
    assert items == [
        ("hello", "hello.wav", "Привет, мир: да"),
        ("digits/1", "digits/1.g722", "один"),
        ("empty", "empty.g722", ""),
        ("lost", "lost.g722", "Файла нет"),
        ("unnamed", "unnamed.g722", ""),
    ]


def test_gz_and_bom(tmp_path: Path) -> None:
    (tmp_path / "t.txt.gz").write_bytes(gzip.compress(b"\xef\xbb\xbf" + TRANSCRIPT.encode()))
    _, plain = write(tmp_path)
    assert read_transcript(tmp_path / "t.txt.gz") == read_transcript(plain)


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("t.txt", b"a: \xff", "cannot be read as a transcript"),
        ("t.txt.gz", b"not gzip", "cannot be read as a transcript"),
        ("t.txt.gz", gzip.compress(b"a: b", mtime=0)[:-4], "cannot be read as a transcript"),
        ("t.txt", b"a: b\nno colon here\n", "line 2: 'no colon here' is not `name: text`"),
        ("t.txt", b": text\n", "line 1"),
        ("t.txt", b"a: b\na: c\n", "line 2: 'a' has another text in an earlier line: 'b'"),
    ],
)
def test_bad_transcripts(tmp_path: Path, name: str, data: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(RecordingsError, match=rf"{name}: {message}"):
        read_transcript(tmp_path / name)


def test_missing_things(tmp_path: Path) -> None:
    audio, transcript = write(tmp_path)
    with pytest.raises(RecordingsError, match=r"none\.txt: cannot be read"):
        read_prompts(audio, tmp_path / "none.txt")
    with pytest.raises(RecordingsError, match="none: no such folder"):
        read_prompts(tmp_path / "none", transcript)
    (tmp_path / "bare").mkdir()
    with pytest.raises(RecordingsError, match="bare: no audio files in it"):
        read_prompts(tmp_path / "bare", transcript)
