"""The encoding of a list of clips: UTF-8, or an error that names line and byte, and what the file looks like. Values only.

Not here: the columns of the list (``dataset.rows``, ``importers.tables``).
"""

import codecs
import re

_LINE_END = re.compile(rb"\r\n|\n|\r")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
"""Byte order marks. UTF-32 comes before UTF-16, whose mark is the start of UTF-32's."""
_SAMPLE = 4096
_AROUND = 12


class EncodingError(ValueError):
    """Bytes that are no readable text. The message gives line, byte and what to do; it names no file."""


def decoded(data: bytes) -> tuple[str, str]:
    """The text of a file without its byte order mark, and the name of its encoding.

    UTF-8 with or without mark; UTF-16 and UTF-32 with mark.

    Raises:
        EncodingError: any other encoding, or bytes that are no text.
    """
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            try:
                return data[len(mark) :].decode(encoding), encoding.upper()
            except UnicodeDecodeError as error:
                if encoding == "utf-8":
                    raise EncodingError(not_utf8(data, error.start + len(mark))) from error
                raise EncodingError(f"begins like {encoding.upper()} and is not: byte {error.start + len(mark)}") from error
    if b"\0" in data:
        raise EncodingError(_with_nul(data))
    try:
        return data.decode("utf-8"), "UTF-8"
    except UnicodeDecodeError as error:
        raise EncodingError(not_utf8(data, error.start)) from error


def not_utf8(data: bytes, start: int) -> str:
    """Why the byte at ``start`` is not UTF-8: line, byte, value, the encoding that the file looks like, and what to do."""
    line = len(_LINE_END.split(data[:start]))
    where = f"line {line}, byte {start}: 0x{data[start]:02x} is not UTF-8"
    utf16 = next((name for mark, name in _BOMS[3:] if data.startswith(mark)), _utf16_without_mark(data))
    if utf16:
        return f"{where}; the file looks like UTF-16: {_convert(utf16.upper())}"
    sample = _LINE_END.split(data[max(0, start - _AROUND) : start + _AROUND])
    shown = max(sample, key=len).decode("cp1252", "replace")
    high = sum(byte >= 0x80 for byte in data[:_SAMPLE])
    letters = high + sum(chr(byte).isalpha() for byte in data[:_SAMPLE] if byte < 0x80)
    if high * 2 > letters:
        return f"{where}; the file looks like a code page of another script, such as CP1251 for Russian: {_convert('CP1251')}"
    return f"{where}; in Windows' Western code page, CP1252, it reads {shown!r}: {_convert('CP1252')}"


def _with_nul(data: bytes) -> str:
    encoding = _utf16_without_mark(data)
    if encoding:
        return f"looks like {encoding.upper()} without a byte order mark: {_convert(encoding.upper())}"
    start = data.index(b"\0")
    line = len(_LINE_END.split(data[:start]))
    return f"line {line}, byte {start}: 0x00, which no text has; the file is binary, or damaged"


def _utf16_without_mark(data: bytes) -> str:
    """The byte order of UTF-16 by its zero bytes, which letters of the first 256 have; empty when there is no such pattern."""
    sample = data[: _SAMPLE - _SAMPLE % 2]
    zeros = [sample[place::2].count(0) * 4 > len(sample) // 2 for place in (0, 1)]
    return {(False, True): "utf-16-le", (True, False): "utf-16-be"}.get((zeros[0], zeros[1]), "")


def _convert(encoding: str) -> str:
    return f"convert it to UTF-8, for instance with `iconv -f {encoding} -t UTF-8`"
