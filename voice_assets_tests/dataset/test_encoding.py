"""The encoding of a list: what is read, and what an error says about the rest."""

import pytest

from voice_assets.dataset.encoding import EncodingError, decoded

TEXT = "1|Café au lait\r\n2|Où est-il ?\r\n"


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("utf-8", "UTF-8"),
        ("utf-8-sig", "UTF-8"),
        ("utf-16", "UTF-16-LE"),
        ("utf-32", "UTF-32-LE"),
    ],
)
def test_what_is_read(encoding: str, name: str) -> None:
    assert decoded(TEXT.encode(encoding)) == (TEXT, name)


def test_big_endian_with_a_mark() -> None:
    assert decoded(b"\xfe\xff" + TEXT.encode("utf-16-be")) == (TEXT, "UTF-16-BE")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            TEXT.encode("cp1252"),
            r"^line 1, byte 5: 0xe9 is not UTF-8; in .* CP1252, it reads '1\|Café au lait': .*-f CP1252 -t UTF-8",
        ),
        (b"a|b\r\n" + "2|Où".encode("cp1252"), "^line 2, byte 8: 0xf9 is not UTF-8"),
        ("1|Привет, мир, как дела".encode("cp1251"), "^line 1, byte 2: 0xcf is not UTF-8; .* CP1251 for Russian"),
        (TEXT.encode("utf-16-le"), "^looks like UTF-16-LE without a byte order mark: .*-f UTF-16-LE -t UTF-8"),
        (TEXT.encode("utf-16-be"), "^looks like UTF-16-BE without"),
        (b"a|b\nc|\x00d", "^line 2, byte 6: 0x00, which no text has; the file is binary, or damaged"),
        (b"\x00" * 100, "^line 1, byte 0: 0x00, which"),
        (b"\xff\xfea", "^begins like UTF-16-LE and is not: byte 2"),
        (b"\xef\xbb\xbfa\xff", "^line 1, byte 4: 0xff is not UTF-8"),
    ],
)
def test_what_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(EncodingError, match=message):
        decoded(data)
