"""JSON from anywhere: what Python's own reader lets pass is an error here, and a small file fills no memory."""

import json
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_assets.runtime.strict_json import DEEPEST, JsonError, parse, read

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(PLAIN)
def test_what_was_written_is_read(content: object) -> None:
    assert parse(json.dumps(content, ensure_ascii=False).encode()) == content


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b'{"a": NaN}', "NaN is not a JSON number"),
        (b"[-Infinity]", "-Infinity is not a JSON number"),
        (b"[1e999]", "1e999 is too large a number"),
        (b'{"a": 1, "b": 1, "a": 2}', "the key 'a' is there twice"),
        (b'{"x": [{"a": {}, "a": {}}]}', "the key 'a' is there twice"),
        (b"[" * 1000 + b"]" * 1000, f"nested too deep, over {DEEPEST} levels"),
        (b"[" * 500_000, "nested too deep"),
        (b'{"a":' * 50 + b"1" + b"}" * 50, f"nested too deep, over {DEEPEST} levels"),
        (b"[" + b"[]," * 1_000_000 + b"1]", "too large: over 1000000 values"),
        (b'"' + b"a" * (16 << 20) + b'"', "too large: over 16777216 bytes"),
        (b"\xef\xbb\xbf{}", "byte order mark"),
        ("{}".encode("utf-16"), "not UTF-8: byte 0 is 0xff"),
        (b'["\\ud800"]', "half a character (U+D800)"),
        (b"9" * 5000, "not JSON"),
        (b"{} {}", "not JSON"),
        (b"", "not JSON"),
        (b"\0", "not JSON"),
    ],
)
def test_what_is_refused(data: bytes, message: str, tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_bytes(data)
    with pytest.raises(JsonError) as refused:
        read(file)
    assert str(refused.value).startswith(f"{file}: ")
    assert message in str(refused.value)


@pytest.mark.parametrize("data", [b"[" + b"[]," * 5_000_000 + b"1]", b"[" * 10_000_000, b'{"a":[{},{}],' * 1_000_000])
def test_a_bomb_takes_less_memory_than_the_file(data: bytes) -> None:
    tracemalloc.start()
    with pytest.raises(JsonError):
        parse(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2 * len(data)


def test_of_a_file_without_end_only_the_start_is_read() -> None:
    with pytest.raises(JsonError, match="too large: over 100 bytes"):
        read(Path("/dev/zero"), largest=100)
