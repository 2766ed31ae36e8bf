"""An ``.onnx`` from anywhere is looked through before a parser builds objects of it."""

import os
import tracemalloc
from pathlib import Path

import pytest

from voice_assets.piper.errors import CheckpointError
from voice_assets.piper.onnx_file import MOST_STRUCTURE, load_model

pytestmark = pytest.mark.slow


def part(number: int, content: bytes) -> bytes:
    """A field of a protobuf message, with the length in five bytes."""
    length = len(content)
    return bytes([number << 3 | 2, *(length >> shift & 0x7F | 0x80 for shift in (0, 7, 14, 21)), length >> 28]) + content


EMPTY_NODES = part(7, b"\x0a\x00" * 3_000_000)
NO_WEIGHTS = part(7, part(5, part(4, b"\0" * (MOST_STRUCTURE + 9))))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "not an ONNX model"),
        (EMPTY_NODES, "not an ONNX model"),
        (NO_WEIGHTS, "are no weights"),
        (part(7, b"")[:-1] + b"\x7f", "not an ONNX model"),
        (b"\x3a" + b"\xff" * 9 + b"\x01", "not an ONNX model"),
        (b"\xff" * 40, "not an ONNX model"),
        (b"\x0b", "not an ONNX model"),
    ],
)
def test_what_would_fill_the_memory_is_refused_before_it_is_read(data: bytes, words: str, tmp_path: Path) -> None:
    file = tmp_path / "voice.onnx"
    file.write_bytes(data)
    tracemalloc.start()
    with pytest.raises(CheckpointError, match=words) as refused:
        load_model(file)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert str(refused.value).startswith(f"{file}: ")
    assert peak < 8 << 20


def test_a_file_of_a_gigabyte_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "voice.onnx"
    file.touch()
    os.truncate(file, (1 << 30) + 1)
    with pytest.raises(CheckpointError, match="the largest voice of Piper has 114 MB"):
        load_model(file)


def test_the_values_of_weights_may_be_large(tmp_path: Path) -> None:
    file = tmp_path / "voice.onnx"
    file.write_bytes(part(7, part(5, part(9, b"\0" * (MOST_STRUCTURE + 4)))))
    assert len(load_model(file).graph.initializer[0].raw_data) == MOST_STRUCTURE + 4
